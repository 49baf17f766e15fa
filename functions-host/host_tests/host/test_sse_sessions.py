"""Sessions of the legacy transport, without a socket: pings, order, and the end."""

import json
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from functions_host.mcp.legacy_sse import SseSession
from functions_host.mcp.messages import Request, Response
from functions_host.triggers.calls import McpClient

from host_tests.requirements import shows

pytestmark = pytest.mark.anyio


async def _answer(request: Request, client: McpClient) -> bytes:
    return b'"answer"'


def _no_problem(text: str) -> None:
    raise AssertionError(text)


async def _next(events: Any) -> Any:
    with anyio.fail_after(10):
        event: bytes = await anext(events)
    return json.loads(event.decode().partition("data: ")[2])


@shows("sse.pings")
async def test_a_ping_comes_after_the_pause_and_another_once_it_was_answered() -> None:
    session = SseSession(McpClient("http-sse", {}), _answer, _no_problem, ping_seconds=0.01)
    events = session.events("message?x")
    await anext(events)
    for number in (1, 2, 3):
        assert await _next(events) == {"method": "ping", "id": number, "jsonrpc": "2.0"}
        session.receive(Response(number, is_error=False))
    session.close()


@shows("sse.ping-error")
@pytest.mark.parametrize("answer", [Response(1, is_error=True), None])
async def test_after_an_error_or_without_an_answer_there_are_no_more_pings_and_the_session_stays(
    answer: Response | None,
) -> None:
    session = SseSession(McpClient("http-sse", {}), _answer, _no_problem, ping_seconds=0)
    events = session.events("message?x")
    await anext(events)
    assert (await _next(events))["method"] == "ping"
    if answer:
        session.receive(answer)
    for number in range(100):  # the pause goes by each time, and nothing but answers comes
        session.receive(Request(number, "any", None))
        assert await _next(events) == "answer"
        await anyio.lowlevel.checkpoint()


@shows("sse.endpoint")
async def test_closing_ends_the_stream() -> None:
    session = SseSession(McpClient("http-sse", {}), _answer, _no_problem)
    events = session.events("message?x")
    assert await anext(events) == b"event: endpoint\ndata: message?x\n\n"
    session.close()
    assert [event async for event in events] == []
