"""The storage accounts of an app: reads and writes whole blobs, on the SDK that Azure's own Python code uses."""

import asyncio
import contextlib
import importlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from functions_host.app.settings import Configuration
from functions_host.errors import BindingError
from functions_host.storage.connections import may_need_proxy, storage_connection_string

_ROOT = "$root"
_REMEMBERED_BLOBS = 256  # some 32 KiB each
_ATTEMPTS = 20  # one more for each program that writes the same blob at the same moment

if TYPE_CHECKING:  # the SDK takes half a second and 34 MiB to import, so it is imported when first used
    from azure.storage.blob import BlobProperties
    from azure.storage.blob.aio import BlobClient, BlobServiceClient


class BlobPath(msgspec.Struct, frozen=True):
    """Where a blob lives in an account."""

    container: str
    blob: str

    def __str__(self) -> str:
        return f"{self.container}/{self.blob}"

    @property
    def place(self) -> "BlobPath":
        """Where the storage SDK of .NET looks for it; without a blob for one in the root container.

        Recorded: it makes a URI of both names, whose segments '.' and '..' then mean what they mean in every URI, and
        whose root nobody gets above. Slashes around the blob's name are dropped.
        """
        segments: list[str] = []
        for segment in f"{self.container}/{self.blob.strip('/')}".split("/"):
            if segment == "..":
                del segments[-1:]
            elif segment != ".":
                segments.append(segment)
        return BlobPath(segments[0] if segments else "", "/".join(segments[1:]))


class StoredBlob(msgspec.Struct, frozen=True):
    """A blob as it is in its container."""

    path: BlobPath
    uri: str
    etag: str
    length: int
    content_type: str
    last_modified: datetime
    metadata: dict[str, str]


class _Written(msgspec.Struct, frozen=True):
    """A blob as it was when it was written or found last."""

    etag: str
    metadata: dict[str, str]


