"""`uv run start --inspect`: the page of MCP Inspector, in a browser. Screenshots stay in artifacts/."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from host_tests.requirements import shows
from host_tests.servers import SAMPLES, Server, running_server, wait_until

_ARTIFACTS = Path(__file__).resolve().parents[3] / "artifacts"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
# Beside those that the driver has by itself. The last one keeps the page and the browser off the network.
_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_BROWSER = """import pathlib, sys
opened = pathlib.Path(__file__).with_name("opened")
written = opened.with_suffix(".part")
written.write_text(sys.argv[1])
written.rename(opened)
"""
_TOOLS = ["getsnippet", "hello", "runPythonCode", "savesnippet"]
_SECONDS = 60

pytestmark = pytest.mark.timeout(300)  # a fresh clone installs it first


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine, with a profile of its own."""
    program = os.environ.get("CHROME_PATH") or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if program is None:
        pytest.skip("no Chromium on PATH; CHROME_PATH can name one")
    with sync_playwright() as playwright:
        # Chromium's sandbox does not work for root.
        sandbox = not (hasattr(os, "geteuid") and os.geteuid() == 0)
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=sandbox, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def inspected(storage: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A `uv run start --inspect` that asks for a key, whose browser is a program that writes down what to open."""
    folder = tmp_path_factory.mktemp("inspected")
    browser = folder / "browser.py"
    browser.write_text(_BROWSER, encoding="utf-8")
    environment = {"BROWSER": f"'{sys.executable}' '{browser}' %s"}
    with running_server(
        SAMPLES, "--inspect", "--require-key", storage=storage, data=folder, environment=environment
    ) as server:
        wait_until((folder / "opened").exists)
        assert (folder / "opened").read_text(encoding="utf-8") == _page_url(server)
        yield server


def _page_url(server: Server) -> str:
    (line,) = [line for line in server.lines if line.startswith("MCP Inspector: ")]
    return line.removeprefix("MCP Inspector: ")


@pytest.fixture
def page(browser: Browser, inspected: Server) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
    page.set_default_timeout(_SECONDS * 1000)
    page.goto(_page_url(inspected))
    yield page
    page.close()


@shows("start.inspect")
@pytest.mark.parametrize("transport", ["streamable-http", "legacy-sse"])
def test_it_connects_with_the_key_lists_the_tools_runs_one_and_shows_its_answer(
    transport: str, page: Page, inspected: Server
) -> None:
    page.get_by_role("switch", name=f'Connect or disconnect "{transport}"').press("Space")
    expect(page.get_by_test_id("connection-status")).to_have_attribute(
        "data-status", "connected", timeout=_SECONDS * 1000
    )

    page.get_by_text("Tools", exact=True).first.click()
    for tool in _TOOLS:
        page.get_by_text(tool, exact=True).wait_for()

    page.get_by_text("hello", exact=True).click()
    page.get_by_role("button", name="Execute Tool").click()
    page.get_by_text("Hello I am MCPTool!", exact=True).wait_for()

    page.get_by_text("Network", exact=True).click()
    target = inspected.target
    page.get_by_text(target.url if transport == "streamable-http" else target.sse_url, exact=True).first.wait_for()
    expect(page.get_by_text("Log Stream")).to_have_count(0)  # the page before has faded out
    _keep(page, f"inspector-{transport}")


def _keep(page: Page, name: str) -> None:
    _ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=_ARTIFACTS / f"{name}.png", animations="disabled")
