"""Blob input and output bindings, as the Blobs extension of the host reads and writes them.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-blob-input and -output; the details that
the pages leave out are those of Microsoft.Azure.WebJobs.Extensions.Storage.Blobs (azure-sdk-for-net).
"""

import codecs
import json
import re
import struct
from urllib.parse import unquote

import msgspec

from functions_host.bindings.binding import BindingContext
from functions_host.bindings.dotnet_uri import is_absolute
from functions_host.bindings.expressions import Template
from functions_host.errors import BindingError
from functions_host.storage.blob_store import BlobPath
from functions_host.worker_process.messages import Value

_CONTAINER = re.compile(r"\$root|\$web|[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_URI = re.compile(r"[A-Za-z][^:/]*:(?://(?:[^/?#]*@)?(?P<host>[^/?#]*))?(?P<path>[^?#]*)")
_ADDRESS = re.compile(r"[\d.]+(?::|$)|\[")
_LONGEST_BLOB_NAME = 1024
DATA_TYPES = ("string", "binary", "stream")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class BlobBinding(msgspec.Struct, frozen=True):
    """A blob input or output of a function."""

    name: str
    path: Template
    connection: str
    data_type: str
    """`string` (the host's default), `binary` or `stream`."""

    async def read(self, context: BindingContext) -> Value:
        """Returns the content as the `data_type` says; a Value of no kind, which becomes None, if there is no blob."""
        path = self._place(context, "read")
        if self.data_type == "stream":
            return Value()  # the host has no stream to give to another process
        content = await context.blobs.read(self.connection, path)
        if content is None:
            context.missing.append(
                f"'{self.name}' of '{context.function_name}' was None, since there is no blob {_shown(path)}."
            )
            return Value()
        return Value("bytes", content) if self.data_type == "binary" else Value("string", decode_text(content))

    async def write(self, context: BindingContext, value: Value) -> None:
        """Writes what the function set, replacing the blob. Raises BindingError if that fails."""
        path = self._place(context, "written")
        # The host writes this metadata so that a blob trigger can tell who wrote a blob.
        parent = {"AzureWebJobsParentId": context.invocation_id}
        try:
            await context.blobs.write(self.connection, path, encode_output(value), parent)
        except BindingError as error:
            raise BindingError(f"Error while handling parameter _binder after function returned: {error}") from error

    def _place(self, context: BindingContext, verb: str) -> BlobPath:
        """Returns the blob this binding means in one call. Raises BindingError for an illegal name."""
        named = parse_blob_path(self.path.resolve(context.data, context.function_name))
        return place_of(named, self.name, verb, context)


def place_of(named: BlobPath, binding: str, verb: str, context: BindingContext) -> BlobPath:
    """Returns where a blob is to the storage SDK, and tells the person if that is elsewhere than its name says.

    `verb` is what happens to it there.
    """
    place = named.place
    if place != named:
        context.notice(
            f"'{binding}' of '{context.function_name}' named the blob {_shown(named)}, and {_shown(place)} is {verb}, "
            f"here as in Azure, where '.', '..' and a slash in front lead out of '{named.container}' and into every "
            "container of the account. Let no caller's name be part of the path: check it in the function, and open "
            "the blob there with the storage SDK."
        )
    return place


def _shown(path: BlobPath) -> str:
    """Returns a name that a stranger may have chosen, bounded and without what a terminal would obey."""
    return repr(str(path)[:200])


def parse_blob_path(text: str) -> BlobPath:
    """Splits a resolved path into container and blob. Raises BindingError in the words of the host."""
    if is_absolute(text):
        return _named_by_uri(text)
    container, _, blob = text.partition("/")
    problem = _path_problem(container, blob)
    if problem:
        raise BindingError(
            f"Validation failed for property 'BlobPath', value '{text}'. The field BlobPath is invalid. {problem}"
        )
    return BlobPath(container, blob)


def _named_by_uri(text: str) -> BlobPath:
    """Returns the blob at a URI, which the host takes as well; its names are not checked.

    On Linux, what begins with a slash is a URI to .NET: that of a file.
    """
    path = text.strip()
    if found := _URI.match(path):
        # An address, as Azurite has, is followed by the account.
        path = unquote(
            found["path"].lstrip("/").partition("/")[2] if _ADDRESS.match(found["host"] or "") else found["path"]
        )
    container, _, blob = path.lstrip("/").partition("/")
    if not blob:
        raise BindingError(f"Value cannot be an empty string. (Parameter 'blobName'): '{text}' names no blob.")
    return BlobPath(container, blob)


def decode_text(content: bytes) -> str:
    """Decodes as .NET's StreamReader does: a byte order mark decides and is dropped, bad bytes become U+FFFD."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, errors="replace")
    return content.decode("utf-8", errors="replace")


def encode_output(value: Value) -> bytes:
    """Returns the bytes that the host writes for an Out parameter."""
    match value.kind, value.value:
        case "bytes", bytes(content):
            return content
        case "int", int(number):
            if not -(2**31) <= number < 2**31:
                raise BindingError(f"{number} does not fit the 32 bits that the host writes for a whole number.")
            return struct.pack("<i", number)
        case "double", float(number):
            return struct.pack("<d", number)
        case "json", str(text):
            return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False).encode()
        case "string", str(text):
            return text.encode()
        case kind, _:
            raise BindingError(f"A value of kind '{kind}' cannot be written to a blob.")


def check_container(name: str) -> None:
    """Raises BindingError for what no container can be called."""
    if not _CONTAINER.fullmatch(name):
        raise BindingError(
            f"Invalid container name: {name}. Write 3 to 63 lower-case letters, digits and hyphens before the first "
            "slash of the path."
        )


def _path_problem(container: str, blob: str) -> str | None:
    if not blob:
        return "Blob identifiers must be in the format 'container/blob'."
    if not _CONTAINER.fullmatch(container):
        return f"Invalid container name: {container}"
    if len(blob) > _LONGEST_BLOB_NAME:
        return (
            f"The given blob name '{blob}' is too long. A blob name must be at least one character long and cannot be "
            "more than 1,024 characters long."
        )
    if blob.endswith((".", "/")):
        return (
            f"The given blob name '{blob}' has an invalid suffix. Avoid blob names that end with a dot ('.'), a "
            "forward slash ('/'), or a sequence or combination of the two."
        )
    if "\\" in blob:
        return (  # sic
            f"The given blob name '{blob}' contain illegal characters. "
            "A blob name cannot the following character(s): '\\'."
        )
    return None
