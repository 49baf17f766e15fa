"""An hour's worth of use in seconds: every call has its answer, and nothing is left behind."""

import http.client
import itertools
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from host_tests.servers import Server, descendants, running_server
from host_tests.wire.raw_http import ACCEPT_BOTH, call, open_stream
from host_tests.wire.small_app import BEGIN, tool, write, write_app

_CALLS, _CALLERS = 2_000, 8
_SESSIONS, _SESSIONS_AT_A_TIME = 50, 5
_RELOADS = 5
_MIB = 2**20


@dataclass(frozen=True)
class _Footprint:
    """What the host holds of the machine."""

    processes: int
    open_files: int
    memory: int

    @classmethod
    def of(cls, server: Server) -> "_Footprint":
        own = Path(f"/proc/{server.process.pid}")
        resident = next(line for line in (own / "status").read_text().splitlines() if line.startswith("VmRSS"))
        processes = len(descendants(server.process.pid))
        return cls(processes, len(list((own / "fd").iterdir())), int(resident.split()[1]) * 1024)


def _call_often(server: Server, calls: int) -> int:
    """Calls hello again and again over one connection, and returns how often it answered as it should."""
    url = urlsplit(server.target.url)
    connection = http.client.HTTPConnection(url.netloc, timeout=60)
    right = 0
    for number in range(calls):
        body = json.dumps(call("hello", request_id=number))
        connection.request("POST", url.path, body, {"Accept": ACCEPT_BOTH, "Content-Type": "application/json"})
        response = connection.getresponse()
        answer = json.loads(response.read().decode().partition("data: ")[2])
        right += (answer["id"], answer["result"]["content"][0]["text"][:6]) == (number, "saved ")
    connection.close()
    return right


def _come_and_go(server: Server, sessions: int) -> int:
    """Opens SSE sessions, calls hello in each, leaves, and returns how often it answered as it should."""
    right = 0
    for number in range(sessions):
        with open_stream(server.target) as stream:
            assert stream.post(call("hello", request_id=number)).status == 202
            message = stream.next_message()
            right += (message["id"], message["result"]["content"][0]["text"][:6]) == (number, "saved ")
    return right


def _use(server: Server, app: Path, saves: Iterator[int], calls: int, sessions: int, reloads: int) -> None:
    with ThreadPoolExecutor(_CALLERS + _SESSIONS_AT_A_TIME) as callers:
        answers = [callers.submit(_call_often, server, calls // _CALLERS) for _ in range(_CALLERS)]
        visits = [
            callers.submit(_come_and_go, server, sessions // _SESSIONS_AT_A_TIME) for _ in range(_SESSIONS_AT_A_TIME)
        ]
        for _ in range(reloads):
            write(app / "function_app.py", BEGIN + tool("hello", f"saved {next(saves)}"))
            server.wait_for("Loaded in")
        assert sum(each.result(60) for each in answers) == calls
        assert sum(each.result(60) for each in visits) == sessions


def test_two_thousand_calls_fifty_sessions_and_five_reloads_lose_no_call_and_leave_nothing(tmp_path: Path) -> None:
    saves = itertools.count(1)
    app = write_app(tmp_path / "app", BEGIN + tool("hello", "saved 0"))
    with running_server(app, storage=None, data=tmp_path / "data") as server:
        _use(server, app, saves, _CALLS // 10, _SESSIONS // 10, 1)  # what is kept once for all is there now
        before = _Footprint.of(server)
        _use(server, app, saves, _CALLS, _SESSIONS, _RELOADS)
        deadline = time.monotonic() + 20
        while (after := _Footprint.of(server)).processes > before.processes or after.open_files > before.open_files:
            assert time.monotonic() < deadline, (before, after)
        assert after.memory - before.memory < 5 * _MIB, (before, after)
    assert "Traceback" not in server.output
