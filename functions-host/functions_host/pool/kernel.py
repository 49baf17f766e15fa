"""A Jupyter kernel: the process that runs the Python code of one environment, and the connection to it.

A PythonLTS session of the platform is a Jupyter kernel behind a proxy.
https://github.com/Azure-Samples/container-apps-dynamic-sessions-samples
"""

import asyncio
import contextlib
import json
import secrets
import shutil
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient

from functions_host.errors import LocalError
from functions_host.pool.executions import BoundedText, Execution, Failure
from functions_host.pool.kernel_output import KernelOutput
from functions_host.pool.processes import exited, read_bounded
from functions_host.pool.sandbox import Sandbox

_START_SECONDS = 60  # on a machine that is busy with other things
_INTERRUPT_SECONDS = 2
_IDLE_SECONDS = 1
_POLL_SECONDS = 1
_CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
_LARGEST_MESSAGE = 4 * 1024 * 1024  # kernel_boot.py sends none that large, unless the code has changed its own kernel
_QUEUED_MESSAGES = 64
_CONNECT_MILLISECONDS = 20  # between attempts while a kernel starts; ZeroMQ waits 100, and a start takes 400
_KEPT_OF_STDERR = 16 * 1024
_KEPT_BETWEEN = (
    1024  # characters of what is printed between two calls, which the output of the second needs room beside
)


class KernelError(LocalError):
    """A kernel did not start."""


def kernel_context() -> zmq.asyncio.Context:
    """Returns the ZeroMQ context of a pool. What it keeps in memory for a kernel is bounded."""
    context = zmq.asyncio.Context()
    context.setsockopt(zmq.MAXMSGSIZE, _LARGEST_MESSAGE)
    context.setsockopt(zmq.RCVHWM, _QUEUED_MESSAGES)
    context.setsockopt(zmq.LINGER, 0)
    context.setsockopt(zmq.RECONNECT_IVL, _CONNECT_MILLISECONDS)
    return context


