"""Lines on a terminal: what is under way is told below all others, each with what it is of, in a line written over."""

import io

import pytest
from functions_host.console import Console


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        """What stands there: a line that is written over is not."""
        return [line.rpartition("\x1b[K")[2] for line in self.getvalue().split("\n")]


def test_progress_stays_below_other_lines_and_says_of_what_it_is() -> None:
    shown = _Terminal()
    console = Console(shown)
    console.progress("azurite", "3 of 459 packages")
    console.write("Loaded.")
    assert shown.lines == ["Loaded.", "  azurite: 3 of 459 packages"]
    console.progress("requirements.txt", "Resolved 3 packages")
    assert shown.lines == ["Loaded.", "  azurite: 3 of 459 packages | requirements.txt: Resolved 3 packages"]
    console.progress("azurite", "")
    console.log("Ready.")
    assert shown.lines[1].endswith("Ready.")
    assert shown.lines[2] == "  requirements.txt: Resolved 3 packages"
    console.progress("requirements.txt", "")
    assert shown.lines[2] == ""


def test_progress_that_is_too_long_for_the_terminal_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    shown = _Terminal()
    Console(shown).progress("azurite", "3 of 459 packages")
    assert shown.lines == ["  azurite: 3 of 459"]


def test_into_a_file_no_progress_is_written() -> None:
    shown = io.StringIO()
    console = Console(shown)
    console.progress("azurite", "3 of 459 packages")
    console.write("Loaded.")
    assert shown.getvalue() == "Loaded.\n"
