"""A keep-alive connection of the load generator, on which one request after the other is answered.

It reads and writes sockets itself, because an HTTP client in Python would be slower than the servers it measures.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from httptools import HttpResponseParser

from host_tests.benchmarks.event_stream import Event, EventReader

HOST = "127.0.0.1"
_END_SECONDS = 0.5
_SHOWN_OF_ERROR = 500


class CallError(Exception):
    """A call was not answered as it should be."""


@dataclass
class Response:
    """An answer. Of an event stream, `body` is the data of the event that was awaited."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    body: bytes = b""
    at: float = 0.0
    """When it was there, which for an event is before the end of the response."""

    def shown(self) -> str:
        """Returns the beginning of it, for a person."""
        return f"{self.status}: {self.body[:_SHOWN_OF_ERROR].decode(errors='replace')}"


class Connection(asyncio.Protocol):
    """Use `open`. The names that begin with `on_` are what httptools calls."""

    def __init__(self, on_event: Callable[[Event], None] | None) -> None:
        self._parser = HttpResponseParser(self)
        self._on_event = on_event
        self._response = Response()
        self._parts: list[bytes] = []
        self._events: EventReader | None = None
        self._awaited = b""
        self._answered: asyncio.Future[Response] | None = None
        self._end_timer: asyncio.TimerHandle | None = None
        self.usable = True
        """Whether another request can go out here."""

    @classmethod
    async def open(cls, port: int, on_event: Callable[[Event], None] | None = None) -> "Connection":
        """Connects. With `on_event`, responses are streams that stay open, and `ask` returns when one begins."""
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(lambda: cls(on_event), HOST, port))[1]

    async def ask(self, request: bytes, awaited: bytes = b"") -> Response:
        """Returns the response to a request; of an event stream, the event that holds `awaited`. Raises CallError."""
        if not self.usable:
            raise CallError("the server closed the connection")
        self._awaited = awaited
        self._response = Response()
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answered

    def close(self) -> None:
        """Gives the connection up."""
        self.usable = False
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)
        if self._response.at and self._is_awaited() and not self._end_timer:
            # Most servers end the response with the answer. One that does not is left to it.
            self._end_timer = asyncio.get_running_loop().call_later(_END_SECONDS, self._leave)

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        if not self._is_awaited():
            return
        if self._response.at:
            self._answer()
        elif self._answered:
            self._answered.set_exception(CallError(f"connection lost before an answer ({exc})"))

    def on_message_begin(self) -> None:
        self._response = Response()
        self._parts = []
        self._events = None

    def on_header(self, name: bytes, value: bytes) -> None:
        self._response.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._response.status = self._parser.get_status_code()
        if self._response.headers.get(b"content-type", b"").startswith(b"text/event-stream"):
            self._events = EventReader()
        if self._on_event:
            self._answer()

    def on_body(self, body: bytes) -> None:
        if self._events is None:
            self._parts.append(body)
            return
        for event in self._events.feed(body):
            if self._on_event:
                self._on_event(event)
            elif self._awaited in event.data:
                self._response.body = event.data
                self._response.at = time.perf_counter()

    def on_message_complete(self) -> None:
        self.usable = self._parser.should_keep_alive()
        if self._events is None:
            self._response.body = b"".join(self._parts)
        self._response.at = self._response.at or time.perf_counter()
        if self._is_awaited():
            self._answer()

    def _is_awaited(self) -> bool:
        return self._answered is not None and not self._answered.done()

    def _leave(self) -> None:
        self._answer()
        self.close()

    def _answer(self) -> None:
        if self._end_timer:
            self._end_timer.cancel()
            self._end_timer = None
        if self._answered:
            self._answered.set_result(self._response)
