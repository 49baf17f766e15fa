"""From what a function returned to the result of prompts/get, as the MCP extension converts it."""

from typing import Any

import msgspec

from functions_host.bindings.dotnet_text import unwrapped, value_text
from functions_host.errors import InvocationError
from functions_host.triggers.content_blocks import Members, TextBlock, read_block, read_meta
from functions_host.triggers.role import read_role
from functions_host.wire_json import object_of, optional_json, to_json
from functions_host.worker_process.messages import Value

_NO_MESSAGES = b'{"messages":[]}'
_NULL = msgspec.Raw(b"null")
_read_envelope = msgspec.json.Decoder(dict[str, Any]).decode
_read_members = msgspec.json.Decoder(Members | None).decode
_read_messages = msgspec.json.Decoder(list[Members | None] | None).decode
_read_block_members = msgspec.json.Decoder(Members | None).decode
_read_text = msgspec.json.Decoder(str | None).decode
_read_role = msgspec.json.Decoder(str | int).decode


def prompt_result(value: Value, *, use_result_schema: bool) -> bytes:
    """Returns the result of prompts/get as JSON.

    Raises InvocationError if the value breaks the contract of `useResultSchema`; the call then counts as failed.
    """
    value = unwrapped(value)
    if value.kind is None:
        return _NO_MESSAGES
    if not use_result_schema:
        return _result(messages=[_message(to_json(TextBlock(text=value_text(value))), "user")])
    if not isinstance(value.value, str) or value.kind != "string":
        raise InvocationError("Expected JSON string.")
    try:
        return _enveloped(value.value)
    except (ValueError, RecursionError) as error:
        raise InvocationError(f"The function's result does not fit useResultSchema: {error}") from None


def _enveloped(text: str) -> bytes:
    envelope = {name.lower(): value for name, value in _read_envelope(text).items()}
    kind, content = envelope.get("type"), envelope.get("content")
    if not isinstance(kind, str) or not isinstance(content, str):
        raise msgspec.ValidationError("'type' and 'content' must both be text")
    match kind.lower():
        case "get_prompt_result":
            return _get_prompt_result(content)
        case "prompt_messages":
            messages = _read_messages(content)
            if messages is None:
                raise msgspec.ValidationError("the messages are null")
            return _result(messages=[_read_message(each) for each in messages])
        case _:
            raise msgspec.ValidationError(f"Unknown McpPromptResult type: '{kind}'.")


def _get_prompt_result(text: str) -> bytes:
    given = _read_members(text)
    if given is None:
        raise msgspec.ValidationError("the result is null")
    members = {name.lower(): value for name, value in given.items()}
    messages = _read_messages(members.get("messages", b"[]"))
    return _result(
        _read_text(members.get("description", _NULL)),
        None if messages is None else [_read_message(each) for each in messages],
        read_meta(members.get("_meta", _NULL)),
    )


def _read_message(given: Members | None) -> bytes:
    """Returns a message as it is written. What is left out is what the C# SDK begins with."""
    if given is None:
        return b"null"
    members = {name.lower(): value for name, value in given.items()}
    role = read_role(_read_role(members["role"])) if "role" in members else "user"
    block = read_block(_read_block_members(members["content"])) if "content" in members else TextBlock(text="")
    return _message(optional_json(block), role)


def _message(block: bytes | None, role: str | int) -> bytes:
    return object_of([(b"content", block), (b"role", to_json(role))])


def _result(description: str | None = None, messages: list[bytes] | None = None, meta: Any = None) -> bytes:
    return object_of(
        [
            (b"description", optional_json(description)),
            (b"messages", None if messages is None else b"[%b]" % b",".join(messages)),
            (b"_meta", optional_json(meta)),
        ]
    )
