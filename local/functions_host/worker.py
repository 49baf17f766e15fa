"""The worker: a child process that runs the app, seen from the host.

A blocking, crashing or hanging app must never take the host down, so it lives in a process of its own, as in Azure.
When that process ends, the calls it was running fail and a new one is started.
"""

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from local.errors import WorkerError
from local.functions_host.worker_messages import (
    FROM_WORKER,
    Completed,
    Failed,
    FrameReader,
    FrameWriter,
    FunctionMetadata,
    Indexed,
    IndexFailed,
    Invoke,
    Log,
    Stop,
    frame,
)

# Azure gives an app two minutes to import and index.
# https://learn.microsoft.com/azure/azure-functions/functions-app-settings
_INDEXING_SECONDS = 120
_STOP_SECONDS = 2  # as `func` gives its children after Ctrl+C
_LONGEST_RESTART_PAUSE_SECONDS = 30


class AppLoadError(WorkerError):
    """The app did not load. `message` is the exception's one line, `stack` its traceback."""

    def __init__(self, message: str, stack: str) -> None:
        super().__init__(message)
        self.message = message
        self.stack = stack


@dataclass(frozen=True)
class WorkerEvents:
    """What the host wants to hear of. `log` gets records of a call, `output` what the app prints, line by line."""

    log: Callable[[Log], None]
    output: Callable[[str, bool], None]
    """Arguments: the line, and whether it came from stderr."""
    problem: Callable[[str], None]


class Worker:
    """Starts the worker process, calls functions in it, and starts it again when it ends."""

    def __init__(self, app_directory: Path, environment: dict[str, str], events: WorkerEvents) -> None:
        self._app_directory = app_directory
        self._environment = environment
        self._events = events
        self._process: _Process | None = None
        self._ready = asyncio.Event()
        self._supervisor: asyncio.Task[None] | None = None

    async def start(self) -> list[FunctionMetadata]:
        """Starts the process and returns the functions it indexed. Raises AppLoadError."""
        functions = await self._spawn()
        self._supervisor = asyncio.create_task(self._restart_when_it_ends())
        return functions

    async def invoke(self, call: Invoke, timeout: float | None) -> Completed:
        """Runs a function and returns what it returned.

        `timeout` is in seconds. When it is over the process is ended, and with it every other call, as in Azure.
        Raises WorkerError if the function raised, ran out of time, or the process ended.
        """
        await self._ready.wait()
        assert self._process is not None
        return await self._process.run(call, timeout)

    async def stop(self) -> None:
        """Ends the process: kindly, then by force after two seconds."""
        if self._supervisor:
            self._supervisor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervisor
        if self._process:
            await self._process.stop()

    @property
    def process_id(self) -> int | None:
        """The id of the running process, None while there is none."""
        return self._process.process_id if self._process and self._ready.is_set() else None

    async def _spawn(self) -> list[FunctionMetadata]:
        # No call may go to a process that is about to end: it would fail, though a new one could serve it.
        process = await _Process.spawn(self._app_directory, self._environment, self._events, self._ready.clear)
        try:
            async with asyncio.timeout(_INDEXING_SECONDS):
                indexed = await process.indexed
        except TimeoutError:
            await process.stop()
            raise AppLoadError(f"The app did not finish importing within {_INDEXING_SECONDS} seconds.", "") from None
        except BaseException:
            await process.stop()
            raise
        self._process = process
        if process.takes_calls:
            self._ready.set()
        return indexed.functions

    async def _restart_when_it_ends(self) -> None:
        pause = 0.0
        while True:
            if self._process:
                how = await self._process.ended()
                self._process = None
                self._events.problem(f"The worker process ended ({how}). Starting it again.")
            await asyncio.sleep(pause)
            try:
                await self._spawn()
                pause = 0.0
            except WorkerError as error:
                pause = min(max(1.0, pause * 2), _LONGEST_RESTART_PAUSE_SECONDS)
                self._events.problem(f"The worker process did not start: {error} Trying again in {pause:.0f} s.")


