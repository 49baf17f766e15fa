"""What came of one call: collected, bounded, and readable as JSON."""

import ast
import json
import re
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

type Failure = Literal["exception", "timeout", "died"]

_RESULT_CHARACTERS = 100_000
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Execution:
    """The outcome of Python code or a shell command."""

    stdout: str
    stderr: str
    milliseconds: int
    result: Any = ""
    """JSON: the value of the last expression; '' where there is none."""
    exit_code: int | None = None
    """Of a shell command."""
    picture: str = ""
    """The last PNG that was shown, in base64."""
    failure: Failure | None = None
    """None where it ran to its end; a command that ends with an exit code has done that too."""


class BoundedText:
    """The first characters of a text that may never end."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[str] = []
        self._length = 0

    @property
    def is_full(self) -> bool:
        """Whether all further text is dropped."""
        return self._length >= self._limit

    def add(self, text: str) -> None:
        """Appends as much of `text` as there is room for."""
        part = text[: self._limit - self._length]
        if part:
            self._parts.append(part)
            self._length += len(part)

    @property
    def text(self) -> str:
        """What was kept, without halves of surrogate pairs, which JSON cannot carry."""
        return "".join(self._parts).encode("utf-8", "replace").decode("utf-8")


def with_end(text: str, end: str, limit: int) -> str:
    """Returns `text` and `end`, cut to `limit` characters.

    The platform's limit is a stream's first characters
    (https://github.com/Azure-Samples/container-apps-dynamic-sessions-samples). How a traceback is cut is not public;
    here the last half of the room is its, since its last line says what went wrong.
    """
    if len(text) + len(end) > limit:
        end = end[-max(limit // 2, limit - len(text)) :]
        text = text[: limit - len(end)]
    return text + end


def plain(text: str) -> str:
    """Returns `text` without the control sequences of a terminal."""
    return _ANSI.sub("", text)


def as_json_value(shown: str) -> Any:
    """Returns the JSON value that Python shows as `shown`; what is none in JSON, such as nan, stays text."""
    shown = shown.encode("utf-8", "replace").decode("utf-8")[:_RESULT_CHARACTERS]
    try:
        value = ast.literal_eval(shown)
        json.dumps(value, allow_nan=False)  # no sets, bytes or complex numbers
        msgspec.json.encode(value)  # no halves of surrogate pairs, no integers beyond 64 bits
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, msgspec.EncodeError):
        return shown
    return value