class Kernel:
    """A running kernel. It runs one piece of code at a time: that is its caller's care."""

    def __init__(
        self, sandbox: Sandbox, process: asyncio.subprocess.Process, client: AsyncKernelClient, own: Path
    ) -> None:
        self._sandbox = sandbox
        self._own = own
        self._process = process
        self._client = client
        self._ended = asyncio.create_task(exited(process, _POLL_SECONDS))
        assert process.stderr is not None
        self._complaints = BoundedText(_KEPT_OF_STDERR)
        self._reader = asyncio.create_task(read_bounded(process.stderr, self._complaints))
        self._listener = asyncio.create_task(self._listen())
        self._heard = asyncio.Event()
        self._current: tuple[str, KernelOutput] | None = None
        self._between: KernelOutput | None = None  # since the first call: what a start prints is nobody's
        self._leaving = False

    @classmethod
    async def start(cls, sandbox: Sandbox, folder: Path, context: zmq.asyncio.Context) -> "Kernel":
        """Starts a kernel in an environment's folder and waits until it answers. Raises KernelError."""
        # A new name each time: code that ran here before might have put a link out of its folder in place of the old.
        own = Path(tempfile.mkdtemp(prefix=".kernel-", dir=folder))
        connection = _connection(own)
        inside = f"{sandbox.inside(folder)}/{own.name}"
        _write_connection(own / "connection.json", connection, inside)
        process = await sandbox.start(
            [*_command(sandbox.python), "-f", f"{inside}/connection.json"],
            folder,
            stdin=asyncio.subprocess.PIPE,  # the kernel ends when this end of it is gone: see kernel_boot.py
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        client = AsyncKernelClient(context=context)
        client.load_connection_info(connection)  # pyright: ignore[reportArgumentType]
        client.start_channels(stdin=False, hb=False)
        kernel = cls(sandbox, process, client, own)
        try:
            async with asyncio.timeout(_START_SECONDS):
                await kernel._answers()
        except BaseException as error:
            await kernel.stop()
            if isinstance(error, TimeoutError):
                raise KernelError(f"The kernel did not answer within {_START_SECONDS} s.") from None
            raise
        return kernel

    @property
    def is_alive(self) -> bool:
        """Whether it can run code; false once it has ended, or was told to by the code, as by `exit()`."""
        return self._process.returncode is None and not self._leaving

    async def run(self, code: str, seconds: float, limit: int) -> Execution:
        """Runs code for at most `seconds`; keeps `limit` characters of each stream."""
        began = time.monotonic()
        output = KernelOutput(limit)
        message_id = self._client.execute(code, allow_stdin=False, stop_on_error=False)
        self._current = (message_id, output)
        reply = asyncio.create_task(self._reply(message_id, output))
        try:
            failure = await self._outcome(reply, seconds)
        finally:
            self._current = None
            reply.cancel()
        milliseconds = round((time.monotonic() - began) * 1000)
        remark = self._remark(failure, seconds)
        if failure is None and output.raised:
            failure = "exception"
        between, self._between = self._between, KernelOutput(_KEPT_BETWEEN)
        stdout, stderr = output.stdout, output.stderr(remark)
        if between:
            stdout = _with_what_came_before(between.stdout, stdout)[:limit]
            stderr = _with_what_came_before(between.stderr(), stderr)[-limit:]
        return Execution(stdout, stderr, milliseconds, output.result, picture=output.picture.strip(), failure=failure)

    async def stop(self) -> None:
        """Ends the kernel and everything it started."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._sandbox.kill(self._process)
        await self._ended
        # Code may have left a process behind that holds the other end of stderr.
        self._listener.cancel()
        self._reader.cancel()
        await asyncio.gather(self._listener, self._reader, return_exceptions=True)
        self._client.stop_channels()
        await asyncio.to_thread(shutil.rmtree, self._own, ignore_errors=True)

    async def _answers(self) -> None:
        """Waits for a reply and for a first message of iopub, which loses all that is sent before it is connected."""
        while True:
            message_id = self._client.kernel_info()
            reply = asyncio.create_task(self._reply_to(message_id))
            try:
                await asyncio.wait({reply, self._ended}, timeout=0.2, return_when=asyncio.FIRST_COMPLETED)
                if self._ended.done():
                    raise KernelError(await self._last_words())
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._heard.wait(), 0.1)
                if reply.done() and self._heard.is_set():
                    return
            finally:
                reply.cancel()

    def _remark(self, failure: Failure | None, seconds: float) -> str:
        if failure == "timeout":
            state = (
                "It was interrupted, and its variables are kept."
                if self.is_alive
                else "It could not be interrupted, so its Python process was ended and its variables are lost."
            )
            return f"Execution timed out after {seconds:g} seconds. {state}"
        if failure == "died":
            excess = self._sandbox.excess_of(self._process)
            sentences = ("The Python process ended while it ran this code.", excess, "Its variables are lost.")
            return " ".join(filter(None, sentences))
        if self._leaving:
            return "The Python process ended, as exit() asks. Its variables are lost."
        return ""

    async def _last_words(self) -> str:
        await asyncio.wait({self._reader}, timeout=_IDLE_SECONDS)
        said = self._sandbox.excess_of(self._process) or self._complaints.text.strip().rpartition("\n")[2]
        reason = f": {said}" if said else "."
        return f"The kernel ended with exit code {self._ended.result()} before it answered{reason}"

    async def _outcome(self, reply: asyncio.Task[None], seconds: float) -> Failure | None:
        await asyncio.wait({reply, self._ended}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if self._ended.done():
            return "died"
        if reply.done():
            reply.result()
            return None
        # The same as Ctrl+C. The kernel delivers it to itself, since no signal of ours reaches into a sandbox.
        self._client.control_channel.send(self._client.session.msg("interrupt_request"))
        await asyncio.wait({reply}, timeout=_INTERRUPT_SECONDS)
        if not reply.done():
            self._sandbox.kill(self._process)
            await self._ended
        return "timeout"

    async def _reply(self, message_id: str, output: KernelOutput) -> None:
        """Waits for the reply to an execution and for the last of its output."""
        reply = await self._reply_to(message_id)
        with contextlib.suppress(Exception):  # as below
            self._leaving = any(payload["source"] == "ask_exit" for payload in reply.get("payload", ()))
            output.add_pages(reply)
        with contextlib.suppress(TimeoutError):  # lost, if a queue ran over
            await asyncio.wait_for(output.is_complete.wait(), _IDLE_SECONDS)

    async def _reply_to(self, message_id: str) -> dict[str, Any]:
        channel, session = self._client.shell_channel, self._client.session
        while True:
            frames = await channel.socket.recv_multipart()
            with contextlib.suppress(Exception):  # as below
                reply = session.deserialize(session.feed_identities(frames)[1])
                if reply["parent_header"]["msg_id"] == message_id:
                    return reply["content"]

    async def _listen(self) -> None:
        """Reads iopub for as long as the kernel lives, so that it never fills up."""
        channel, session = self._client.iopub_channel, self._client.session
        while True:
            frames = await channel.socket.recv_multipart()
            if self._is_surplus(frames[0]):
                continue
            # Code can reach the sockets and the key of its own kernel, so a message can be any nonsense.
            with contextlib.suppress(Exception):
                self._take(session.deserialize(session.feed_identities(frames)[1]))

    def _is_surplus(self, topic: bytes) -> bool:
        # Without looking inside: there may be gigabytes of it.
        stream = topic.decode("ascii", "replace").removeprefix("stream.")
        listening = self._current[1] if self._current else self._between
        return listening is not None and listening.is_full(stream)

    def _take(self, message: dict[str, Any]) -> None:
        self._heard.set()
        if self._current is not None and message["parent_header"].get("msg_id") == self._current[0]:
            self._current[1].add(message["msg_type"], message["content"])
        elif (
            self._between and message["msg_type"] == "stream"
        ):  # of a thread or a task that an earlier call has left running
            self._between.add("stream", message["content"])


def _with_what_came_before(between: str, text: str) -> str:
    if not between:
        return text
    end = "" if between.endswith("\n") else "\n"
    return f"(Printed after the last call, by what it left running:)\n{between}{end}(Printed by this call:)\n{text}"


def _connection(folder: Path) -> dict[str, Any]:
    """Returns where a new kernel listens, and the key that both sides sign with."""
    kind: dict[str, Any] = {"key": secrets.token_hex(), "signature_scheme": "hmac-sha256", "kernel_name": ""}
    if sys.platform == "win32":
        # ZeroMQ has no ipc there. Ports can be taken by others between this choice and the kernel's start; then the
        # start fails, and the call says so.
        from jupyter_client.connect import LocalPortCache

        ports = LocalPortCache.instance()
        numbers = {f"{channel}_port": ports.find_available_port("127.0.0.1") for channel in _CHANNELS}
        return kind | {"transport": "tcp", "ip": "127.0.0.1"} | numbers
    # Files rather than ports: a kernel without a network has them too, and only this person can open them.
    numbers = {f"{channel}_port": number for number, channel in enumerate(_CHANNELS, 1)}
    return kind | {"transport": "ipc", "ip": str(folder / "k")} | numbers


def _write_connection(file: Path, connection: dict[str, Any], inside: str) -> None:
    """Writes the file that tells the kernel where to listen, as it sees its folder."""
    seen = connection | {"ip": f"{inside}/k"} if connection["transport"] == "ipc" else connection
    file.write_text(json.dumps(seen), encoding="utf-8")


@cache
def _command(python: str) -> list[str]:
    boot = Path(__file__).with_name("kernel_boot.py").read_text(encoding="utf-8")
    return [
        python, "-c", boot,
        "--HistoryManager.enabled=False", "--InteractiveShell.colors=nocolor", "--log-level=50",
    ]  # fmt: skip