class _Process(asyncio.Protocol):
    """One worker process and the socket to it."""

    def __init__(self, events: WorkerEvents, on_ending: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self.indexed: asyncio.Future[Indexed] = loop.create_future()
        self.takes_calls = True
        self._events = events
        self._on_ending = on_ending
        self._frames_in = FrameReader(FROM_WORKER)
        self._answers: dict[str, asyncio.Future[Completed]] = {}
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._frames_out: FrameWriter | None = None
        self._child: asyncio.subprocess.Process | None = None
        self._output: list[asyncio.Task[None]] = []

    @classmethod
    async def spawn(
        cls, app_directory: Path, environment: dict[str, str], events: WorkerEvents, on_ending: Callable[[], None]
    ) -> "_Process":
        """Starts the process; it is ready when `indexed` is done. `on_ending` is called when it takes no more calls."""
        process = cls(events, on_ending)
        ours, theirs = socket.socketpair()
        with theirs:
            child = await _start_child(theirs, app_directory, environment)
        process._child = child
        assert child.stdout is not None
        assert child.stderr is not None
        process._output = [
            asyncio.create_task(process._forward(child.stdout, from_stderr=False)),
            asyncio.create_task(process._forward(child.stderr, from_stderr=True)),
        ]
        await process._loop.create_connection(lambda: process, sock=ours)
        return process

    @property
    def process_id(self) -> int:
        assert self._child is not None
        return self._child.pid

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        self._frames_out = FrameWriter(self._transport)

    def data_received(self, data: bytes) -> None:
        for message in self._frames_in.feed(data):
            match message:
                case Completed():
                    self._answer(message.invocation_id, message)
                case Failed():
                    self._answer(message.invocation_id, WorkerError(_exception_text(message)))
                case Log():
                    self._events.log(message)
                case Indexed():
                    self.indexed.set_result(message)
                case IndexFailed():
                    self.indexed.set_exception(AppLoadError(message.message, message.stack))

    def connection_lost(self, exc: Exception | None) -> None:
        self._take_no_more_calls()
        # The answers must not wait for the process to be reaped: nothing more can come.
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(WorkerError("The worker process ended during the call."))
        self._answers.clear()
        if not self.indexed.done():
            self.indexed.set_exception(AppLoadError("The worker process ended while it loaded the app.", ""))

    async def run(self, call: Invoke, timeout: float | None) -> Completed:
        """Runs a call in the process. Raises WorkerError as Worker.invoke does."""
        assert self._frames_out is not None
        answer = self._answers[call.invocation_id] = self._loop.create_future()
        self._frames_out.send(frame(call))
        expiry = self._loop.call_later(timeout, self._expire, call.invocation_id, timeout) if timeout else None
        try:
            return await answer
        finally:
            if expiry:
                expiry.cancel()

    def kill(self) -> None:
        """Ends the process by force."""
        self._take_no_more_calls()
        with contextlib.suppress(ProcessLookupError):
            assert self._child is not None
            self._child.kill()

    async def ended(self) -> str:
        """Waits for the process to end and says how it did."""
        assert self._child is not None
        code = await self._child.wait()
        await asyncio.gather(*self._output)
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    async def stop(self) -> None:
        """Ends the process: kindly, then by force after two seconds."""
        if self._frames_out:
            self._frames_out.send(frame(Stop()))
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self.ended()
        except TimeoutError:
            self.kill()
            await self.ended()
        if self._transport:
            self._transport.close()

    def _take_no_more_calls(self) -> None:
        self.takes_calls = False
        self._on_ending()

    def _answer(self, invocation_id: str, outcome: Completed | WorkerError) -> None:
        answer = self._answers.pop(invocation_id, None)
        if answer is None or answer.done():  # the caller has stopped waiting
            return
        if isinstance(outcome, Completed):
            answer.set_result(outcome)
        else:
            answer.set_exception(outcome)

    def _expire(self, invocation_id: str, timeout: float) -> None:
        self._answer(invocation_id, WorkerError(f"Timeout value of {_time_span(timeout)} was exceeded."))
        self.kill()

    async def _forward(self, stream: asyncio.StreamReader, *, from_stderr: bool) -> None:
        async for line in _lines(stream):
            self._events.output(line, from_stderr)


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Yields the lines of `stream`, cutting those that are longer than its buffer."""
    while True:
        try:
            line = await stream.readuntil(b"\n")
        except asyncio.IncompleteReadError as end:
            if end.partial:
                yield end.partial.decode(errors="replace")
            return
        except asyncio.LimitOverrunError as overrun:
            line = await stream.readexactly(max(overrun.consumed, 1))
        yield line.decode(errors="replace").rstrip("\r\n")


async def _start_child(
    theirs: socket.socket, app_directory: Path, environment: dict[str, str]
) -> asyncio.subprocess.Process:
    """Starts the process and hands it its end of the socket."""
    # -P: without it the current folder would be first on sys.path, where Azure puts the app's folder last.
    command = [sys.executable, "-P", "-m", "local.functions_host.worker_process"]
    pipe = asyncio.subprocess.PIPE
    if sys.platform == "win32":
        # Windows hands a socket to a process that exists already, as bytes that only that process can use.
        child = await asyncio.create_subprocess_exec(
            *command, "share", str(app_directory), cwd=app_directory, env=environment,
            stdin=pipe, stdout=pipe, stderr=pipe, creationflags=subprocess.CREATE_NEW_PROCESS_GROUP,
        )  # fmt: skip
        assert child.stdin is not None
        child.stdin.write(theirs.share(child.pid))
        child.stdin.close()
        return child
    # A session of its own: Ctrl+C at the terminal is for the host, which then stops the worker in good order.
    return await asyncio.create_subprocess_exec(
        *command, str(theirs.fileno()), str(app_directory), cwd=app_directory, env=environment,
        stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, pass_fds=[theirs.fileno()], start_new_session=True,
    )  # fmt: skip


def _exception_text(failed: Failed) -> str:
    # The words of the real host's RpcException.
    return f"Result: Failure\nException: {failed.message}\nStack: {failed.stack}"


def _time_span(seconds: float) -> str:
    """Writes seconds as .NET writes a TimeSpan, such as 00:00:05."""
    whole = int(seconds)
    fraction = f".{round((seconds - whole) * 10_000_000):07d}" if seconds != whole else ""
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{fraction}"
