"""What of a value does not fit a type hint, as a sentence for a model."""

import re
from typing import Any, NamedTuple

import msgspec

from tool_schema import Json, described

_PATH = r" - at `\$(.*)`$"
_STEP = r"\[(\d+)\]|\[\.\.\.\]|\.([^.\[]+)"
_MISSING = r"missing required field `(.+?)`"
_SHOWN_CHARACTERS = 80


class Fault(NamedTuple):
    """What does not fit, where below the value it is (`.address[0]`), and what would."""

    path: str
    problem: str


def fault_of(value: Any, hint: Any, schema: Json) -> Fault | None:
    """Returns what of `value`, made of JSON, does not fit the type; None if it fits."""
    try:
        msgspec.convert(value, described(hint))
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
    bounds = " and ".join(said.format(schema[bound]) for bound, said in _BOUNDS.items() if bound in schema)
    if "minItems" in schema and schema["minItems"] == schema.get("maxItems"):
        bounds = f"of {schema['minItems']} items"
    of_each = f"in which each is {words_of(schema['items'])}" if schema.get("items") else ""
    return " ".join(part for part in (words, bounds, of_each) if part)


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
        if index and "anyOf" in schema.get("items", {}) and "maxItems" in schema:  # a tuple: see _items_of
            return Fault(path, f"does not fit its place: {message.partition(' - at ')[0]}")
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
