"""What `functions-host` starts: the app, storage, the session pool and the port in front, until a stop."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Awaitable

from functions_host.app.saved_files import SavedFiles
from functions_host.app.settings import Settings, load_settings, refuse_folder_without_app
from functions_host.app_hosts import AppHosts
from functions_host.chosen_pool import pool_to_start, with_pool
from functions_host.console import Console
from functions_host.errors import BindingError, PersonError
from functions_host.host.served_app import ServedApp
from functions_host.host.slow_calls import watch_slow_calls
from functions_host.http.cors import CorsAnswers
from functions_host.http.custom_headers import CustomHeaders
from functions_host.http.keys import KeyGuard
from functions_host.http.local_only import LocalOnly
from functions_host.http.mcp_webhook import McpWebhook
from functions_host.http.proxy import Proxy
from functions_host.http.server import create_app
from functions_host.inspector import Inspector
from functions_host.listener import StopSignal, allow_many_connections, listen, serve
from functions_host.missing_settings import missing_settings
from functions_host.start_options import StartOptions
from functions_host.storage.azurite import Azurite
from functions_host.storage.connections import (
    azurite_blob_port,
    azurite_queue_port,
    is_named,
    storage_connection_string,
)
from functions_host.terminal import HostTerminal, mcp_path
from functions_host.worker.debug_port import DebugPort


async def start(options: StartOptions, console: Console) -> None:
    """Runs everything until SIGINT or SIGTERM. Raises PersonError for what a person has to mend."""
    try:
        await _Start(options, console).run()
    finally:
        console.flush()


class _Start:
    """One start, from its options to its stop."""

    def __init__(self, options: StartOptions, console: Console) -> None:
        self._options = options
        self._console = console
        self._terminal = HostTerminal(console, options.app.resolve())
        self._stop = _stop_on_signals()
        self._guard = KeyGuard(options.data, required=options.require_key)
        self._serving_stop = StopSignal()
        self._proxy = Proxy()
        self._stop.then(self._serving_stop.set)

    async def run(self) -> None:
        options, console, terminal = self._options, self._console, self._terminal
        self._stop.then(lambda: console.write("\nStopping.", "dim"))
        refuse_folder_without_app(options.app)  # before a port that is taken, which may be that of the right app
        allow_many_connections()
        self._guard.prepare()
        with listen(options.address, options.port) as listener:
            self._port = listener.getsockname()[1]
            self._debug = None if options.debug is None else DebugPort(options.debug)
            settings = load_settings(options.app, os.environ, self._port)
            console.write(f"\nLocal Functions host for MCP apps (Python {sys.version.split()[0]})", "bold")
            self._pool = pool_to_start(settings, options, console)
            self._refuse_open_network()
            self._hosts = AppHosts(options, console, terminal, self._settings, self._debug)
            app = ServedApp(self._hosts.host, terminal, reloads=options.reload)
            for notice in app.settings.notices:
                console.write(notice, "yellow")
            async with contextlib.AsyncExitStack() as stack:
                await self._run_services(app, listener, stack)

    async def _run_services(self, app: ServedApp, listener: socket.socket, stack: contextlib.AsyncExitStack) -> None:
        """Answers clients as soon as the app is loaded, while storage and sessions may still be starting."""
        azurite = _azurite(app.settings, self._options, self._console)
        self._stop.then(app.stop_listening)
        starting = asyncio.create_task(self._start_services(app, azurite, stack))
        self._stop.then(starting.cancel)
        watching = [asyncio.create_task(watch_slow_calls(lambda: app.host.executing, self._terminal.notice))]
        if self._options.reload:
            watching.append(asyncio.create_task(_reload_when_saved(app, starting, self._terminal)))
        stack.push_async_callback(_cancelled, *watching)
        stack.push_async_callback(self._proxy.close)
        serving = asyncio.create_task(self._serve(app, listener))
        try:
            await starting
        except asyncio.CancelledError:
            pass  # Ctrl+C while an app imports, or Azurite is installed
        except BaseException:
            self._serving_stop.set()
            await asyncio.gather(serving, return_exceptions=True)
            raise
        else:
            self._console.write("Press Ctrl+C to stop.", "dim", event="started")
        await serving

    async def _start_services(self, app: ServedApp, azurite: Azurite | None, stack: contextlib.AsyncExitStack) -> None:
        """Starts them side by side; `stack` will stop them."""
        services = [each for each in (self._debug, app, azurite, self._pool) if each]
        for service in services:
            stack.push_async_callback(service.stop)
        loading = asyncio.ensure_future(app.start())
        starts: list[Awaitable[None]] = [self._start_storage(azurite, loading), self._start_pool()]
        if self._debug:
            starts.append(self._debug.start())
        tasks = [loading, *map(asyncio.ensure_future, starts)]
        loading.add_done_callback(lambda task: self._show_app(app) if _succeeded(task) else None)
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._options.inspect:
            inspector = Inspector(self._options.cache, self._console)
            stack.push_async_callback(inspector.stop)
            asks_for_key = self._guard.required and not app.settings.mcp.webhook_is_anonymous
            key = self._guard.keys.mcp_extension if asks_for_key else None
            await inspector.start(f"{self._origin}{mcp_path(app.settings)}", key)

    @property
    def _origin(self) -> str:
        """The address of the host as a person's programs can reach it, such as http://127.0.0.1:7071."""
        address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._options.address, self._options.address)  # noqa: S104
        return f"http://{f'[{address}]' if ':' in address else address}:{self._port}"

    def _show_app(self, app: ServedApp) -> None:
        address = self._options.address
        self._terminal.ready(app, self._origin, keys_required=self._guard.required)
        if self._debug:
            self._console.write(f"Debugger: attach to {self._debug.address} (F5 in VS Code)")
        if _is_open(address):
            self._terminal.open_to_network(self._port, mcp_path(app.settings), keys_required=self._guard.required)

    async def _start_storage(self, azurite: Azurite | None, loading: asyncio.Future[None]) -> None:
        if azurite:
            if os.process_cpu_count() == 1:
                await asyncio.wait([loading])  # Node would take half of the processor, and every tool would wait for it
            await azurite.start()
            self._console.write(azurite.description, event="storage")
        self._hosts.storage_listens.set()

    async def _start_pool(self) -> None:
        if self._pool:
            await self._pool.start()
            sandbox = self._pool.sandbox
            colour = "yellow" if sandbox.is_worth_a_warning else None
            self._console.write(f"Session pool: {self._pool.endpoint}", event="session pool")
            self._console.write(f"Session pool: {sandbox.description}", colour, event="session pool")

    async def _serve(self, app: ServedApp, listener: socket.socket) -> None:
        webhook = McpWebhook(app, self._guard, self._terminal.problem, self._terminal.notice)
        self._serving_stop.then(webhook.close_sessions)
        routes = create_app(app, webhook, self._guard, self._proxy, self._terminal.problem)
        with_headers = CustomHeaders(routes, lambda: app.settings.triggers.custom_headers)
        with_cors = CorsAnswers(with_headers, lambda: app.settings.cors)
        options = self._options
        local = LocalOnly(
            with_cors, options.address, options.allow_host, self._terminal.notice,
            lambda origin: app.settings.cors.allows(origin),
        )  # fmt: skip
        await serve(local, listener, lambda: None, self._serving_stop)

    def _settings(self) -> Settings:
        """Returns the settings as the app's files and this start make them."""
        settings = load_settings(self._options.app, os.environ, self._port)
        settings.notices.extend(missing_settings(settings))
        return with_pool(settings, self._options, self._pool)

    def _refuse_open_network(self) -> None:
        options = self._options
        if self._pool and _is_open(options.address) and not (options.require_key or options.open_to_network):
            raise PersonError(
                f"With --address {options.address} everyone in your network could run code on this machine.",
                "Add --require-key, --no-session-pool, or --open-to-network if that is what you want.",
            )


