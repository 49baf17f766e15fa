"""Isolation on macOS: Seatbelt, with a profile of what the processes of an environment may read, write and reach.

Written after what is known of the language, which Apple does not document: it has not been seen to hold yet. What is
not allowed is denied.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from functions_host.pool.limits import Limits
from functions_host.pool.sandbox import PROBE_SECONDS, Sandbox, base_python, temporary_folder
from functions_host.python_environment import PythonEnvironment

SANDBOX_EXEC = "/usr/bin/sandbox-exec"

# The system, none of which is a person's: not /Users, /Volumes, /private/var/folders, /Library/Keychains.
_SYSTEM = (
    "/usr", "/bin", "/sbin", "/System", "/Library/Frameworks", "/Library/Fonts", "/Library/Developer/CommandLineTools",
    "/private/etc/ssl", "/private/etc/localtime", "/private/var/db/timezone", "/private/var/db/dyld", "/opt/homebrew",
    "/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/dtracehelper",
)  # fmt: skip
_DEVICES = ("/dev/null", "/dev/zero", "/dev/dtracehelper")
_LIKE_A_KERNEL = """
import asyncio, hashlib, multiprocessing, os, socket, ssl, subprocess, tempfile, threading
open("file", "w").write(subprocess.run(["/bin/echo", "1"], capture_output=True, text=True, check=True).stdout)
with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
    listener.bind("k")
    listener.listen()
    client.connect("k")
asyncio.run(asyncio.sleep(0))
"""


class SeatbeltSandbox(Sandbox):
    """Starts them under macOS's Seatbelt, as other agents that run code do: sandbox-exec, with a profile of ours.

    They have the limits of the plain one, and can end no process but their own.
    """

    isolated = True
    is_worth_a_warning = True

    def __init__(self, environment: PythonEnvironment, limits: Limits, *, network: bool) -> None:
        super().__init__(environment, limits)
        self.has_network = network
        reached = "on this machine's network" if network else "without network (--egress host shares this machine's)"
        self.description = f"isolated by Seatbelt, {reached}; that it holds has not been seen on a Mac yet"

    async def _spawn(self, argv: Sequence[str], folder: Path, options: dict[str, Any]) -> asyncio.subprocess.Process:
        inside = [*self._confined([folder, temporary_folder(folder)]), *argv]
        return await super()._spawn(inside, folder, options)

    def _confined(self, own: Sequence[Path]) -> list[str]:
        shown = [Path(sys.base_prefix), self._environment.folder]
        resolved = ([path.resolve() for path in paths] for paths in (own, shown))
        return [SANDBOX_EXEC, "-p", profile(*resolved, network=self.has_network)]

    def works(self) -> bool:
        """Whether this machine runs a program so, which does what a kernel does at its start."""
        try:
            with tempfile.TemporaryDirectory() as temporary:
                probe = [*self._confined([Path(temporary)]), base_python(), "-I", "-S", "-c", _LIKE_A_KERNEL]
                done = subprocess.run(probe, cwd=temporary, capture_output=True, timeout=PROBE_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0


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
