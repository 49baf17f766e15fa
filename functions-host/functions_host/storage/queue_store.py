"""The queues of an app's storage accounts: sends and takes messages, on the SDK that Azure's own Python code uses."""

import asyncio
import base64
import binascii
import contextlib
import importlib
from collections.abc import Generator
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from functions_host.app.settings import Configuration
from functions_host.errors import BindingError
from functions_host.storage.connections import may_need_proxy, storage_connection_string

if TYPE_CHECKING:  # the SDK takes most of a second to import, so it is imported when first used
    from azure.storage.queue import QueueMessage as SdkMessage
    from azure.storage.queue.aio import QueueClient, QueueServiceClient


class QueueMessage(msgspec.Struct, frozen=True):
    """A message that was taken from a queue, and that nobody else sees for a while."""

    id: str
    text: str
    """As it is stored."""
    dequeue_count: int
    inserted: datetime | None
    expires: datetime | None
    next_visible: datetime | None
    pop_receipt: str
    """What proves that it was taken here."""


class QueueStore:
    """The accounts that the app's connections name. Clients are made on first use and shared by all calls.

    `base64` says how messages are written and read: as the Queues extension does, or as the text they are.
    """

    def __init__(self, configuration: Configuration, *, base64: bool = True) -> None:
        self._configuration = configuration
        self._base64 = base64
        self._services: dict[str, QueueServiceClient] = {}
        self._sent: dict[tuple[str, str], asyncio.Event] = {}

    def sent(self, connection: str, queue: str) -> asyncio.Event:
        """Returns what is set whenever a message is sent to a queue from here, so that nobody waits to look."""
        return self._sent.setdefault((connection, queue), asyncio.Event())

    def decode(self, message: QueueMessage) -> bytes:
        """Returns the content of a message. Raises BindingError for one that is written in another way."""
        if not self._base64:
            return message.text.encode()
        try:
            return base64.b64decode(message.text, validate=True)
        except binascii.Error:
            raise BindingError(
                f"The message '{message.id}' is not base64, which the Queues extension reads: let its sender encode "
                'it, or set "extensions": {"queues": {"messageEncoding": "none"}} in host.json.'
            ) from None

    async def send(self, connection: str, queue: str, messages: list[bytes]) -> None:
        """Puts messages in a queue in their order, and makes the queue if there is none. Raises BindingError."""
        await self.send_as_stored(connection, queue, [self._encoded(message) for message in messages])

    async def send_as_stored(self, connection: str, queue: str, texts: list[str]) -> None:
        """The same for messages that are encoded already. Raises BindingError."""
        client = await self._client(connection, queue)
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        with _explained(client, "takes no message"):
            for text in texts:
                try:
                    await client.send_message(text)
                except ResourceNotFoundError:
                    with contextlib.suppress(ResourceExistsError):  # another call was faster
                        await client.create_queue()
                    await client.send_message(text)
        self.sent(connection, queue).set()

    async def take(self, connection: str, queue: str, count: int, seconds: int) -> list[QueueMessage]:
        """Takes up to `count` messages, hidden from others for `seconds`; none where there is no such queue.

        Raises BindingError.
        """
        client = await self._client(connection, queue)
        from azure.core.exceptions import ResourceNotFoundError

        with _explained(client, "gives no messages"):
            try:
                messages = client.receive_messages(messages_per_page=count, visibility_timeout=seconds)
                async for page in messages.by_page():  # one: the next would be another request
                    return [_message(each) async for each in page]
            except ResourceNotFoundError:
                pass
        return []

    async def hide(self, connection: str, queue: str, message: QueueMessage, seconds: int) -> QueueMessage:
        """Hides a message from others for `seconds` from now, 0 to show it. Raises BindingError."""
        client = await self._client(connection, queue)
        with _explained(client, f"does not update the message '{message.id}'"):
            updated = await client.update_message(message.id, message.pop_receipt, visibility_timeout=seconds)
        assert updated.pop_receipt is not None
        return msgspec.structs.replace(message, pop_receipt=updated.pop_receipt)

    async def delete(self, connection: str, queue: str, message: QueueMessage) -> None:
        """Deletes a message that was taken; one that is gone is no error. Raises BindingError."""
        client = await self._client(connection, queue)
        from azure.core.exceptions import ResourceNotFoundError

        what = f"does not delete the message '{message.id}'"
        with _explained(client, what), contextlib.suppress(ResourceNotFoundError):
            await client.delete_message(message.id, message.pop_receipt)

    async def close(self) -> None:
        """Closes every connection."""
        await asyncio.gather(*(service.close() for service in self._services.values()))
        self._services.clear()

    def _encoded(self, message: bytes) -> str:
        if self._base64:
            return base64.b64encode(message).decode()
        try:
            return message.decode()
        except UnicodeDecodeError:
            raise BindingError('Bytes that are no text need "messageEncoding": "base64" in host.json.') from None

    async def _client(self, connection: str, queue: str) -> "QueueClient":
        service = self._services.get(connection)
        if service is None:
            await asyncio.to_thread(importlib.import_module, "azure.storage.queue.aio")
            text = storage_connection_string(self._configuration, connection)
            # Another call may have been faster meanwhile.
            service = self._services.setdefault(connection, _service_client(connection, text))
        return service.get_queue_client(queue)


@contextlib.contextmanager
def _explained(client: "QueueClient", what: str) -> Generator[None]:
    from azure.core.exceptions import AzureError

    try:
        yield
    except AzureError as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise BindingError(f"The queue '{client.queue_name}' at {client.primary_hostname} {what}: {reason}") from error


def _message(message: "SdkMessage") -> QueueMessage:
    assert message.pop_receipt is not None
    return QueueMessage(
        message.id,
        message.content,
        message.dequeue_count or 1,
        message.inserted_on,
        message.expires_on,
        message.next_visible_on,
        message.pop_receipt,
    )


def _service_client(connection: str, connection_string: str) -> "QueueServiceClient":
    from azure.storage.queue.aio import QueueServiceClient

    # As for blobs: a storage that is not there is reported at once.
    try:
        return QueueServiceClient.from_connection_string(
            connection_string, retry_total=2, initial_backoff=0, increment_base=0, random_jitter_range=0,
            use_env_settings=may_need_proxy(connection_string),
        )  # fmt: skip
    except ValueError as error:
        raise BindingError(f"The connection string of '{connection}' cannot be used: {error}") from None
