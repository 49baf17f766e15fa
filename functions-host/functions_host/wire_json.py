r"""JSON as the MCP extension writes it: compact, and ASCII only.

.NET's default encoder escapes every character outside of ASCII, and quotes, < > & + and the backtick. Clients see the
same values either way, but some split event streams at U+2028 or U+0085: against Azure they never meet those
characters, nor should they here.
https://learn.microsoft.com/dotnet/standard/serialization/system-text-json/character-encoding
"""

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode
_NOT_ASCII = re.compile(r"([^\x00-\x7f]{1,32})")  # short enough to remember thousands of them
_ESCAPED_ASCII = [(each.encode(), f"\\u{ord(each):04X}".encode()) for each in "'<>&+`\x7f"]
_PLUS = "\x01"  # stands for the + of a number, which unlike that of a text stays: nothing else is written as this
# All that needs nothing done. A backslash is not among them, because a quote may follow it.
_PLAIN = bytes(code for code in range(0x7F) if chr(code) not in f"'<>&+`\\{_PLUS}")
_PLAIN_OR_ESCAPE = _PLAIN + b"\\"
_OTHER_ESCAPES = (b'\\"', b"\\/", b"\\u")  # of those that JSON has, what .NET may write otherwise
_SHORT = 2048
"""Up to so many bytes it is fastest to look for all special characters at once, above it for one after the other."""
_FEW_QUOTES = 32
_CHANGED = (*"'<>&+`\x7f", '"', *map(chr, (0xB, 0xE, 0xF, *range(0x1A, 0x20))))
"""What of ASCII msgspec writes otherwise: a quote by its backslash, and the hexadecimal letters of controls small."""
_ESCAPED_CONTROL = re.compile(rb"\\(?:\\|u00([01][a-f]))")
_DEEPEST_NESTING = 64  # of System.Text.Json


def to_json(value: object) -> bytes:
    """Returns `value` as the extension would write it. Raises UnicodeEncodeError for half of a surrogate pair."""
    text = _encode(value)
    special = text.translate(None, _PLAIN) if len(text) <= _SHORT else text
    if not special:  # nearly always
        return text
    # None of these characters occurs in JSON outside of a string, so replacing them wherever they stand is safe.
    for plain, escaped in _ESCAPED_ASCII:
        if plain in special:
            text = text.replace(plain, escaped)
    if b"\\" in special:
        if b"\\u00" in text:
            text = _ESCAPED_CONTROL.sub(lambda found: b"\\u00" + found[1].upper() if found[1] else found[0], text)
        if _has_escaped_quote(text):
            text = _with_named_quotes(text)
    if b"\x01" in special:
        text = text.replace(b"\x01", b"+")
    return text if text.isascii() else _ascii(text.decode())


def is_plain(text: str) -> bool:
    """Whether `to_json` would find nothing to change in a text, which is found faster than changed in a long one."""
    return text.isascii() and not any(character in text for character in _CHANGED)


def is_as_written(text: bytes) -> bool:
    """Whether `to_json(read_element(text))` is `text` for sure, which is found many times faster. `text` is JSON."""
    if text.translate(None, _PLAIN_OR_ESCAPE) or any(escape in text for escape in _OTHER_ESCAPES):
        return False
    return text.count(b"{") + text.count(b"[") <= _DEEPEST_NESTING and _is_compact(text)


def _is_compact(text: bytes) -> bool:
    return msgspec.json.format(text, indent=-1) == text


def _has_escaped_quote(text: bytes) -> bool:
    # A search for one character is many times faster than one for two, and a long text has few quotes around it.
    quote = -1
    for _ in range(_FEW_QUOTES):
        quote = text.find(b'"', quote + 1)
        if quote < 0:
            return False
        if text[quote - 1 : quote] == b"\\":
            return True
    return b'\\"' in text[quote:]


def number(text: str) -> msgspec.Raw:
    """Returns what `to_json` writes as the number that `text` is."""
    return msgspec.Raw(text.replace("+", _PLUS).encode())


def read_element(text: str | bytes) -> Any:
    """Returns what `to_json` writes as the extension writes a JsonElement that it has read.

    Numbers stay as they are written, and of two members of one name both stay. Raises ValueError for what is no JSON.
    """
    too_deep = ValueError(f"nested more than {_DEEPEST_NESTING} deep")
    try:
        element = json.loads(
            text, parse_int=number, parse_float=number, parse_constant=refuse_constant, object_pairs_hook=_object
        )
    except RecursionError:
        raise too_deep from None
    if nesting(element) > _DEEPEST_NESTING:
        raise too_deep
    return element


def nesting(value: Any) -> int:
    """Returns how many objects and arrays are in each other."""
    deepest, level = 0, [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        deepest += 1
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return deepest


def refuse_constant(constant: str) -> None:
    """Refuses the NaN and the infinities that Python's json would take. Raises ValueError."""
    raise ValueError(f"{constant} is no JSON")


def _object(members: list[tuple[str, Any]]) -> Any:
    by_name = dict(members)
    if len(by_name) == len(members):
        return by_name
    return msgspec.Raw(b"{%b}" % b",".join([_encode(name) + b":" + _encode(value) for name, value in members]))


def _with_named_quotes(text: bytes) -> bytes:
    # A quote is escaped by the backslash before it, unless that is an escaped backslash: those are hidden meanwhile.
    ambiguous = b'\\\\"' in text
    if ambiguous:
        text = text.replace(b"\\\\", b"\x00")
    text = text.replace(b'\\"', b"\\u0022")
    return text.replace(b"\x00", b"\\\\") if ambiguous else text


def rewritten(text: bytes) -> bytes:
    """Returns JSON as .NET writes what it has read: compact, with its own escapes, numbers as they were."""
    # Nearly every long one is a string of nothing that is special, and what is short often no string.
    if not text.startswith((b"{", b"[")) and not (text.startswith(b'"') and text.translate(None, _PLAIN)):
        return text
    return to_json(read_element(text))


def object_of(members: Iterable[tuple[bytes, bytes | None]]) -> bytes:
    """Returns a JSON object made of members that are JSON already, in their order, leaving out those that are None."""
    return b"{%b}" % b",".join([b'"%b":%b' % (name, text) for name, text in members if text is not None])


def optional_json(value: object) -> bytes | None:
    """Returns `value` as JSON, and None for the None that `object_of` leaves out."""
    return None if value is None else to_json(value)


def _ascii(text: str) -> bytes:
    parts = _NOT_ASCII.split(text)  # in turns what is ASCII and what is not
    parts[1::2] = map(_escaped, parts[1::2])
    return "".join(parts).encode()


@lru_cache(maxsize=4096)  # letters and words come back
def _escaped(characters: str) -> str:
    units = characters.encode("utf-16-be").hex("-", 2).upper()
    return "\\u" + units.replace("-", "\\u")
