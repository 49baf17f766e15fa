"""A binding as the worker indexed it: JSON that the host makes an attribute of the extension from.

Newtonsoft reads it, so names have any case, and numbers, truth values and dates are text where text is wanted.
"""

import json
from typing import Any

import msgspec

from functions_host.bindings.dotnet_text import date_text, number_text
from functions_host.errors import BindingError

_ABSENT = object()
_INT64 = range(-(2**63), 2**63)


class RawBinding:
    """The members of one binding. Its `type` and `direction` are lower case; other members are as they were given."""

    def __init__(self, text: str) -> None:
        self._members: dict[str, Any] = json.loads(text)
        self._in_any_case: dict[str, Any] = {}
        for name, value in self._members.items():
            self._in_any_case.setdefault(name.lower(), value)
        self.type_as_written = str(self.get("type") or "")
        self.type = self.type_as_written.lower()
        self.direction = str(self.get("direction") or "in").lower()
        self.name = str(self.get("name"))

    def get(self, member: str) -> Any:
        """Returns a member, or None."""
        found = self._find(member)
        return None if found is _ABSENT else found

    def text(self, member: str) -> str | None:
        """Returns a member as text, or None. Raises BindingError if it cannot be text."""
        match self.get(member):
            case None:
                return None
            case str(text):
                return date_text(text) or text
            case bool(value):
                return str(value)
            case float(number):
                return number_text(number)
            case int(number):
                return str(number)
            case value:
                raise self._unusable(f"{member} is {_noun(value)} and not text")

    def flag(self, member: str) -> bool:
        """Returns a member that is true or false, false if it is not there. Raises BindingError."""
        match self._find(member):
            case found if found is _ABSENT:
                return False
            case bool() | int() | float() as value:
                return bool(value)
            case str(text) if text.strip().lower() in ("true", "false"):
                return text.strip().lower() == "true"
            case _:
                raise self._unusable(f"{member} is neither true nor false")

    def check_whole_number(self, member: str) -> None:
        """Raises BindingError for a member that is no whole number of 64 bits, where there is one."""
        try:
            match self.get(member):
                case None | bool():
                    return
                case (int() | float()) as number if round(number) in _INT64:
                    return
                case str(text) if not date_text(text) and int(text, 10) in _INT64 and "_" not in text:
                    return
                case _:
                    pass
        except (ValueError, OverflowError):
            pass
        raise self._unusable(f"{member} is no whole number of 64 bits")

    def required(self, member: str) -> str:
        """Returns a member without which the host cannot make the attribute. Raises BindingError."""
        value = self.text(member)
        if value is None:
            raise BindingError(f"Can't figure out which ctor to call. The {self.type_as_written} has no {member}.")
        return value

    def check_is_string(self) -> None:
        """Raises BindingError for a dataType that the extension cannot convert its value to, which is text."""
        data_type = str(self.get("dataType") or "string")
        if data_type.lower() not in ("string", "undefined"):
            raise BindingError(
                f"dataType {data_type} of the {self.type_as_written} '{self.name}' fails every call. Remove it."
            )

    def check_constructor(self, *members: str) -> None:
        """Raises BindingError unless all `members` are there, be they null: the host looks for a constructor."""
        missing = [member for member in members if self._find(member) is _ABSENT]
        if missing:
            raise BindingError(
                f"Can't figure out which ctor to call. Give the {self.type_as_written} '{self.name}' "
                f"all of {', '.join(members)}: {missing[0]} is missing."
            )

    def _find(self, member: str) -> Any:
        if member in self._members:
            return self._members[member]
        return self._in_any_case.get(member.lower(), _ABSENT)

    def _unusable(self, reason: str) -> BindingError:
        return BindingError(f"Unable to configure binding '{self.name}' of type '{self.type_as_written}': {reason}.")


def _noun(value: Any) -> str:
    return "a list" if isinstance(value, list) else "an object"


def read_elements[T](text: str, element: type[T]) -> list[T | None] | None:
    """Reads a JSON array of objects and nulls, or null, whose members may be written in any case.

    Raises msgspec.DecodeError or msgspec.ValidationError for anything else.
    """
    found = msgspec.json.decode(text, type=list[dict[str, Any] | None] | None)
    if found is None:
        return None
    lower_names = [each and {name.lower(): value for name, value in each.items()} for each in found]
    return msgspec.convert(lower_names, list[element | None])
