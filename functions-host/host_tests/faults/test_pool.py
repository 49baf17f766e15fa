"""The session pool is killed and hangs: what the tools that use it get, and that it works again."""

import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from functions_host.pool.pool import PoolOptions

from host_tests.faults.ledger import Ledger, writing
from host_tests.faults.processes import is_running
from host_tests.pool.clients import new_id, running_pool
from host_tests.requirements import shows
from host_tests.servers import POOL_PATH, SAMPLES, Server, descendants, free_port, is_alive, running_server, wait_until
from host_tests.wire.raw_http import call, post

_BROKEN_OFF = "The session pool failed: Remote end closed connection without response"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")


class _Elsewhere:
    """A server, and its pool, which is that of another server."""

    def __init__(self, stack: ExitStack, storage: str, data: Path) -> None:
        self._stack = stack
        self._storage = storage
        self._data = data
        self._setting = {"SESSION_POOL_MCP_ENDPOINT": f"http://127.0.0.1:{free_port()}{POOL_PATH}"}
        self.start_pool()
        self.server = stack.enter_context(
            running_server(SAMPLES, storage=storage, data=data / "a", environment=self._setting)
        )

    def start_pool(self) -> None:
        self.pool = self._stack.enter_context(
            running_server(
                SAMPLES, storage=self._storage, data=self._data / "b", environment=self._setting, session_pool=True
            )
        )


@pytest.fixture(scope="module")
def elsewhere(storage: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Elsewhere]:
    with ExitStack() as stack:
        yield _Elsewhere(stack, storage, tmp_path_factory.mktemp("elsewhere"))


def _run(server: Server, code: str) -> dict[str, Any]:
    arguments = {"pythonCode": code, "environmentId": "the-one-of-this-test"}
    return post(server.target, call("runPythonCode", arguments)).event["result"]


def _text(result: dict[str, Any]) -> str:
    return result["content"][0]["text"]


@shows("pool.hung")
def test_a_pool_that_hangs_delays_its_own_callers_only_and_answers_when_it_goes_on(
    elsewhere: _Elsewhere, storage: str, ledger: Ledger
) -> None:
    server, pool = elsewhere.server, elsewhere.pool.process.pid
    assert _text(_run(server, "x = 1; print(x)")).startswith("1\n")
    with ThreadPoolExecutor() as callers:
        os.kill(pool, signal.SIGSTOP)
        try:
            answer = callers.submit(_run, server, "print(x + 1)")
            with writing(server.target, ledger):
                ledger.wait_for_more(10)
            assert not answer.done()
        finally:
            os.kill(pool, signal.SIGCONT)
        assert _text(answer.result(60)).startswith("2\n")
    ledger.check(storage, server.target)


@shows("pool.killed")
def test_a_pool_that_is_killed_breaks_off_its_calls_and_code_runs_again_when_it_is_back(
    elsewhere: _Elsewhere, storage: str, fault_rounds: int, ledger: Ledger
) -> None:
    server = elsewhere.server
    for _ in range(fault_rounds):
        with writing(server.target, ledger, writers=1), ThreadPoolExecutor() as callers:
            answer = callers.submit(_run, server, "import subprocess; subprocess.run(['sleep', '654321'])")
            wait_until(lambda: is_running(elsewhere.pool, "654321"))
            processes = descendants(elsewhere.pool.process.pid)
            elsewhere.pool.process.kill()
            result = answer.result(60)
            assert (result["isError"], _text(result)) == (True, _BROKEN_OFF)
            wait_until(lambda: _is_refused(_run(server, "print(1)")))  # a connection may have to notice the end first
            wait_until(lambda processes=processes: not any(map(is_alive, processes)))
            elsewhere.start_pool()
            assert _text(_run(server, "print(1)")).startswith("1\n")
            ledger.wait_for_more(1)
        ledger.check(storage, server.target)


def _is_refused(result: Any) -> bool:
    assert result["isError"]
    return "Connection refused" in _text(result)


@pytest.mark.anyio
async def test_a_kernel_that_stands_still_is_ended_with_its_call_and_the_next_one_has_a_new_kernel() -> None:
    async with running_pool(PoolOptions(port=0, execution_seconds=0.5)) as pool:
        environment = new_id()
        await pool.python(environment, "open('kept', 'w').close()")
        stopped = await pool.python(environment, "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)")
        assert "timed out after 0.5 seconds" in stopped["stderr"]
        assert (await pool.python(environment, "import os; os.path.exists('kept')"))["executionResult"] is True