def _is_open(address: str) -> bool:
    """Whether others than this machine reach what listens there."""
    return address not in ("localhost", "::1") and not address.startswith("127.")


def _succeeded(task: "asyncio.Future[None]") -> bool:
    return not task.cancelled() and task.exception() is None


def _stop_on_signals() -> StopSignal:
    stop = StopSignal()
    loop = asyncio.get_running_loop()
    # The terminal was closed; on Windows also Ctrl+Break, which is all that one program can send to another there.
    hang_up = signal.SIGBREAK if sys.platform == "win32" else signal.SIGHUP
    for number in (signal.SIGINT, signal.SIGTERM, hang_up):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    return stop


async def _reload_when_saved(app: ServedApp, starting: asyncio.Task[None], terminal: HostTerminal) -> None:
    """Loads the app again whenever its files change, also while it starts, when that waits for the start to end."""

    def on_saved(names: list[str]) -> None:
        starting.add_done_callback(lambda _: app.reload(f"{', '.join(names)} changed."))

    try:
        await SavedFiles(app.settings.app_directory, lambda: app.settings).watch(on_saved)
    except (OSError, RuntimeError) as error:
        terminal.problem(f"Saved files go unnoticed here ({error}): stop and start again after a change.")


async def _cancelled(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _azurite(settings: Settings, options: StartOptions, console: Console) -> Azurite | None:
    """Returns the Azurite that the app's storage is meant to be; None if it has no storage, or one elsewhere."""
    if not is_named(settings.configuration, "AzureWebJobsStorage"):
        return None  # told by missing_settings.py
    try:
        storage = storage_connection_string(settings.configuration, "AzureWebJobsStorage")
        port, queue_port = azurite_blob_port(storage), azurite_queue_port(storage)
    except BindingError as error:
        if not settings.custom_handler:
            console.write(f"{error} What needs it fails.", "yellow")
        return None
    if port:
        return Azurite(port, options.data, options.cache, console, queue_port)
    if not settings.custom_handler:
        console.write("Storage: the account that AzureWebJobsStorage names", event="storage")
    return None
