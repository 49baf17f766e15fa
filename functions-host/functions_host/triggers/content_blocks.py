"""Content blocks and resource contents, as the C# SDK 0.4.0-preview.3 reads and writes them.

What a function returns is read into these and written again, which drops what that SDK does not know.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from functions_host.triggers.annotations import read_annotations
from functions_host.wire_json import read_element, to_json

type Members = dict[str, msgspec.Raw]
"""The members of an object, each the JSON it was."""


class _Block(msgspec.Struct, tag_field="type", omit_defaults=True, kw_only=True):
    """Base of the content blocks. The order of their fields is the order on the wire."""


class TextBlock(_Block, tag="text"):
    text: str
    meta: Any = msgspec.field(default=None, name="_meta")
    annotations: dict[str, Any] | None = None


class ImageBlock(_Block, tag="image"):
    data: str
    mimeType: str
    meta: Any = msgspec.field(default=None, name="_meta")
    annotations: dict[str, Any] | None = None


class AudioBlock(_Block, tag="audio"):
    data: str
    mimeType: str
    meta: Any = msgspec.field(default=None, name="_meta")
    annotations: dict[str, Any] | None = None


class TextContents(msgspec.Struct, omit_defaults=True):
    """Contents of a resource that are text. `mimeType` is written even where it is null, alone among all members."""

    uri: str
    mimeType: str | None
    text: str
    meta: Any = msgspec.field(default=None, name="_meta")


class BlobContents(msgspec.Struct, omit_defaults=True):
    """Contents of a resource that are bytes; `blob` is their base64."""

    uri: str
    mimeType: str | None
    blob: str
    meta: Any = msgspec.field(default=None, name="_meta")


type ResourceContents = TextContents | BlobContents


class ResourceBlock(_Block, tag="resource"):
    resource: TextContents | BlobContents
    meta: Any = msgspec.field(default=None, name="_meta")
    annotations: dict[str, Any] | None = None


class ResourceLinkBlock(_Block, tag="resource_link"):
    """Its `_meta` is dropped by the extension."""

    uri: str
    name: str
    description: str | None = None
    mimeType: str | None = None
    size: int | None = None
    annotations: dict[str, Any] | None = None


type ContentBlock = TextBlock | ImageBlock | AudioBlock | ResourceBlock | ResourceLinkBlock

_BLOCKS: dict[str, type[msgspec.Struct]] = {
    str(each.__struct_config__.tag): each
    for each in (TextBlock, ImageBlock, AudioBlock, ResourceBlock, ResourceLinkBlock)
}
_read_members = msgspec.json.Decoder(dict[str, msgspec.Raw] | None).decode
_read_text = msgspec.json.Decoder(str | None).decode
_read_size = msgspec.json.Decoder(int).decode
_read_any = msgspec.json.Decoder().decode


def read_block(members: Members | None) -> ContentBlock | None:
    """Returns the block that `members` describe, null as it is. Raises ValueError if the SDK could not read it."""
    if members is None:
        return None
    kind = _read_text(members.pop("type", _NULL))
    block = _BLOCKS.get(kind or "")
    if block is None:
        raise msgspec.ValidationError(f"Unknown content type: '{kind or ''}'")
    known = dict(zip(block.__struct_encode_fields__, block.__struct_fields__, strict=True))
    fields: dict[str, Any] = {}
    for name, raw in members.items():
        if name in _READERS:
            value = _READERS[name](raw)
            if name in known and value is not None:
                fields[known[name]] = value
        else:
            _refuse_object(name, raw)
    try:
        return block(**fields)  # pyright: ignore[reportReturnType]
    except TypeError as error:
        raise msgspec.ValidationError(f"a block of type '{kind}' lacks something: {error}") from None


def read_contents(text: str | msgspec.Raw) -> ResourceContents | None:
    """Returns the resource contents in a JSON text, or None if they have neither text nor blob.

    Raises ValueError if the SDK could not read them.
    """
    members = _read_members(text)
    if members is None:
        return None
    uri, mime_type, text_content, blob = (
        _read_text(members.get(name, _NULL)) for name in ("uri", "mimeType", "text", "blob")
    )
    meta = read_meta(members.get("_meta", _NULL))
    if blob is not None:  # it wins over text
        return BlobContents(uri or "", mime_type, blob, meta)
    return None if text_content is None else TextContents(uri or "", mime_type, text_content, meta)


def read_meta(raw: msgspec.Raw) -> Any:
    """Returns a `_meta` that can be written again as it was. Raises ValueError if it is no object."""
    text = bytes(raw)
    if text[:1] not in (b"{", b"n"):
        raise msgspec.ValidationError("_meta is no object")
    element = read_element(text)
    to_json(element)  # half of a surrogate pair cannot be written
    return element


def _whole_number(raw: msgspec.Raw) -> int:
    number = _read_size(raw)
    if not bytes(raw).removeprefix(b"-").isdigit() or not -(2**63) <= number < 2**63:  # msgspec takes 1.0 as well
        raise msgspec.ValidationError("size is no whole number of 64 bits")
    return number


def _refuse_object(name: str, raw: msgspec.Raw) -> None:
    """The SDK skips over one token of a member that it does not know, and so loses its place in an object."""
    if bytes(raw)[:1] in (b"{", b"[") and _holds_object(_read_any(raw)):
        raise msgspec.ValidationError(f"the member '{name}' is not known, and has an object")


def _holds_object(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_holds_object, value)))


_NULL = msgspec.Raw(b"null")
_READERS: dict[str, Callable[[msgspec.Raw], Any]] = {
    **dict.fromkeys(("text", "data", "mimeType", "uri", "name", "description"), _read_text),
    "size": _whole_number,
    "resource": read_contents,
    "annotations": read_annotations,
    "_meta": read_meta,
}
