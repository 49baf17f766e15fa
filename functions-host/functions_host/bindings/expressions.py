"""Binding expressions: the `%SETTING%` and `{mcptoolargs.name}` in the path of a binding.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-expressions-patterns, with the texts of
Microsoft.Azure.WebJobs.Host.Bindings.Path (azure-webjobs-sdk). Settings are filled in when the app is loaded,
expressions at each call, so a name that does not exist is an error of the call and not of the start.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec

from functions_host.app.settings import Configuration
from functions_host.errors import BindingError


class Null:
    """No object at all: its text is empty, and a look for one of its members fails in .NET's own words."""


NULL = Null()
type BindingValue = str | Mapping[str, BindingValue] | Null | None
"""A text, an object with members, a null, or None: a complex value, whose text is empty and which has no members."""


class ExactNames(dict[str, BindingValue]):
    """Members whose names are compared with their case: the arguments of a call. Those of other objects are not."""


_TOKEN = re.compile(
    r"(?P<escape>\{\{|\}\})|\{(?P<expression>[^{}]*)\}|(?P<literal>[^{}]+)|(?P<unbalanced>[{}])", re.DOTALL
)
_IDENTIFIER = re.compile(r"[^\W\d][\w.-]*")
_BUILT_IN = ("rand-guid", "datetime")
# Microsoft's own sample of a resource template has had this name, which no release of the extension knows.
_HINTS = {"mcpresourceargs": " The parameters of a template stand alone: write {Name}, not {mcpresourceargs.Name}."}


class _Expression(msgspec.Struct, frozen=True):
    """One `{...}`: the names between the dots, and what follows the colon."""

    names: tuple[str, ...]
    format: str


class Template:
    """A binding path with its settings filled in, ready to be resolved against the data of a call."""

    def __init__(self, text: str, configuration: Configuration) -> None:
        """Raises BindingError if `text` is malformed or names a setting that does not exist."""
        self.text = _with_settings(text, configuration)
        self._parts = _parse(self.text)

    @property
    def has_expressions(self) -> bool:
        """Whether any part of the path depends on the call."""
        return any(isinstance(part, _Expression) for part in self._parts)

    def match(self, text: str) -> dict[str, str] | None:
        """Returns what the expressions stand for in `text`, by name; None where it does not fit the path.

        So are the paths of triggers read, each name as far to the right as it fits: BindingTemplateSource.cs.
        """
        names = [part.names[0] for part in self._parts if isinstance(part, _Expression)]
        pattern = "".join(re.escape(part) if isinstance(part, str) else "(.*)" for part in self._parts)
        found = re.fullmatch(pattern, text, re.DOTALL)
        return dict(zip(names, found.groups(), strict=True)) if found else None

    def resolve(self, data: Mapping[str, BindingValue], method_name: str) -> str:
        """Returns the path for one call. `data` has lower-case names. Raises BindingError."""
        return "".join(part if isinstance(part, str) else _evaluate(part, data, method_name) for part in self._parts)


def _with_settings(text: str, configuration: Configuration) -> str:
    pieces: list[str] = []
    position = 0
    while (start := text.find("%", position)) >= 0:
        end = text.find("%", start + 1)
        if end < 0:
            raise BindingError(f"The '%' at position {start} does not have a closing '%'")
        name = text[start + 1 : end]
        value = configuration.get(name)
        if value is None:
            raise BindingError(f"'%{name}%' does not resolve to a value.")
        pieces += text[position:start], value
        position = end + 1
    return "".join(pieces) + text[position:]


def _parse(text: str) -> list[str | _Expression]:
    parts: list[str | _Expression] = []
    literal = ""
    for token in _TOKEN.finditer(text):
        if token["escape"] or token["literal"]:
            literal += token["literal"] or token["escape"][0]
        elif token["unbalanced"]:
            bracket = "closing" if token["unbalanced"] == "{" else "opening"
            raise BindingError(f"Invalid template '{text}'. Missing {bracket} bracket at position {token.start() + 1}.")
        else:
            parts += literal, _expression(text, token["expression"], token.start() + 1)
            literal = ""
    return [part for part in [*parts, literal] if part]


