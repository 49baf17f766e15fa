"""What the terminal tells of an app and of its calls."""

import io
from pathlib import Path
from typing import Any

import pytest
from functions_host.console import Console
from functions_host.host.host import Running
from functions_host.host.served_app import ServedApp
from functions_host.terminal import HostTerminal
from functions_host.worker_process.messages import Log, Value

from host_tests.host.conftest import Host, raw, trigger
from host_tests.requirements import shows

pytestmark = pytest.mark.anyio


class _Shown:
    """A terminal that can be read."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self._console = Console(self._stream)
        self.terminal = HostTerminal(self._console, Path("app"))

    @property
    def text(self) -> str:
        self._console.flush()
        return self._stream.getvalue()


def _never(arguments: dict[str, Any]) -> Value:
    raise AssertionError


@shows("start.clients")
async def test_an_app_of_pages_alone_shows_no_clients_before_it_has_a_tool(host: Host) -> None:
    shown = _Shown()
    host.worker.add("page", _never, raw("httpTrigger", name="req", route="page"))
    await host.start()
    app = ServedApp(lambda: host.host, shown.terminal, reloads=True)
    shown.terminal.ready(app, "http://127.0.0.1:7071", keys_required=False)
    assert "Claude Code:" not in shown.text
    host.worker.add("hello", _never, trigger("hello"))
    await host.start()
    for _ in range(2):
        shown.terminal.loaded(host.host, host.host, 0.1)
    assert shown.text.count("Claude Code: claude mcp add") == 1


@shows("start.app-log")
async def test_requests_that_the_sdk_logs_are_shown_and_once_how_to_end_that(host: Host) -> None:
    shown = _Shown()
    host.worker.add("hello", _never, trigger("hello"))
    await host.start()
    host.host.executing["1"] = Running(host.host.app.functions[0], 0.0)
    for _ in range(2):
        record = Log(20, "azure.core.pipeline.policies.http_logging_policy", "Request URL: 'x'", "1")
        shown.terminal.log(record, host.host)
    assert shown.text.count("Request URL: 'x'") == 2
    assert shown.text.count('logging.getLogger("azure.core").setLevel(logging.WARNING)') == 1
