"""The list of requirements, the tests that show them, and the README agree with each other."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from host_tests.requirements import DIFFERENCES, REQUIREMENTS, differences

_TESTS = Path(__file__).resolve().parent.parent


def _shown() -> Iterator[tuple[str, str]]:
    """Yields what each test shows, with the test. The files are read, so that it does not matter which tests run."""
    for file in sorted(_TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for name in _ids(node):
                    yield name, f"{file.name}::{node.name}"


def _ids(test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for decorator in test.decorator_list:
        match decorator:
            case ast.Call(func=ast.Name(id="shows"), args=names):
                assert names, f"{test.name} shows nothing"
                yield from (str(ast.literal_eval(name)) for name in names)
            case _:
                pass


def test_no_two_requirements_share_an_id() -> None:
    assert [name for name, count in Counter(each.id for each in REQUIREMENTS).items() if count > 1] == []


def test_every_requirement_is_shown_by_a_test() -> None:
    shown = {name for name, _ in _shown()}
    assert [each.id for each in REQUIREMENTS if each.id not in shown] == []


def test_what_a_test_shows_is_a_requirement() -> None:
    known = {each.id for each in REQUIREMENTS}
    assert [(name, test) for name, test in _shown() if name not in known] == []


def test_only_tests_that_pytest_collects_show_something() -> None:
    assert [test for _, test in _shown() if "::test_" not in test] == []


def test_every_requirement_is_a_sentence_with_a_source() -> None:
    sentences = [text for each in REQUIREMENTS for text in (each.sentence, each.differs) if text]
    assert [text for text in sentences if not text.endswith(".") or text != " ".join(text.split())] == []
    assert [each.id for each in REQUIREMENTS if not each.source] == []


def test_the_differences_are_written_down() -> None:
    written = DIFFERENCES.read_text(encoding="utf-8")
    assert written == differences(), "Run `uv run --directory functions-host python -m host_tests.requirements`."
