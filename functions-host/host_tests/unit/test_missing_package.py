"""What is said of an import that fails: a file of the app that may be meant comes first, and then no package."""

from pathlib import Path

import pytest
from functions_host.host.missing_package import mend_import

from host_tests.requirements import shows


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "src"
    for name in (
        "function_app.py",
        "more_tools.py",
        "tool_results.py",
        "my-files.py",
        "pages/__init__.py",
        "pages/a.py",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@shows("packages.missing")
@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("more_tolls", "There is a src/more_tools.py: mend the name."),
        ("tool_result", "There is a src/tool_results.py: mend the name."),
        ("Tool_Results", "There is a src/tool_results.py: mend the name."),
        ("my_files", "There is a src/my-files.py, which cannot be imported by its name: rename it to my_files.py."),
        ("page", "There is a src/pages: mend the name."),
        ("page.a", "There is a src/pages/a.py: mend the name."),
        ("more_tools.blueprint", "src/more_tools.py has no 'blueprint': mend the name."),
    ],
)
def test_a_file_of_such_a_name_is_named_and_no_package(app: Path, module: str, said: str) -> None:
    assert mend_import(module, app) == said


@shows("packages.missing")
@pytest.mark.parametrize(
    ("module", "package"),
    [("azure.function", "azure-functions"), ("requets", "requests"), ("azure.storage.blobs", None)],
)
def test_a_slip_for_a_package_that_is_named_is_no_other_package(app: Path, module: str, package: str | None) -> None:
    (app / "requirements.txt").write_text("# azure\nazure-functions>=1\nrequests[x]\nazure-storage-queue\n")
    said = mend_import(module, app)
    assert said.startswith(
        f"src/requirements.txt brings {package}: mend the name." if package else "Add azure-storage-bl"
    )


@shows("packages.missing")
@pytest.mark.parametrize(
    ("module", "package"),
    [("yaml", "PyYAML"), ("requests", "requests"), ("azure.storage.blob", "azure-storage-blob"), ("a_b.c", "a-b")],
)
def test_where_no_file_has_such_a_name_the_package_is_named(app: Path, module: str, package: str) -> None:
    assert mend_import(module, app) == (
        f"Add {package} to src/requirements.txt and save it; if '{module}' is a file of yours, mend its name."
    )


@shows("packages.missing")
def test_an_app_with_a_lock_is_told_to_add_to_it(app: Path) -> None:
    (app / "pyproject.toml").touch()
    (app / "uv.lock").write_text('[[package]]\nname = "requests"\n', encoding="utf-8")
    assert mend_import("yaml", app).startswith("Run `uv add PyYAML` in src; if 'yaml' is a file of yours")
    assert mend_import("requets", app) == "src/uv.lock brings requests: mend the name."
