"""From what a function returned to the result of tools/call, as the MCP extension converts it."""

from typing import Any

import msgspec

from functions_host.bindings.dotnet_text import value_text
from functions_host.errors import InvocationError
from functions_host.triggers.content_blocks import TextBlock, read_block
from functions_host.wire_json import object_of, to_json
from functions_host.worker_process.messages import Value

_NO_CONTENT = b'{"content":[]}'


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
        return _result([TextBlock(text=value_text(value))])
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
            blocks = [read_block(each) for each in result.content]
            return _result(blocks, to_json(result.structuredContent), result.isError, result.meta)
        case "multi_content_result":
            blocks = [read_block(each) for each in msgspec.json.decode(content, type=list[dict[str, Any]])]
            if not blocks:
                raise msgspec.ValidationError("a multi_content_result needs at least one block")
        case _:  # any other kind is not looked at: the block's own type decides
            blocks = [read_block(msgspec.json.decode(content, type=dict[str, Any]))]
    return _result(blocks, _structured(envelope.get("structuredcontent")))


def _structured(text: Any) -> bytes:
    if text is None or text == "":
        return b"null"
    if not isinstance(text, str) or text.strip() == "null":
        raise msgspec.ValidationError("'structuredContent' must be text that holds JSON, and not null")
    return to_json(msgspec.json.decode(text))


def _result(
    blocks: list[Any],
    structured: bytes = b"null",
    is_error: bool | None = None,
    meta: dict[str, Any] | None = None,
) -> bytes:
    return object_of(
        [
            (b"content", to_json(blocks)),
            (b"structuredContent", None if structured == b"null" else structured),
            (b"isError", None if is_error is None else to_json(is_error)),
            (b"_meta", None if meta is None else to_json(meta)),
        ]
    )
