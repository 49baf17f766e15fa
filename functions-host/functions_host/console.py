"""What the person at the terminal sees, in the manner of `func start`; or the same as JSON, for a program."""

import asyncio
import json
import shutil
import sys
from datetime import UTC, datetime
from typing import TextIO

_COLOURS = {"red": "31", "yellow": "33", "green": "32", "dim": "90", "bold": "1"}
_CLEARED = "\r\x1b[K"
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
        self._progress: dict[str, str] = {}  # what is under way, and how far it is: the last line, written over

    def linked(self, text: str) -> str:
        """Returns an address so that a terminal opens all of it on a click, also where it goes over several lines."""
        return f"\x1b]8;;{text}\x1b\\{text}\x1b]8;;\x1b\\" if self._colours and text.startswith("vscode:") else text

    def write(self, text: str = "", colour: str | None = None, event: str = "start", **facts: object) -> None:
        """Writes a line as it is."""
        if self._as_json:
            self._print_json(text, colour, event, facts)
        else:
            self._print_lines(self._painted(text, colour) + "\n")

    def progress(self, of: str, text: str) -> None:
        """Shows how far something is, on a terminal, in a line that stays below all others; with '' it is done."""
        if not self._colours or self._progress.get(of, "") == text:
            return
        cleared = _CLEARED if self._progress else ""
        self._progress[of] = text
        if not text:
            del self._progress[of]
        self._print(cleared + self._progress_line())

    def _print_lines(self, lines: str) -> None:
        self._print(f"{_CLEARED if self._progress else ''}{lines}{self._progress_line()}")

    def _progress_line(self) -> str:
        line = " | ".join(f"{of}: {text}" for of, text in self._progress.items())
        # A line that goes over the edge cannot be written over.
        return f"  {line}"[: shutil.get_terminal_size().columns - 1] if line else ""

    def log(self, text: str, colour: str | None = None, event: str = "log", **facts: object) -> None:
        """Writes text with the time before each of its lines."""
        if self._as_json:
            self._print_json(text, colour, event, facts)
        else:
            prefix = f"[{_now()}] "
            lines = "".join(self._painted(prefix + line, colour) + "\n" for line in text.split("\n"))
            self._print_lines(lines)

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
