"""The packages of an app: those of its requirements.txt, as in Azure, and told where they fall short."""

import platform
import sys
from pathlib import Path
from typing import Any

import pytest

from host_tests.requirements import shows
from host_tests.servers import Server, refused, running_server
from host_tests.wheels import LINUX_TOO_NEW, wheel
from host_tests.wire.raw_http import call, post
from host_tests.wire.small_app import BEGIN, write, write_app

_TOOL = """
import sys

@app.mcp_tool_trigger(arg_name="context", tool_name="ask", description="")
def ask(context: str) -> str:
    try:
        import thing
    except ImportError as error:
        return str(error)
    return thing.version

@app.mcp_tool_trigger(arg_name="context", tool_name="path", description="")
def path(context: str) -> str:
    import azure_functions_runtime
    return " ".join([azure_functions_runtime.__file__, *sys.path])

@app.mcp_tool_trigger(arg_name="context", tool_name="fail", description="")
def fail(context: str) -> str:
    import yaml
    return "imported"
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = write_app(tmp_path / "app", BEGIN + _TOOL)
    for version in ("1.0", "2.0"):
        wheel(folder / "wheels", "thing", version)
    return folder


def _require(app: Path, *lines: str) -> None:
    write(app / "requirements.txt", "\n".join(["azure-functions", "--find-links ./wheels", *lines, ""]))


def _result(server: Server, name: str) -> dict[str, Any]:
    return post(server.target, call(name)).event["result"]


def _text(server: Server, name: str) -> str:
    return _result(server, name)["content"][0]["text"]


@shows("packages.exact", "packages.order", "packages.missing", "reload.requirements")
def test_an_app_sees_its_packages_and_not_those_of_the_host(app: Path, tmp_path: Path) -> None:
    with running_server(app, storage=None, data=tmp_path / "data") as server:
        assert _text(server, "ask") == "No module named 'thing'"
        # The worker library stands behind the packages of the app, and the app's own folder is last.
        library, *path = _text(server, "path").split()
        packages = next(number for number, each in enumerate(path) if each.endswith("site-packages"))
        worker = next(number for number, each in enumerate(path) if library.startswith(each))
        assert packages < worker < len(path) - 1
        assert path[-1] == str(app)
        assert _result(server, "fail")["isError"]
        server.wait_for("No module named 'yaml'")
        server.wait_for("Add PyYAML to app/requirements.txt and save it")

        # Saved, it is installed, and the next call has it.
        _require(app, "thing==1.0")
        server.wait_for("requirements.txt changed. Loading the app again.")
        assert _text(server, "ask") == "1.0"

        # One that does not resolve is told, and the next save mends it.
        _require(app, "thing==9")
        server.wait_for("app/requirements.txt cannot be installed:")
        assert "no version of thing==9" in _text(server, "ask")
        _require(app, "thing==2.0")
        server.wait_for("Loaded in")
        assert _text(server, "ask") == "2.0"


@shows("packages.missing")
def test_what_only_the_host_has_is_missing_in_the_app(app: Path, tmp_path: Path) -> None:
    write(app / "function_app.py", "import azure.functions\nfrom starlette.routing import Route\n")
    said = refused(app, "--no-reload", storage=None, data=tmp_path / "data")
    assert (
        "app/function_app.py line 2 needs 'starlette', which nothing in app/requirements.txt brings.\n"
        "Add starlette to app/requirements.txt and save it; if 'starlette' is a file of yours, mend its name."
    ) in said


@shows("diagnosis.load-errors")
def test_an_azure_functions_that_the_app_spoils_is_told_without_a_traceback(app: Path, tmp_path: Path) -> None:
    wheel(app / "wheels", "azure", "1.0")
    _require(app, "azure==1.0")
    said = refused(app, "--no-reload", storage=None, data=tmp_path / "data")
    assert (
        "app/function_app.py could not be loaded: ImportError: azure-functions cannot be used: No module named "
        "'azure.functions'; 'azure' is not a package\nName azure-functions in app/requirements.txt,"
    ) in said


def test_requirements_that_cannot_be_installed_end_a_start_without_reload(app: Path, tmp_path: Path) -> None:
    _require(app, "thing==9")
    said = refused(app, "--no-reload", storage=None, data=tmp_path / "data")
    assert "app/requirements.txt cannot be installed: " in said


def test_an_app_without_requirements_has_azure_functions_as_in_azure(app: Path, tmp_path: Path) -> None:
    (app / "requirements.txt").unlink()
    with running_server(app, storage=None, data=tmp_path / "data") as server:
        assert "There is no app/requirements.txt: the app has azure-functions, and no other package" in server.output
        assert _text(server, "ask") == "No module named 'thing'"


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64" or sys.version_info[:2] != (3, 13),
    reason="a wheel that this machine takes and Azure does not is made for Linux and Python 3.13",
)
@shows("packages.wheels")
def test_a_package_that_azure_would_have_to_compile_is_told_when_it_is_installed(app: Path, tmp_path: Path) -> None:
    wheel(app / "wheels", "compiled", "1.0", tag=LINUX_TOO_NEW)
    # A line of its own, so that no earlier run has made this environment.
    _require(app, "compiled==1.0", f"# {tmp_path}")
    with running_server(app, storage=None, data=tmp_path / "data") as server:
        assert "compiled==1.0 has no wheel for Linux and Python 3.13" in server.output
