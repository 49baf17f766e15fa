"""What a tool answers, in the envelope that the MCP extension reads when a trigger sets `useResultSchema`."""

import base64
from collections.abc import Sequence
from typing import Any

import msgspec


class ToolError(Exception):
    """The call cannot be done as asked. Its text is for a model: what happened, and what to try."""


class Content(msgspec.Struct, frozen=True):  # made ten times faster than a dataclass, at every cold start
    """A block of a result. A tool returns one, or a list of them and of texts."""

    def block(self) -> dict[str, Any]:
        """Returns the block as MCP writes it."""
        raise NotImplementedError


class Image(Content, frozen=True):
    """A picture."""

    data: bytes
    mime_type: str = "image/png"

    def block(self) -> dict[str, Any]:
        return {"type": "image", "data": base64.b64encode(self.data).decode(), "mimeType": self.mime_type}


class Audio(Content, frozen=True):
    """Sound."""

    data: bytes
    mime_type: str = "audio/wav"

    def block(self) -> dict[str, Any]:
        return {"type": "audio", "data": base64.b64encode(self.data).decode(), "mimeType": self.mime_type}


class Link(Content, frozen=True):
    """A resource that a client may read: one of this server, or any address."""

    uri: str
    name: str
    description: str | None = None
    mime_type: str | None = None

    def block(self) -> dict[str, Any]:
        more = {"description": self.description, "mimeType": self.mime_type}
        given = {key: value for key, value in more.items() if value is not None}
        return {"type": "resource_link", "uri": self.uri, "name": self.name, **given}


class File(Content, frozen=True):
    """A file in the result itself."""

    uri: str
    data: str | bytes
    mime_type: str = "text/plain"

    def block(self) -> dict[str, Any]:
        data = self.data
        content = {"text": data} if isinstance(data, str) else {"blob": base64.b64encode(data).decode()}
        return {"type": "resource", "resource": {"uri": self.uri, "mimeType": self.mime_type, **content}}


class Result[T](msgspec.Struct, frozen=True):
    """Text for a model beside an object for a program, where the one is not the JSON of the other."""

    text: str
    structured: T
    content: list[Content] = msgspec.field(default_factory=list[Content])
    """What a model gets beside the text."""


def text_result(text: str) -> str:
    """Returns the envelope of a result that is text."""
    return envelope({"content": [_text_block(text)]})


def structured_result(text: str, structured: Any, content: Sequence[Content] = ()) -> str:
    """Returns the envelope of a result that is an object, made of JSON, with what a model reads of it."""
    blocks = [_text_block(text), *(each.block() for each in content)]
    return envelope({"content": blocks, "structuredContent": structured})


def blocks_result(blocks: "list[str | Content]") -> str:
    """Returns the envelope of a result that is a list of blocks."""
    content = [each.block() if isinstance(each, Content) else _text_block(each) for each in blocks]
    return envelope({"content": content})


def failure(text: str) -> str:
    """Returns the envelope of a call that was not done: `text` says what happened and what to try."""
    return envelope({"content": [_text_block(text)], "isError": True})


def envelope(result: dict[str, Any]) -> str:
    """Returns a result of tools/call as the extension reads it. Raises TypeError if it is not JSON."""
    # `call_tool_result` is the one type of the envelope that can carry isError; its content is JSON inside a string.
    content = msgspec.json.encode(result).decode()
    return msgspec.json.encode({"type": "call_tool_result", "content": content}).decode()


def _text_block(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
