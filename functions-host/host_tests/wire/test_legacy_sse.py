"""The legacy HTTP+SSE transport as the extension speaks it."""

import re
import time
from pathlib import Path

import pytest

from host_tests.requirements import shows
from host_tests.servers import Target, running_server
from host_tests.wire.raw_http import call, open_stream, request, send
from host_tests.wire.small_app import BEGIN, tool, write_app

_CONNECT = "Please connect to the /sse endpoint to initiate your session."
_STATE = "[a-z0-9]{16}[|][a-z0-9]{16}"


@shows("transport.headers", "sessions.plain", "sse.endpoint")
def test_the_stream_begins_with_the_endpoint_for_messages(local_target: Target) -> None:
    with open_stream(local_target) as stream:
        assert re.fullmatch(rf"message\?azmcpcs={_STATE}", stream.endpoint)
        assert stream.response.headers["Content-Type"] == "text/event-stream"
        assert stream.response.headers["Cache-Control"] == "no-cache,no-store"
        assert stream.response.headers["Content-Encoding"] == "identity"


@shows("sse.endpoint-key")
def test_a_key_is_handed_on_in_the_endpoint_and_the_query_wins(local_target: Target) -> None:
    with open_stream(local_target, "?code=q") as stream:
        assert stream.endpoint.endswith("&code=q")
    with open_stream(local_target, headers={"x-functions-key": "k"}) as stream:
        assert stream.endpoint.endswith("&code=k")
    with open_stream(local_target, "?code=q", {"x-functions-key": "k"}) as stream:
        assert stream.endpoint.endswith("&code=q")


@shows("transport.suffixes")
def test_any_path_that_ends_in_sse_opens_a_stream(local_target: Target) -> None:
    with open_stream(Target(f"{local_target.url}/some")) as stream:
        assert stream.endpoint.startswith("message?")


@shows("transport.suffixes")
@pytest.mark.parametrize("path", ["/some/message", "/some-MESSAGE/"])
def test_any_path_that_ends_in_message_takes_messages(local_target: Target, path: str) -> None:
    answer = send(local_target, "POST", local_target.url + path)
    assert (answer.status, answer.json) == (400, f"Missing service context. {_CONNECT}")


@shows("sse.absolute-endpoint")
def test_the_endpoint_can_be_a_whole_address(tmp_path: Path) -> None:
    options = {"messageOptions": {"useAbsoluteUriForEndpoint": True}}
    host = {"version": "2.0", "extensions": {"mcp": options}}
    app = write_app(tmp_path / "app", BEGIN + tool("hello", "hello"), host)
    with running_server(app, storage=None, data=tmp_path) as server, open_stream(server.target) as stream:
        assert stream.endpoint.startswith(f"{server.target.url}/message?azmcpcs=")
        assert stream.post(request("ping")).status == 202
        assert stream.next_message()["result"] == {}


@shows("sse.accepted")
def test_a_message_is_accepted_and_answered_on_the_stream(target: Target) -> None:
    with open_stream(target) as stream:
        accepted = stream.post(request("ping", request_id="p"))
        assert (accepted.status, accepted.body) == (202, b"Accepted")
        assert stream.next_message() == {"result": {}, "id": "p", "jsonrpc": "2.0"}


@shows("sse.notifications")
def test_notifications_are_accepted_and_not_answered(target: Target) -> None:
    with open_stream(target) as stream:
        accepted = stream.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
        assert (accepted.status, accepted.body) == (202, b"Accepted")
        stream.post(request("ping", request_id="next"))
        assert stream.next_message()["id"] == "next"


@shows("sse.equal-ids")
def test_requests_with_the_same_id_are_each_answered(target: Target) -> None:
    with open_stream(target) as stream:
        stream.post(request("ping", request_id=1))
        stream.post(call("hello", request_id=1))
        assert [stream.next_message()["id"] for _ in range(2)] == [1, 1]


@shows("sse.initialize-error")
def test_an_unreadable_initialize_is_an_error_of_the_protocol(target: Target) -> None:
    with open_stream(target) as stream:
        stream.post(request("initialize", {}))
        assert stream.next_message()["error"] == {"code": -32603, "message": "An error occurred."}


@shows("sse.get-only")
@pytest.mark.parametrize("verb", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_only_get_opens_a_stream(target: Target, verb: str) -> None:
    answer = send(target, verb, target.sse_url)
    assert (answer.status, answer.body) == (405, b"")


@shows("sse.no-state")
@pytest.mark.parametrize("verb", ["POST", "GET"])
def test_a_message_without_client_state_is_told_to_connect(target: Target, verb: str) -> None:
    answer = send(target, verb, f"{target.url}/message")
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json == f"Missing service context. {_CONNECT}"


@shows("sse.wrong-state")
@pytest.mark.parametrize("state", ["x", "", "a|b|c"])
def test_a_client_state_of_the_wrong_shape_is_told_to_connect(local_target: Target, state: str) -> None:
    answer = send(local_target, "POST", f"{local_target.url}/message?azmcpcs={state}")
    assert (answer.status, answer.json) == (400, f"Invalid client state. {_CONNECT}")


@shows("sse.unknown-client")
def test_a_client_that_this_instance_does_not_know_is_told_to_connect(local_target: Target) -> None:
    with open_stream(local_target) as stream:
        instance = stream.endpoint.rpartition("|")[2]
        url = f"{local_target.url}/message?azmcpcs=gone|{instance}"
        ping = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
        answer = send(local_target, "POST", url, ping, {"Content-Type": "application/json"})
    assert answer.status == 400
    assert answer.body.decode() == f"\"No active session for client 'gone' and instance '{instance}'. {_CONNECT}\""


@shows("sse.other-instance")
def test_a_message_for_another_instance_is_accepted(local_target: Target) -> None:
    url = f"{local_target.url}/message?azmcpcs=gone|elsewhere"
    ping = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
    answer = send(local_target, "POST", url, ping, {"Content-Type": "application/json"})
    assert (answer.status, answer.body) == (202, b"Accepted")


@shows("sse.lifetime")
def test_a_session_ends_with_its_stream(local_target: Target) -> None:
    with open_stream(local_target) as stream:
        pass
    deadline = time.monotonic() + 10  # the server notices within a moment
    while stream.post(request("ping")).status != 400:
        assert time.monotonic() < deadline


@shows("transport.malformed", "sse.null")
@pytest.mark.parametrize("body", [b"{bad", b"", b"[]"])
def test_a_body_that_is_no_message_is_an_empty_500_and_the_stream_goes_on(target: Target, body: bytes) -> None:
    with open_stream(target) as stream:
        answer = stream.post(body)
        assert (answer.status, answer.body) == (500, b"")
        assert stream.post(b"null").json == "No message in request body."
        stream.post(request("ping"))
        assert stream.next_message()["result"] == {}
