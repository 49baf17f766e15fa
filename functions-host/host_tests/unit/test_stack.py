"""The traceback of a function that raised begins where the person's own code does, in each of its parts."""

import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from functions_host.worker.stack import from_own_lines

_APP = Path("app").absolute()
_WORKER = "def run(function):\n    function()\n"
_LIBRARY = "def fail():\n    raise KeyError('a\\nb')\n"


def _function(name: str, code: str, file: Path, **names: object) -> Callable[..., object]:
    """Returns the function `name` of a file with this code."""
    exec(compile(code, str(file), "exec"), names)
    function = names[name]
    assert callable(function)
    return function


_run = _function("run", _WORKER, _APP.parent / "worker" / "executor.py")
_fail = _function("fail", _LIBRARY, _APP.parent / "app_library" / "library.py")


def _shown(code: str) -> list[str]:
    """Returns which functions the traceback shows of `tool`, called by the worker; the library's `fail` is there."""
    tool = _function("tool", code, _APP / "function_app.py", fail=_fail)
    with pytest.raises(Exception) as raised:  # noqa: PT011
        _run(tool)
    text = from_own_lines("".join(traceback.format_exception(raised.value)), _APP)
    assert text.endswith(("\n", "-\n"))
    return [line.split(", in ")[1] for line in text.splitlines() if ", in " in line]


def test_it_begins_at_the_apps_own_line_and_goes_on_into_libraries() -> None:
    assert _shown("def tool():\n    inner()\n\ndef inner():\n    fail()\n") == ["tool", "inner", "fail"]


def test_what_an_exception_came_of_is_shown_too() -> None:
    code = "def tool():\n    try:\n        fail()\n    except KeyError as error:\n        raise ValueError from error\n"
    assert _shown(code) == ["tool", "fail", "tool"]


def test_so_are_the_parts_of_a_group() -> None:
    code = "def tool():\n    try:\n        fail()\n    except KeyError as it:\n        raise ExceptionGroup('', [it])\n"
    assert _shown(code) == ["tool", "fail", "tool", "tool", "fail"]


def test_where_no_frame_is_the_apps_all_stay() -> None:
    with pytest.raises(KeyError) as raised:
        _run(_fail)
    whole = "".join(traceback.format_exception(raised.value))
    assert from_own_lines(whole, _APP) == whole
