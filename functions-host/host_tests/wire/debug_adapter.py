"""A client of the Debug Adapter Protocol, as an editor is one: https://microsoft.github.io/debug-adapter-protocol."""

import itertools
import json
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SECONDS = 50


class DebugClient:
    """Attached to a process; what has come and was not asked for yet is kept."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")
        self._numbers = itertools.count(1)
        self._kept: list[dict[str, Any]] = []

    def attach(self, file: Path, line: int) -> None:
        """Attaches as .vscode/launch.json does, with one breakpoint, and lets the app run."""
        self.request("initialize", {"adapterID": "debugpy", "clientID": "test"})
        attach = self._send("attach", {"justMyCode": True})
        self.event("initialized")
        self.request("setBreakpoints", {"source": {"path": str(file)}, "breakpoints": [{"line": line}]})
        self.request("configurationDone", {})
        self._response(attach)

    def request(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Sends a request and returns the body of its response."""
        return self._response(self._send(command, arguments))

    def event(self, name: str) -> dict[str, Any]:
        """Returns the body of the next event of that name."""
        return self._next(lambda message: message.get("event") == name).get("body", {})

    def close(self) -> None:
        """Leaves without a word."""
        self._stream.close()

    def _response(self, number: int) -> dict[str, Any]:
        response = self._next(lambda message: message.get("request_seq") == number)
        assert response["success"], response
        return response.get("body", {})

    def _send(self, command: str, arguments: dict[str, Any]) -> int:
        number = next(self._numbers)
        message = {"seq": number, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self._connection.sendall(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return number

    def _next(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        for message in self._kept:
            if wanted(message):
                self._kept.remove(message)
                return message
        while not wanted(message := self._read()):
            self._kept.append(message)
        return message

    def _read(self) -> dict[str, Any]:
        length = 0
        while line := self._stream.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the debugger hung up"
        return json.loads(self._stream.read(length))


@contextmanager
def debug_client(port: int) -> Generator[DebugClient]:
    """Connects to a debug adapter."""
    with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as connection:
        client = DebugClient(connection)
        try:
            yield client
        finally:
            client.close()
