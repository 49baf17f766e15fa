"""Snippets of 20 MB, over both transports."""

from typing import Any

from host_tests.requirements import shows
from host_tests.servers import Target
from host_tests.wire.raw_http import call, open_socket, open_stream, post

_SNIPPET = "0123456789abcde\n" * 65536 * 20


def _text(answer: dict[str, Any]) -> str:
    assert "isError" not in answer["result"], answer
    return answer["result"]["content"][0]["text"]


@shows("transport.large")
def test_20_mb_come_back_byte_for_byte_over_streamable_http(target: Target, name: str) -> None:
    saved = post(target, call("savesnippet", {"snippetname": name, "snippet": _SNIPPET})).event
    assert _text(saved) == f"Snippet '{name}' saved successfully"
    assert _text(post(target, call("getsnippet", {"snippetname": name})).event) == _SNIPPET


@shows("transport.large")
def test_20_mb_come_back_byte_for_byte_over_sse(target: Target, name: str) -> None:
    with open_stream(target) as stream:
        stream.post(call("savesnippet", {"snippetname": name, "snippet": _SNIPPET}))
        assert _text(stream.next_message()) == f"Snippet '{name}' saved successfully"
        stream.post(call("getsnippet", {"snippetname": name}, request_id=2))
        assert _text(stream.next_message()) == _SNIPPET


@shows("transport.body-limit")
def test_a_body_beyond_the_limit_of_the_host_is_refused_and_the_server_lives(local_target: Target) -> None:
    head = "POST /runtime/webhooks/mcp HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nContent-Type: application/json\r\n"
    with open_socket(local_target) as connection:
        connection.sendall(f"{head}Content-Length: 104857601\r\n\r\n".encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")
    assert post(local_target, call("hello")).status == 200
