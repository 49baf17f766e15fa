"""A storage that misbehaves: Azurite behind a proxy that a test can make slow, break, or answer in Azurite's place."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from anyio.from_thread import start_blocking_portal

_LIMIT = 64 * 1024

type Stage = Literal["asked", "half", "sent", "answered"]
"""The head of a request has come; half of its body was handed on; all of it; half of the answer was handed back."""
type Move = Literal["go on", "cut", "hold"] | int
"""What to do then: nothing, cut both connections, wait for `release`, or answer with a status."""
type Rule = Callable[[Stage, "StorageRequest"], Move]


@dataclass(frozen=True)
class StorageRequest:
    """One request to the storage."""

    number: int
    verb: str

    @property
    def writes(self) -> bool:
        return self.verb == "PUT"


def go_on(stage: Stage, request: StorageRequest) -> Move:
    """The rule of a storage that behaves."""
    return "go on"


@dataclass
class StorageProxy:
    """Hands requests on to a storage, as its rule says."""

    storage_port: int
    rule: Rule = go_on
    port: int = 0
    requests: int = 0
    _released: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", limit=_LIMIT)
        self.port = self._server.sockets[0].getsockname()[1]

    async def release(self) -> None:
        """Lets those go on that are held, and holds nobody any more."""
        self.rule = go_on
        self._released.set()
        self._released = asyncio.Event()

    async def stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        upstream: asyncio.StreamWriter | None = None
        try:
            from_storage, upstream = await asyncio.open_connection("127.0.0.1", self.storage_port, limit=_LIMIT)
            while await self._exchange(reader, writer, from_storage, upstream):
                pass
        except (OSError, EOFError, _CutError):
            pass
        finally:
            self._tasks.discard(task)
            for each in (writer, upstream):
                if each:
                    each.transport.abort()

    async def _exchange(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        from_storage: asyncio.StreamReader,
        upstream: asyncio.StreamWriter,
    ) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        self.requests += 1
        request = StorageRequest(self.requests, head.partition(b" ")[0].decode())
        body = await reader.readexactly(_content_length(head))
        status = await self._at("asked", request)
        if status:
            writer.write(_answer(status))
            return True
        upstream.write(head + body[: len(body) // 2])
        await upstream.drain()
        await self._at("half", request)
        upstream.write(body[len(body) // 2 :])
        await upstream.drain()
        await self._at("sent", request)
        answer = await from_storage.readuntil(b"\r\n\r\n")
        if request.verb != "HEAD":
            answer += await _rest_of(from_storage, answer)
        writer.write(answer[: len(answer) // 2])
        await writer.drain()
        await self._at("answered", request)
        writer.write(answer[len(answer) // 2 :])
        await writer.drain()
        return True

    async def _at(self, stage: Stage, request: StorageRequest) -> int | None:
        move = self.rule(stage, request)
        if move == "hold":
            await self._released.wait()
        elif move == "cut":
            raise _CutError
        elif isinstance(move, int):
            return move
        return None


class _CutError(Exception):
    """The rule says so."""


@contextmanager
def storage_proxy(storage_port: int) -> Generator[tuple[StorageProxy, Callable[[], None]]]:
    """Runs a proxy in a thread of its own; yields it, and what releases those that it holds."""
    with start_blocking_portal() as portal:
        proxy = StorageProxy(storage_port)
        portal.call(proxy.start)
        try:
            yield proxy, lambda: portal.call(proxy.release)
        finally:
            portal.call(proxy.release)
            portal.call(proxy.stop)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def _rest_of(reader: asyncio.StreamReader, head: bytes) -> bytes:
    """Returns the body of an answer, as it is on the wire."""
    if b"transfer-encoding: chunked" not in head.lower():
        return await reader.readexactly(_content_length(head))
    parts: list[bytes] = []
    while True:
        size = await reader.readuntil(b"\r\n")
        parts.append(size + await reader.readexactly(int(size, 16) + 2))
        if int(size, 16) == 0:
            return b"".join(parts)


def _answer(status: int) -> bytes:
    body = b"<Error><Code>ServerBusy</Code><Message>The test says so.</Message></Error>"
    head = f"HTTP/1.1 {status} Fault\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
