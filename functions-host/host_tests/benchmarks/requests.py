"""The requests that the load generator sends."""

from typing import Any

import msgspec

from host_tests.benchmarks.calls import CALLER_NUMBER, PROTOCOL_VERSION, REQUEST_NUMBER, Call
from host_tests.benchmarks.connection import HOST

INITIALIZED = msgspec.json.encode({"jsonrpc": "2.0", "method": "notifications/initialized"})


class Template:
    """A call of one caller, ready but for the number of the request."""

    def __init__(self, call: Call, caller: int) -> None:
        message = {"jsonrpc": "2.0", "id": REQUEST_NUMBER, "method": call.method, "params": call.params}
        body = _of_caller(message, caller)
        self._parts = body.split(b"%d" % REQUEST_NUMBER)
        self._expected = call.expected.encode().split(b"%d" % REQUEST_NUMBER)

    def body(self, number: bytes) -> bytes:
        """Returns the message with this number as its id, and wherever else it stands for a new one."""
        return number.join(self._parts)

    def is_answered_by(self, body: bytes, number: bytes) -> bool:
        """Tells whether an answer is the one to this number, and what it should be."""
        return b'"id":%b' % number in body and number.join(self._expected) in body


def post(port: int, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Returns a POST of JSON."""
    return post_head(port, path, len(body), headers) + body


def post_head(port: int, path: str, length: int, headers: dict[str, str]) -> bytes:
    """Returns all of a POST that stands before its body."""
    standard = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    return request_head("POST", port, path, standard | headers | {"Content-Length": str(length)})


def request_head(verb: str, port: int, path: str, headers: dict[str, str]) -> bytes:
    """Returns a request up to its body."""
    lines = [f"{verb} {path} HTTP/1.1", f"Host: {HOST}:{port}", *(f"{name}: {headers[name]}" for name in headers)]
    return "\r\n".join([*lines, "", ""]).encode()


def after_handshake() -> dict[str, str]:
    """Returns the header that clients send once the protocol version is agreed on."""
    return {"Mcp-Protocol-Version": PROTOCOL_VERSION}


def _of_caller(message: dict[str, Any], caller: int) -> bytes:
    return msgspec.json.encode(message).replace(b"%d" % CALLER_NUMBER, b"%d" % (CALLER_NUMBER + caller))
