"""The worker: a child process that runs the app, seen from the host.

A blocking, crashing or hanging app must never take the host down, so it lives in a process of its own, as in Azure.
When that process ends, the calls it was running fail and a new one is started.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from functions_host.errors import WorkerError
from functions_host.restarts import longer_pause, pause_before_restart
from functions_host.worker.connection import STOP_SECONDS, AppLoadError, WorkerConnection, WorkerEvents, WorkerProgram
from functions_host.worker_process.messages import Completed, Indexed, Invoke

# Azure gives an app two minutes to import and index.
# https://learn.microsoft.com/azure/azure-functions/functions-app-settings
_INDEXING_SECONDS = 120
_READY_SECONDS = 30  # how long the host lets requests wait for a worker


class Worker:
    """Starts the worker process, calls functions in it, and starts it again when it ends.

    `program` installs what the app needs, and raises PersonError where that cannot be.
    """

    def __init__(
        self, app_directory: Path, program: Callable[[], Awaitable[WorkerProgram]], events: WorkerEvents
    ) -> None:
        self._app_directory = app_directory
        self._make_program = program
        self._program: WorkerProgram | None = None
        self._events = events
        self._connection: WorkerConnection | None = None
        self._ready = asyncio.Event()
        self.http_uri: str | None = None
        """Where the process takes the requests of functions over HTTP itself; None: they come as calls."""
        self._supervisor: asyncio.Task[None] | None = None

    async def start(self) -> Indexed:
        """Starts the process and returns what it indexed. Raises AppLoadError, PersonError."""
        self._program = await self._make_program()
        self._connection, indexed = await self._connect()
        self._supervisor = asyncio.create_task(self._restart_when_it_ends(self._connection))
        return indexed

    async def invoke(self, call: Invoke, timeout: float | None) -> Completed:
        """Runs a function and returns what it returned.

        `timeout` is in seconds. When it is over the process is ended, and with it every other call, as in Azure.
        Raises WorkerError if the function raised, ran out of time, or the process ended.
        """
        if not self._ready.is_set():
            await self._wait_until_ready()
        assert self._connection is not None
        return await self._connection.run(call, timeout)

    def retire(self) -> None:
        """Lets calls under way go on, but starts no process any more if this one ends."""
        if self._supervisor:
            self._supervisor.cancel()

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Ends the process: kindly, then by force after `seconds`."""
        self.retire()
        if self._supervisor:
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervisor
        if self._connection:
            await self._connection.stop(seconds)

    async def _wait_until_ready(self) -> None:
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await self._ready.wait()
        except TimeoutError:
            raise WorkerError(f"There was no worker process to run it within {_READY_SECONDS} seconds.") from None

    async def _connect(self) -> tuple[WorkerConnection, Indexed]:
        # No call may go to a process that is about to end: it would fail, though a new one could serve it.
        assert self._program is not None
        connection = await WorkerConnection.open(
            self._program, self._app_directory, self._events, on_ending=self._ready.clear
        )
        try:
            async with asyncio.timeout(_INDEXING_SECONDS):
                indexed = await connection.indexed
        except TimeoutError:
            await connection.stop()
            raise AppLoadError(f"the app did not finish importing within {_INDEXING_SECONDS} seconds", "") from None
        except BaseException:
            await connection.stop()
            raise
        self.http_uri = indexed.http_uri
        if connection.takes_calls:
            self._ready.set()
        return connection, indexed

    async def _restart_when_it_ends(self, connection: WorkerConnection) -> None:
        pause = 0.0
        while True:
            began = time.monotonic()
            how = await connection.ended()
            pause = pause_before_restart(time.monotonic() - began, pause)
            self._events.problem(f"The worker process ended ({how}). Starting it again.")
            connection = self._connection = await self._reconnect(pause)

    async def _reconnect(self, pause: float) -> WorkerConnection:
        while True:
            await asyncio.sleep(pause)
            try:
                connection, _ = await self._connect()
            except AppLoadError as error:
                pause = longer_pause(pause, shortest=1.0)
                self._events.problem(f"The worker process did not start: {error} Trying again in {pause:.0f} s.")
            else:
                return connection
