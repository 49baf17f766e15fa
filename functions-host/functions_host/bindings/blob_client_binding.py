"""Blob inputs that are clients of the storage SDK: BlobClient, ContainerClient and StorageStreamDownloader.

The host only says which blob is meant; `azurefunctions-extensions-bindings-blob` makes the client in the app's own
process, from the setting that the connection names.
https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-blob-input, "SDK type bindings"
"""

import json

import msgspec

from functions_host.bindings.binding import BindingContext
from functions_host.bindings.blob_binding import parse_blob_path, place_of
from functions_host.bindings.expressions import Template
from functions_host.worker_process.messages import Value

_DEFAULT_CONNECTION = "AzureWebJobsStorage"


class BlobClientBinding(msgspec.Struct, frozen=True):
    """A parameter that receives a client. Whether the blob exists is not looked at."""

    name: str
    path: Template
    connection: str

    async def read(self, context: BindingContext) -> Value:
        text = self.path.resolve(context.data, context.function_name)
        container, blob = text.strip("/"), ""
        if "/" in container:
            # Azure hands on the names as they are, and the SDK in the app makes a URI of them, with the same end: that
            # is seen at once with a token, but the SDK's signature with a key would be another than the storage's.
            place = place_of(parse_blob_path(text), self.name, "opened", context)
            container, blob = place.container, place.blob
        content = {
            "Connection": self.connection or _DEFAULT_CONNECTION,
            "ContainerName": container,
            "BlobName": blob,
        }
        return Value("model_binding_data", json.dumps(content).encode())
