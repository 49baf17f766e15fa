"""The command `functions-host`, and `uv run start` in the template: options, exit codes, errors for a person."""

import argparse
import asyncio
import difflib
import hashlib
import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import platformdirs

from functions_host.console import Console
from functions_host.errors import PersonError
from functions_host.http.keys import host_keys
from functions_host.python_environment import DEFAULT_CACHE
from functions_host.start import start
from functions_host.start_options import StartOptions
from functions_host.worker_process.memory import keep_freed_memory

_DEBUG_PORT = 5678  # debugpy's own

EXIT_STOPPED = 0
EXIT_BUG = 1
EXIT_PERSON = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point. Ends the process with one of the exit codes above."""
    as_json = False
    try:
        options = _parser().parse_args(arguments)
        as_json = options.output == "json"
        if options.show_key:
            Console().write(host_keys(_start_options(options).data).mcp_extension)
        else:
            _run(_start_options(options), Console(as_json=as_json))
    except PersonError as error:
        # A program that reads the output reads one stream.
        console = Console(sys.stdout if as_json else sys.stderr, as_json=as_json)
        console.write(str(error), "red", event="error", sentence=error.sentence, remedy=error.remedy)
        sys.exit(EXIT_PERSON)
    except Exception:  # noqa: BLE001  (a bug: it is shown, and the exit code says so)
        traceback.print_exc()
        sys.exit(EXIT_BUG)
    sys.exit(EXIT_STOPPED)


def _run(options: StartOptions, console: Console) -> None:
    keep_freed_memory()
    try:
        import uvloop  # not on Windows
    except ImportError:
        asyncio.run(start(options, console))
    else:
        uvloop.run(start(options, console))


def _start_options(options: argparse.Namespace) -> StartOptions:
    app: Path = options.app or default_app()
    return StartOptions(
        app=app,
        data=options.data or default_data(app),
        cache=options.cache,
        port=options.port,
        address=options.address,
        allow_host=options.allow_host,
        open_to_network=options.open_to_network,
        require_key=options.require_key,
        debug=options.debug,
        inspect=options.inspect,
        reload=not options.no_reload,
        strict=options.strict,
        isolation=options.isolation,
        egress=options.egress,
        session_pool=not options.no_session_pool,
        session_pool_port=options.session_pool_port,
        session_pool_packages=options.session_pool_packages,
    )


def default_app() -> Path:
    """Returns the app that a start without --app means: the current folder, as for `func`, or its src."""
    return Path() if Path("host.json").is_file() else Path("src")


def default_data(app: Path) -> Path:
    """Returns where the data of an app is kept: beside its src, or where the system keeps a person's data.

    Never inside of the app's folder, all of which is deployed.
    """
    folder = app.resolve()
    if folder.name == "src":
        return Path(".local", "data") if folder.parent == Path.cwd() else folder.parent / ".local" / "data"
    name = f"{folder.name}-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"
    return Path(platformdirs.user_data_dir("functions-host", appauthor=False)) / name


class _Parser(argparse.ArgumentParser):
    """Refuses a wrong command line as any other mistake of a person is refused: without the usage above it."""

    def error(self, message: str) -> NoReturn:
        known = [option for option in self._option_string_actions if option.startswith("--")]
        given = re.findall(r"(?<!\S)--[\w-]+", message) if message.startswith("unrecognized") else []
        meant = [near for each in given for near in difflib.get_close_matches(each, known, 1)]
        mend = f"Did you mean {' and '.join(meant)}? --help lists them all." if meant else "--help lists all options."
        raise PersonError(f"{message[:1].upper()}{message[1:]}.", mend)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(description="Runs a Python function app with MCP tools on this machine.")
    parser.add_argument(
        "--app", type=Path, metavar="DIR",
        help="folder of the app (default: the current one if it has host.json, else its src)",
    )  # fmt: skip
    _add_network_options(parser)
    parser.add_argument(
        "--data", type=Path, metavar="DIR",
        help="where blobs and keys are kept (default: .local/data beside src, else your folder of data)",
    )  # fmt: skip
    parser.add_argument(
        "--cache", type=Path, default=DEFAULT_CACHE, metavar="DIR",
        help=f"where packages are kept, for all apps (default: {DEFAULT_CACHE})",
    )  # fmt: skip
    parser.add_argument(
        "--debug", type=_port, nargs="?", const=_DEBUG_PORT, metavar="N",
        help=f"let a debugger attach to the app, on this port (default: {_DEBUG_PORT})",
    )  # fmt: skip
    parser.add_argument("--inspect", action="store_true", help="open MCP Inspector with this server filled in")
    parser.add_argument("--no-reload", action="store_true", help="do not load the app again when a file is saved")
    parser.add_argument(
        "--strict", action="store_true", help="refuse an app of which a function cannot run here, as nothing else does"
    )
    parser.add_argument(
        "--output", choices=("text", "json"), default="text",
        help="write each line of the terminal as a JSON object, for a program that reads it (default: text)",
    )  # fmt: skip
    _add_session_pool_options(parser)
    return parser


def _add_network_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-p", "--port", type=_port, default=7071, metavar="N", help="port of the host (default: 7071)")
    parser.add_argument("--address", default="127.0.0.1", metavar="A", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME",
        help="another name by which clients may call this machine, such as host.docker.internal; may be repeated",
    )  # fmt: skip
    parser.add_argument("--require-key", action="store_true", help="ask clients for a key, as Azure does")
    parser.add_argument("--show-key", action="store_true", help="print the key for clients, and do nothing else")
    parser.add_argument(
        "--open-to-network", action="store_true",
        help="let everyone who reaches --address call every tool without a key, those that run code too",
    )  # fmt: skip


def _add_session_pool_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--isolation", choices=("auto", "required", "none"), default="auto",
        help="whether code that tools run must be isolated by bubblewrap (default: auto, where it works)",
    )  # fmt: skip
    parser.add_argument(
        "--egress", choices=("own", "host", "none"), default="own",
        help="that code's network: one of its own that does not reach this machine, this machine's, or none as pools "
        "can be made (default: own, where pasta or slirp4netns is installed, else none)",
    )  # fmt: skip
    parser.add_argument("--no-session-pool", action="store_true", help="start no session pool")
    parser.add_argument(
        "--session-pool-port", type=_port, metavar="N",
        help="port of the session pool (default: that of SESSION_POOL_MCP_ENDPOINT, or a free one if it is taken)",
    )  # fmt: skip
    parser.add_argument(
        "--session-pool-packages", type=Path, metavar="FILE",
        help="requirements file of what that code can import (default: what agents expect, as in a PythonLTS pool)",
    )  # fmt: skip


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) >= 65536:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not '{text}'")
    return int(text)
