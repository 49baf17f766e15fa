"""Annotations of a content block, as the C# SDK reads and writes them: for whom, how important, as of when."""

import re
from datetime import datetime
from typing import Any

import msgspec

from functions_host.bindings.dotnet_text import single_text
from functions_host.triggers.role import read_role
from functions_host.wire_json import number

_read_members = msgspec.json.Decoder(dict[str, msgspec.Raw] | None).decode
_read_audience = msgspec.json.Decoder(list[str | int] | None).decode
_read_priority = msgspec.json.Decoder(float | str | None).decode
_read_date = msgspec.json.Decoder(str | None).decode
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
# https://learn.microsoft.com/dotnet/standard/datetime/system-text-json-support
_DATE = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,16}))?)?(?:(Z)|([+-]\d\d)(?::(\d\d))?)?)?", re.ASCII
)


def read_annotations(raw: msgspec.Raw) -> dict[str, Any] | None:
    """Returns annotations ready to be written. Names have any case, others are dropped. Raises ValueError."""
    members = _read_members(raw)
    if members is None:
        return None
    given = {name.lower(): value for name, value in members.items()}
    null = msgspec.Raw(b"null")
    audience = _read_audience(given.get("audience", null))
    priority = _read_priority(given.get("priority", null))
    modified = _read_date(given.get("lastmodified", null))
    annotations = {
        "audience": None if audience is None else [read_role(each) for each in audience],
        "priority": None if priority is None else number(_single(priority)),
        "lastModified": None if modified is None else _date_and_offset(modified),
    }
    return {name: value for name, value in annotations.items() if value is not None}


def _single(value: float | str) -> str:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise msgspec.ValidationError("priority is no number")
    try:
        return single_text(float(value))
    except OverflowError:
        raise msgspec.ValidationError("priority is too large") from None


def _date_and_offset(text: str) -> str:
    found = _DATE.fullmatch(text)
    if found is None:
        raise msgspec.ValidationError("lastModified is no date")
    date, time, seconds, fraction, _, hours, minutes = found.groups()
    written = f"{date}T{time or '00:00'}:{seconds or '00'}"
    datetime.fromisoformat(written)  # there is no 30 February
    rest = (fraction or "")[:7].rstrip("0")
    return f"{written}{'.' if rest else ''}{rest}{hours or '+00'}:{minutes or '00'}"
