"""The constraints in a route template, such as `int` in {id:int}: what they let pass is what .NET's parsers take.

https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints
"""

import re
from collections.abc import Callable
from datetime import datetime

type Check = Callable[[str], bool]

_INTEGER = re.compile(r"\s*[+-]?[0-9]+\s*")
_DECIMAL = re.compile(r"\s*[+-]?(?:[0-9][0-9,]*\.?[0-9]*|\.[0-9]+)[+-]?\s*")
_DOUBLE = re.compile(
    r"\s*[+-]?(?:(?:[0-9][0-9,]*\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|infinity|nan|∞)\s*", re.IGNORECASE
)
_GUID = re.compile(
    r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}|\([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\)",
    re.IGNORECASE,
)
# Of the many forms that DateTime.Parse takes, those that stand in addresses.
_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%m-%d-%Y", "%m.%d.%Y", "%Y.%m.%d", "%Y-%m", "%d %b %Y", "%b %d %Y")
_TIMES = ("", "T%H:%M", "T%H:%M:%S", "T%H:%M:%S.%f", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_DAY_OF_THIS_YEAR = re.compile(r"(\d{1,2})[./-](\d{1,2})")


def _whole(lowest: int, highest: int) -> Check:
    return lambda text: bool(_INTEGER.fullmatch(text)) and lowest <= int(text) <= highest


_LONG = _whole(-(2**63), 2**63 - 1)


def _date(text: str) -> bool:
    text = text.strip().removesuffix("Z")
    if day := _DAY_OF_THIS_YEAR.fullmatch(text):
        return 1 <= int(day[1]) <= 12 and 1 <= int(day[2]) <= 31
    for form in (date + time for date in _DATES for time in _TIMES):
        try:
            datetime.strptime(text, form)
        except ValueError:
            continue
        return True
    return False


_PLAIN: dict[str, Check] = {
    "int": _whole(-(2**31), 2**31 - 1),
    "long": _LONG,
    "bool": lambda text: text.strip().lower() in ("true", "false"),
    "datetime": _date,
    "decimal": lambda text: bool(_DECIMAL.fullmatch(text)),
    "double": lambda text: bool(_DOUBLE.fullmatch(text)),
    "float": lambda text: bool(_DOUBLE.fullmatch(text)),
    "guid": lambda text: bool(_GUID.fullmatch(text)),
    "alpha": lambda text: bool(re.fullmatch(r"[a-z]*", text, re.IGNORECASE)),
    "required": bool,
    "file": lambda text: "." in text.rpartition("/")[2].rstrip("."),
    "nonfile": lambda text: "." not in text.rpartition("/")[2].rstrip("."),
}


def _length(low: str, high: str | None = None) -> Check:
    least, most = int(low), int(low if high is None else high)
    return lambda text: least <= len(text) <= most


def _range(low: int, high: int) -> Check:
    return lambda text: _LONG(text) and low <= int(text) <= high


def _regex(pattern: str) -> Check:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda text: bool(compiled.search(text))


_WITH_ARGUMENTS: dict[str, Callable[..., Check]] = {
    "length": _length,
    "minlength": lambda low: lambda text: len(text) >= int(low),
    "maxlength": lambda high: lambda text: len(text) <= int(high),
    "min": lambda low: _range(int(low), 2**63 - 1),
    "max": lambda high: _range(-(2**63), int(high)),
    "range": lambda low, high: _range(int(low), int(high)),
}


def read_constraint(text: str) -> Check:
    """Returns the check that a constraint stands for. Raises ValueError if there is none of that name."""
    name, parenthesis, rest = text.partition("(")
    name = name.lower()
    if not parenthesis and name in _PLAIN:
        return _PLAIN[name]
    if not rest.endswith(")"):
        raise ValueError(f"there is no constraint '{text}'")
    try:
        if name == "regex":
            return _regex(rest[:-1])
        return _WITH_ARGUMENTS[name](*(part.strip() for part in rest[:-1].split(",")))
    except (KeyError, TypeError, ValueError, re.error):
        raise ValueError(f"there is no constraint '{text}'") from None
