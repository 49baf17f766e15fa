"""Binding expressions: the `%SETTING%` and `{mcptoolargs.name}` in the path of a binding.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-expressions-patterns, with the texts of
Microsoft.Azure.WebJobs.Host.Bindings.Path (azure-webjobs-sdk). Settings are filled in when the app is loaded,
expressions at each call, so a name that does not exist is an error of the call and not of the start.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from functions_host.app.settings import Configuration
from functions_host.errors import BindingError

type BindingValue = str | Mapping[str, BindingValue] | None
"""A text, an object with members, or a complex value, which no expression can reach."""


class ExactNames(dict[str, str]):
    """Members whose names are compared with their case: the arguments of a call. Those of other objects are not."""


# Microsoft's own sample of a resource template has had this name, which no release of the extension knows.
_HINTS = {"mcpresourceargs": " The parameters of a template stand alone: write {Name}, not {mcpresourceargs.Name}."}


@dataclass(frozen=True)
class _Expression:
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
    position = 0
    while position < len(text):
        if text[position : position + 2] in ("{{", "}}"):
            literal += text[position]
            position += 2
        elif text[position] == "}":
            raise BindingError(f"Invalid template '{text}'. Missing opening bracket at position {position}.")
        elif text[position] == "{":
            end = text.find("}", position)
            if end < 0:
                raise BindingError(f"Invalid template '{text}'. Missing closing bracket at position {len(text)}.")
            parts += literal, _expression(text, position + 1, end)
            literal = ""
            position = end + 1
        else:
            literal += text[position]
            position += 1
    return [part for part in [*parts, literal] if part]


def _expression(text: str, start: int, end: int) -> _Expression:
    body = text[start:end]
    if not body:
        raise BindingError(f"Invalid template '{text}'. The parameter name at position {start} is empty.")
    path, _, pattern = body.partition(":")
    names = tuple(path.split("."))
    if not re.fullmatch(r"\w+", names[0]) and not names[0].lower().startswith("rand-guid"):
        raise BindingError(f"The parameter name '{names[0]}' is invalid.")
    return _Expression(names, pattern)


def _evaluate(expression: _Expression, data: Mapping[str, BindingValue], method_name: str) -> str:
    first = expression.names[0].lower()
    builtin = _builtin(expression, first, method_name)
    if builtin is not None and first not in data:
        return builtin()
    if first not in data:
        hint = _HINTS.get(first, "")
        raise BindingError(f"No value for named parameter '{expression.names[0]}'.{hint}")
    value = data[first]
    if value is None and first.startswith("mcp") and len(expression.names) > 1:
        raise BindingError(
            f"The members of '{expression.names[0]}' are not modelled by this host; "
            "{arguments.NAME}, {name}, {uri} and {transport.name} give the same."
        )
    for name in expression.names[1:]:
        value = _member(value, name)
    return value if isinstance(value, str) else ""  # a complex value substitutes nothing


def _member(value: BindingValue, name: str) -> BindingValue:
    if isinstance(value, Mapping):
        exact = isinstance(value, ExactNames)
        for key, member in value.items():
            if key == name or (not exact and key.lower() == name.lower()):
                return member
    raise BindingError(f"Error while accessing '{name}': property doesn't exist.")


def _builtin(expression: _Expression, first: str, method_name: str) -> Callable[[], str] | None:
    # The host knows these two by how they begin, not by their whole name.
    if first.startswith("rand-guid"):
        return lambda: _guid(expression.format)
    if first.startswith("datetime"):
        return lambda: _utc_now(expression.format)
    if first == "sys" and len(expression.names) == 2:
        system = {
            "randguid": lambda: _guid(expression.format),
            "utcnow": lambda: _utc_now(expression.format),
            "methodname": lambda: method_name,
        }
        return system.get(expression.names[1].lower())
    return None


def _guid(pattern: str) -> str:
    guid = uuid4()
    formats = {"": str(guid), "D": str(guid), "N": guid.hex, "B": f"{{{guid}}}", "P": f"({guid})"}
    if pattern.upper() not in formats:
        raise BindingError(f"The guid format '{pattern}' is not modelled; use N, D, B or P.")
    return formats[pattern.upper()]


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
