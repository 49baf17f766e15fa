"""What goes to a client's connection, and when."""

import asyncio

import httpx2
import pytest
from functions_host.listener import StopSignal, listen, serve
from starlette.types import Receive, Scope, Send

pytestmark = pytest.mark.anyio


async def test_after_an_answer_without_a_body_nothing_is_left_to_send_and_the_server_stops_at_once() -> None:
    async def accept(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    listener, stop, ready = listen("127.0.0.1", 0), StopSignal(), asyncio.Event()
    port = listener.getsockname()[1]
    serving = asyncio.create_task(serve(accept, listener, ready.set, stop))
    await ready.wait()
    async with httpx2.AsyncClient() as http:
        assert (await http.get(f"http://127.0.0.1:{port}/")).status_code == 202
        stop.set()
        await asyncio.wait_for(serving, 1.5)  # uvicorn waits two seconds for a connection that is still busy
