"""The container of Blob Storage that holds the snippets, one blob for each.

No blob binding: the host opens the blob of an input before the function runs, and a path such as
`snippets/{mcptoolargs.snippetname}.json` leaves the container where a caller names `../other/secret`. Nothing that the
path could say prevents it. Here a blob is opened only after its name has been checked, with the storage SDK, which is
imported when first used: the SDK types of bindings would import it at every cold start.
"""

import asyncio
import importlib
import logging
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from identity import managed_identity
from snippets import SnippetError, blob_of, checked_prefix, name_of

if TYPE_CHECKING:  # half a second of imports, which no cold start should pay before it is needed
    from azure.storage.blob.aio import BlobClient, ContainerClient

_NAME = "snippets"
_CONNECTION = "AzureWebJobsStorage"
_BLOBS_KEPT = 64
_AGAIN = "Try again in a minute; if it stays so, whoever runs this server finds the reason in its log."
_READ_AT_ONCE = 8  # each may be as long as a message, and all that are read are in memory


class Listed(msgspec.Struct, frozen=True):
    """A snippet without its text."""

    name: str
    size: int
    """In bytes."""
    saved: datetime


class Page(msgspec.Struct, frozen=True):
    """Some snippets, and how to ask for those after them: None if there are none."""

    snippets: list[Listed]
    next: str | None


class SnippetContainer:
    """Reads and writes whole snippets. Every method raises SnippetError, whose text is for a model."""

    def __init__(self, client: "ContainerClient") -> None:
        self._client = client
        self._blobs = lru_cache(_BLOBS_KEPT)(client.get_blob_client)  # half a millisecond each
        self._reading = asyncio.Semaphore(_READ_AT_ONCE)

    async def read(self, name: str) -> bytes | None:
        """Returns the content of a snippet, None if there is none of that name."""
        from azure.core.exceptions import ResourceNotFoundError

        async with self._reading, _told():
            try:
                stream = await self._blob(name).download_blob()
                return b"".join([chunk async for chunk in stream.chunks()])  # readall would copy it twice more
            except ResourceNotFoundError:
                return None

    async def write(self, name: str, text: str) -> None:
        """Writes a snippet whole, replacing what is there, and makes the container if there is none."""
        from azure.core.exceptions import ResourceNotFoundError
        from azure.storage.blob import ContentSettings

        blob, content = self._blob(name), text.encode()
        settings = ContentSettings(content_type="text/plain; charset=utf-8")
        async with _told():
            try:
                await blob.upload_blob(content, overwrite=True, content_settings=settings)
            except ResourceNotFoundError:
                await self._create()
                await blob.upload_blob(content, overwrite=True, content_settings=settings)

    async def delete(self, name: str) -> bool:
        """Deletes a snippet. Returns whether there was one."""
        from azure.core.exceptions import ResourceNotFoundError

        async with _told():
            try:
                await self._blob(name).delete_blob()
            except ResourceNotFoundError:
                return False
        return True

    async def page(self, prefix: str, count: int, token: str | None) -> Page:
        """Returns at most `count` snippets whose names begin with `prefix`, in the order of their names.

        `token` is the `next` of the page before. What else is in the container, which savesnippet cannot have written,
        is left out.
        """
        from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

        pages = self._client.list_blobs(checked_prefix(prefix), results_per_page=count).by_page(token)
        async with _told():
            try:
                blobs = [blob async for blob in await anext(pages)]
            except (StopAsyncIteration, ResourceNotFoundError):
                return Page([], None)
            except HttpResponseError as error:
                if error.status_code == 400 and token:
                    raise SnippetError("No page goes on with that `after`. Leave it out to begin again.") from error
                raise
        found = [Listed(name, each.size, each.last_modified) for each in blobs if (name := name_of(each.name))]
        return Page(found, pages.continuation_token or None)  # pyright: ignore[reportAttributeAccessIssue]

    async def close(self) -> None:
        """Closes every connection."""
        await self._client.close()

    def _blob(self, name: str) -> "BlobClient":
        return self._blobs(blob_of(name))

    async def _create(self) -> None:
        from azure.core.exceptions import ResourceExistsError

        with suppress(ResourceExistsError):  # another call was faster
            await self._client.create_container()


_container: SnippetContainer | None = None


async def container() -> SnippetContainer:
    """Returns the container of this process, made on first use. Raises SnippetError if no storage is configured."""
    global _container
    if _container is None:
        # In a thread: meanwhile other calls go on.
        await asyncio.to_thread(importlib.import_module, "azure.storage.blob.aio")
        # The SDK tells every request and answer in some twenty lines, for which whoever runs the server would pay.
        logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)
        _container = _container or SnippetContainer(_client())
    return _container


def use(other: SnippetContainer | None) -> None:
    """Makes `container` return another one, as a test wants; None makes it as the app settings say."""
    global _container
    _container = other


def _client() -> "ContainerClient":
    """Makes a client from the app settings, which name the storage as they do for bindings.

    https://learn.microsoft.com/azure/azure-functions/functions-reference#connections
    """
    from azure.storage.blob.aio import ContainerClient, LinearRetry

    # Soon again: the connection may just have been closed, and a model waits.
    retries = LinearRetry(backoff=0, retry_total=3, random_jitter_range=1)
    connection_string = os.environ.get(_CONNECTION)
    if connection_string:
        # Nobody goes through a proxy to Azurite, and the look for one, at every request, takes longer than the request.
        is_azurite = "devstoreaccount1" in connection_string or "UseDevelopmentStorage" in connection_string
        return ContainerClient.from_connection_string(
            connection_string, _NAME, retry_policy=retries, use_env_settings=not is_azurite
        )
    endpoint = os.environ.get(f"{_CONNECTION}__blobServiceUri")
    account = os.environ.get(f"{_CONNECTION}__accountName")
    if not endpoint and not account:
        raise SnippetError(
            "No storage is configured, so there are no snippets. "
            f"Whoever runs this server has to set {_CONNECTION}, or {_CONNECTION}__blobServiceUri."
        )
    credential = managed_identity(os.environ.get(f"{_CONNECTION}__clientId"))
    return ContainerClient(
        endpoint or f"https://{account}.blob.core.windows.net", _NAME, credential, retry_policy=retries
    )


@asynccontextmanager
async def _told() -> AsyncGenerator[None]:
    """Tells a failure of the storage in a sentence; the reason is logged for whoever runs the server."""
    from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError

    try:
        yield
    except AzureError as error:
        # Without the traceback, which is a hundred lines of the SDK and says no more.
        logging.error("The storage of snippets failed: %s", f"{error}".partition("\n")[0] or type(error).__name__)
        if isinstance(error, ClientAuthenticationError):
            sentence = "refused this server. Whoever runs it has to see which role its identity has there."
        elif isinstance(error, ServiceRequestError):
            sentence = f"cannot be reached; where the server was just started, it may still be starting. {_AGAIN}"
        else:
            sentence = f"failed just now. {_AGAIN}"
        raise SnippetError(f"The storage of snippets {sentence}") from error
