"""`uv run start`: runs the app in ./src with everything it needs, until Ctrl+C."""

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from functions_host.app.packages import AppPackages
from functions_host.app.saved_files import SavedFiles
from functions_host.app.settings import Settings, load_settings
from functions_host.console import Console
from functions_host.errors import BindingError, PersonError
from functions_host.host.host import FunctionsHost
from functions_host.host.served_app import ServedApp
from functions_host.http.keys import KeyGuard, host_keys
from functions_host.http.local_only import LocalOnly
from functions_host.http.mcp_webhook import McpWebhook
from functions_host.http.server import create_app
from functions_host.listener import StopSignal, allow_many_connections, listen, serve
from functions_host.pool.setting import read_pool_setting
from functions_host.storage.azurite import Azurite
from functions_host.storage.blob_store import BlobStore
from functions_host.storage.connections import azurite_blob_port, azurite_queue_port, storage_connection_string
from functions_host.terminal import HostTerminal
from functions_host.worker.connection import WorkerEvents, WorkerProgram
from functions_host.worker.debug_port import DebugPort
from functions_host.worker.library import worker_library
from functions_host.worker.worker import Worker

if TYPE_CHECKING:
    from functions_host.pool.pool import SessionPool

_DATA = Path(".local", "data")
_CACHE = Path(platformdirs.user_cache_dir("functions-host", appauthor=False))

_DEBUG_PORT = 5678  # debugpy's own

EXIT_STOPPED = 0
EXIT_BUG = 1
EXIT_PERSON = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of `uv run start`. Ends the process with one of the exit codes above."""
    options = _parser().parse_args(arguments)
    try:
        if options.show_key:
            Console().write(host_keys(options.data).mcp_extension)
        else:
            _run(options)
    except PersonError as error:
        Console(sys.stderr).write(str(error), "red")
        sys.exit(EXIT_PERSON)
    except Exception:  # noqa: BLE001  (a bug: it is shown, and the exit code says so)
        traceback.print_exc()
        sys.exit(EXIT_BUG)
    sys.exit(EXIT_STOPPED)


def _run(options: argparse.Namespace) -> None:
    try:
        import uvloop  # not on Windows
    except ImportError:
        asyncio.run(start(options))
    else:
        uvloop.run(start(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="start", description="Runs an MCP function app on this machine.")
    parser.add_argument("--app", type=Path, default=Path("src"), metavar="DIR", help="folder of the app (default: src)")
    parser.add_argument("-p", "--port", type=_port, default=7071, metavar="N", help="port of the host (default: 7071)")
    parser.add_argument("--address", default="127.0.0.1", metavar="A", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument(
        "--data", type=Path, default=_DATA, metavar="DIR", help="where blobs are kept (default: .local/data)"
    )
    parser.add_argument(
        "--cache", type=Path, default=_CACHE, metavar="DIR",
        help=f"where packages are kept for all apps (default: {_CACHE})",
    )  # fmt: skip
    parser.add_argument("--require-key", action="store_true", help="ask clients for a key, as Azure does")
    parser.add_argument("--show-key", action="store_true", help="print the key for clients, and do nothing else")
    parser.add_argument(
        "--debug", type=_port, nargs="?", const=_DEBUG_PORT, metavar="N",
        help=f"let a debugger attach to the app, on this port (default: {_DEBUG_PORT})",
    )  # fmt: skip
    parser.add_argument("--no-reload", action="store_true", help="do not load the app again when a file is saved")
    parser.add_argument(
        "--isolation",
        choices=("auto", "required", "none"),
        default="auto",
        help="whether code that tools run must be isolated by bubblewrap (default: auto, where it works)",
    )
    parser.add_argument("--no-egress", action="store_true", help="give that code no network, as pools can be made")
    parser.add_argument("--no-session-pool", action="store_true", help="start no session pool")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) >= 65536:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not '{text}'")
    return int(text)


async def start(options: argparse.Namespace) -> None:
    """Runs everything until SIGINT or SIGTERM. Raises PersonError for what a person has to mend."""
    console = Console()
    try:
        await _start(options, console)
    finally:
        console.flush()


async def _start(options: argparse.Namespace, console: Console) -> None:
    stop = _stop_on_signals()
    stop.then(lambda: console.write("\nStopping.", "dim"))
    allow_many_connections()
    guard = KeyGuard(options.data, required=options.require_key)
    guard.prepare()
    with listen(options.address, options.port) as listener:
        terminal = HostTerminal(console)
        port = listener.getsockname()[1]
        debug = None if options.debug is None else DebugPort(options.debug)
        app = ServedApp(lambda: _host(options, port, console, terminal, debug), terminal, reloads=not options.no_reload)
        console.write(f"\nLocal Functions host for MCP apps (Python {sys.version.split()[0]})", "bold")
        for notice in app.settings.notices:
            console.write(notice, "yellow")
        async with contextlib.AsyncExitStack() as stack:
            azurite = _azurite(app.settings, options, console)
            services = _Services(app, azurite, _session_pool(app.settings, options, console), debug)
            starting = asyncio.create_task(services.start(stack))
            stop.then(starting.cancel)
            try:
                if not options.no_reload:
                    watching = asyncio.create_task(_reload_when_saved(app, starting, terminal))
                    stack.push_async_callback(_cancelled, watching)
                await starting
            except asyncio.CancelledError:
                return  # Ctrl+C while an app imports, or Azurite is installed
            services.show(console)
            await _serve(app, guard, listener, options.address, terminal, stop)


def _stop_on_signals() -> StopSignal:
    stop = StopSignal()
    loop = asyncio.get_running_loop()
    hang_up = [signal.SIGHUP] if sys.platform != "win32" else []  # the terminal was closed
    for number in (signal.SIGINT, signal.SIGTERM, *hang_up):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    return stop


def _host(
    options: argparse.Namespace, port: int, console: Console, terminal: HostTerminal, debug: DebugPort | None
) -> FunctionsHost:
    """Returns a host for the app as its files are now."""
    settings = load_settings(options.app, os.environ, port)
    packages = AppPackages(settings.app_directory, options.cache, console, terminal.notice)

    async def program() -> WorkerProgram:
        library = await asyncio.to_thread(worker_library, options.cache)
        environment = await packages.install()
        return WorkerProgram(environment.python, library, environment.variables(settings.environment))

    events = WorkerEvents(
        log=lambda record: terminal.log(record, host),
        output=terminal.output,
        problem=terminal.problem,
        debugger=debug.offer if debug else None,
    )
    worker = Worker(settings.app_directory, program, events)
    host = FunctionsHost(settings, worker, BlobStore(settings.configuration), terminal.executed)
    return host


async def _reload_when_saved(app: ServedApp, starting: asyncio.Task[None], terminal: HostTerminal) -> None:
    """Loads the app again whenever its files change, also while it starts, when that waits for the start to end."""

    def on_saved(names: list[str]) -> None:
        starting.add_done_callback(lambda _: app.reload(f"{', '.join(names)} changed."))

    try:
        await SavedFiles(app.settings.app_directory, lambda: app.settings).watch(on_saved)
    except (OSError, RuntimeError) as error:
        terminal.problem(f"Saved files go unnoticed here ({error}): stop and start again after a change.")


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _azurite(settings: Settings, options: argparse.Namespace, console: Console) -> Azurite | None:
    """Returns the Azurite that the app's storage is meant to be; None if it has no storage, or one elsewhere."""
    try:
        storage = storage_connection_string(settings.configuration, "AzureWebJobsStorage")
        port, queue_port = azurite_blob_port(storage), azurite_queue_port(storage)
    except BindingError as error:
        console.write(f"{error} What needs it will fail, and so will func and Azure.", "yellow")
        return None
    return Azurite(port, options.data, options.cache, console, queue_port) if port else None


