"""What a client sees when the worker, the storage or a tool breaks: an error of that one call, and then all is well."""

import os
import re
import signal
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from host_tests.requirements import shows
from host_tests.servers import (
    SAMPLES,
    Server,
    SharedServers,
    azurite_connection_string,
    free_port,
    is_alive,
    running_azurite,
    running_server,
)
from host_tests.wire.raw_http import call, open_stream, post, request

_WAITING = Path(__file__).parent.parent / "apps" / "waiting"
_FAILED = "An error occurred invoking '{}'."


@pytest.fixture
def server(storage: str, shared_server: SharedServers) -> Server:
    """A server with tools that wait for each other; whatever breaks in it, the next test finds it well."""
    return shared_server(_WAITING, storage=storage)


@pytest.fixture
def background() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as executor:
        yield executor


def _result(server: Server, tool: str, arguments: Mapping[str, object] | None = None) -> dict[str, Any]:
    return post(server.target, call(tool, arguments)).event["result"]


def _text(result: dict[str, Any]) -> str:
    return result["content"][0]["text"]


def _waiting_call(server: Server, background: ThreadPoolExecutor) -> tuple[Future[dict[str, Any]], int]:
    """Calls `wait` and returns the pending answer, with the id of the process that runs it."""
    answer = background.submit(_result, server, "wait")
    line = server.wait_for("waiting in process")
    return answer, int(line.split()[-1])


@shows("worker.process")
def test_a_tool_that_waits_delays_neither_the_list_nor_another_tool(
    server: Server, background: ThreadPoolExecutor
) -> None:
    waiting, _ = _waiting_call(server, background)
    assert len(post(server.target, request("tools/list")).event["result"]["tools"]) == 8
    assert _text(_result(server, "hello")) == "hello"
    assert not waiting.done()
    assert _text(_result(server, "release")) == "done"
    assert _text(waiting.result(10)) == "released"


@shows("worker.process")
def test_a_tool_that_blocks_the_workers_event_loop_does_not_delay_the_host(
    server: Server, background: ThreadPoolExecutor, tmp_path: Path
) -> None:
    flag = tmp_path / "go"
    blocked = background.submit(_result, server, "block", {"file": str(flag)})
    server.wait_for("blocking")
    assert len(post(server.target, request("tools/list")).event["result"]["tools"]) == 8
    assert not blocked.done()
    flag.touch()
    assert _text(blocked.result(10)) == "unblocked"


@shows("worker.killed")
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_a_worker_killed_in_mid_call_fails_that_call_and_the_next_one_works(
    server: Server, background: ThreadPoolExecutor
) -> None:
    waiting, process_id = _waiting_call(server, background)
    os.kill(process_id, signal.SIGKILL)
    result = waiting.result(10)
    assert result["isError"] is True
    assert _text(result) == _FAILED.format("wait")
    assert _text(_result(server, "hello")) == "hello"
    server.wait_for("The worker process ended (signal 9). Starting it again.")


@shows("worker.killed")
def test_a_worker_killed_while_a_stream_is_open_leaves_the_stream_open(
    server: Server, background: ThreadPoolExecutor
) -> None:
    with open_stream(server.target) as stream:
        stream.post(call("wait"))
        os.kill(int(server.wait_for("waiting in process").split()[-1]), signal.SIGTERM)
        assert stream.next_message()["result"]["isError"] is True
        stream.post(call("hello", request_id=2))
        assert _text(stream.next_message()["result"]) == "hello"


@shows("sse.cancelled")
def test_a_cancelled_request_of_a_stream_gets_no_answer(server: Server) -> None:
    with open_stream(server.target) as stream:
        stream.post(call("wait", request_id="long"))
        server.wait_for("waiting in process")
        stream.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "long"}})
        stream.post(call("release", request_id="then"))
        assert stream.next_message()["id"] == "then"
        server.wait_for("tool=wait")  # it ran to its end
        stream.post(request("ping", request_id="last"))
        assert stream.next_message()["id"] == "last"


@shows("results.failure", "start.log")
def test_a_tool_that_raises_hides_its_reason_from_the_client_and_shows_it_at_the_terminal(server: Server) -> None:
    result = _result(server, "raises")
    assert result == {"content": [{"type": "text", "text": _FAILED.format("raises")}], "isError": True}
    executed = server.wait_for("Executed 'Functions.raises'")
    assert re.search(r"'Functions\.raises' \(Failed, tool=raises, Id=[0-9a-f-]{36}, Duration=\d+ms\)", executed)
    assert "the reason, for the terminal only" in server.wait_for("Exception: ValueError")
    server.wait_for('raise ValueError("the reason')


@shows("worker.error-text")
def test_an_error_text_that_is_no_unicode_is_shown_with_escapes(server: Server) -> None:
    assert _result(server, "raises_half_a_character")["isError"] is True
    server.wait_for("Exception: ValueError: \\ud800")


@shows("start.stop")
def test_a_process_that_a_tool_left_behind_ends_with_the_host(storage: str, tmp_path: Path) -> None:
    with running_server(_WAITING, storage=storage, data=tmp_path) as server:
        left = int(_text(_result(server, "leave_a_child")))
        assert is_alive(left)
        assert server.interrupt() == 0
    deadline = time.monotonic() + 10
    while is_alive(left):
        assert time.monotonic() < deadline


@shows("worker.killed")
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_a_worker_that_ends_before_the_process_it_started_is_replaced_all_the_same(
    server: Server, background: ThreadPoolExecutor
) -> None:
    left = int(_text(_result(server, "leave_a_child")))
    waiting, process_id = _waiting_call(server, background)
    os.kill(process_id, signal.SIGKILL)
    assert waiting.result(10)["isError"] is True
    assert _text(_result(server, "hello")) == "hello"
    assert not is_alive(left)


@shows("worker.exit")
def test_a_tool_that_exits_fails_that_call_only(server: Server) -> None:
    assert _result(server, "leave")["isError"] is True
    assert _text(_result(server, "hello")) == "hello"


@shows("worker.timeout")
def test_a_tool_that_takes_longer_than_function_timeout_fails_and_its_worker_is_replaced(
    storage: str, tmp_path: Path
) -> None:
    short = {"AzureFunctionsJobHost__functionTimeout": "00:00:01"}
    with running_server(_WAITING, storage=storage, data=tmp_path, environment=short) as server:
        assert _text(_result(server, "wait")) == _FAILED.format("wait")
        assert "Timeout value of 00:00:01 was exceeded" in server.wait_for("Exception while executing")
        assert _text(_result(server, "hello")) == "hello"


@shows("storage.unreachable")
def test_an_azurite_of_another_start_that_ends_is_replaced_and_meanwhile_hello_works(tmp_path: Path) -> None:
    port = free_port()
    storage = azurite_connection_string(port)
    kept, text = {"snippetname": "kept"}, {"snippet": "text"}
    with ExitStack() as stack:
        with running_azurite(port, tmp_path):
            server = stack.enter_context(running_server(SAMPLES, storage=storage, data=tmp_path))
            assert "already listens" in server.output
            assert "isError" not in _result(server, "savesnippet", kept | text)
        server.wait_for(f"The Azurite on port {port} has ended")
        assert _text(_result(server, "hello")) == "Hello I am MCPTool!"
        failed = _result(server, "getsnippet", kept)
        assert (failed["isError"], _text(failed)) == (True, _FAILED.format("getsnippet"))
        assert f"127.0.0.1:{port}" in server.wait_for("could not be read")
        server.wait_for(f"Storage: Azurite on port {port}, data in")
        assert _text(_result(server, "getsnippet", kept)) == "text"
