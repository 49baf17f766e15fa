"""Runs a function for each message of a queue: takes it, tries it, deletes it, or gives it up after some tries.

Microsoft.Azure.WebJobs.Extensions.Storage.Queues, Listeners/QueueListener.cs and QueueProcessor.cs (azure-sdk-for-net).
Settings are those of extensions.queues in host.json.
"""

import asyncio
from collections.abc import Awaitable, Callable

from functions_host.errors import BindingError, InvocationError
from functions_host.host.functions import Function
from functions_host.host.host import FunctionsHost
from functions_host.host.work import Work
from functions_host.storage.queue_store import QueueMessage
from functions_host.triggers.queue_trigger import QueueCall, QueueTrigger

_HIDDEN_SECONDS = 600  # taken messages, time and again until the function has ended
_SHORTEST_POLL_SECONDS = 0.1
_PAUSES_SECONDS = (1, 2, 4, 8)


class QueueListener:
    """The queue of one function. `work` runs what has to come to its end even after the listener was stopped."""

    def __init__(
        self,
        host: FunctionsHost,
        function: Function,
        trigger: QueueTrigger,
        work: Work,
        problem: Callable[[str], None],
    ) -> None:
        self._host = host
        self._function = function
        self._trigger = trigger
        self._work = work
        self._problem = problem
        self._options = host.settings.triggers.queues
        self._under_way = 0
        self._fewer = asyncio.Event()

    async def listen(self) -> None:
        """Takes messages until cancelled. Raises BindingError where the storage gives none."""
        trigger, options = self._trigger, self._options
        sent = self._host.queues.sent(trigger.connection, trigger.public_name)
        pause = _SHORTEST_POLL_SECONDS
        while True:
            while self._under_way > options.new_batch_threshold:
                self._fewer.clear()
                await self._fewer.wait()
            sent.clear()
            messages = await self._take()
            if messages:
                pause = _SHORTEST_POLL_SECONDS
                continue
            await _set_within(sent, pause)
            pause = min(pause * 2, options.max_polling_interval)

    async def _take(self) -> list[QueueMessage]:
        """Takes a batch and begins with it; what was taken is begun with whoever stops the listener meanwhile."""

        async def take() -> list[QueueMessage]:
            trigger, options = self._trigger, self._options
            messages = await self._host.queues.take(
                trigger.connection, trigger.public_name, options.batch_size, _HIDDEN_SECONDS
            )
            for message in messages:
                self._under_way += 1
                self._work(self._handle(message))
            return messages

        return await asyncio.shield(self._work(take()))

    async def _handle(self, message: QueueMessage) -> None:
        try:
            await self._try(message)
        except BindingError as error:
            self._problem(f"The message '{message.id}' of the queue '{self._trigger.public_name}' stays: {error}")
        finally:
            self._under_way -= 1
            self._fewer.set()

    async def _try(self, message: QueueMessage) -> None:
        trigger, queues = self._trigger, self._host.queues
        if message.dequeue_count > self._options.max_dequeue_count:  # its process ended in each try
            await self._give_up(message)
            return
        try:
            call = QueueCall(message, queues.decode(message), trigger.is_binary)
        except BindingError as error:
            self._problem(str(error))
            await self._give_up(message)
            return
        hidden = _Hidden(self._host, trigger, message)
        keeping = asyncio.create_task(hidden.keep())
        try:
            await self._host.run(self._function, call)
        except InvocationError:
            succeeded = False
        else:
            succeeded = True
        finally:
            keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        if succeeded:
            await _insist(lambda: queues.delete(trigger.connection, trigger.public_name, hidden.message))
        elif message.dequeue_count >= self._options.max_dequeue_count:
            await self._give_up(hidden.message)
        else:
            seconds = int(self._options.visibility_timeout)
            await _insist(lambda: queues.hide(trigger.connection, trigger.public_name, hidden.message, seconds))
            queues.sent(trigger.connection, trigger.public_name).set()

    async def _give_up(self, message: QueueMessage) -> None:
        trigger, queues = self._trigger, self._host.queues
        await queues.send_as_stored(trigger.connection, trigger.poison_queue, [message.text])
        await queues.delete(trigger.connection, trigger.public_name, message)
        self._problem(
            f"Message has reached MaxDequeueCount of {self._options.max_dequeue_count}, or cannot be read. Moving "
            f"message to queue '{trigger.poison_queue}'."
        )


class _Hidden:
    """A message that stays hidden for as long as its function runs."""

    def __init__(self, host: FunctionsHost, trigger: QueueTrigger, message: QueueMessage) -> None:
        self._host = host
        self._trigger = trigger
        self.message = message

    async def keep(self) -> None:
        """Hides it again and again, until cancelled."""
        trigger = self._trigger
        while True:
            await asyncio.sleep(_HIDDEN_SECONDS / 2)
            self.message = await self._host.queues.hide(
                trigger.connection, trigger.public_name, self.message, _HIDDEN_SECONDS
            )


async def _insist(change: Callable[[], Awaitable[object]]) -> None:
    """Tells the storage what became of a message, also one that is away for a moment. Raises BindingError."""
    for pause in _PAUSES_SECONDS:
        try:
            await change()
        except BindingError:
            await asyncio.sleep(pause)
        else:
            return
    await change()


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
