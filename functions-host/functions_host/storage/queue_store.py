"""The queues of an app's storage accounts: sends messages, on the SDK that Azure's own Python code uses."""

import asyncio
import base64
import contextlib
import importlib
from typing import TYPE_CHECKING

from functions_host.app.settings import Configuration
from functions_host.errors import BindingError
from functions_host.storage.connections import may_need_proxy, storage_connection_string

if TYPE_CHECKING:  # the SDK takes most of a second to import, so it is imported when first used
    from azure.storage.queue.aio import QueueServiceClient


class QueueStore:
    """The accounts that the app's connections name. Clients are made on first use and shared by all calls."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._services: dict[str, QueueServiceClient] = {}

    async def send(self, connection: str, queue: str, messages: list[bytes]) -> None:
        """Puts messages in a queue in their order, and makes the queue if there is none. Raises BindingError."""
        service = await self._service(connection)
        from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError

        client = service.get_queue_client(queue)
        try:
            for message in messages:
                # The Queues extension writes base64, and so does the SDK of its readers.
                text = base64.b64encode(message).decode()
                try:
                    await client.send_message(text)
                except ResourceNotFoundError:
                    with contextlib.suppress(ResourceExistsError):  # another call was faster
                        await client.create_queue()
                    await client.send_message(text)
        except AzureError as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise BindingError(
                f"The queue '{queue}' at {service.primary_hostname} takes no message: {reason}"
            ) from error

    async def close(self) -> None:
        """Closes every connection."""
        await asyncio.gather(*(service.close() for service in self._services.values()))
        self._services.clear()

    async def _service(self, connection: str) -> "QueueServiceClient":
        service = self._services.get(connection)
        if service is None:
            await asyncio.to_thread(importlib.import_module, "azure.storage.queue.aio")
            text = storage_connection_string(self._configuration, connection)
            # Another call may have been faster meanwhile.
            service = self._services.setdefault(connection, _service_client(connection, text))
        return service


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
