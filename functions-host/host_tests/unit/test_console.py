"""Lines on a terminal: what shows progress is written over, and no other line stands behind it."""

import io

from functions_host.console import Console


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_takes_the_place_of_one_that_shows_progress() -> None:
    shown = _Terminal()
    console = Console(shown)
    console.rewrite("  3 of 459")
    console.write("Loaded.")
    console.write("Ready.")
    assert shown.getvalue() == "\r\x1b[K  3 of 459\r\x1b[KLoaded.\nReady.\n"


def test_into_a_file_no_progress_is_written() -> None:
    shown = io.StringIO()
    console = Console(shown)
    console.rewrite("  3 of 459")
    console.write("Loaded.")
    assert shown.getvalue() == "Loaded.\n"
