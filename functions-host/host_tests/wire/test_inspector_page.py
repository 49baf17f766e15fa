"""MCP Inspector's web page, in a browser, as the README tells people to use it. Screenshots stay in artifacts/."""

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from functions_host import npm_package
from playwright.sync_api import Browser, Page, expect, sync_playwright

from host_tests.servers import Server, Target, free_port

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
_TOOLS = ["getsnippet", "hello", "launchShell", "runPythonCode", "runShellCommand", "savesnippet"]
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
def page_url(
    browser: Browser, inspector: Path, target: Target, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of an Inspector that knows our server by both its transports."""
    home = tmp_path_factory.mktemp("inspector")
    servers = {
        "http": {"type": "http", "url": target.url, "headers": target.headers},
        "sse": {"type": "sse", "url": target.sse_url, "headers": target.headers},
    }
    catalog = home / "servers.json"
    catalog.write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
    port, token = free_port(), secrets.token_hex()
    settings = {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "HOST": "127.0.0.1",
        "CLIENT_PORT": str(port),
        "MCP_SANDBOX_PORT": str(free_port()),
        "MCP_APP_ORIGIN_PORT": str(free_port()),
        "MCP_AUTO_OPEN_ENABLED": "false",
        "MCP_CATALOG_PATH": str(catalog),
        "MCP_INSPECTOR_API_TOKEN": token,
        "MCP_INSPECTOR_SECRET_STORE": "memory",
    }
    process = subprocess.Popen(
        [npm_package.node(), str(inspector), "--web"], env=os.environ | settings, text=True, encoding="utf-8",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    server = Server(process)
    try:
        server.wait_for("up and running", _SECONDS)
        yield f"http://127.0.0.1:{port}/?MCP_INSPECTOR_API_TOKEN={token}"
    finally:
        server.interrupt()


@pytest.fixture
def page(browser: Browser, page_url: str) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(_SECONDS * 1000)
    page.goto(page_url)
    yield page
    page.close()


@pytest.mark.parametrize("transport", ["http", "sse"])
def test_it_connects_lists_the_tools_runs_one_and_shows_its_answer(transport: str, page: Page, target: Target) -> None:
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
    spoken_to = target.url if transport == "http" else target.sse_url
    page.get_by_text(spoken_to, exact=True).first.wait_for()
    expect(page.get_by_text("Log Stream")).to_have_count(0)  # the page before has faded out
    _ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=_ARTIFACTS / f"inspector-{transport}.png", animations="disabled")
