"""The clock of the machine jumps, forwards and back, while snippets are saved and an environment is kept."""

import importlib.util
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from host_tests.faults.ledger import Ledger, writing
from host_tests.requirements import shows
from host_tests.servers import SAMPLES, Server, azurite_connection_string, free_port, running_server
from host_tests.wire.raw_http import call, open_stream, post, request

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs LD_PRELOAD")

_JUMPS = (2, -400, 4000, -2, 0)
"""In days, each from the time there really is."""


class _Clock:
    """What the processes of a server take for the clock of the machine. Time that only goes on does so for them."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.jump(0)

    def jump(self, days: int) -> None:
        draft = self._file.with_suffix(".draft")
        draft.write_text(f"{days:+d}d", encoding="utf-8")
        draft.replace(self._file)

    def is_believed(self) -> bool:
        """Whether processes take it for the clock here: the library is made for one kind of processor."""
        self.jump(4000)
        seen = [sys.executable, "-c", "import time; print(time.time())"]
        said = subprocess.run(seen, env=os.environ | self.environment, check=True, capture_output=True, text=True)
        self.jump(0)
        return float(said.stdout) > time.time() + 1000 * 24 * 3600

    @property
    def environment(self) -> dict[str, str]:
        package = importlib.util.find_spec("libfaketime")
        assert package is not None
        assert package.origin is not None
        library = Path(package.origin).parent / "vendor/libfaketime/src/libfaketime.so.1"
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


@shows("start.clock")
def test_a_clock_that_jumps_loses_nothing_and_ends_nothing(tmp_path: Path, fault_rounds: int, ledger: Ledger) -> None:
    clock = _Clock(tmp_path / "clock")
    if not clock.is_believed():
        pytest.skip("libfaketime does not work here")
    storage = azurite_connection_string(free_port())
    with (
        running_server(
            SAMPLES, storage=storage, data=tmp_path / "data", environment=clock.environment, session_pool=True
        ) as server,
        open_stream(server.target) as stream,
    ):
        assert _run(server, "x = 1; print(x)").startswith("1\n")
        for number in range(max(fault_rounds, 2)):  # once forwards, once back
            days = _JUMPS[number % len(_JUMPS)]
            with writing(server.target, ledger):
                ledger.wait_for_more(2 + number % 7)
                clock.jump(days)
                ledger.wait_for_more(4)
            ledger.check(storage, server.target)
            server.wait_for(f"[{datetime.now(UTC) + timedelta(days):%Y-%m-%d}T")
            assert _run(server, "print(x)").startswith("1\n")
            stream.post(request("ping", request_id=number))
            while "method" in (message := stream.next_message()):
                pass  # a ping of the server, which comes every 25 seconds
            assert message["id"] == number
    assert server.process.returncode == 0


def _run(server: Server, code: str) -> str:
    arguments = {"pythonCode": code, "environmentId": "the-one-of-this-test"}
    result: dict[str, Any] = post(server.target, call("runPythonCode", arguments)).event["result"]
    return result["content"][0]["text"]
