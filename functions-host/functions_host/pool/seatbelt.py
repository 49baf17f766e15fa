"""The profile of macOS's Seatbelt for the processes of an environment: what they may read, write and reach.

Written after what is known of the language, which Apple does not document: it has not been seen to hold yet. What is
not allowed is denied.
"""

import json
from collections.abc import Iterable
from pathlib import Path

SANDBOX_EXEC = "/usr/bin/sandbox-exec"

# The system, none of which is a person's: not /Users, /Volumes, /private/var/folders, /Library/Keychains.
_SYSTEM = (
    "/usr", "/bin", "/sbin", "/System", "/Library/Frameworks", "/Library/Fonts", "/Library/Developer/CommandLineTools",
    "/private/etc/ssl", "/private/etc/localtime", "/private/var/db/timezone", "/private/var/db/dyld", "/opt/homebrew",
    "/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/dtracehelper",
)  # fmt: skip
_DEVICES = ("/dev/null", "/dev/zero", "/dev/dtracehelper")


def profile(own: Iterable[Path], shown: Iterable[Path], *, network: bool) -> str:
    """Returns the profile of processes whose own folders are `own`, and which read `shown` besides the system.

    With `network` they reach what this machine reaches, its own servers included: Seatbelt tells addresses of this
    machine from others no further than by the name localhost.
    """
    written = [_subpath(path) for path in own]
    read = [_subpath(path) for path in [*map(Path, _SYSTEM), *shown]]
    rules = [
        "(version 1)",
        "(deny default)",
        "(allow process-fork)",
        "(allow process-exec)",
        "(allow signal (target same-sandbox))",
        "(allow process-info* (target same-sandbox))",
        "(allow sysctl-read)",
        "(allow ipc-posix-sem)",
        # Where a path leads is looked up one folder at a time; this shows no name and no content.
        "(allow file-read-metadata)",
        f'(allow file-read* (literal "/") {" ".join([*read, *written])})',
        f"(allow file-write* {' '.join([*written, *map(_literal, _DEVICES)])})",
        # The sockets of a kernel are files in its folder.
        f"(allow network* {' '.join(written)})",
    ]
    if network:
        rules += [
            "(allow network*)",
            '(allow file-read* (literal "/private/etc/resolv.conf") (literal "/private/etc/hosts"))',
            '(allow mach-lookup (global-name "com.apple.SystemConfiguration.configd"))',
        ]
    return "\n".join(rules)


def _subpath(path: Path) -> str:
    return f"(subpath {_quoted(str(path))})"


def _literal(path: str) -> str:
    return f"(literal {_quoted(path)})"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