class BlobStore:
    """The accounts that the app's connections name. Clients are made on first use and shared by all calls."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._services: dict[str, BlobServiceClient] = {}
        self._blobs: dict[tuple[str, BlobPath], _Blob] = {}
        """Those used lately, the last one last."""

    async def read(self, connection: str, path: BlobPath) -> bytes | None:
        """Returns the content of a blob, or None if it or its container does not exist. Raises BindingError."""
        blob = await self._blob(connection, path)
        from azure.core.exceptions import AzureError, ResourceNotFoundError

        try:
            return await (await blob.client.download_blob()).readall()
        except ResourceNotFoundError:
            return None
        except AzureError as error:
            raise _failure(blob, path, "read", error) from error

    async def write(self, connection: str, path: BlobPath, content: bytes, metadata: dict[str, str]) -> None:
        """Writes a block blob whole, replacing what is there, and makes its container if there is none.

        Metadata that the blob has is kept, `metadata` is added. Raises BindingError.
        """
        blob = await self._blob(connection, path)
        from azure.core.exceptions import AzureError

        try:
            await blob.replace(content, metadata)
        except AzureError as error:
            raise _failure(blob, path, "written", error) from error

    async def list(self, connection: str, container: str, prefix: str = "") -> list[StoredBlob]:
        """Returns the blobs of a container whose names begin so, none if there is no container. Raises BindingError."""
        client = (await self._service(connection)).get_container_client(container)
        from azure.core.exceptions import AzureError, ResourceNotFoundError

        try:
            return [
                _stored(client.get_blob_client(each.name).url, container, each)
                async for each in client.list_blobs(name_starts_with=prefix or None, include=["metadata"])
            ]
        except ResourceNotFoundError:
            return []
        except AzureError as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise BindingError(f"The container '{container}' could not be listed: {reason}") from error

    async def close(self) -> None:
        """Closes every connection."""
        await asyncio.gather(*(service.close() for service in self._services.values()))
        self._services.clear()
        self._blobs.clear()

    async def _blob(self, connection: str, path: BlobPath) -> "_Blob":
        if not path.container:
            raise BindingError("The blob has no container: its name leads above all of them.")
        blob = self._blobs.pop((connection, path), None) or _Blob(await self._service(connection), path)
        self._blobs[connection, path] = blob
        if len(self._blobs) > _REMEMBERED_BLOBS:
            del self._blobs[next(iter(self._blobs))]
        return blob

    async def _service(self, connection: str) -> "BlobServiceClient":
        service = self._services.get(connection)
        if service is None:
            # In a thread: meanwhile other calls go on.
            await asyncio.to_thread(importlib.import_module, "azure.storage.blob.aio")
            text = storage_connection_string(self._configuration, connection)
            # Another call may have been faster meanwhile.
            service = self._services.setdefault(connection, _service_client(connection, text))
        return service


class _Blob:
    """A blob that the app uses, and what was written to it here last.

    The real host asks for the properties of a blob before it writes, each time, and then writes in any case. What it
    would hear is nearly always known here, so that one request does, with the condition that it still holds. And a
    write whose connection broke, but which the storage carries out all the same, some time later, does not replace what
    was acknowledged meanwhile.
    """

    def __init__(self, service: "BlobServiceClient", path: BlobPath) -> None:
        in_root = path if path.blob else BlobPath(_ROOT, path.container)
        self.client = service.get_blob_client(in_root.container, in_root.blob)
        self._container = path.container  # to make: the root container is not what the host makes
        self._service = service
        self._written: _Written | None = None
        self._turn = asyncio.Lock()

    async def replace(self, content: bytes, metadata: dict[str, str]) -> None:
        """Writes it with the metadata it has and this. Raises AzureError, BindingError if it cannot be written to."""
        async with self._turn:  # side by side, all writes but one would have to look again
            before, self._written = self._written, None
            self._written = await self._write(content, metadata, before)

    async def _write(self, content: bytes, metadata: dict[str, str], before: _Written | None) -> _Written:
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await _put(self.client, content, metadata, before)
            except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError) as error:
                if attempt == _ATTEMPTS:
                    raise
                if isinstance(error, ResourceNotFoundError):
                    await _create_container(self._service, self._container)
            before = await _found(self.client)
        raise AssertionError("the last attempt raises")


def _stored(uri: str, container: str, properties: "BlobProperties") -> StoredBlob:
    return StoredBlob(
        BlobPath(container, properties.name),
        uri,
        (properties.etag or "").strip('"'),
        properties.size or 0,
        properties.content_settings.content_type or "application/octet-stream",
        properties.last_modified,
        dict(properties.metadata or {}),
    )


async def _found(blob: "BlobClient") -> _Written | None:
    """Returns what is about to be replaced, None if there is none. Raises BindingError if it cannot be."""
    from azure.core.exceptions import ResourceNotFoundError
    from azure.storage.blob import BlobType

    try:
        properties = await blob.get_blob_properties()
    except ResourceNotFoundError:
        return None
    if properties.blob_type != BlobType.BLOCKBLOB:
        raise BindingError(
            "Cannot bind to page or append blobs using 'out string', 'TextWriter', or writable 'Stream' parameters."
        )
    assert properties.etag is not None
    return _Written(properties.etag, dict(properties.metadata or {}))


async def _put(blob: "BlobClient", content: bytes, metadata: dict[str, str], before: _Written | None) -> _Written:
    from azure.core import MatchConditions
    from azure.storage.blob import ContentSettings

    condition: dict[str, Any] = {"overwrite": False}
    if before is not None:
        condition = {"overwrite": True, "etag": before.etag, "match_condition": MatchConditions.IfNotModified}
        metadata = before.metadata | metadata

    # One request, so a reader finds the old blob or the new one. The real host opens a stream instead, behind which
    # a reader may for a moment find an empty blob.
    settings = ContentSettings(content_type="application/octet-stream")
    answer = await blob.upload_blob(content, metadata=metadata, content_settings=settings, **condition)
    return _Written(answer["etag"], metadata)


async def _create_container(service: "BlobServiceClient", name: str) -> None:
    from azure.core.exceptions import ResourceExistsError

    with contextlib.suppress(ResourceExistsError):  # another call was faster
        await service.create_container(name)


def _service_client(connection: str, connection_string: str) -> "BlobServiceClient":
    from azure.storage.blob.aio import BlobServiceClient, LinearRetry

    # Retries without a pause: enough for a connection that the storage has just closed, while a storage that is not
    # there is reported at once. (The real host goes on trying for about half a minute.)
    retries = LinearRetry(backoff=0, retry_total=2, random_jitter_range=0)
    try:
        return BlobServiceClient.from_connection_string(
            connection_string, retry_policy=retries, use_env_settings=may_need_proxy(connection_string)
        )
    except ValueError as error:
        raise BindingError(f"The connection string of '{connection}' cannot be used: {error}") from None


def _failure(blob: _Blob, path: BlobPath, verb: str, error: Exception) -> BindingError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return BindingError(f"The blob '{path}' at {blob.client.primary_hostname} could not be {verb}: {reason}")
