"""MCP Inspector's command line, as the README tells people to use it, over both transports."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from functions_host import npm_package

from host_tests.servers import Target

_SECONDS = 60
_TOOL_FAILED = 5

pytestmark = pytest.mark.timeout(300)  # a fresh clone installs it first


@pytest.fixture(params=["http", "sse"])
def where(request: pytest.FixtureRequest, target: Target) -> list[str]:
    url = target.url if request.param == "http" else target.sse_url
    keys = [part for name, value in target.headers.items() for part in ("--header", f"{name}: {value}")]
    return [url, "--transport", request.param, *keys]


def _ended(inspector: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [npm_package.node(), str(inspector), "--cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=_SECONDS, check=False)


def _run(inspector: Path, *arguments: str, exit_code: int = 0) -> Any:
    done = _ended(inspector, *arguments, "--format", "json", "-q")
    assert done.returncode == exit_code, done.stdout + done.stderr
    return json.loads(done.stdout)["result"]


def test_it_lists_the_tools_and_has_no_warning_about_a_schema(inspector: Path, where: list[str]) -> None:
    done = _ended(inspector, *where, "--method", "tools/list", "--strict", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    listed = json.loads(done.stdout)["result"]["tools"]
    assert {"getsnippet", "hello", "runPythonCode", "savesnippet"} <= {tool["name"] for tool in listed}


def test_it_saves_and_gets_a_snippet(inspector: Path, where: list[str], name: str) -> None:
    tool = [*where, "--method", "tools/call", "--tool-arg", f"snippetname={name}"]
    _run(inspector, *tool, "--tool-name", "savesnippet", "--tool-arg", "snippet=print(1)")
    got = _run(inspector, *tool, "--tool-name", "getsnippet")
    assert got["content"] == [{"type": "text", "text": "print(1)"}]


def test_it_shows_the_sentence_of_a_tool_that_failed(inspector: Path, where: list[str], name: str) -> None:
    tool = [*where, "--method", "tools/call", "--tool-name", "getsnippet", "--tool-arg", f"snippetname={name}"]
    failed = _run(inspector, *tool, exit_code=_TOOL_FAILED)
    assert failed["isError"] is True
    assert f"no snippet named '{name}'" in failed["content"][0]["text"]
