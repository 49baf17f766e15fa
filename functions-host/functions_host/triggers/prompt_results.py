"""From what a function returned to the result of prompts/get, as the MCP extension converts it."""

from typing import Any

import msgspec

from functions_host.bindings.dotnet_text import value_text
from functions_host.errors import InvocationError
from functions_host.triggers.content_blocks import TextBlock, read_block
from functions_host.wire_json import object_of, to_json
from functions_host.worker_process.messages import Value

_NO_MESSAGES = b'{"messages":[]}'
_ROLES = ("user", "assistant")


class _Message(msgspec.Struct):
    """What is left out is what the C# SDK begins with."""

    content: dict[str, Any] = msgspec.field(default_factory=lambda: {"type": "text", "text": ""})
    role: str = "user"


class _GetPromptResult(msgspec.Struct):
    description: str | None = None
    messages: list[_Message] = []
    meta: dict[str, Any] | None = msgspec.field(default=None, name="_meta")


def prompt_result(value: Value, *, use_result_schema: bool) -> bytes:
    """Returns the result of prompts/get as JSON.

    Raises InvocationError if the value breaks the contract of `useResultSchema`; the call then counts as failed.
    """
    if value.kind is None:
        return _NO_MESSAGES
    if not use_result_schema:
        return _result(_GetPromptResult(), [_written(TextBlock(text=value_text(value)), "user")])
    if not isinstance(value.value, str) or value.kind != "string":
        raise InvocationError("Expected JSON string.")
    try:
        result = _enveloped(value.value)
        return _result(result, [_message(each) for each in result.messages])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InvocationError(f"The function's result does not fit useResultSchema: {error}") from None


def _enveloped(text: str) -> _GetPromptResult:
    envelope = {name.lower(): value for name, value in msgspec.json.decode(text, type=dict[str, Any]).items()}
    kind, content = envelope.get("type"), envelope.get("content")
    if not isinstance(kind, str) or not isinstance(content, str):
        raise msgspec.ValidationError("'type' and 'content' must both be text")
    match kind.lower():
        case "get_prompt_result":
            return msgspec.json.decode(content, type=_GetPromptResult)
        case "prompt_messages":
            return _GetPromptResult(messages=msgspec.json.decode(content, type=list[_Message]))
        case _:
            raise msgspec.ValidationError(f"Unknown McpPromptResult type: '{kind}'.")


def _message(message: _Message) -> bytes:
    role = message.role.lower()
    if role not in _ROLES:
        raise msgspec.ValidationError(f"'{message.role}' is no role; there are user and assistant")
    return _written(read_block(message.content), role)


def _written(block: Any, role: str) -> bytes:
    return object_of([(b"content", to_json(block)), (b"role", to_json(role))])


def _result(result: _GetPromptResult, messages: list[bytes]) -> bytes:
    return object_of(
        [
            (b"description", None if result.description is None else to_json(result.description)),
            (b"messages", b"[%b]" % b",".join(messages)),
            (b"_meta", None if result.meta is None else to_json(result.meta)),
        ]
    )
