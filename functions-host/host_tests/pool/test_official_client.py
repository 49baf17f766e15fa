"""The pool as an MCP server of its own, for the official client."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx2
import pytest
from functions_host.pool.quirks import Quirks
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import TextContent

from host_tests.pool.clients import RUN_PYTHON, RUN_SHELL, PoolClient

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def _connected(pool: PoolClient) -> AsyncGenerator[ClientSession]:
    async with (
        httpx2.AsyncClient(headers={"x-ms-apikey": pool.pool.key}, timeout=30) as http,
        streamable_http_client(pool.pool.endpoint, http_client=http) as (read, write),
        ClientSession(read, write, read_timeout_seconds=30) as session,
    ):
        await session.initialize()
        yield session


async def test_it_shakes_hands_and_lists_the_tools_of_the_tutorial(pool: PoolClient) -> None:
    async with _connected(pool) as session:
        assert session.initialize_result is not None
        assert session.initialize_result.server_info.name == "Microsoft Container Apps MCP Server"
        tools = (await session.list_tools()).tools
    assert {tool.name: tool.description for tool in tools} == {
        "launchShell": "Creates a new environment and returns an environmentId",
        RUN_PYTHON: "Executes Python code in an existing environment",
        RUN_SHELL: "Executes a shell command in an existing environment",
    }


@pytest.mark.parametrize("sse_reply", [False, True], ids=["json", "sse"])
async def test_it_launches_an_environment_and_calculates_fibonacci_numbers(pool: PoolClient, sse_reply: bool) -> None:
    pool.pool.quirks = Quirks(sse_reply=sse_reply)
    try:
        async with _connected(pool) as session:
            launched = (await session.call_tool("launchShell", {})).structured_content
            assert launched is not None
            code = "a, b = 0, 1\nfor _ in range(20):\n    print(a, end=' ')\n    a, b = b, a + b"
            result = await session.call_tool(
                RUN_PYTHON, {"environmentId": launched["environmentId"], "pythonCode": code}
            )
    finally:
        pool.pool.quirks = Quirks()
    assert not result.is_error
    assert result.structured_content is not None
    assert result.structured_content["stdout"].split()[-1] == "4181"
    (block,) = result.content
    assert isinstance(block, TextContent)
    assert "4181" in block.text


async def test_an_identifier_that_cannot_be_is_an_error_that_a_model_can_read(pool: PoolClient) -> None:
    async with _connected(pool) as session:
        result = await session.call_tool(RUN_PYTHON, {"environmentId": "1", "pythonCode": "1"})
    assert result.is_error
    (block,) = result.content
    assert isinstance(block, TextContent)
    assert block.text.startswith("InvalidLengthOfSessionIdentifier")
