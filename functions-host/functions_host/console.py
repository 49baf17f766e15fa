"""What the person at the terminal sees, in the manner of `func start`; or the same as JSON, for a program."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import TextIO

_COLOURS = {"red": "31", "yellow": "33", "green": "32", "dim": "90", "bold": "1"}
_LEVELS = {"red": "error", "yellow": "warning"}


class Console:
    """Writes lines to a terminal, in colour where it is one. With `as_json` each line is one JSON object.

    A line's `event` says what it is about, and `facts` are members of that object beside its text.
    """

    def __init__(self, stream: TextIO | None = None, *, as_json: bool = False) -> None:
        self._stream = stream or sys.stdout
        self._as_json = as_json
        self._colours = self._stream.isatty() and not as_json
        self._waiting: list[str] = []
        self._gone = False
        self._unfinished = False  # a line stands there that will be written over

    @property
    def is_terminal(self) -> bool:
        """Whether a person is likely to be looking: a line can then be written over."""
        return self._colours

    def linked(self, text: str) -> str:
        """Returns an address so that a terminal opens all of it on a click, also where it goes over several lines."""
        return f"\x1b]8;;{text}\x1b\\{text}\x1b]8;;\x1b\\" if self._colours and text.startswith("vscode:") else text

    def write(self, text: str = "", colour: str | None = None, event: str = "start", **facts: object) -> None:
        """Writes a line as it is."""
        if self._as_json:
            self._print_json(text, colour, event, facts)
        else:
            self._print(self._cleared() + self._painted(text, colour) + "\n")

    def rewrite(self, text: str) -> None:
        """Writes over the line before, on a terminal; a final call with '' clears it."""
        if self._colours:
            self._print(f"\r\x1b[K{text}")
            self._unfinished = bool(text)

    def _cleared(self) -> str:
        was_there, self._unfinished = self._unfinished, False
        return "\r\x1b[K" if was_there else ""

    def log(self, text: str, colour: str | None = None, event: str = "log", **facts: object) -> None:
        """Writes text with the time before each of its lines."""
        if self._as_json:
            self._print_json(text, colour, event, facts)
        else:
            prefix = f"[{_now()}] "
            lines = "".join(self._painted(prefix + line, colour) + "\n" for line in text.split("\n"))
            self._print(self._cleared() + lines)

    def _print_json(self, text: str, colour: str | None, event: str, facts: dict[str, object]) -> None:
        if text.strip():
            level = _LEVELS.get(colour or "", "info")
            line = {"time": _now(), "level": level, "event": event, "text": text.strip(), **facts}
            self._print(json.dumps(line, ensure_ascii=False) + "\n")

    def _painted(self, text: str, colour: str | None) -> str:
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if colour and self._colours else text

    def _print(self, text: str) -> None:
        self._waiting.append(text)
        if len(self._waiting) > 1:
            return  # the flush of the first will take it along
        try:
            # Lines of one turn of the event loop go out together, and after the answers that they tell of.
            asyncio.get_running_loop().call_soon(self.flush)
        except RuntimeError:  # no loop is running
            self.flush()

    def flush(self) -> None:
        """Writes out what waits; call it before the event loop ends."""
        text = "".join(self._waiting)
        self._waiting.clear()
        if self._gone or not text:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (BrokenPipeError, ValueError):
            self._gone = True  # whoever read us has left; the servers go on without being watched


def _now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
