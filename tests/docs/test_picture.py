"""The picture of the README: code that an agent wrote has run, seen in the page that `uv run start --inspect` opens.

It is made anew in artifacts/inspector.png. Whoever likes it better than docs/images/inspector.png copies it there.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.docs.pages import ROOT
from tests.servers import running_server

_ARTIFACT = ROOT / "artifacts" / "inspector.png"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_CODE = r"from math import pi, sin; print(*(' ' * round(20 + 19 * sin(x * pi / 8)) + '*' for x in range(17)), sep='\n')"
_SECONDS = 120

pytestmark = pytest.mark.timeout(300)  # a fresh clone installs Inspector first


@pytest.fixture
def page(storage: str, tmp_path: Path) -> Iterator[Page]:
    """The page of Inspector, of a server that has a session pool."""
    program = os.environ.get("CHROME_PATH") or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if program is None:
        pytest.skip("no Chromium on PATH; CHROME_PATH can name one")
    environment = {"BROWSER": "true"}  # it opens nothing
    server = running_server(
        "src", "--inspect", storage=storage, data=tmp_path, session_pool=True, environment=environment
    )
    sandbox = not (hasattr(os, "geteuid") and os.geteuid() == 0)  # Chromium's own does not work for root
    with server as started, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=sandbox)
        page = browser.new_page(viewport={"width": 1280, "height": 640}, device_scale_factor=1.5)
        page.route("**/*", lambda route: route.continue_() if "//127.0.0.1" in route.request.url else route.abort())
        page.set_default_timeout(_SECONDS * 1000)
        page.goto(next(line for line in started.lines if line.startswith("MCP Inspector: ")).split(": ")[1])
        yield page
        browser.close()


def test_code_that_runs_is_seen_in_inspector(page: Page) -> None:
    page.get_by_role("switch", name='Connect or disconnect "streamable-http"').press("Space")
    expect(page.get_by_test_id("connection-status")).to_have_attribute("data-status", "connected")
    page.get_by_role("button", name="Close monitoring sidebar").click()
    page.get_by_text("Tools", exact=True).first.click()
    page.get_by_text("runPythonCode", exact=True).click()
    page.get_by_role("textbox", name="pythonCode").fill(_CODE)
    page.get_by_role("button", name="Execute Tool").click()
    page.get_by_text("Results", exact=True).wait_for()
    _ARTIFACT.parent.mkdir(exist_ok=True)
    page.screenshot(path=_ARTIFACT, animations="disabled")
