"""Content blocks and resource contents, as the C# SDK 0.4.0-preview.3 reads and writes them.

What a function returns is read into these and written again, which drops what that SDK does not know.
"""

from typing import Any

import msgspec


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


class _ReadContents(msgspec.Struct):
    uri: str | None = None
    mimeType: str | None = None
    text: str | None = None
    blob: str | None = None
    meta: dict[str, Any] | None = msgspec.field(default=None, name="_meta")


class TextContents(msgspec.Struct, omit_defaults=True):
    """Contents of a resource that are text. `mimeType` is written even where it is null, alone among all members."""

    uri: str
    mimeType: str | None
    text: str
    meta: dict[str, Any] | None = msgspec.field(default=None, name="_meta")


class BlobContents(msgspec.Struct, omit_defaults=True):
    """Contents of a resource that are bytes; `blob` is their base64."""

    uri: str
    mimeType: str | None
    blob: str
    meta: dict[str, Any] | None = msgspec.field(default=None, name="_meta")


type ResourceContents = TextContents | BlobContents


class _ReadResourceBlock(msgspec.Struct):
    resource: _ReadContents
    meta: dict[str, Any] | None = msgspec.field(default=None, name="_meta")
    annotations: dict[str, Any] | None = None


class ResourceBlock(_Block, tag="resource"):
    resource: TextContents | BlobContents
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

_SIMPLE_BLOCKS = TextBlock | ImageBlock | AudioBlock | ResourceLinkBlock
_KNOWN_MEMBERS = {
    each.__struct_config__.tag: {"type", *each.__struct_encode_fields__}
    for each in (TextBlock, ImageBlock, AudioBlock, ResourceBlock, ResourceLinkBlock)
}


def read_block(members: dict[str, Any]) -> ContentBlock:
    """Returns the block that `members` describe. Raises msgspec.ValidationError if the SDK could not read it."""
    known = _KNOWN_MEMBERS.get(members.get("type"), set[str]())
    for name, value in members.items():
        # The SDK skips over one token of a member that it does not know, and so loses its place in an object.
        if name not in known and (isinstance(value, dict) or (isinstance(value, list) and dict in map(type, value))):
            raise msgspec.ValidationError(f"the member '{name}' is not known, and is an object")
    if members.get("type") == "resource":
        read = msgspec.convert(members, _ReadResourceBlock)
        contents = _contents(read.resource)
        if contents is None:
            raise msgspec.ValidationError("a resource needs text or blob")
        return ResourceBlock(resource=contents, meta=read.meta, annotations=read.annotations)
    block = msgspec.convert(members, _SIMPLE_BLOCKS)
    if isinstance(block, ResourceLinkBlock):
        block.meta = None
    return block


def read_contents(text: str) -> ResourceContents | None:
    """Returns the resource contents in a JSON text, or None if they have neither text nor blob.

    Raises msgspec.DecodeError or ValidationError if the SDK could not read them.
    """
    read = msgspec.json.decode(text, type=_ReadContents | None)
    return None if read is None else _contents(read)


def _contents(read: _ReadContents) -> ResourceContents | None:
    uri = read.uri or ""
    if read.blob is not None:  # it wins over text
        return BlobContents(uri, read.mimeType, read.blob, read.meta)
    return None if read.text is None else TextContents(uri, read.mimeType, read.text, read.meta)
