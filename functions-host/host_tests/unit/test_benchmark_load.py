"""The load generator of the benchmarks: what it takes for an answer, and what it does not."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from host_tests.benchmarks.calls import CALLER_NUMBER, HELLO, REQUEST_NUMBER, Call
from host_tests.benchmarks.connection import CallError, Connection
from host_tests.benchmarks.event_stream import Event, EventReader
from host_tests.benchmarks.http_caller import HttpCaller
from host_tests.benchmarks.measurement import Load, Transport
from host_tests.benchmarks.requests import Template
from host_tests.benchmarks.sse_caller import SseCaller

pytestmark = pytest.mark.anyio

_SECONDS = 10
_NUMBER = b"100000001"
_ANSWER = b'{"result":{"content":[{"type":"text","text":"Hello I am MCPTool!"}]},"id":100000001,"jsonrpc":"2.0"}'

type Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def _serving(handler: Handler) -> AsyncGenerator[int]:
    """Runs a server that answers every connection as `handler` does, and gives its port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):  # the caller has gone
            await handler(reader, writer)
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server, asyncio.timeout(_SECONDS):
        yield server.sockets[0].getsockname()[1]


async def _request(reader: asyncio.StreamReader) -> tuple[str, str]:
    """Returns the head and the body of the next request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = head.lower().partition("content-length: ")[2].partition("\r\n")[0]
    return head, (await reader.readexactly(int(length or 0))).decode()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _json(body: bytes, headers: str = "") -> bytes:
    return f"HTTP/1.1 200 OK\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


_STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_PING = b'data: {"method":"ping","id":1}\n\n'
_EVENT = b"event: message\r\ndata: %b\r\n\r\n" % _ANSWER


def _load(port: int, transport: Transport = "http", call: Call = HELLO) -> Load:
    return Load(port, "/mcp", {}, transport, call, 1, 0)


def test_events_are_the_same_in_whatever_pieces_they_come() -> None:
    stream = b": ping\r\n\r\nevent: endpoint\ndata: /here\n\ndata:one\ndata: two\r\n\r\nid: 7\n\ndata: never ended"
    expected = [Event(b"endpoint", b"/here"), Event(b"message", b"one\ntwo")]
    for size in (1, 2, 3, 7, len(stream)):
        reader = EventReader()
        pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
        assert [event for piece in pieces for event in reader.feed(piece)] == expected


def test_a_number_stands_wherever_it_is_meant_to_and_every_caller_has_its_own() -> None:
    call = Call(
        "m", {"name": f"new-{REQUEST_NUMBER}", "caller": f"caller-{CALLER_NUMBER}"}, f"saved new-{REQUEST_NUMBER}"
    )
    template = Template(call, 3)
    assert template.body(_NUMBER) == (
        b'{"jsonrpc":"2.0","id":100000001,"method":"m","params":{"name":"new-100000001","caller":"caller-200000003"}}'
    )
    assert template.is_answered_by(b'{"id":100000001,"result":"saved new-100000001"}', _NUMBER)
    assert not template.is_answered_by(b'{"id":100000001,"result":"saved new-100000002"}', _NUMBER)
    assert not template.is_answered_by(b'{"id":100000002,"result":"saved new-100000001"}', _NUMBER)


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(_json(_ANSWER), id="JSON"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + _chunk(_ANSWER) + _chunk(b""), id="chunks"
        ),
        pytest.param(_STREAM + _chunk(_EVENT) + _chunk(b""), id="an event"),
        pytest.param(_STREAM + _chunk(_EVENT[:30]) + _chunk(_EVENT[30:]) + _chunk(b""), id="an event in two chunks"),
        pytest.param(_STREAM + _chunk(_PING + _EVENT + _PING) + _chunk(b""), id="an event between others"),
    ],
)
async def test_every_way_of_answering_is_read_on_one_connection(response: bytes) -> None:
    connections: list[int] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        while True:
            await _request(reader)
            for byte in response:  # the answer comes in the smallest pieces there are
                writer.write(bytes([byte]))
                await writer.drain()

    async with _serving(handler) as port:
        caller = HttpCaller(_load(port), 0)
        await caller.open()
        assert await caller.call(_NUMBER) < await caller.call(_NUMBER)
        await caller.close()
    assert len(connections) == 1


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(_json(_ANSWER).replace(b"200 OK", b"503 Busy"), id="status"),
        pytest.param(_json(_ANSWER.replace(b"100000001", b"100000002")), id="id"),
        pytest.param(_json(_ANSWER.replace(b"Hello", b"Oh, no")), id="text"),
        pytest.param(_json(_ANSWER)[:-5], id="cut off"),
        pytest.param(b"", id="closed"),
    ],
)
async def test_a_wrong_answer_is_an_error(response: bytes) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(response)

    async with _serving(handler) as port:
        caller = HttpCaller(_load(port), 0)
        await caller.open()
        with pytest.raises(CallError):
            await caller.call(_NUMBER)
        await caller.close()


@pytest.mark.parametrize("stays_open", [False, True])
async def test_a_server_that_closes_or_never_ends_its_response_is_connected_to_again(stays_open: bool) -> None:
    connections: list[int] = []
    done = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        await _request(reader)
        writer.write(_STREAM + _chunk(_EVENT) if stays_open else _json(_ANSWER, "Connection: close\r\n"))
        if stays_open:
            await done.wait()

    async with _serving(handler) as port:
        caller = HttpCaller(_load(port), 0)
        await caller.open()
        await caller.call(_NUMBER)
        await caller.call(_NUMBER)
        await caller.close()
        done.set()
    assert len(connections) == 2


async def test_a_session_is_begun_named_in_every_call_and_ended() -> None:
    heads: list[str] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, body = await _request(reader)
            heads.append(head)
            if '"initialize"' in body:
                answer = _ANSWER.replace(b"100000001", b"100000000")
                writer.write(_json(answer, "Mcp-Session-Id: mine\r\n"))
            elif "notifications/initialized" in body:
                writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
            else:
                writer.write(_json(_ANSWER))

    async with _serving(handler) as port:
        caller = HttpCaller(_load(port, "session"), 0)
        await caller.open()
        await caller.call(_NUMBER)
        await caller.close()
    assert [head.split()[0] for head in heads] == ["POST", "POST", "POST", "DELETE"]
    assert ["Mcp-Session-Id: mine" in head for head in heads] == [False, True, True, True]


async def test_over_sse_messages_are_posted_where_the_stream_says_and_answers_come_on_it() -> None:
    posted: list[str] = []
    stream: list[asyncio.StreamWriter] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, body = await _request(reader)
            if head.startswith("GET"):
                stream.append(writer)
                writer.write(_STREAM + _chunk(b"event: endpoint\r\ndata: message?session=1\r\n\r\n: ping\r\n\r\n"))
                continue
            posted.append(head.split()[1])
            number = body.partition('"id":')[2][:9].encode()
            if number.isdigit():
                answer = b"data: %b\n\n" % _ANSWER.replace(b"100000001", number)
                stream[0].write(_chunk(_PING) + _chunk(answer[:40]) + _chunk(answer[40:]))
            writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 8\r\n\r\nAccepted")

    async with _serving(handler) as port:
        caller = SseCaller(_load(port, "sse"), 0)
        await caller.open()
        await caller.call(_NUMBER)
        await caller.close()
    assert posted == ["/message?session=1"] * 3


async def test_a_response_is_its_own_and_after_the_connection_there_is_none() -> None:
    closed = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for body in (b"one", b"two"):
            await _request(reader)
            writer.write(_json(body))
        await reader.read()
        closed.set()

    async with _serving(handler) as port:
        connection = await Connection.open(port)
        assert [(await connection.ask(b"GET / HTTP/1.1\r\n\r\n")).body for _ in range(2)] == [b"one", b"two"]
        connection.close()
        await closed.wait()
        with pytest.raises(CallError):
            await connection.ask(b"GET / HTTP/1.1\r\n\r\n")
