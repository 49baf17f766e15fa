"""The official MCP client, over each of the two transports."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from ssl import SSLContext

import httpx2
from mcp import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

from host_tests.servers import Target

type Connect = Callable[[Target], AbstractAsyncContextManager[ClientSession]]

_SECONDS = 60


@cache
def _trusted() -> SSLContext:
    """Whom to trust over TLS, read once: to read it takes longer than all else that a connection here needs."""
    return httpx2.create_ssl_context()


@asynccontextmanager
async def connect_streamable_http(target: Target) -> AsyncGenerator[ClientSession]:
    """A client over Streamable HTTP, which has shaken hands."""
    async with (
        httpx2.AsyncClient(headers=target.headers, timeout=_SECONDS, verify=_trusted()) as http,
        streamable_http_client(target.url, http_client=http) as (read, write),
        ClientSession(read, write, read_timeout_seconds=_SECONDS) as session,
    ):
        await session.initialize()
        yield session


@asynccontextmanager
async def connect_sse(target: Target) -> AsyncGenerator[ClientSession]:
    """A client over the legacy SSE transport, which has shaken hands."""
    async with (
        sse_client(target.sse_url, headers=target.headers, httpx_client_factory=_http) as (read, write),
        ClientSession(read, write, read_timeout_seconds=_SECONDS) as session,
    ):
        await session.initialize()
        yield session


def _http(
    headers: dict[str, str] | None = None, timeout: httpx2.Timeout | None = None, auth: httpx2.Auth | None = None
) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(headers=headers, timeout=timeout, auth=auth, verify=_trusted())


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
