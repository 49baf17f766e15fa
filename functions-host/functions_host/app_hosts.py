"""The host of an app, made anew whenever its files change: of functions in a worker, or of a custom handler."""

import asyncio
from collections.abc import Callable

from functions_host.app.custom_handler import CustomHandler
from functions_host.app.packages import AppPackages, packages_file
from functions_host.app.settings import Settings
from functions_host.console import Console
from functions_host.errors import PersonError
from functions_host.host.host import FunctionsHost
from functions_host.start_options import StartOptions
from functions_host.storage.blob_store import BlobStore
from functions_host.terminal import HostTerminal
from functions_host.worker.connection import WorkerEvents, WorkerProgram
from functions_host.worker.custom_handler import CustomHandlerWorker
from functions_host.worker.debug_port import DebugPort
from functions_host.worker.library import worker_library
from functions_host.worker.worker import Worker


class AppHosts:
    """Makes the hosts of one start. `read_settings` reads the app's files as they are then."""

    def __init__(
        self,
        options: StartOptions,
        console: Console,
        terminal: HostTerminal,
        read_settings: Callable[[], Settings],
        debug: DebugPort | None,
    ) -> None:
        self._options = options
        self._console = console
        self._terminal = terminal
        self._read_settings = read_settings
        self._debug = debug
        self.storage_listens = asyncio.Event()
        """Set when calls that need storage need not wait any more."""

    def host(self) -> FunctionsHost:
        """Returns a host for the app as its files are now. Raises PersonError for what a person has to mend."""
        settings = self._read_settings()
        if settings.custom_handler:
            return self._host_of_handler(settings, settings.custom_handler)
        return self._host_of_functions(settings)

    def _host_of_functions(self, settings: Settings) -> FunctionsHost:
        options, terminal = self._options, self._terminal
        folder = settings.app_directory
        packages = AppPackages(folder, options.cache, self._console, terminal.notice, packages_file(folder))

        async def program() -> WorkerProgram:
            library = await asyncio.to_thread(worker_library, options.cache)
            environment = await packages.install()
            return WorkerProgram(environment.python, library, environment.variables(settings.environment))

        events = WorkerEvents(
            log=lambda record: terminal.log(record, host),
            output=terminal.output,
            problem=terminal.problem,
            debugger=self._debug.offer if self._debug else None,
        )
        worker = Worker(settings.app_directory, program, events)
        host = FunctionsHost(settings, worker, BlobStore(settings.configuration), terminal.executed)
        host.storage_listens = self.storage_listens
        host.http_uri = lambda: worker.http_uri
        host.strict = options.strict
        host.notice = terminal.notice
        return host

    def _host_of_handler(self, settings: Settings, handler: CustomHandler) -> FunctionsHost:
        """Returns a host that forwards to a program of the app's own."""
        options, terminal = self._options, self._terminal
        if options.debug is not None:
            raise PersonError(
                "--debug is for apps of functions, and host.json declares a custom handler.",
                "Let the handler listen for a debugger itself: python -m debugpy --listen 5678 server.py.",
            )
        project = settings.app_directory / "pyproject.toml"  # what somebody else has built may name its packages there
        file = packages_file(settings.app_directory) or (project if project.is_file() else None)

        async def environment() -> dict[str, str]:
            if file is None:
                return settings.environment
            packages = AppPackages(settings.app_directory, options.cache, self._console, terminal.notice, file)
            return (await packages.install()).variables(settings.environment)

        events = WorkerEvents(log=lambda record: None, output=terminal.output, problem=terminal.problem)
        worker = CustomHandlerWorker(handler, environment, events)
        host = FunctionsHost(settings, worker, BlobStore(settings.configuration), terminal.executed)
        host.handler = worker
        host.strict = options.strict
        return host
