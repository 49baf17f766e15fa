"""Type hints as JSON Schema, and what of a value does not fit them as a sentence for a model."""

import dataclasses
import re
import types
import typing
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple, Union, cast

import msgspec

type Json = dict[str, Any]

_REF = "#/$defs/{name}"
_PATH = r" - at `\$(.*)`$"
_STEP = r"\[(\d+)\]|\[\.\.\.\]|\.([^.\[]+)"
_MISSING = r"missing required field `(.+?)`"
_SHOWN_CHARACTERS = 80


class Fault(NamedTuple):
    """What does not fit, where below the value it is (`.address[0]`), and what would."""

    path: str
    problem: str


def schema_of(hint: Any) -> Json:
    """Returns the JSON Schema of a type, without references unless the type contains itself.

    Raises TypeError for a type that JSON does not have.
    """
    described = _described(hint)
    (schema,), definitions = msgspec.json.schema_components([described], ref_template=_REF)
    for class_ in _classes_in(hint, set()):
        _complete_class(definitions[class_.__name__], class_)
    inlined = _inlined(schema, definitions, ())
    if '"$ref"' in msgspec.json.encode(inlined).decode():
        inlined["$defs"] = {name: _inlined(each, definitions, (name,)) for name, each in definitions.items()}
    return inlined


def fault_of(value: Any, hint: Any, schema: Json) -> Fault | None:
    """Returns what of `value`, made of JSON, does not fit the type; None if it fits."""
    try:
        msgspec.convert(value, _described(hint))
    except msgspec.ValidationError as error:
        return _fault(value, schema, str(error))
    return None


def words_of(schema: Json) -> str:
    """Says what fits a schema, as in "an integer of at least 1"."""
    if "enum" in schema:
        return "one of " + ", ".join(_shown(each) for each in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(words_of(each) for each in schema["anyOf"])
    words = _WORDS.get(schema.get("type", ""), "something else")
    if schema.get("type") == "array" and schema.get("items"):
        words += f" in which each is {words_of(schema['items'])}"
    bounds = " and ".join(said.format(schema[bound]) for bound, said in _BOUNDS.items() if bound in schema)
    return f"{words} {bounds}".strip()


_WORDS = {
    "string": "text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_BOUNDS = {
    "minimum": "of at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "of at most {}",
    "exclusiveMaximum": "below {}",
    "multipleOf": "that is a multiple of {}",
    "minLength": "of at least {} characters",
    "maxLength": "of at most {} characters",
    "pattern": "that matches {}",
    "format": "in the format {}",
    "contentEncoding": "in {}",
    "minItems": "of at least {} items",
    "maxItems": "of at most {} items",
}


def _fault(value: Any, schema: Json, message: str) -> Fault:
    """Says in words what msgspec says in types."""
    found = re.search(_PATH, message)
    path = found[1] if found else ""
    definitions = schema.get("$defs", {})
    schema = _followed(schema, definitions)
    for index, name in re.findall(_STEP, path):
        schema = schema.get("items", {}) if index else schema.get("properties", {}).get(name, {})
        schema = _followed(schema, definitions)
        try:
            value = value[int(index)] if index else value[name]
        except (LookupError, TypeError):
            return Fault(path, f"does not fit: {message}")
    if missing := re.search(_MISSING, message):
        return Fault(path, f"must have '{missing[1]}', but got {_shown(value)}")
    return Fault(path, f"must be {words_of(schema)}, but got {_shown(value)}")


def _followed(schema: Json, definitions: Json) -> Json:
    return definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _shown(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def _described(hint: Any) -> Any:
    """Returns the same type with each text of Annotated as the description that msgspec knows."""
    if hasattr(hint, "__metadata__"):
        texts = [each for each in hint.__metadata__ if isinstance(each, str)]
        others = [each for each in hint.__metadata__ if not isinstance(each, str)]
        meta = (*others, msgspec.Meta(description=" ".join(texts))) if texts else tuple(others)
        described = _described(hint.__origin__)
        return Annotated[described, *meta] if meta else described
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return Union[tuple(_described(each) for each in arguments)]  # noqa: UP007
    if origin in (list, dict, tuple, set, frozenset):
        return cast("Any", origin)[tuple(_described(each) for each in arguments)]
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
        schema.setdefault("items", {})
    if "enum" in schema and "type" not in schema:
        kinds = {_KINDS.get(type(each)) for each in schema["enum"]}
        if len(kinds) == 1 and (kind := kinds.pop()):
            return {"type": kind, **schema}
    return schema


_KINDS: dict[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