def _expression(text: str, body: str, position: int) -> _Expression:
    if not body:
        raise BindingError(f"Invalid template '{text}'. The parameter name at position {position} is empty.")
    if body.lower().startswith(_BUILT_IN):  # the host knows these two by how they begin, not by their whole name
        path, _, pattern = body.partition(":")
        return _Expression((path,), pattern)
    path, _, pattern = body.partition(":")
    if not path:
        path, pattern = body, ""  # a colon in front is none of a format
    if not _IDENTIFIER.fullmatch(path):
        raise BindingError(f"Invalid template '{text}'. Invalid template expression '{path}")  # sic
    names = tuple(path.split("."))
    if "-" in names[0]:
        raise BindingError(f"Invalid template '{text}'. The parameter name '{names[0]}' is invalid.")
    if not all(names):
        raise BindingError(f"Illegal expression: System.String[], which is '{path}'.")
    return _Expression(names, pattern)


def _evaluate(expression: _Expression, data: Mapping[str, BindingValue], method_name: str) -> str:
    first = expression.names[0].lower()
    if first not in data:
        return _built_in(expression, first, method_name)
    value = data[first]
    for name in expression.names[1:]:
        value = _member(value, name)
    return value if isinstance(value, str) else ""  # a complex value substitutes nothing


def _member(value: BindingValue, name: str) -> BindingValue:
    if value is NULL:
        raise BindingError(f"Error while accessing '{name}': Object reference not set to an instance of an object.")
    if isinstance(value, Mapping):
        exact = isinstance(value, ExactNames)
        for key, member in value.items():
            if key == name or (not exact and key.lower() == name.lower()):
                return member
    raise BindingError(f"Error while accessing '{name}': property doesn't exist.")


def _built_in(expression: _Expression, first: str, method_name: str) -> str:
    """Returns what the host fills in where the call has nothing of that name. Raises BindingError."""
    if first.startswith("rand-guid"):
        return _guid(expression.format)
    if first.startswith("datetime"):
        return _utc_now(expression.format)
    if first != "sys":
        raise BindingError(f"No value for named parameter '{expression.names[0]}'.{_HINTS.get(first, '')}")
    if len(expression.names) == 1:
        return ""
    match expression.names[1].lower():
        case "methodname":
            text = method_name
        case "randguid":
            text = _guid(expression.format)
        case "utcnow":
            text = _utc_now(expression.format)
        case _:
            text = _member({}, expression.names[1])
    return text if len(expression.names) == 2 else _member(text, expression.names[2])  # pyright: ignore[reportReturnType]


def _guid(pattern: str) -> str:
    guid = uuid4()
    formats = {
        "": str(guid),
        "D": str(guid),
        "N": guid.hex,
        "B": f"{{{guid}}}",
        "P": f"({guid})",
        "X": _hexadecimal(guid),
    }
    if pattern.upper() not in formats:
        raise BindingError(
            'Format string can be only "D", "d", "N", "n", "P", "p", "B", "b", "X" or "x". '
            f"The '{pattern}' of a guid is another."
        )
    return formats[pattern.upper()]


def _hexadecimal(guid: UUID) -> str:
    low, middle, high = guid.fields[:3]
    octets = ",".join(f"0x{octet:02x}" for octet in guid.bytes[8:])
    return f"{{0x{low:08x},0x{middle:04x},0x{high:04x},{{{octets}}}}}"


_DATE_TOKENS = {
    "yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S",
    "MMMM": "%B", "MMM": "%b", "dddd": "%A", "ddd": "%a", "hh": "%I", "tt": "%p", "K": "Z",
}  # fmt: skip


def _utc_now(pattern: str) -> str:
    now = datetime.now(UTC)

    def token(match: re.Match[str]) -> str:
        text = match.group()
        if set(text) == {"f"}:
            return f"{now.microsecond:06d}0"[: len(text)]
        if text in _DATE_TOKENS:
            return now.strftime(_DATE_TOKENS[text])
        raise BindingError(f"'{text}' in the date format '{pattern}' is not modelled.")

    return re.sub(r"([A-Za-z])\1*", token, pattern or "yyyy-MM-ddTHH-mm-ssK".replace("T", "\0")).replace("\0", "T")
