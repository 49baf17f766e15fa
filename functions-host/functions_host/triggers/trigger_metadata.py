"""The `metadata` of a trigger, which clients see as `_meta` of what it declares.

Microsoft.Azure.Functions.Extensions.Mcp, MetadataParser.cs. MCP Apps need nothing else of the host: a tool's
`{"ui": {"resourceUri": ...}}` and a resource's `{"ui": {...}}` pass through here like any other metadata.
"""

import json
import math
from typing import Any

import msgspec

from functions_host.bindings.dotnet_text import number_text
from functions_host.errors import BindingError, InvocationError
from functions_host.wire_json import nesting, number, refuse_constant, to_json

_DEEPEST_NESTING = 32
_LONGEST_INT64 = 20


class Metadata(msgspec.Struct, frozen=True):
    """What was declared."""

    members: dict[str, Any]
    unwritable: str | None = None
    """A number in it that has no finite value of double precision: the extension reads it, and fails to write it."""

    @property
    def caveats(self) -> tuple[str, ...]:
        """What the person should know of it."""
        return (f"fails every list that it is in: {self._failure}",) if self.unwritable else ()

    @property
    def _failure(self) -> str:
        return f"its metadata has {self.unwritable}, which is read and cannot be written."

    def written(self) -> bytes | None:
        """Returns it as JSON, None if there is none. Raises InvocationError, which takes the whole list along."""
        if self.unwritable:
            raise InvocationError(self._failure)
        return to_json(self.members) if self.members else None


def read_metadata(text: str | None, declared: str) -> Metadata:
    """Returns the metadata in a JSON text. `declared` is such as "the tool 'hello'".

    Raises BindingError if the text is not a JSON object.
    """
    if text is None or not text.strip():
        return Metadata({})
    root: list[tuple[str, Any]] = []
    unwritable: list[str] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        root[:] = pairs  # those of the outermost object come last
        return _with_last_spellings(pairs)

    def double(digits: str) -> msgspec.Raw:
        value = float(digits)
        if not math.isfinite(value):
            unwritable.append(digits)
        return number(number_text(value))  # the extension writes 1.0 as 1

    def integer(digits: str) -> int | msgspec.Raw:
        value = int(digits) if len(digits) <= _LONGEST_INT64 else 2**63
        return value if -(2**63) <= value < 2**63 else double(digits)

    try:
        metadata = json.loads(
            text, parse_int=integer, parse_float=double, parse_constant=refuse_constant, object_pairs_hook=members
        )
        to_json(metadata)  # half of a surrogate pair cannot be read
    except (ValueError, RecursionError):
        metadata = None
    if not isinstance(metadata, dict) or nesting(metadata) > _DEEPEST_NESTING:
        raise BindingError(f"The metadata of {declared} is not a JSON object in text.")
    return Metadata(_with_first_spellings(root), next(iter(unwritable), None))


# Names are compared without their case: the last value stays. Only the outermost object keeps the first spelling.


def _with_last_spellings(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict({name.lower(): (name, value) for name, value in pairs}.values())


def _with_first_spellings(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    spellings: dict[str, str] = {}
    return {spellings.setdefault(name.lower(), name): value for name, value in pairs}
