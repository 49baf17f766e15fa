"""blobTrigger: a function that runs for each blob that is new or changed, and what it is given of one.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-blob-trigger
"""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from functions_host.app.settings import Configuration
from functions_host.bindings.blob_binding import DATA_TYPES, check_container, decode_text
from functions_host.bindings.expressions import BindingValue, Template
from functions_host.bindings.raw_binding import RawBinding
from functions_host.errors import BindingError
from functions_host.storage.blob_store import StoredBlob
from functions_host.triggers.payload_data import payload_data
from functions_host.worker_process.messages import Value

_DEFAULT_CONNECTION = "AzureWebJobsStorage"


class BlobTrigger(msgspec.Struct, frozen=True):
    """A function behind a container as its trigger declares it."""

    type_name: ClassVar = "blobTrigger"
    noun: ClassVar = "blob"

    binding_name: str
    path: Template
    connection: str
    data_type: str
    """`string` (the host's default) or `binary`; `client` for a client of the storage SDK."""

    @property
    def public_name(self) -> str:
        """The path, with its expressions."""
        return self.path.text

    @property
    def container(self) -> str:
        """The name of the container."""
        return self.path.text.partition("/")[0]

    def match(self, blob: StoredBlob) -> dict[str, str] | None:
        """Returns what the names in the path stand for, None for a blob that the function is not for."""
        return self.path.match(str(blob.path)) if "/" in self.path.text else {}

    def result(self, value: Value, call: object) -> None:
        """A blob is answered with nothing."""


class BlobCall(msgspec.Struct, frozen=True):
    """One try at a blob. `names` are those in the path of the trigger."""

    trigger: BlobTrigger
    blob: StoredBlob
    names: dict[str, str]
    content: bytes

    def trigger_value(self) -> Value:
        """Returns the value of the trigger parameter."""
        match self.trigger.data_type:
            case "binary":
                return Value("bytes", self.content)
            case "client":
                path = self.blob.path
                members = {
                    "Connection": self.trigger.connection or _DEFAULT_CONNECTION,
                    "ContainerName": path.container,
                    "BlobName": path.blob,
                }
                return Value("model_binding_data", json.dumps(members).encode())
            case _:
                return Value("string", decode_text(self.content))

    def metadata(self) -> Mapping[str, Value]:
        """Returns what azure.functions.InputStream tells beside the content."""
        blob = self.blob
        properties = {
            "LastModified": blob.last_modified.isoformat(),
            "ETag": f'"{blob.etag}"',
            "ContentLength": blob.length,
            "ContentType": blob.content_type,
        }
        return {
            "BlobTrigger": Value("string", str(blob.path)),
            "Uri": Value("json", json.dumps(blob.uri)),
            "Properties": Value("json", json.dumps(properties)),
            "Metadata": Value("json", json.dumps(blob.metadata)),
            **{name: Value("string", value) for name, value in self.names.items()},
        }

    def binding_data(self, trigger_name: str, payload: Any, /) -> dict[str, BindingValue]:
        """Returns what binding expressions can name: the path, its parts, and the members of a blob that is JSON."""
        data: dict[str, BindingValue] = {
            "blobtrigger": str(self.blob.path),
            "uri": self.blob.uri,
            "metadata": dict(self.blob.metadata),
        }
        data |= {name.lower(): value for name, value in self.names.items()}
        return data | (payload_data(self.content) if self.trigger.data_type == "string" else {})


def read_blob_trigger(binding: RawBinding, configuration: Configuration) -> BlobTrigger:
    """Reads a raw blobTrigger. Raises BindingError."""
    path = Template(binding.required("path").lstrip("/"), configuration)
    check_container(path.text.partition("/")[0])
    data_type = str(binding.get("dataType") or "string").lower()
    if data_type not in DATA_TYPES:
        raise BindingError(f"'{binding.get('dataType')}' is not a dataType of the blobTrigger '{binding.name}'.")
    if (binding.get("properties") or {}).get("SupportsDeferredBinding") in (True, "true", "True"):
        data_type = "client"
    connection = Template(binding.text("connection") or "", configuration).text
    return BlobTrigger(binding.name, path, connection, data_type)
