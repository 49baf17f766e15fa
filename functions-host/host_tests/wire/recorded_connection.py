"""A connection that requests go over as they were recorded: just their headers, as they were spelled."""

import socket
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import batched
from typing import BinaryIO

from host_tests.servers import Target
from host_tests.wire.raw_http import open_socket

_AT_ONCE = 16  # so many fit in the buffers of a connection


@dataclass(frozen=True)
class RecordedRequest:
    """A request as it was sent; headers are lines, and text is latin-1."""

    verb: str
    path: str
    headers: list[str]
    body: str | None

    def encoded(self) -> bytes:
        """Returns what goes over the connection."""
        lines = [f"{self.verb} {self.path} HTTP/1.1", *self.headers, "", self.body or ""]
        return "\r\n".join(lines).encode("latin-1")


@dataclass(frozen=True)
class RawAnswer:
    """An answer, with the names of its headers in lower case."""

    status: int
    headers: dict[str, str]
    body: str


class RecordedConnection:
    """Sends requests one behind the other, without waiting for the answer to the first."""

    def __init__(self, connection: socket.socket, stream: BinaryIO) -> None:
        self._connection = connection
        self._stream = stream

    def ask(self, requests: Iterable[RecordedRequest]) -> Iterator[RawAnswer]:
        """Yields the answers in the order of the requests."""
        for some in batched(requests, _AT_ONCE, strict=False):
            self._connection.sendall(b"".join(each.encoded() for each in some))
            for each in some:
                yield self._answer(each.verb)

    def open(self, request: RecordedRequest) -> RawAnswer:
        """Sends a request whose answer does not end, and returns that without a body."""
        self._connection.sendall(request.encoded())
        return self._head()

    def next_chunk(self) -> str:
        """Returns the next part of a body, empty at its end."""
        part = self._stream.read(int(self._stream.readline(), 16))
        self._stream.readline()
        return part.decode("latin-1")

    def _answer(self, verb: str) -> RawAnswer:
        head = self._head()
        if head.headers.get("transfer-encoding") == "chunked":
            body = "".join(iter(self.next_chunk, ""))
        else:
            length = 0 if verb == "HEAD" else int(head.headers.get("content-length", 0))
            body = self._stream.read(length).decode("latin-1")
        return RawAnswer(head.status, head.headers, body)

    def _head(self) -> RawAnswer:
        status = int(self._stream.readline().split()[1])
        headers: dict[str, str] = {}
        while line := self._stream.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return RawAnswer(status, headers, "")


@contextmanager
def recorded_connection(target: Target) -> Generator[RecordedConnection]:
    """Opens a connection to a server."""
    with open_socket(target) as connection, connection.makefile("rb") as stream:
        yield RecordedConnection(connection, stream)
