"""Runs a function for each blob that is new or changed, and notes in the app's storage for which it did.

Microsoft.Azure.WebJobs.Extensions.Storage.Blobs, Listeners (azure-sdk-for-net): a receipt a function, ETag and blob;
five tries; then a message in the queue webjobs-blobtrigger-poison. Azure looks into the container or, with source
EventGrid, is told by Event Grid; here it is looked at in either case, since nothing here sends events.
"""

import asyncio
import json
from collections.abc import Callable

from functions_host.errors import BindingError, InvocationError
from functions_host.host.functions import Function
from functions_host.host.host import FunctionsHost
from functions_host.host.work import Work
from functions_host.storage.blob_store import BlobPath, StoredBlob
from functions_host.triggers.blob_trigger import BlobCall, BlobTrigger

_CONTAINER = "azure-webjobs-hosts"
_STORAGE = "AzureWebJobsStorage"
_POISON_QUEUE = "webjobs-blobtrigger-poison"
_POLL_SECONDS = 1
_AT_ONCE = 8


class BlobListener:
    """The container of one function. `work` runs what has to come to its end even after the listener was stopped."""

    def __init__(
        self,
        host: FunctionsHost,
        function: Function,
        trigger: BlobTrigger,
        work: Work,
        problem: Callable[[str], None],
    ) -> None:
        self._host = host
        self._function = function
        self._trigger = trigger
        self._work = work
        self._problem = problem
        self._receipts = f"blobreceipts/{host.settings.host_id}/Host.Functions.{function.name}/"
        self._etags: dict[str, str] = {}
        """Of the blobs that it ran for, or is about to."""
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def listen(self) -> None:
        """Looks for blobs until cancelled. Raises BindingError where the storage does not show them."""
        trigger = self._trigger
        receipts = {each.path.blob for each in await self._host.blobs.list(_STORAGE, _CONTAINER, self._receipts)}
        while True:
            for blob in await self._host.blobs.list(trigger.connection, trigger.container):
                names = trigger.match(blob)
                if names is None or self._etags.get(blob.path.blob) == blob.etag:
                    continue
                self._etags[blob.path.blob] = blob.etag
                if self._receipt(blob).blob not in receipts:
                    self._work(self._handle(blob, names))
            await asyncio.sleep(_POLL_SECONDS)

    async def _handle(self, blob: StoredBlob, names: dict[str, str]) -> None:
        async with self._turns:
            try:
                if not await self._succeeds(blob, names):
                    await self._give_up(blob)
                await self._host.blobs.write(_STORAGE, self._receipt(blob), b"", {})
            except BindingError as error:
                self._problem(f"The blob '{blob.path}' is tried again when the app is loaded next: {error}")

    async def _succeeds(self, blob: StoredBlob, names: dict[str, str]) -> bool:
        for _ in range(self._host.settings.triggers.blob_tries):
            content = await self._host.blobs.read(self._trigger.connection, blob.path)
            if content is None:
                return True  # deleted meanwhile
            try:
                await self._host.run(self._function, BlobCall(self._trigger, blob, names, content))
            except InvocationError:
                continue  # the terminal has it
            return True
        return False

    async def _give_up(self, blob: StoredBlob) -> None:
        message = {
            "Type": "BlobTrigger",
            "FunctionId": f"Host.Functions.{self._function.name}",
            "BlobType": "BlockBlob",
            "ContainerName": blob.path.container,
            "BlobName": blob.path.blob,
            "ETag": f'"{blob.etag}"',
        }
        await self._host.queues.send(self._trigger.connection, _POISON_QUEUE, [json.dumps(message).encode()])
        self._problem(
            f"The blob '{blob.path}' was tried {self._host.settings.triggers.blob_tries} times. Moving message to "
            f"queue '{_POISON_QUEUE}'."
        )

    def _receipt(self, blob: StoredBlob) -> BlobPath:
        return BlobPath(_CONTAINER, f"{self._receipts}{blob.etag}/{blob.path}")
