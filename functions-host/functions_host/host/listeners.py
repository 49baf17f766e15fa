"""What makes functions run that nobody calls: the listeners of one version of the app.

The host starts a listener for each such function, and one that cannot start again and again, with a pause that grows
(azure-webjobs-sdk, Host/Listeners/FunctionListener.cs). While the storage is away, so are they.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from functions_host.errors import BindingError
from functions_host.host.blob_listener import BlobListener
from functions_host.host.functions import Function
from functions_host.host.host import FunctionsHost
from functions_host.host.queue_listener import QueueListener
from functions_host.host.timers import TimerListener
from functions_host.host.work import Work
from functions_host.triggers.blob_trigger import BlobTrigger
from functions_host.triggers.queue_trigger import QueueTrigger
from functions_host.triggers.timer_trigger import TimerTrigger

_FIRST_PAUSE_SECONDS = 2
_LONGEST_PAUSE_SECONDS = 10


class Listener(Protocol):
    """Runs a function for as long as it listens."""

    async def listen(self) -> None:
        """Listens until cancelled. Raises BindingError where that cannot be, such as without storage."""
        ...


class Listeners:
    """All of them. `problem` hears why one cannot listen."""

    def __init__(self, host: FunctionsHost, work: Work, problem: Callable[[str], None]) -> None:
        self._host = host
        self._work = work
        self._problem = problem
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begins to listen, as soon as the storage does."""
        for function in self._host.app.functions:
            if listener := self._listener(function):
                task = asyncio.create_task(self._keep_listening(function, listener))
                task.add_done_callback(_show_bug)
                self._tasks.append(task)

    def stop(self) -> None:
        """Listens no more; what has begun goes on."""
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()

    def _listener(self, function: Function) -> Listener | None:
        match function.trigger:
            case TimerTrigger() as trigger:
                return TimerListener(self._host, function, trigger, self._work)
            case QueueTrigger() as trigger:
                return QueueListener(self._host, function, trigger, self._work, self._problem)
            case BlobTrigger() as trigger:
                return BlobListener(self._host, function, trigger, self._work, self._problem)
            case _:
                return None

    async def _keep_listening(self, function: Function, listener: Listener) -> None:
        if self._host.storage_listens:
            await self._host.storage_listens.wait()
        pause, said = _FIRST_PAUSE_SECONDS, ""
        while True:
            began = time.monotonic()
            try:
                await listener.listen()
            except BindingError as error:
                if time.monotonic() - began > _LONGEST_PAUSE_SECONDS:
                    pause, said = _FIRST_PAUSE_SECONDS, ""
                text = f"The listener for function 'Functions.{function.name}' was unable to start: {error}"
                if text != said:
                    self._problem(f"{text} It is tried again.")
                    said = text
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def _show_bug(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.result()
