"""A caller over the legacy SSE transport: messages are posted, and answers come on a stream."""

import asyncio
import time
from urllib.parse import urljoin

from host_tests.benchmarks.calls import INITIALIZE, REQUEST_NUMBER
from host_tests.benchmarks.connection import CallError, Connection
from host_tests.benchmarks.event_stream import Event
from host_tests.benchmarks.measurement import Load
from host_tests.benchmarks.requests import INITIALIZED, Template, post, post_head, request_head


class SseCaller:
    """Two connections: the stream, and the one for posts."""

    def __init__(self, load: Load, caller: int) -> None:
        self._load = load
        self._template = Template(load.call, caller)
        self._awaited = b""

    async def open(self) -> None:
        """Opens the stream, learns from its first event where to post, and shakes hands. Raises CallError."""
        port = self._load.port
        self._endpoint: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._stream = await Connection.open(port, self._on_event)
        head = request_head("GET", port, self._load.path, self._load.headers | {"Accept": "text/event-stream"})
        response = await self._stream.ask(head)
        if response.status != 200:
            raise CallError(response.shown())
        self._path = urljoin(self._load.path, await self._endpoint)
        self._posts = await Connection.open(port)
        await self._shake_hands()
        length = len(self._template.body(b"%d" % REQUEST_NUMBER))
        self._head = post_head(port, self._path, length, self._load.headers)

    async def call(self, number: bytes) -> float:
        """Makes the call, and returns when its answer was there. Raises CallError if it is not the right one."""
        body, at = await self._ask(self._head + self._template.body(number), number)
        if not self._template.is_answered_by(body, number):
            raise CallError(body.decode(errors="replace")[:500])
        return at

    async def close(self) -> None:
        """Disconnects, with which the server forgets the session."""
        self._stream.close()
        self._posts.close()

    async def _ask(self, request: bytes, number: bytes) -> tuple[bytes, float]:
        """Posts a message; the next one may go out when it was accepted and its answer is there."""
        self._awaited = number
        self._answered: asyncio.Future[tuple[bytes, float]] = asyncio.get_running_loop().create_future()
        await self._post(request)
        return await self._answered

    async def _post(self, request: bytes) -> None:
        if not self._posts.usable:
            self._posts.close()
            self._posts = await Connection.open(self._load.port)
        accepted = await self._posts.ask(request)
        if accepted.status != 202:
            raise CallError(accepted.shown())

    async def _shake_hands(self) -> None:
        number = b"%d" % REQUEST_NUMBER
        body = Template(INITIALIZE, 0).body(number)
        await self._ask(post(self._load.port, self._path, body, self._load.headers), number)
        await self._post(post(self._load.port, self._path, INITIALIZED, self._load.headers))

    def _on_event(self, event: Event) -> None:
        if event.name == b"endpoint":
            self._endpoint.set_result(event.data.decode())
        elif self._awaited and self._awaited in event.data:  # anything else is a ping or a notification
            self._awaited = b""
            self._answered.set_result((event.data, time.perf_counter()))
