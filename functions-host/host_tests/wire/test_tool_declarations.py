"""Every way in which the Python SDK declares a tool, in an app as its documentation has it, through a real port."""

import json
from typing import Any

import pytest

from host_tests.requirements import shows
from host_tests.servers import Target
from host_tests.wire.clients import Connect, text_of
from host_tests.wire.raw_http import call, open_socket, open_stream, post, request


@pytest.fixture
def app(declarations: Target) -> Target:
    return declarations


def _result(app: Target, tool: str, **arguments: object) -> dict[str, Any]:
    return post(app, call(tool, arguments)).event["result"]


def _text(result: dict[str, Any]) -> str:
    (block,) = result["content"]
    return block["text"]


def _listed(app: Target) -> dict[str, dict[str, Any]]:
    return {tool["name"]: tool for tool in post(app, request("tools/list")).event["result"]["tools"]}


@shows("lists.order")
def test_tools_are_listed_in_the_order_of_their_functions_upper_cased_names(app: Target) -> None:
    names = list(_listed(app))
    assert names == sorted(names, key=str.upper)
    assert names.index("echo") < names.index("Greet") < names.index("returns_an_error") < names.index("returns_a_dict")


@shows("python.generic-trigger", "metadata.meta")
@pytest.mark.anyio
async def test_the_official_client_lists_and_calls_them(app: Target, connect: Connect) -> None:
    async with connect(app) as session:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        assert tools["Greet"].meta == {"ui": {"resourceUri": "ui://greeting"}, "version": 1}
        greeting = await session.call_tool("Greet", {"name": "Ada", "times": 2})
        assert text_of(greeting) == "Hello Ada! Hello Ada!"
        converted = await session.call_tool("convert", {"metres": 1})
        assert converted.structured_content == {"feet": 3.3}
        failed = await session.call_tool("returns_an_error", {})
        assert (failed.is_error, text_of(failed)) == (True, "no such thing")


@shows("tools.schema", "tools.required", "python.generic-trigger")
def test_a_generic_trigger_with_tool_properties_as_in_microsofts_first_sample(app: Target) -> None:
    assert json.dumps(_listed(app)["place_order"]) == json.dumps(
        {
            "name": "place_order",
            "description": "Places an order.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "item": {"type": "string", "description": "What to order."},
                    "count": {"type": "integer", "description": "How many."},
                    "size": {"type": "string", "enum": ["small", "large"], "description": "Size."},
                    "extras": {"type": "array", "items": {"type": "string"}, "description": "More."},
                },
                "required": ["item"],
            },
        }
    )
    assert _text(_result(app, "place_order", item="tea", count=2)) == "2 x tea"
    missing = post(app, call("place_order", {"count": 2})).event["error"]
    assert missing["message"].endswith("Please provide: item")


@shows("tools.listing-order", "tools.own-schema", "tools.output-schema")
def test_a_tool_trigger_with_schemas_of_its_own(app: Target) -> None:
    listed = _listed(app)["convert"]
    assert list(listed) == ["name", "description", "inputSchema", "outputSchema"]
    assert listed["inputSchema"]["properties"]["metres"] == {"type": "number", "minimum": 0}
    assert _result(app, "convert", metres=1) == {
        "content": [{"type": "text", "text": "3.3 feet"}],
        "structuredContent": {"feet": 3.3},
    }


@shows("python.schema")
def test_mcp_tool_takes_its_schema_from_the_signature(app: Target) -> None:
    listed = _listed(app)
    assert listed["describe"]["inputSchema"] == {
        "type": "object",
        "properties": {
            "flag": {"type": "boolean", "description": ""},
            "amount": {"type": "number", "description": ""},
            "count": {"type": "integer", "description": ""},
            "tags": {"type": "array", "items": {"type": "string"}, "description": ""},
            "note": {"type": "string", "description": ""},
            "other": {"type": "object", "description": ""},
        },
        "required": ["flag", "amount", "count", "tags"],
    }
    assert listed["Greet"]["description"] == "Greets somebody."
    assert listed["Greet"]["inputSchema"]["properties"]["name"]["description"] == "Who to greet."
    assert listed["who"]["inputSchema"]["required"] == ["question"]  # the context is no property


@shows("python.arguments")
def test_mcp_tool_hands_over_arguments_with_their_types_and_converts_none(app: Target) -> None:
    types = _text(_result(app, "describe", flag=True, amount=1.5, count="2", tags=[], other={}))
    assert json.loads(types) == {
        "flag": "bool", "amount": "float", "count": "str", "tags": "list", "note": "NoneType", "other": "dict",
    }  # fmt: skip


@shows("payload.transport", "python.context")
def test_the_context_says_which_transport_a_call_came_through(app: Target) -> None:
    assert _text(_result(app, "who", question="Who?")) == "Who? http-streamable"
    with open_stream(app) as stream:
        stream.post(call("who", {"question": "Who?"}))
        assert _text(stream.next_message()["result"]) == "Who? http-sse"


