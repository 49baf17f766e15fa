"""The process of the app is killed, hangs and runs out of memory while snippets are saved."""

import os
import signal
import sys
from itertools import batched
from pathlib import Path
from typing import Any

import pytest

from host_tests.faults.ledger import Ledger, writing
from host_tests.faults.processes import worker_of
from host_tests.requirements import shows
from host_tests.servers import SAMPLES, Server, running_server
from host_tests.wire.raw_http import call, post, request
from host_tests.wire.small_app import BEGIN, tool, write_app

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")

_MIB = 2**20
# A worker that ends again and again is started with a pause that grows: after so many, a new server.
_STRIKES = 4
_HUNGRY = (
    "import resource\n"
    + BEGIN
    + tool("hello", "hello")
    + f"""
@app.mcp_tool_trigger(arg_name="context", tool_name="eat", description="")
def eat(context: str) -> str:
    limits = resource.getrlimit(resource.RLIMIT_AS)
    taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + {64 * _MIB}, limits[1]))
    try:
        return str(len(bytearray({512 * _MIB})))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
"""
)


@shows("worker.killed")
def test_a_worker_killed_in_mid_write_loses_nothing_that_was_acknowledged(
    storage: str, tmp_path: Path, fault_rounds: int, ledger: Ledger
) -> None:
    for numbers in batched(range(fault_rounds), _STRIKES, strict=False):
        with running_server(SAMPLES, storage=storage, data=tmp_path) as server:
            for number in numbers:
                with writing(server.target, ledger, writers=12):  # many, since it has each for a moment only
                    ledger.wait_for_more(1 + number % 17)
                    os.kill(worker_of(server), signal.SIGKILL)
                    server.wait_for("The worker process ended (signal 9).")
                    ledger.wait_for_more(4)
                ledger.check(storage, server.target)


@shows("worker.timeout")
def test_a_worker_that_hangs_is_replaced_after_function_timeout_and_loses_nothing_that_was_acknowledged(
    storage: str, tmp_path: Path, fault_rounds: int, ledger: Ledger
) -> None:
    short = {"AzureFunctionsJobHost__functionTimeout": "00:00:02"}
    for numbers in batched(range(fault_rounds), _STRIKES, strict=False):
        with running_server(SAMPLES, storage=storage, data=tmp_path, environment=short) as server:
            for number in numbers:
                with writing(server.target, ledger):
                    ledger.wait_for_more(1 + number % 17)
                    os.kill(worker_of(server), signal.SIGSTOP)
                    # Lists come from the host, which does not hang with it.
                    assert len(post(server.target, request("tools/list")).event["result"]["tools"]) == 4
                    server.wait_for("The worker process ended (signal 9).")
                    ledger.wait_for_more(4)
                ledger.check(storage, server.target)


@shows("worker.memory")
@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of the address space that holds")
def test_a_tool_that_runs_out_of_memory_fails_its_call_and_the_same_worker_answers_the_next(tmp_path: Path) -> None:
    app = write_app(tmp_path / "app", _HUNGRY)
    with running_server(app, storage=None, data=tmp_path) as server:
        worker = worker_of(server)
        result = _call(server, "eat")
        assert (result["isError"], result["content"][0]["text"]) == (True, "An error occurred invoking 'eat'.")
        server.wait_for("MemoryError")
        assert _call(server, "hello")["content"][0]["text"] == "hello"
        assert worker_of(server) == worker


def _call(server: Server, name: str) -> dict[str, Any]:
    return post(server.target, call(name)).event["result"]
