"""A binding as the worker indexed it: JSON that the host makes an attribute of the extension from."""

import json
from typing import Any

import msgspec

from functions_host.errors import BindingError


class RawBinding:
    """The members of one binding. Its `type` and `direction` are lower case; other members are as they were given."""

    def __init__(self, text: str) -> None:
        self._members: dict[str, Any] = json.loads(text)
        self.type_as_written = str(self._members.get("type"))
        self.type = self.type_as_written.lower()
        self.direction = str(self._members.get("direction") or "in").lower()
        self.name = str(self._members.get("name"))

    def get(self, member: str) -> Any:
        """Returns a member, or None."""
        return self._members.get(member)

    def text(self, member: str) -> str | None:
        """Returns a member that is text, or None. Raises BindingError if it is anything else."""
        value = self._members.get(member)
        if value is None or isinstance(value, str):
            return value
        raise BindingError(
            f"Unable to configure binding '{self.name}' of type '{self.type_as_written}': {member} is not text."
        )

    def flag(self, member: str) -> bool:
        """Returns a member that is true or false, false if it is not there. Raises BindingError."""
        value = self._members.get(member)
        if value is None or isinstance(value, bool):
            return bool(value)
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        raise BindingError(
            f"Unable to configure binding '{self.name}' of type '{self.type_as_written}': "
            f"{member} is neither true nor false."
        )

    def required(self, member: str) -> str:
        """Returns a member without which the host cannot make the attribute. Raises BindingError."""
        value = self.text(member)
        if value is None:
            raise BindingError(f"The {self.type_as_written} has no {member}.")
        return value

    def check_constructor(self, *members: str) -> None:
        """Raises BindingError unless all `members` are there, be they null: the host looks for a constructor."""
        missing = [member for member in members if member not in self._members]
        if missing:
            raise BindingError(
                f"Can't figure out which ctor to call. Give the {self.type_as_written} '{self.name}' "
                f"all of {', '.join(members)}: {missing[0]} is missing."
            )

    def check_is_string(self) -> None:
        """Raises BindingError for a dataType that the extension cannot convert its value to, which is text."""
        data_type = str(self._members.get("dataType") or "string")
        if data_type.lower() not in ("string", "undefined"):
            raise BindingError(
                f"dataType {data_type} of the {self.type_as_written} '{self.name}' fails every call. Remove it."
            )


def read_elements[T](text: str, element: type[T]) -> list[T] | None:
    """Reads a JSON array of objects, or null, whose members may be written in any case.

    Raises msgspec.DecodeError or msgspec.ValidationError for anything else.
    """
    found = msgspec.json.decode(text, type=list[dict[str, Any]] | None)
    if found is None:
        return None
    lower_names = [{name.lower(): value for name, value in each.items()} for each in found]
    return msgspec.convert(lower_names, list[element])
