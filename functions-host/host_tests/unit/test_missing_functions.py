"""What is said of files and objects whose functions an app does not have; what is right gets no line."""

from pathlib import Path

import pytest
from functions_host.host.missing_functions import missing_functions
from functions_host.worker_process.messages import Indexed, LeftOut

from host_tests.requirements import shows

_MAIN = "import azure.functions as func\nimport tool\napp = func.FunctionApp()\n"
_BLUEPRINT = "import azure.functions as func\nbp = func.Blueprint()\n"
_ROUTE = "@{}.route(route='x')\ndef page(req): ...\n"


def _lines(folder: Path, files: dict[str, str], imported: tuple[str, ...] = ()) -> tuple[str, ...]:
    for name, text in ({"function_app.py": _MAIN} | files).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return missing_functions(folder, Indexed([], imported=["function_app.py", *imported]))


@shows("diagnosis.missing-functions")
@pytest.mark.parametrize(
    ("file", "code", "said"),
    [
        (
            "pages.py",
            _BLUEPRINT + _ROUTE.format("bp"),
            "pages.py line 4: 'page' is in a file that function_app.py does",
        ),
        (
            "a/pages.py",
            _BLUEPRINT + "@tool.tool(bp)\ndef t(): ...",
            "Write `import a.pages` and `app.register_functions(a.pages.bp)` in function_app.py.",
        ),
        ("more.py", "from function_app import app as a\n@tool(a)\ndef t(): ...", "Declare it on a `blueprint = func.B"),
        ("more.py", "import function_app\n" + _ROUTE.format("function_app.app"), "'page' is in a file"),
        (
            "more.py",
            _MAIN + _ROUTE.format("app"),
            "and write `import more` and `app.register_functions(more.blueprint)`",
        ),
        (
            "my-file.py",
            _BLUEPRINT + _ROUTE.format("bp"),
            "Give it a name that can be imported, my_file.py, and write",
        ),
    ],
)
def test_a_file_that_nothing_imports_is_one_line_with_the_mend(tmp_path: Path, file: str, code: str, said: str) -> None:
    (line,) = _lines(tmp_path, {file: code})
    assert line.startswith(f"{file} line ")
    assert said in line


@shows("diagnosis.missing-functions")
@pytest.mark.parametrize(
    "file",
    [
        "tests/helper.py", "test_pages.py", "pages_test.py", "conftest.py", ".venv/lib/pages.py",
        "samples/deep/pages.py", "drafts/pages.py", "old_pages.py", "other/function_app.py",
    ],
)  # fmt: skip
def test_a_file_that_is_not_deployed_gets_no_line(tmp_path: Path, file: str) -> None:
    ignored = "# what stays here\nsamples/\n/drafts\nold_*.py\n"
    files = {".funcignore": ignored, "other/host.json": "{}", file: _BLUEPRINT + _ROUTE.format("bp")}
    assert _lines(tmp_path, files) == ()


@shows("diagnosis.missing-functions")
@pytest.mark.parametrize(
    "code",
    [
        _BLUEPRINT,
        "import flask\napp = flask.Flask(__name__)\n" + _ROUTE.format("app"),
        "import flask\npages = flask.Blueprint('pages', __name__)\n" + _ROUTE.format("pages"),
        "@functools.cache\ndef page(): ...",
        "@functools.lru_cache(5)\ndef page(): ...",
        "def broken(:",
    ],
)
def test_a_file_that_declares_no_functions_gets_no_line(tmp_path: Path, code: str) -> None:
    assert _lines(tmp_path, {"other.py": code}) == ()


def test_a_file_that_is_imported_gets_no_line(tmp_path: Path) -> None:
    assert _lines(tmp_path, {"pages.py": _BLUEPRINT + _ROUTE.format("bp")}, ("pages.py",)) == ()


@shows("diagnosis.missing-functions")
def test_an_app_in_another_file_is_to_become_a_blueprint(tmp_path: Path) -> None:
    (tmp_path / "pages.py").write_text(_MAIN + _ROUTE.format("app"), encoding="utf-8")
    left = LeftOut("pages.py", ["page", *"abcdef"], "pages.app", is_app=True, registered=False)
    assert missing_functions(tmp_path, Indexed([], left_out=[left])) == (
        "pages.py line 5: 'page', 'a', 'b', 'c', 'd' and 2 more are declared on a FunctionApp of its own, and only "
        "that of function_app.py is served, so that they are not there, here or in Azure. Make it a func.Blueprint(), "
        "and write `app.register_functions(pages.app)` in function_app.py.",
    )
