"""The official MCP client, over each of the two transports."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx2
from mcp import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

from tests.servers import Target

type Connect = Callable[[Target], AbstractAsyncContextManager[ClientSession]]

_SECONDS = 60


@asynccontextmanager
async def connect_streamable_http(target: Target) -> AsyncGenerator[ClientSession]:
    """A client over Streamable HTTP, which has shaken hands."""
    async with (
        httpx2.AsyncClient(headers=target.headers, timeout=_SECONDS) as http,
        streamable_http_client(target.url, http_client=http) as (read, write),
        ClientSession(read, write, read_timeout_seconds=_SECONDS) as session,
    ):
        await session.initialize()
        yield session


@asynccontextmanager
async def connect_sse(target: Target) -> AsyncGenerator[ClientSession]:
    """A client over the legacy SSE transport, which has shaken hands."""
    async with (
        sse_client(target.sse_url, headers=target.headers) as (read, write),
        ClientSession(read, write, read_timeout_seconds=_SECONDS) as session,
    ):
        await session.initialize()
        yield session


def text_of(result: CallToolResult) -> str:
    """Returns the text of a result that is one text block."""
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


async def save(session: ClientSession, name: str, snippet: str) -> str:
    """Saves a snippet and returns what the tool said. Fails if it could not."""
    result = await session.call_tool("savesnippet", {"snippetname": name, "snippet": snippet})
    assert not result.is_error, result
    return text_of(result)


async def get(session: ClientSession, name: str) -> str:
    """Returns a snippet. Fails if there is none."""
    result = await session.call_tool("getsnippet", {"snippetname": name})
    assert not result.is_error, result
    return text_of(result)
