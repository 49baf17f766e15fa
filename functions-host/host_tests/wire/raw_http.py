"""Plain HTTP, for what no well-behaved client sends and for what the official one does not show."""

import http.client
import json
import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from host_tests.servers import Target

_SECONDS = 60
ACCEPT_BOTH = "application/json, text/event-stream"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        """The message of the one event that a Streamable HTTP answer holds."""
        head, data, *rest = self.body.decode().split("\n")
        assert (head, rest) == ("event: message", ["", ""]), self.body
        return json.loads(data.removeprefix("data: "))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def send(
    target: Target, verb: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Answer:
    """Sends a request with just these headers, the key, and what HTTP itself needs."""
    connection = _connection(target)
    try:
        connection.request(
            verb, urlsplit(url)._replace(scheme="", netloc="").geturl(), body, (headers or {}) | target.headers
        )
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, found, response.read())
    finally:
        connection.close()


def post(target: Target, message: object, headers: dict[str, str] | None = None) -> Answer:
    """Posts a message to the Streamable HTTP endpoint as a client should; bytes are sent as they are."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return send(
        target, "POST", target.url, body, {"Accept": ACCEPT_BOTH, "Content-Type": "application/json"} | (headers or {})
    )


def request(method: str, params: object = None, request_id: object = 1) -> dict[str, object]:
    """Returns a JSON-RPC request."""
    message: dict[str, object] = {"jsonrpc": "2.0", "id": request_id, "method": method}
    return message if params is None else message | {"params": params}


def call(tool: str, arguments: object = None, request_id: object = 1) -> dict[str, object]:
    """Returns a tools/call."""
    return request(
        "tools/call", {"name": tool} if arguments is None else {"name": tool, "arguments": arguments}, request_id
    )


@dataclass
class Stream:
    """An open GET .../sse."""

    target: Target
    response: http.client.HTTPResponse
    endpoint: str = ""

    def next_event(self) -> tuple[str, str]:
        """Returns name and data of the next event. Fails after a minute without one."""
        lines: list[str] = []
        while (line := self.response.readline().decode()) not in ("\n", ""):
            lines.append(line.rstrip("\n"))
        name, data = lines
        return name.removeprefix("event: "), data.removeprefix("data: ")

    def next_message(self) -> Any:
        """Returns the message of the next event."""
        name, data = self.next_event()
        assert name == "message"
        return json.loads(data)

    def post(self, message: object) -> Answer:
        """Posts a message to the endpoint that the stream named."""
        url = self.endpoint if "//" in self.endpoint else f"{self.target.url}/{self.endpoint}"
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return send(self.target, "POST", url, body, {"Content-Type": "application/json"})


@contextmanager
def open_stream(target: Target, query: str = "", headers: dict[str, str] | None = None) -> Generator[Stream]:
    """Opens the legacy SSE transport."""
    connection = _connection(target)
    try:
        path = urlsplit(target.sse_url).path + query
        connection.request("GET", path, headers=(headers or {}) | target.headers)
        response = connection.getresponse()
        assert response.status == 200, response.status
        stream = Stream(target, response)
        name, stream.endpoint = stream.next_event()
        assert name == "endpoint"
        yield stream
    finally:
        connection.close()


def open_socket(target: Target) -> socket.socket:
    """Connects to a server without TLS, to send what is not even HTTP."""
    url = urlsplit(target.url)
    return socket.create_connection((url.hostname, url.port), timeout=_SECONDS)


def _connection(target: Target) -> http.client.HTTPConnection:
    url = urlsplit(target.url)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    return kind(url.netloc, timeout=_SECONDS)
