"""hello, as an agent uses it, and the handshake before it. Its text is yours to change."""

import json
from pathlib import Path

import pytest

from tests.clients import Connect, text_of
from tests.in_process import Call
from tests.servers import Target

pytestmark = pytest.mark.anyio

_HOST = Path(__file__).resolve().parent.parent / "src" / "host.json"


async def test_the_handshake_names_the_server_as_host_json_does(target: Target, connect: Connect) -> None:
    named = json.loads(_HOST.read_text(encoding="utf-8"))["extensions"]["mcp"]
    async with connect(target) as session:
        shaken = session.initialize_result
    assert shaken is not None
    assert shaken.server_info.name == named["serverName"]
    assert shaken.instructions == named["instructions"]


async def test_hello_takes_no_arguments_and_says_something(target: Target, connect: Connect) -> None:
    async with connect(target) as session:
        (hello,) = [tool for tool in (await session.list_tools()).tools if tool.name == "hello"]
        assert hello.input_schema["properties"] == {}
        assert hello.description
        result = await session.call_tool("hello", {})
    assert not result.is_error
    assert text_of(result).strip()


async def test_hello_can_be_called_without_a_server(call: Call) -> None:
    assert text_of(await call("hello")).strip()
