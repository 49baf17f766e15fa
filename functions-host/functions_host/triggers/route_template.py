"""Route templates: which paths a function over HTTP is at, and what the parts in braces stand for.

As Microsoft.Azure.WebJobs.Extensions.Http matches them, on the router of ASP.NET Core's first versions:
https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-template-reference
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import unquote

import msgspec

from functions_host.triggers.route_constraints import Check, read_constraint

_ENCODED_SLASH = re.compile(r"(%2F)", re.IGNORECASE)


class RouteError(ValueError):
    """A route template that is none. The message says why."""


class _Parameter(msgspec.Struct, frozen=True):
    name: str
    catch_all: bool
    optional: bool
    default: str | None
    checks: tuple[Check, ...]


type _Part = str | _Parameter
"""A literal, or something in braces."""


class RouteTemplate:
    """A parsed template. `text` has the prefix of host.json in front."""

    def __init__(self, text: str) -> None:
        """Raises RouteError."""
        self.text = text
        self._segments = _parse(text)
        self._parameters = [part for segment in self._segments for part in segment if isinstance(part, _Parameter)]
        _check(self._segments, self._parameters)
        self._plain = None if self._parameters else [str(segment[0]).lower() for segment in self._segments]

    def match(self, path: str) -> dict[str, str | None] | None:
        """Returns what the parameters stand for in `path`, decoded as `decode_path` does; None if it is another."""
        if self._plain is not None:
            segments = _split(path)
            return {} if [segment.lower() for segment in segments] == self._plain else None
        values = self._values(path)
        if values is None:
            return None
        for parameter in self._parameters:
            value = values.get(parameter.name)
            if value is None and (parameter.optional or not parameter.checks):
                continue
            if value is None or not all(check(value) for check in parameter.checks):
                return None
        return values

    def _values(self, path: str) -> dict[str, str | None] | None:
        path = path.removeprefix("/")
        segments = _split(path)
        values: dict[str, str | None] = {}
        for number, segment in enumerate(self._segments):
            part = segment[0]
            if isinstance(part, _Parameter) and part.catch_all:
                values[part.name] = _rest(path, number) or part.default
                return values if number >= len(segments) or segments[number] else None
            if number >= len(segments):
                if len(segment) > 1 or isinstance(part, str) or not (part.optional or part.default is not None):
                    return None
                if part.default is not None:
                    values[part.name] = part.default
            elif not _match_segment(segment, segments[number], values):
                return None
        return values if len(segments) <= len(self._segments) else None


def decode_path(raw: bytes) -> str:
    """Returns the path of a request as Kestrel hands it on: decoded, but for slashes, with dot segments resolved."""
    text = raw.decode("latin-1")
    if "%" in text:
        text = "".join(part if part.upper() == "%2F" else unquote(part) for part in _ENCODED_SLASH.split(text))
    return _without_dots(text) if "/." in text else text


def _without_dots(path: str) -> str:
    segments: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == ".." and segments:
            segments.pop()
        elif segment not in (".", ".."):
            segments.append(segment)
    return "/" + "/".join(segments) + ("/" if path.endswith(("/.", "/..")) and segments else "")


def _split(path: str) -> list[str]:
    path = path.removeprefix("/")
    segments = path.split("/")
    return segments[:-1] if segments[-1] == "" else segments  # one slash at the end is none


def _rest(path: str, number: int) -> str | None:
    parts = path.split("/", number)
    return parts[number] if len(parts) > number else None


def _match_segment(segment: list[_Part], text: str, values: dict[str, str | None]) -> bool:
    if not text:
        return False
    if len(segment) == 1:
        part = segment[0]
        if isinstance(part, str):
            return part.lower() == text.lower()
        values[part.name] = text
        return True
    found = _pattern(segment).fullmatch(text)
    last = segment[-1]
    if not found and isinstance(last, _Parameter) and last.optional:
        segment = segment[:-2]  # the dot before it goes too
        found = _pattern(segment).fullmatch(text)
    if not found:
        return False
    names = [part.name for part in segment if isinstance(part, _Parameter)]
    values |= zip(names, found.groups(), strict=True)
    return True


def _pattern(segment: list[_Part]) -> re.Pattern[str]:
    # Greedy from the left: the parameters at the right are the short ones, as there.
    return re.compile("".join(re.escape(part) if isinstance(part, str) else "(.+)" for part in segment), re.IGNORECASE)


def _parse(text: str) -> list[list[_Part]]:
    text = text.removeprefix("~/") if text.startswith("~/") else text.removeprefix("/")
    segments: list[list[_Part]] = [[]]
    for piece, in_braces in _pieces(text):
        if in_braces:
            segments[-1].append(_parameter(piece))
            continue
        first, *others = piece.split("/")
        segments[-1] += [first] if first else []
        segments += [list[_Part]([each] if each else []) for each in others]
    if segments[-1] == []:
        segments.pop()  # a slash at the end, or nothing at all
    return segments


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yields what is outside of braces and what is inside, in turn; doubled braces are single ones."""
    piece, inside, position = "", False, 0
    while position < len(text):
        pair = text[position : position + 2]
        character = text[position]
        position += 2 if pair in ("{{", "}}") else 1
        if pair in ("{{", "}}"):
            piece += character
        elif character == ("}" if inside else "{"):
            yield piece, inside
            piece, inside = "", not inside
        elif character in "{}" or (not inside and character in "?"):
            raise RouteError(f"'{character}' stands where it cannot")
        else:
            piece += character
    if inside:
        raise RouteError("a brace is missing")
    yield piece, False


def _parameter(text: str) -> _Parameter:
    catch_all = text.startswith("*")
    text = text.lstrip("*")
    optional = text.endswith("?")
    text = text.removesuffix("?")
    name, *inline = _split_inline(text)
    constraints = [each[1:] for each in inline if each[0] == ":"]
    default = next((each[1:] for each in inline if each[0] == "="), None)
    if not name or any(character in name for character in "/{}?*"):
        raise RouteError(f"'{name}' is no name of a parameter")
    if optional and (catch_all or default is not None):
        raise RouteError(f"the parameter '{name}' cannot be optional as well")
    try:
        return _Parameter(name, catch_all, optional, default, tuple(map(read_constraint, constraints)))
    except ValueError as error:
        raise RouteError(str(error)) from None


def _split_inline(text: str) -> list[str]:
    """Splits `id:length(2,3)=5` into the name, its constraints with their colon, and its default with its sign."""
    pieces, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0 and character in ":=" and not pieces[-1].startswith("="):
            pieces.append("")
        pieces[-1] += character
    return pieces


def _check(segments: list[list[_Part]], parameters: list[_Parameter]) -> None:
    names = [parameter.name.lower() for parameter in parameters]
    if len(set(names)) < len(names):
        raise RouteError("a parameter is named twice")
    for number, segment in enumerate(segments):
        if not segment:
            raise RouteError("two slashes follow each other")
        for before, part in pairwise(segment):
            if isinstance(part, _Parameter) and isinstance(before, _Parameter):
                raise RouteError(f"nothing parts '{before.name}' from '{part.name}'")
        for part in segment:
            if isinstance(part, str):
                continue
            if part.catch_all and (len(segment) > 1 or number < len(segments) - 1):
                raise RouteError(f"nothing can follow '*{part.name}'")
            if part.optional and len(segment) > 1 and (part is not segment[-1] or segment[-2] != "."):
                raise RouteError(f"the optional '{part.name}' can only follow a dot")
