"""The process of a custom handler: started, waited for until it listens, and started again when it ends.

azure-functions-host, Workers/Http/HttpWorkerProcess.cs: the program finds its port in the environment, or host.json
says on which it listens by itself.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence

from functions_host.app.custom_handler import CustomHandler
from functions_host.errors import PersonError, WorkerError
from functions_host.local_port import is_open
from functions_host.restarts import pause_before_restart
from functions_host.worker.connection import STOP_SECONDS, WorkerEvents, lines_of
from functions_host.worker_process.messages import Completed, FunctionMetadata, Indexed, Invoke

_PORT_SETTINGS = ("FUNCTIONS_CUSTOMHANDLER_PORT", "FUNCTIONS_HTTPWORKER_PORT")
_POLL_SECONDS = 0.05
_READY_SECONDS = 30  # how long requests wait for a process that is started again


class CustomHandlerWorker:
    """Runs the handler. `environment` installs what it needs and returns the variables for its process."""

    def __init__(
        self, handler: CustomHandler, environment: Callable[[], Awaitable[dict[str, str]]], events: WorkerEvents
    ) -> None:
        self._handler = handler
        self._make_environment = environment
        self._events = events
        self._environment: dict[str, str] = {}
        self._process: _Process | None = None
        self._port = 0
        self._listens = asyncio.Event()
        self._supervisor: asyncio.Task[None] | None = None

    async def start(self) -> Indexed:
        """Starts the process and returns the functions that stand for it. Raises PersonError if it does not listen."""
        self._environment = await self._make_environment()
        await self._start_process()
        self._supervisor = asyncio.create_task(self._restart_when_it_ends())
        functions = self._handler.functions
        return Indexed([FunctionMetadata(each.name, each.name, each.raw_bindings) for each in functions])

    async def origin(self) -> str:
        """Returns where the handler listens, as soon as it does. Raises WorkerError."""
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await self._listens.wait()
        except TimeoutError:
            raise WorkerError(f"The custom handler did not listen again within {_READY_SECONDS} seconds.") from None
        return f"http://127.0.0.1:{self._port}"

    async def invoke(self, call: Invoke, timeout: float | None) -> Completed:
        """Is never asked for: requests come to the handler as they are."""
        raise WorkerError("A custom handler runs functions over HTTP only.")

    def retire(self) -> None:
        """Lets requests under way go on, but starts no process any more if this one ends."""
        if self._supervisor:
            self._supervisor.cancel()

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Ends the process: kindly, then by force after `seconds`."""
        self.retire()
        if self._supervisor:
            await asyncio.gather(self._supervisor, return_exceptions=True)
        if self._process:
            await self._process.stop(seconds)

    async def _start_process(self) -> None:
        handler = self._handler
        if handler.port and _is_taken(handler.port):
            raise PersonError(
                f"Port {handler.port}, which customHandler.port in host.json names, is taken by another program.",
                "End that program, or let the server listen on another port and write that into host.json.",
            )
        self._port = handler.port or _free_port()
        environment = self._environment | dict.fromkeys(_PORT_SETTINGS, str(self._port))
        self._process = await _Process.start(handler, environment, self._events.output)
        await self._wait_until_it_listens(self._process)
        self._listens.set()

    async def _wait_until_it_listens(self, process: "_Process") -> None:
        deadline = time.monotonic() + self._handler.seconds
        while not await is_open(self._port):
            if process.has_ended:
                how = await process.ended()
                raise PersonError(
                    f"The custom handler '{process.command}' ended before it listened on port {self._port} ({how}).",
                    "Mend what it printed, and save a file to start it again.",
                )
            if time.monotonic() > deadline:
                await process.stop()
                raise PersonError(
                    f"The custom handler '{process.command}' did not listen on port {self._port} within "
                    f"{self._handler.seconds:.0f} seconds.",
                    "Let it listen on the port in FUNCTIONS_CUSTOMHANDLER_PORT, or write the one on which it listens "
                    "as customHandler.port into host.json.",
                )
            await asyncio.sleep(_POLL_SECONDS)

    async def _restart_when_it_ends(self) -> None:
        pause = 0.0
        while True:
            assert self._process is not None
            began = time.monotonic()
            how = await self._process.ended()
            self._listens.clear()
            pause = pause_before_restart(time.monotonic() - began, pause)
            self._events.problem(f"The custom handler ended ({how}). Starting it again.")
            await asyncio.sleep(pause)
            try:
                await self._start_process()
            except PersonError as error:
                self._events.problem(str(error))


class _Process:
    """One process of the handler."""

    def __init__(self, child: asyncio.subprocess.Process, command: str, output: Callable[[str, bool], None]) -> None:
        assert child.stdout is not None
        assert child.stderr is not None
        self.command = command
        self._child = child
        self._output = output
        self._readers = [
            asyncio.create_task(self._forward(child.stdout, from_stderr=False)),
            asyncio.create_task(self._forward(child.stderr, from_stderr=True)),
        ]

    @classmethod
    async def start(
        cls, handler: CustomHandler, environment: dict[str, str], output: Callable[[str, bool], None]
    ) -> "_Process":
        """Starts it. Raises PersonError for a program that there is not."""
        command = [_program(handler, environment), *handler.arguments]
        try:
            child = await asyncio.create_subprocess_exec(
                *command, cwd=handler.working_directory, env={"PYTHONUNBUFFERED": "1"} | environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                start_new_session=sys.platform != "win32",
            )  # fmt: skip
        except OSError as error:
            raise PersonError(
                f"The custom handler '{handler.executable}' cannot be started: {error.strerror}.",
                "Mend customHandler.description in host.json.",
            ) from None
        return cls(child, _shown([handler.executable, *handler.arguments]), output)

    @property
    def has_ended(self) -> bool:
        """Whether it runs no more."""
        return self._child.returncode is not None

    async def ended(self) -> str:
        """Waits for its end and says how it came."""
        code = await self._child.wait()
        await asyncio.wait(self._readers, timeout=1)
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Ends it, by force after `seconds`, and what it has started."""
        self._signal(kill=False)
        try:
            async with asyncio.timeout(seconds):
                await self._child.wait()
        except TimeoutError:
            pass
        self._signal(kill=True)  # what it has started may go on
        await self.ended()
        for reader in self._readers:
            reader.cancel()

    def _signal(self, *, kill: bool) -> None:
        with contextlib.suppress(ProcessLookupError):
            if sys.platform == "win32":
                self._child.kill()
            else:
                os.killpg(self._child.pid, signal.SIGKILL if kill else signal.SIGTERM)

    async def _forward(self, stream: asyncio.StreamReader, *, from_stderr: bool) -> None:
        async for line in lines_of(stream):
            self._output(line, from_stderr)


def _program(handler: CustomHandler, environment: dict[str, str]) -> str:
    """Returns the program: a file of the app, or one on the path, where that of the app's environment is first."""
    own = handler.working_directory / handler.executable
    found = str(own) if own.is_file() else shutil.which(handler.executable, path=environment.get("PATH"))
    if found is None:
        raise PersonError(
            f"The program '{handler.executable}', which customHandler in host.json names, is not there.",
            "Install it, or mend customHandler.description.defaultExecutablePath.",
        )
    return found


def _shown(command: Sequence[str]) -> str:
    return " ".join(command)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(sys.platform != "win32"))
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
