"""One worker process and the socket to it, from its start to its end."""

import asyncio
import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Self, cast

import msgspec

from functions_host.errors import WorkerError
from functions_host.worker.stack import from_own_lines
from functions_host.worker_process import boot
from functions_host.worker_process.messages import (
    Completed,
    DebuggerListens,
    Failed,
    FrameReader,
    FrameWriter,
    Indexed,
    IndexFailed,
    Invoke,
    Log,
    Stop,
    frame,
)

STOP_SECONDS = 2.0  # as `func` gives its children after Ctrl+C
_BOOT = Path(boot.__file__)
# Bytes that the socket takes from the worker at once, where the system allows it: a turn of its event loop writes once,
# and makes several long answers, which would wait in memory.
_LONG_ANSWERS = 4 * 1024 * 1024
_OUTPUT_SECONDS = 1  # for what the process has printed last


class AppLoadError(WorkerError):
    """The app did not load. `message` is one line, `stack` the traceback, if there is one.

    `there_are` are the decorators, or the arguments of one, where the app wrote another that there is not.
    """

    def __init__(self, message: str, stack: str, there_are: list[str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.stack = stack
        self.there_are = there_are or []


class WorkerProgram(msgspec.Struct, frozen=True):
    """What a worker process is started with."""

    python: Path
    """The interpreter of the app's environment."""
    library: Path
    """The folder of the worker library: see library.py."""
    environment: dict[str, str]


class WorkerEvents(msgspec.Struct, frozen=True):
    """What the host wants to hear of. `log` gets records of a call, `output` what the app prints, line by line."""

    log: Callable[[Log], None]
    output: Callable[[str, bool], None]
    """Arguments: the line, and whether it came from stderr."""
    problem: Callable[[str], None]
    debugger: Callable[[int], None] | None = None
    """Takes the port at which a debugger can attach to a new process. None: processes are not to be debugged."""


class WorkerConnection(asyncio.BufferedProtocol):
    """A process that loads the app, then runs calls, until it is stopped or ends by itself."""

    def __init__(self, app_directory: Path, events: WorkerEvents, on_ending: Callable[[], None]) -> None:
        self._app_directory = app_directory
        self._loop = asyncio.get_running_loop()
        self.indexed: asyncio.Future[Indexed] = self._loop.create_future()
        self.takes_calls = True
        self._loads = True
        self._events = events
        self._on_ending = on_ending
        self._frames_in = FrameReader()
        self._frames_out: FrameWriter | None = None
        self._answers: dict[str, asyncio.Future[Completed]] = {}
        self._child: asyncio.subprocess.Process | None = None
        self._output: list[asyncio.Task[None]] = []

    @classmethod
    async def open(
        cls, program: WorkerProgram, app_directory: Path, events: WorkerEvents, on_ending: Callable[[], None]
    ) -> Self:
        """Starts a process; it has loaded the app when `indexed` is done.

        `on_ending` is called as soon as it takes no more calls, which is before it has ended.
        """
        connection = cls(app_directory, events, on_ending)
        ours, theirs = socket.socketpair()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LONG_ANSWERS)
        with theirs, contextlib.ExitStack() as otherwise:
            otherwise.callback(ours.close)  # where the start fails, or is given up for a mistake elsewhere
            child = connection._child = await _start_process(
                theirs, program, app_directory, debug=events.debugger is not None
            )
            otherwise.pop_all()
        assert child.stdout is not None
        assert child.stderr is not None
        connection._output = [
            asyncio.create_task(connection._forward(child.stdout, from_stderr=False)),
            asyncio.create_task(connection._forward(child.stderr, from_stderr=True)),
        ]
        await connection._loop.create_connection(lambda: connection, sock=ours)
        return connection

    async def run(self, call: Invoke, timeout: float | None) -> Completed:
        """Runs a call in the process. Raises WorkerError as Worker.invoke does."""
        assert self._frames_out is not None
        answer = self._answers[call.invocation_id] = self._loop.create_future()
        self._frames_out.send(*frame(call))
        expiry = self._loop.call_later(timeout, self._expire, call.invocation_id, timeout) if timeout else None
        try:
            return await answer
        finally:
            if expiry:
                expiry.cancel()

    async def ended(self) -> str:
        """Waits for the process to end and says how it did."""
        assert self._child is not None
        code = await self._child.wait()
        # A process that got away, into a group of its own, may hold the pipes open for as long as it likes.
        _, stuck = await asyncio.wait(self._output, timeout=_OUTPUT_SECONDS)
        for task in stuck:
            task.cancel()
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Ends the process: kindly, then by force after `seconds`; at once if it has not loaded the app yet."""
        assert self._child is not None
        if self._loads:
            self._kill()
        elif self._frames_out:
            self._frames_out.send(*frame(Stop()))
        try:
            async with asyncio.timeout(seconds):
                await self._child.wait()
        except TimeoutError:
            self._kill()
        await self.ended()

    # asyncio.BufferedProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._frames_out = FrameWriter(cast("asyncio.WriteTransport", transport))  # uvloop's is none by inheritance

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._frames_in.space()

    def buffer_updated(self, nbytes: int) -> None:
        for message in self._frames_in.received(nbytes):
            match message:
                case Completed():
                    self._answer(message.invocation_id, message)
                case Failed():
                    self._answer(message.invocation_id, WorkerError(_exception_text(message, self._app_directory)))
                case Log():
                    self._events.log(message)
                case DebuggerListens():
                    assert self._events.debugger is not None
                    self._events.debugger(message.port)
                case Indexed():
                    self._loaded(message)
                case IndexFailed():
                    self._loaded(AppLoadError(message.message, message.stack, message.there_are))
                case _:
                    raise AssertionError(f"the worker process sent {type(message).__name__}")

    def connection_lost(self, exc: Exception | None) -> None:
        self._take_no_more_calls()
        # What it has started may hold its pipes open, and for asyncio a process has ended only when they are closed.
        self._kill()
        # The answers must not wait for the process to be reaped: nothing more can come.
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(WorkerError("The worker process ended during the call."))
        self._answers.clear()
        self._loaded(AppLoadError("the worker process ended while it loaded the app", ""))

    def _loaded(self, outcome: Indexed | AppLoadError) -> None:
        self._loads = False
        if self.indexed.done():  # or nobody waits for it any more
            return
        if isinstance(outcome, Indexed):
            self.indexed.set_result(outcome)
        else:
            self.indexed.set_exception(outcome)

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
        self._take_no_more_calls()
        self._kill()

    def _kill(self) -> None:
        assert self._child is not None
        with contextlib.suppress(ProcessLookupError):
            if sys.platform == "win32":
                self._child.kill()
            else:
                os.killpg(self._child.pid, signal.SIGKILL)  # it leads a group of its own: see _start_process

    async def _forward(self, stream: asyncio.StreamReader, *, from_stderr: bool) -> None:
        async for line in lines_of(stream):
            self._events.output(line, from_stderr)


async def lines_of(stream: asyncio.StreamReader) -> AsyncIterator[str]:
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


async def _start_process(
    theirs: socket.socket, program: WorkerProgram, app_directory: Path, *, debug: bool
) -> asyncio.subprocess.Process:
    """Starts the process and hands it its end of the socket."""
    # -P: without it the current folder would be first on sys.path, where Azure puts the app's folder last.
    command = [str(program.python), "-P", str(_BOOT), str(program.library)]
    if debug:
        command[1:1] = ["-X", "frozen_modules=off"]  # in frozen modules of the standard library no breakpoint holds
    arguments = [str(app_directory), *([_debugpy_packages()] if debug else [])]
    pipe = asyncio.subprocess.PIPE
    if sys.platform == "win32":
        # Windows hands a socket to a process that exists already, as bytes that only that process can use.
        child = await asyncio.create_subprocess_exec(
            *command, "share", *arguments, cwd=app_directory, env=program.environment,
            stdin=pipe, stdout=pipe, stderr=pipe, creationflags=subprocess.CREATE_NEW_PROCESS_GROUP,
        )  # fmt: skip
        assert child.stdin is not None
        child.stdin.write(theirs.share(child.pid))
        child.stdin.close()
        return child
    # A session of its own: Ctrl+C at the terminal is for the host, which then stops the worker in good order.
    return await asyncio.create_subprocess_exec(
        *command, str(theirs.fileno()), *arguments, cwd=app_directory, env=program.environment,
        stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, pass_fds=[theirs.fileno()], start_new_session=True,
    )  # fmt: skip


def _debugpy_packages() -> str:
    spec = importlib.util.find_spec("debugpy")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent.parent)


def _exception_text(failed: Failed, app_directory: Path) -> str:
    # The words of the real host's RpcException, but for a stack that is trimmed.
    return f"Result: Failure\nException: {failed.message}\nStack: {from_own_lines(failed.stack, app_directory)}"


def _time_span(seconds: float) -> str:
    """Writes seconds as .NET writes a TimeSpan, such as 00:00:05."""
    whole = int(seconds)
    fraction = f".{round((seconds - whole) * 10_000_000):07d}" if seconds != whole else ""
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{fraction}"
