"""Values as .NET's ToString() writes them, and JSON as Newtonsoft reads and writes it for the host."""

import json
import math
import re
import struct
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from functions_host.worker_process.messages import Value

_read_any = msgspec.json.Decoder().decode
_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,7})?(?:[Zz]|([+-])(\d\d)(?::?(\d\d)?)?)?", re.ASCII
)
_MICROSOFT_DATE = re.compile(r"/Date\((-?\d{1,17})(?:[+-]\d{4})?\)/", re.ASCII)
_ESCAPED_BY_NEWTONSOFT = (("\x85", "\\u0085"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029"))


def unwrapped(value: Value) -> Value:
    """Returns what a function returned as the host has it: JSON that is text is text, null is nothing."""
    if value.kind != "json":
        return value
    text: str = value.value.strip()
    if text == "null":
        return Value()
    return Value("string", json.loads(text)) if text.startswith('"') else value


def value_text(value: Value) -> str:
    """Returns the text of what a function returned."""
    match value.kind, value.value:
        case "string", str(text):
            return text
        case "json", str(text):
            parsed = json.loads(text)
            if isinstance(parsed, dict | list):
                return _indented(text)
            return number_text(parsed) if isinstance(parsed, float) else str(parsed)
        case "bytes", _:
            return "System.Byte[]"
        case "int", number:
            return str(int(number))  # Python's True comes as a whole number
        case _, number:
            return number_text(number)


def element_text(raw: msgspec.Raw) -> str:
    """Returns the text of a JSON element: strings as they are, numbers as written, nothing for null."""
    text = bytes(raw).decode()
    if text[0] == '"':
        return _read_any(raw)
    if text[0] in "{[":
        return _compact(text)
    return {"true": "True", "false": "False", "null": ""}.get(text, text)


def number_text(number: float) -> str:
    """Returns the text of a number of double precision: the shortest that is read as the same number."""
    if not math.isfinite(number):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(number, "NaN")
    return _general(repr(number), 15)


def single_text(number: float) -> str:
    """Returns the text of a number of single precision. Raises OverflowError for one that is too large."""
    (single,) = struct.unpack("<f", struct.pack("<f", number))
    shortest = (f"{single:.{digits}g}" for digits in range(1, 10))
    return _general(next(text for text in shortest if struct.pack("<f", float(text)) == struct.pack("<f", single)), 7)


def _general(shortest: str, precision: int) -> str:
    """Returns a number in .NET's general format, which has an exponent where it has more places than digits."""
    sign, digits, exponent = Decimal(shortest).normalize().as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits))
    places = len(text) + exponent  # before the point; negative where zeros follow it
    minus = "-" if sign else ""
    if text == "0":
        return f"{minus}0"
    if places > max(len(text), precision) or places < -3:
        fraction = f".{text[1:]}" if len(text) > 1 else ""
        return f"{minus}{text[0]}{fraction}E{places - 1:+03}"
    if places <= 0:
        return f"{minus}0.{'0' * -places}{text}"
    whole, fraction = text[:places].ljust(places, "0"), text[places:]
    return f"{minus}{whole}.{fraction}" if fraction else f"{minus}{whole}"


def date_text(text: str) -> str | None:
    """Returns how .NET writes a text that Newtonsoft takes for a date, None for any other text.

    The host reads the JSON of bindings so. A time zone is left as in Azure, where it is UTC.
    """
    try:
        date = _date(text)
        return None if date is None else date.strftime("%m/%d/") + f"{date.year:04}" + date.strftime(" %H:%M:%S")
    except (ValueError, OverflowError):
        return None  # 30 February


def _date(text: str) -> datetime | None:
    if found := _MICROSOFT_DATE.fullmatch(text):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(found[1]))
    found = _DATE.fullmatch(text)
    if found is None or len(text) > 40:
        return None
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    midnight = (hour, minute, second) == (24, 0, 0)
    date = datetime(year, month, day, 0 if midnight else hour, minute, second, tzinfo=UTC)
    offset = timedelta(hours=int(found[8] or 0), minutes=int(found[9] or 0))
    return date + timedelta(days=midnight) + (offset if found[7] == "-" else -offset)


def _indented(text: str) -> str:
    """Returns JSON as Newtonsoft writes it: numbers of double precision with a fraction, few characters escaped."""
    value: Any = json.loads(text, parse_float=_newtonsoft_number)
    written = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    for character, escaped in _ESCAPED_BY_NEWTONSOFT:
        written = written.replace(character, escaped)
    return written


def _newtonsoft_number(text: str) -> msgspec.Raw:
    written = number_text(float(text))
    if written.endswith("Infinity"):
        written = f'"{written}"'
    return msgspec.Raw((written if "." in written or "E" in written or '"' in written else f"{written}.0").encode())


def _compact(text: str) -> str:
    return re.sub(r'("(?:[^"\\]|\\.)*")|\s+', lambda match: match.group(1) or "", text)
