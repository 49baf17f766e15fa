"""The role of who speaks in a prompt, or of whom a content block is meant for, as .NET reads an enum."""

import msgspec

_ROLES = ("user", "assistant")
_INT32 = range(-(2**31), 2**31)


def read_role(value: str | int) -> str | int:
    """Returns a role as it is written: by its name, or by a number that has no name. Raises msgspec.ValidationError.

    Names have any case, and several of them are one: Enum.Parse takes them for flags.
    """
    parts = [_number(part.strip().lower()) for part in value.split(",")] if isinstance(value, str) else [value]
    role = 0
    for part in parts:
        role |= part
    if role not in _INT32:
        raise msgspec.ValidationError(f"{value} is no role")
    return _ROLES[role] if role in (0, 1) else role


def _number(name: str) -> int:
    if name in _ROLES:
        return _ROLES.index(name)
    if name.removeprefix("-").removeprefix("+").isdecimal() and name.isascii():
        return int(name)
    raise msgspec.ValidationError(f"'{name}' is no role; there are user and assistant")
