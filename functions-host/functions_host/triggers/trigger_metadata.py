"""The `metadata` of a trigger, which clients see as `_meta` of what it declares.

Microsoft.Azure.Functions.Extensions.Mcp, MetadataParser.cs. MCP Apps need nothing else of the host: a tool's
`{"ui": {"resourceUri": ...}}` and a resource's `{"ui": {...}}` pass through here like any other metadata.
"""

import json
from typing import Any

from functions_host.errors import BindingError

_DEEPEST_NESTING = 32


def read_metadata(text: Any, declared: str) -> dict[str, Any] | None:
    """Returns the metadata in a JSON text, or None if there is none. `declared` is such as "the tool 'hello'".

    Raises BindingError if the text is not a JSON object.
    """
    if text is None or (isinstance(text, str) and not text.strip()):
        return None
    try:
        metadata = json.loads(
            text, parse_int=_integer, parse_float=_number, parse_constant=_refuse, object_pairs_hook=_members
        )
    except (ValueError, TypeError, RecursionError):
        metadata = None
    if not isinstance(metadata, dict) or _nesting(metadata) > _DEEPEST_NESTING:
        raise BindingError(f"The metadata of {declared} is not a JSON object in text.")
    return metadata


def _integer(text: str) -> int | float:
    number = int(text)
    return number if -(2**63) <= number < 2**63 else float(text)


def _number(text: str) -> int | float:
    number = float(text)  # the extension writes 1.0 as 1
    return int(number) if number.is_integer() and abs(number) < 2**63 else number


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Names are compared without their case: the first spelling stays, with the last value."""
    spellings: dict[str, str] = {}
    return {spellings.setdefault(name.lower(), name): value for name, value in pairs}


def _nesting(value: Any) -> int:
    if isinstance(value, dict | list):
        inner: list[Any] = list(value.values()) if isinstance(value, dict) else value
        return 1 + max(map(_nesting, inner), default=0)
    return 0
