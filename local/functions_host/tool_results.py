"""From what a function returned to the result of tools/call, as the MCP extension converts it."""

import json
from typing import Any

import msgspec

from local.errors import InvocationError
from local.functions_host.wire_json import object_of, to_json
from local.functions_host.worker_messages import Value

_NO_CONTENT = b'{"content":[]}'


class _Block(msgspec.Struct, tag_field="type", omit_defaults=True, kw_only=True):
    """Base of the content blocks. The order of their fields is the order on the wire."""


class TextBlock(_Block, tag="text"):
    text: str
    meta: dict[str, Any] | None = msgspec.field(default=None, name="_meta")
    annotations: dict[str, Any] | None = None


class ImageBlock(_Block, tag="image"):
    data: str
    mimeType: str
    meta: dict[str, Any] | None = msgspec.field(default=None, name="_meta")
    annotations: dict[str, Any] | None = None


class AudioBlock(_Block, tag="audio"):
    data: str
    mimeType: str
    meta: dict[str, Any] | None = msgspec.field(default=None, name="_meta")
    annotations: dict[str, Any] | None = None


class ResourceContents(msgspec.Struct, omit_defaults=True):
    uri: str
    mimeType: str | None = None
    text: str | None = None
    blob: str | None = None
    meta: dict[str, Any] | None = msgspec.field(default=None, name="_meta")


class ResourceBlock(_Block, tag="resource"):
    resource: ResourceContents
    meta: dict[str, Any] | None = msgspec.field(default=None, name="_meta")
    annotations: dict[str, Any] | None = None


class ResourceLinkBlock(_Block, tag="resource_link"):
    """Its `_meta` is dropped by the extension."""

    uri: str
    name: str
    description: str | None = None
    mimeType: str | None = None
    size: int | None = None
    meta: dict[str, Any] | None = msgspec.field(default=None, name="_meta")
    annotations: dict[str, Any] | None = None


type ContentBlock = TextBlock | ImageBlock | AudioBlock | ResourceBlock | ResourceLinkBlock

_KNOWN_MEMBERS = {
    each.__struct_config__.tag: {"type", *each.__struct_encode_fields__}
    for each in (TextBlock, ImageBlock, AudioBlock, ResourceBlock, ResourceLinkBlock)
}


class _CallToolResult(msgspec.Struct):
    content: list[dict[str, Any]] = []
    structuredContent: Any = None
    isError: bool | None = None
    meta: dict[str, Any] | None = msgspec.field(default=None, name="_meta")


def tool_result(value: Value, *, use_result_schema: bool) -> bytes:
    """Returns the result of tools/call as JSON.

    Raises InvocationError if the value breaks the contract of `useResultSchema`; the call then counts as failed.
    """
    if value.kind is None:
        return _NO_CONTENT
    if not use_result_schema:
        return _result([TextBlock(text=_net_text(value))])
    if not isinstance(value.value, str) or value.kind != "string":
        raise InvocationError("Expected JSON string.")
    try:
        return _enveloped(value.value)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InvocationError(f"The function's result does not fit useResultSchema: {error}") from None


def failed_result(tool_name: str) -> bytes:
    """Returns the result of a call whose function failed. The reason never reaches the client."""
    block = TextBlock(text=f"An error occurred invoking '{tool_name}'.")
    return _result([block], is_error=True)


def _enveloped(text: str) -> bytes:
    envelope = {name.lower(): value for name, value in msgspec.json.decode(text, type=dict[str, Any]).items()}
    kind, content = envelope.get("type"), envelope.get("content")
    if not isinstance(kind, str) or not isinstance(content, str):
        raise msgspec.ValidationError("'type' and 'content' must both be text")
    match kind.lower():
        case "call_tool_result":
            # The only kind that can carry isError and _meta; structuredContent beside it is ignored.
            result = msgspec.json.decode(content, type=_CallToolResult)
            blocks = [_block(each) for each in result.content]
            return _result(blocks, to_json(result.structuredContent), result.isError, result.meta)
        case "multi_content_result":
            blocks = [_block(each) for each in msgspec.json.decode(content, type=list[dict[str, Any]])]
            if not blocks:
                raise msgspec.ValidationError("a multi_content_result needs at least one block")
        case _:  # any other kind is not looked at: the block's own type decides
            blocks = [_block(msgspec.json.decode(content, type=dict[str, Any]))]
    return _result(blocks, _structured(envelope.get("structuredcontent")))


def _structured(text: Any) -> bytes:
    if text is None or text == "":
        return b"null"
    if not isinstance(text, str) or text.strip() == "null":
        raise msgspec.ValidationError("'structuredContent' must be text that holds JSON, and not null")
    return to_json(msgspec.json.decode(text))


def _block(members: dict[str, Any]) -> ContentBlock:
    known = _KNOWN_MEMBERS.get(members.get("type"), set[str]())
    for name, value in members.items():
        # The SDK skips over one token of a member that it does not know, and so loses its place in an object.
        if name not in known and (isinstance(value, dict) or (isinstance(value, list) and dict in map(type, value))):
            raise msgspec.ValidationError(f"the member '{name}' is not known, and is an object")
    block = msgspec.convert(members, ContentBlock)
    if isinstance(block, ResourceLinkBlock):
        block.meta = None
    if isinstance(block, ResourceBlock) and block.resource.text is None and block.resource.blob is None:
        raise msgspec.ValidationError("a resource needs text or blob")
    return block


def _result(
    blocks: list[Any],
    structured: bytes = b"null",
    is_error: bool | None = None,
    meta: dict[str, Any] | None = None,
) -> bytes:
    return object_of(
        [
            ("content", to_json(blocks)),
            ("structuredContent", None if structured == b"null" else structured),
            ("isError", None if is_error is None else to_json(is_error)),
            ("_meta", None if meta is None else to_json(meta)),
        ]
    )


def _net_text(value: Value) -> str:
    """Writes a value as .NET's ToString() does."""
    match value.kind, value.value:
        case "string", str(text):
            return text
        case "json", str(text):
            parsed = json.loads(text)
            return json.dumps(parsed, indent=2, ensure_ascii=False) if isinstance(parsed, dict | list) else str(parsed)
        case "bytes", _:
            return "System.Byte[]"
        case _, other:
            return str(other)
