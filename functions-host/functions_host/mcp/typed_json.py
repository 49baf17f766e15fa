"""JSON read into types as the C# SDK reads it, with System.Text.Json and its defaults for the web.

Names are found in any case, members that are not known are passed over, and null is taken wherever a reference stands,
`required` or not. https://learn.microsoft.com/dotnet/standard/serialization/system-text-json/configure-options
"""

import re

import msgspec

from functions_host.wire_json import object_of

_read_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_INTEGER = re.compile(rb'-?(?:0|[1-9][0-9]*)|"[+-]?[0-9]+"')


class TypedJson[T: msgspec.Struct]:
    """A reader of one type, whose fields have the names of the wire."""

    def __init__(self, kind: type[T]) -> None:
        self._read = msgspec.json.Decoder(kind).decode
        self._names = {name.lower(): name.encode() for name in kind.__struct_encode_fields__}
        assert kind.__struct_config__.forbid_unknown_fields

    def read(self, json: bytes) -> T:
        """Returns the value in `json`. Raises msgspec.MsgspecError if it is of another type."""
        try:
            return self._read(json)
        except msgspec.ValidationError:
            pass  # also where a name is another, or in another case
        known = ((self._names.get(name.lower()), bytes(value)) for name, value in _read_members(json).items())
        return self._read(object_of((name, value) for name, value in known if name))


def read_int32(json: bytes) -> int:
    """Returns a whole number of 32 bits, which may stand in text. Raises msgspec.ValidationError."""
    if _INTEGER.fullmatch(json):
        number = int(json.strip(b'"'))
        if -(2**31) <= number < 2**31:
            return number
    raise msgspec.ValidationError("not a whole number of 32 bits")
