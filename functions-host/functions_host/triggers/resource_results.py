"""From what a function returned to the result of resources/read, as the MCP extension converts it."""

import base64
from typing import Any

import msgspec

from functions_host.bindings.dotnet_text import unwrapped
from functions_host.errors import InvocationError
from functions_host.triggers.content_blocks import BlobContents, ResourceContents, TextContents, read_contents
from functions_host.wire_json import to_json
from functions_host.worker_process.messages import Value

_NO_CONTENTS = b'{"contents":[]}'


def resource_result(value: Value, uri: str, mime_type: str | None) -> bytes:
    """Returns the result of resources/read as JSON.

    `uri` is the one that was asked for, `mime_type` the trigger's. Raises InvocationError for a value of another kind
    than text and bytes, and for an envelope whose content is no resource.
    """
    value = unwrapped(value)
    match value.kind, value.value:
        case None, _:
            return _NO_CONTENTS
        case "bytes", bytes(content):
            return _result(BlobContents(uri, mime_type, base64.b64encode(content).decode()))
        case "string", str(text):
            return _result(_enveloped(text, uri, mime_type) or TextContents(uri, mime_type, text))
        case kind, _:
            raise InvocationError(
                f"Unsupported return type for resource read: {kind}. Expected string or byte[]: "
                "return str or bytes, or use json.dumps."
            )


def _enveloped(text: str, uri: str, mime_type: str | None) -> ResourceContents | None:
    """Returns the contents in an envelope `{"content": "<JSON>"}`, or None if `text` is not an envelope."""
    content = _envelope_content(text)
    if content is None:
        return None
    try:
        contents = read_contents(content.value) if content.value is not None else None
    except (ValueError, RecursionError):
        return None
    if contents is None:
        raise InvocationError("Failed to deserialize resource content: it has neither text nor blob.")
    contents.uri = contents.uri or uri
    contents.mimeType = contents.mimeType or mime_type
    return contents


class _Content(msgspec.Struct):
    value: str | None


def _envelope_content(text: str) -> _Content | None:
    if not text.lstrip().startswith("{"):  # nearly all texts
        return None
    try:
        members: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
        found = [value for name, value in members.items() if name.lower() == "content"]
        return msgspec.convert({"value": found[-1]}, _Content) if found else None
    except (ValueError, RecursionError):
        return None


def _result(contents: ResourceContents) -> bytes:
    return b'{"contents":[%b]}' % to_json(contents)
