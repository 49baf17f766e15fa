"""The host is ended in the midst of writes: kindly, and by force."""

import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from host_tests.faults.ledger import Ledger, writing
from host_tests.requirements import shows
from host_tests.servers import SAMPLES, azurite_connection_string, descendants, free_port, is_alive, running_server


@shows("start.stop", "storage.killed")
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
@pytest.mark.parametrize("end", ["SIGTERM", "SIGKILL"])
def test_a_host_ended_in_mid_write_leaves_what_it_acknowledged_and_no_process_and_its_port_is_free(
    tmp_path: Path, end: str, fault_rounds: int, ledger: Ledger
) -> None:
    storage, port = azurite_connection_string(free_port()), free_port()
    with ExitStack() as stack:
        server = stack.enter_context(running_server(SAMPLES, "--port", str(port), storage=storage, data=tmp_path))
        for number in range(fault_rounds):
            with writing(server.target, ledger):
                ledger.wait_for_more(1 + number % 23)
                processes = descendants(server.process.pid)
                os.kill(server.process.pid, signal.Signals[end])
                assert server.ended() == (0 if end == "SIGTERM" else -signal.SIGKILL)
            # At once, as after Ctrl+C and the arrow up.
            server = stack.enter_context(running_server(SAMPLES, "--port", str(port), storage=storage, data=tmp_path))
            assert "already listens" not in server.output
            deadline = time.monotonic() + 10
            while left := [each for each in processes if is_alive(each)]:
                assert time.monotonic() < deadline, left
            ledger.check(storage, server.target)
