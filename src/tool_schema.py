"""Type hints as JSON Schema."""

import dataclasses
import enum
import re
import types
import typing
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Union, cast

import msgspec

type Json = dict[str, Any]

_REF = "#/$defs/{name}"


def schema_of(hint: Any) -> Json:
    """Returns the JSON Schema of a type, without references unless the type contains itself.

    Raises TypeError for a type that JSON does not have.
    """
    (schema,), definitions = msgspec.json.schema_components([described(hint)], ref_template=_REF)
    for class_ in _classes_in(hint, set()):
        _complete_class(definitions[class_.__name__], class_)
    inlined = _inlined(schema, definitions, ())
    written = msgspec.json.encode(inlined)
    if b'"$ref"' in written:
        inlined["$defs"] = {name: _inlined(each, definitions, (name,)) for name, each in definitions.items()}
    if b'"enum"' in written or "$defs" in inlined:
        _restore_orders(inlined, list(_choices_in(hint)))
    return inlined


def has_dataclass(hint: Any) -> bool:
    """Whether a type is a dataclass, or holds one."""
    return any(dataclasses.is_dataclass(each) for each in _classes_in(hint, set()))


def described(hint: Any) -> Any:
    """Returns the same type with each text of Annotated as the description that msgspec knows."""
    if hasattr(hint, "__metadata__"):
        texts = [each for each in hint.__metadata__ if isinstance(each, str)]
        others = [each for each in hint.__metadata__ if not isinstance(each, str)]
        meta = (*others, msgspec.Meta(description=" ".join(texts))) if texts else tuple(others)
        bare = described(hint.__origin__)
        return Annotated[bare, *meta] if meta else bare
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return Union[tuple(described(each) for each in arguments)]  # noqa: UP007
    if origin in (list, dict, tuple, set, frozenset):
        return cast("Any", origin)[tuple(described(each) for each in arguments)]
    return hint


def _complete_class(schema: Json, class_: Any) -> None:
    """Adds what msgspec leaves out of a class: the texts of its fields and, for a TypedDict, their order."""
    hints = typing.get_type_hints(class_, include_extras=True)
    fields = {name: hint for name, hint in hints.items() if name in schema["properties"]}
    schema["properties"] = {name: schema["properties"][name] for name in fields}
    schema["required"] = [name for name in fields if name in schema["required"]]
    for name, field in fields.items():
        texts = [each for each in getattr(_bare(field), "__metadata__", ()) if isinstance(each, str)]
        if texts:
            schema["properties"][name].setdefault("description", " ".join(texts))


def _classes_in(hint: Any, seen: set[Any]) -> Iterator[Any]:
    is_class = dataclasses.is_dataclass(hint) or typing.is_typeddict(hint) or hasattr(hint, "__struct_fields__")
    if is_class and hint not in seen:
        seen.add(hint)
        yield hint
        for field in typing.get_type_hints(hint, include_extras=True).values():
            yield from _classes_in(field, seen)
    for argument in typing.get_args(hint):
        yield from _classes_in(argument, seen)


def _choices_in(hint: Any) -> Iterator[list[Any]]:
    """Yields the values of each Enum and Literal, in the order in which they are declared."""
    for class_ in _classes_in(hint, set()):
        for field in typing.get_type_hints(class_, include_extras=True).values():
            yield from _choices_of(field)
    yield from _choices_of(hint)


def _choices_of(hint: Any) -> Iterator[list[Any]]:
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        yield [each.value for each in hint]
    elif typing.get_origin(hint) is Literal:
        yield list(typing.get_args(hint))
    else:
        for argument in typing.get_args(hint):
            yield from _choices_of(argument)


def _bare(field: Any) -> Any:
    """Takes Required[...] and NotRequired[...] off."""
    return typing.get_args(field)[0] if typing.get_origin(field) in (typing.Required, typing.NotRequired) else field


def _inlined(schema: Any, definitions: dict[str, Any], within: tuple[str, ...]) -> Any:
    """Returns a schema without references, since not every client follows them, but for those that would not end."""
    if isinstance(schema, list):
        return [_inlined(each, definitions, within) for each in schema]
    if not isinstance(schema, dict):
        return schema
    members = cast("Json", schema)
    reference = members.get("$ref")
    if reference is not None:
        name = reference.rpartition("/")[2]
        if name in within or _contains_itself(name, definitions):
            return members
        rest = {key: value for key, value in members.items() if key != "$ref"}
        return _inlined({**definitions[name], **rest}, definitions, (*within, name))
    inlined = {key: _inlined(value, definitions, within) for key, value in members.items() if key != "title"}
    if isinstance(members.get("properties"), dict):  # in which a "title" is a name
        inlined["properties"] = {
            key: _inlined(value, definitions, within) for key, value in members["properties"].items()
        }
    return _complete(inlined)


def _restore_orders(schema: Any, choices: list[list[Any]]) -> None:
    """Lists what can be chosen as it is declared; msgspec sorts it."""
    if isinstance(schema, list):
        for each in schema:
            _restore_orders(each, choices)
    elif isinstance(schema, dict):
        members = cast("Json", schema)
        listed = members.get("enum")
        if isinstance(listed, list):
            as_declared = (each for each in choices if sorted(each, key=str) == sorted(listed, key=str))
            members["enum"] = next(as_declared, listed)
        for each in members.values():
            _restore_orders(each, choices)


def _contains_itself(name: str, definitions: dict[str, Any]) -> bool:
    reached, new = set[str](), {name}
    while new:
        found = {
            each for one in new for each in re.findall(r'"#/\$defs/([^"]+)"', str(definitions[one]).replace("'", '"'))
        }
        if name in found:
            return True
        reached |= new
        new = found - reached
    return False


def _complete(schema: Json) -> Json:
    """Adds what clients want: VS Code refuses a list without items, and others an enum without a type."""
    if schema.get("type") == "array":
        schema["items"] = schema.get("items") or _items_of(schema.pop("prefixItems", ()))
    if "enum" in schema and "type" not in schema:
        kinds = {_KINDS.get(type(each)) for each in schema["enum"]}
        if len(kinds) == 1 and (kind := kinds.pop()):
            return {"type": kind, **schema}
    return schema


def _items_of(places: Sequence[Json]) -> Json:
    """Returns what fits each place of a tuple: many clients do not know that each can have a schema of its own."""
    kinds = [each for index, each in enumerate(places) if each not in places[:index]]
    return {"anyOf": kinds} if len(kinds) > 1 else kinds[0] if kinds else {}


_KINDS: dict[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
