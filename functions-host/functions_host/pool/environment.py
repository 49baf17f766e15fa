"""One environment: a folder, the kernel in it, and the commands that share the folder."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import zmq.asyncio

from functions_host.errors import LocalError
from functions_host.pool.executions import Execution
from functions_host.pool.kernel import Kernel
from functions_host.pool.pool_folder import remove_folder
from functions_host.pool.sandbox import PACKAGES, Sandbox, temporary_folder
from functions_host.pool.shell import Command, run_shell

type Work = Callable[[], Awaitable[Execution]]


class EnvironmentGoneError(LocalError):
    """The pool stopped while a call was waiting."""


@dataclass(frozen=True)
class CallLimits:
    """What one call may take."""

    seconds: float
    characters: int
    """Of stdout, and as many of stderr."""


class Environment:
    """Runs one call after the other, as a session's one kernel does on the platform."""

    def __init__(self, sandbox: Sandbox, folder: Path, context: zmq.asyncio.Context, limits: CallLimits) -> None:
        self._sandbox = sandbox
        self._folder = folder
        self._context = context
        self._limits = limits
        self._kernel: Kernel | None = None
        self._lock = asyncio.Lock()
        self._calls: set[asyncio.Task[Execution]] = set()
        self._gone = False

    async def start(self) -> None:
        """Makes the folder and starts the kernel. Raises KernelError; nothing is left behind then."""
        self._folder.mkdir()
        (self._folder / PACKAGES).mkdir()  # Python remembers a folder of its path that was not there when it began
        try:
            self._kernel = await Kernel.start(self._sandbox, self._folder, self._context)
        except BaseException:
            await self.destroy()
            raise

    async def run_python(self, code: str) -> Execution:
        """Runs code in the kernel; in a new one, where the last one ended. Raises KernelError."""
        return await self._in_turn(lambda: self._python(code))

    async def run_shell(self, command: Command) -> Execution:
        """Runs a command in the folder."""
        limits = self._limits
        return await self._in_turn(
            lambda: run_shell(self._sandbox, self._folder, command, limits.seconds, limits.characters)
        )

    async def destroy(self) -> None:
        """Ends all processes and removes the folder."""
        self._gone = True
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        if self._kernel:
            await self._kernel.stop()
        await self._sandbox.close(self._folder)
        await asyncio.to_thread(remove_folder, self._folder)
        await asyncio.to_thread(remove_folder, temporary_folder(self._folder))

    async def _in_turn(self, work: Work) -> Execution:
        call = asyncio.create_task(self._locked(work))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        try:
            return await call
        except asyncio.CancelledError:
            if self._gone:
                raise EnvironmentGoneError("The environment was destroyed while it ran this.") from None
            raise

    async def _locked(self, work: Work) -> Execution:
        async with self._lock:
            return await work()

    async def _python(self, code: str) -> Execution:
        if self._kernel is None or not self._kernel.is_alive:
            # The platform replaces the whole container then; files are kept here.
            if self._kernel:
                await self._kernel.stop()
                self._kernel = None
            self._kernel = await Kernel.start(self._sandbox, self._folder, self._context)
        return await self._kernel.run(code, self._limits.seconds, self._limits.characters)