@shows("python.blueprints")
def test_a_function_of_a_blueprint_is_a_tool_like_any_other(app: Target) -> None:
    assert _listed(app)["add"]["inputSchema"] == {
        "type": "object",
        "properties": {"numbers": {"type": "array", "items": {"type": "integer"}, "description": "What to add."}},
        "required": ["numbers"],
    }
    assert _text(_result(app, "add", numbers=[1, 2])) == "3"


@shows("results.plain", "results.one-block", "results.whole", "results.broken", "results.failure", "python.returns")
@pytest.mark.parametrize(
    ("tool", "result"),
    [
        ("returns_a_dict", {"content": [{"type": "text", "text": "{'a': 1}"}]}),
        ("returns_nothing", {"content": [{"type": "text", "text": ""}]}),
        ("returns_bytes", {"content": [{"type": "text", "text": "System.Byte[]"}]}),
        (
            "returns_text_block",
            {
                "content": [{"type": "text", "text": "from a block"}],
                "structuredContent": {"type": "text", "text": "from a block"},
            },
        ),
        (
            "returns_blocks",
            {
                "content": [
                    {"type": "text", "text": "one"},
                    {"type": "image", "data": "cGl4ZWw=", "mimeType": "image/png"},
                ]
            },
        ),
        ("returns_an_error", {"content": [{"type": "text", "text": "no such thing"}], "isError": True}),
        (
            "returns_plain_text",
            {
                "content": [{"type": "text", "text": "An error occurred invoking 'returns_plain_text'."}],
                "isError": True,
            },
        ),
        ("raises", {"content": [{"type": "text", "text": "An error occurred invoking 'raises'."}], "isError": True}),
    ],
)
def test_what_a_tool_returns_becomes_the_result_that_azure_makes_of_it(
    app: Target, tool: str, result: dict[str, object]
) -> None:
    assert _result(app, tool) == result


@shows("results.one-block", "python.returns")
def test_a_class_marked_as_mcp_content_becomes_structured_content(app: Target) -> None:
    assert _result(app, "returns_a_dataclass", place="Oslo") == {
        "content": [{"type": "text", "text": '{"place": "Oslo", "degrees": 21}'}],
        "structuredContent": {"place": "Oslo", "degrees": 21},
    }


@shows("results.plain", "bindings.tool-property")
def test_tool_properties_as_input_bindings_are_text_and_what_is_returned_beside_them_is_json(app: Target) -> None:
    assert _text(_result(app, "paint", bright=True)) == '{\n  "colour": "",\n  "bright": "True"\n}'
    assert json.loads(_text(_result(app, "paint", colour="red", bright=None))) == {"colour": "red", "bright": ""}


@shows("payload.tool", "payload.session", "payload.client", "payload.transport")
def test_the_trigger_receives_what_the_extension_documents(app: Target) -> None:
    answer = post(app, call("ECHO", {"n": 1.50}), {"Mcp-Session-Id": "a|b"})
    payload = json.loads(_text(answer.event["result"]))
    assert list(payload) == ["name", "arguments", "sessionid", "transport"]
    assert (payload["name"], payload["arguments"]) == ("ECHO", {"n": 1.5})
    assert payload["sessionid"] == payload["transport"]["sessionId"] == "a|b"
    assert payload["transport"]["name"] == "http-streamable"
    assert "sessionid" not in json.loads(_text(_result(app, "echo")))
    with open_stream(app) as stream:
        client = {"name": "tests", "version": "1"}
        initialize = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}
        stream.post(request("initialize", initialize))
        stream.next_message()
        stream.post(call("echo"))
        payload = json.loads(_text(stream.next_message()["result"]))
    assert list(payload) == ["name", "clientinfo", "transport"]
    assert payload["clientinfo"] == client
    assert payload["transport"]["name"] == "http-sse"


@shows("payload.headers")
def test_the_function_sees_the_headers_of_the_request(app: Target) -> None:
    sent = {"accept-language": "de", "X-Mine": "Kept", "x-functions-key": "not-a-key"}
    payload = json.loads(_text(post(app, call("echo"), sent).event["result"]))
    headers = payload["transport"]["properties"]["headers"]
    assert (headers["Accept-Language"], headers["X-Mine"], headers["x-functions-key"]) == ("de", "Kept", "not-a-key")
    assert headers["Content-Type"] == "application/json"


@shows("payload.headers")
def test_a_header_that_is_sent_twice_is_one_with_a_comma(app: Target) -> None:
    body = json.dumps(call("echo")).encode()
    head = "POST /runtime/webhooks/mcp HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nContent-Type: application/json\r\n"
    twice = f"X-Twice: one\r\nx-twice: two\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    with open_socket(app) as connection:
        connection.sendall((head + twice).encode() + body)
        answer = b"".join(iter(lambda: connection.recv(4096), b"")).decode()
    data = answer.partition("data: ")[2].partition("\n")[0]
    payload = json.loads(_text(json.loads(data)["result"]))
    assert payload["transport"]["properties"]["headers"]["X-Twice"] == "one,two"