def _session_pool(settings: Settings, options: argparse.Namespace, console: Console) -> "SessionPool | None":
    """Returns the pool that is to be started here; None if the app's settings mean another, or none."""
    endpoint = settings.configuration.get("SESSION_POOL_MCP_ENDPOINT")
    if options.no_session_pool:
        if endpoint:
            console.write("Session pool: none, so tools that run code will fail (--no-session-pool)", "yellow")
        return None
    setting = read_pool_setting(endpoint)
    if setting is None:
        return None
    if setting.port is None:
        console.write(f"Session pool: {setting.endpoint}")
        return None
    from functions_host.pool.pool import PoolOptions, SessionPool  # a quarter of a second, for those who want one

    pool = PoolOptions(
        port=setting.port,
        key=settings.configuration.get("SESSION_POOL_MCP_API_KEY") or PoolOptions.key,
        egress=not options.no_egress,
        isolation=options.isolation,
    )
    return SessionPool(pool, console)


@dataclass(frozen=True)
class _Services:
    """All that runs behind the port of the host."""

    app: ServedApp
    azurite: Azurite | None
    session_pool: "SessionPool | None"
    debug: DebugPort | None

    async def start(self, stack: contextlib.AsyncExitStack) -> None:
        """Starts them side by side; `stack` will stop them."""
        services = [each for each in (self.debug, self.app, self.azurite, self.session_pool) if each]
        for service in services:
            stack.push_async_callback(service.stop)
        tasks = [asyncio.create_task(service.start()) for service in services]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def show(self, console: Console) -> None:
        """Says where storage and sessions are, and loudly what runs unprotected."""
        console.write(
            self.azurite.description if self.azurite else "Storage: the account that AzureWebJobsStorage names"
        )
        if self.debug:
            console.write(f"Debugger: attach to {self.debug.address} (F5 in VS Code)")
        if self.session_pool:
            sandbox = self.session_pool.sandbox
            console.write(f"Session pool: {self.session_pool.endpoint}")
            console.write(f"Session pool: {sandbox.description}", None if sandbox.isolated else "yellow")


async def _serve(
    app: ServedApp, guard: KeyGuard, listener: socket.socket, address: str, terminal: HostTerminal, stop: StopSignal
) -> None:
    webhook = McpWebhook(app, guard, terminal.problem)
    stop.then(webhook.close_sessions)
    name = f"[{address}]" if ":" in address else address
    origin = f"http://{name}:{listener.getsockname()[1]}"
    routes = create_app(app, webhook, guard)

    def ready() -> None:
        terminal.ready(app, origin, keys_required=guard.required)

    await serve(LocalOnly(routes, address), listener, ready, stop)


if __name__ == "__main__":
    main()
