"""Dataclasses that msgspec has read from JSON, made whole.

It leaves plain defaults to the class: attributes show them, `vars` and what is written as JSON do not.
"""

import dataclasses
from collections.abc import Iterable
from typing import Any, cast

import msgspec


def complete(value: Any) -> None:
    """Puts the defaults of a dataclass, and of those within `value`, into the objects themselves."""
    if dataclasses.is_dataclass(value) and hasattr(value, "__dict__"):
        own: dict[str, Any] = vars(value)
        named = {
            each.name: getattr(value, each.name) for each in dataclasses.fields(value) if hasattr(value, each.name)
        }
        others = {name: each for name, each in own.items() if name not in named}
        own.clear()
        own.update(named | others)
    for each in _members_of(value):
        complete(each)


def _members_of(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).values()
    if isinstance(value, list | tuple | set | frozenset):
        return cast("list[Any]", value)
    if isinstance(value, msgspec.Struct):
        return [getattr(value, name) for name in value.__struct_fields__]
    return list(vars(value).values()) if dataclasses.is_dataclass(value) and hasattr(value, "__dict__") else ()
