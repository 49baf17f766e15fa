"""resources/list, resources/templates/list and resources/read, from message to message."""

import json
from typing import Any

import pytest
from functions_host.errors import PersonError
from functions_host.triggers.calls import McpClient
from functions_host.worker_process.messages import Value

from host_tests.host.conftest import Host, raw, resource
from host_tests.requirements import shows

pytestmark = pytest.mark.anyio


def _echo(payload: dict[str, Any]) -> Value:
    return Value("string", json.dumps(payload))


def _never(payload: dict[str, Any]) -> Value:
    raise NotImplementedError


async def _payload(host: Host, uri: str, client: McpClient | None = None) -> Any:
    (contents,) = (await host.result("resources/read", {"uri": uri}, client))["contents"]
    return json.loads(contents["text"])


@shows("lists.order", "resources.listing")
async def test_resources_and_templates_are_listed_apart_in_the_order_of_their_functions_names(host: Host) -> None:
    host.worker.add("b", _never, resource("b://b"))
    host.worker.add("A", _never, resource("a://a"))
    host.worker.add("c", _never, resource("c://{c}"))
    await host.start()
    assert [each["uri"] for each in (await host.result("resources/list"))["resources"]] == ["a://a", "b://b"]
    listed = await host.result("resources/templates/list", {"cursor": "ignored"})
    assert listed == {"resourceTemplates": [{"name": "r", "uriTemplate": "c://{c}"}]}


@shows("resources.listing")
async def test_the_members_of_a_listing_come_in_the_order_of_the_extension(host: Host) -> None:
    described = {"title": "T", "description": "D", "mimeType": "text/plain", "metadata": '{"a":1.0}'}
    host.worker.add("static", _never, resource("a://a", size=5, useResultSchema=False, **described))
    host.worker.add("template", _never, resource("a://{a}", **described))
    await host.start()
    (static,) = (await host.result("resources/list"))["resources"]
    assert json.dumps(static) == json.dumps(
        {"name": "r", "title": "T", "uri": "a://a", "description": "D", "mimeType": "text/plain", "_meta": {"a": 1}}
    )
    (template,) = (await host.result("resources/templates/list"))["resourceTemplates"]
    assert list(template) == ["name", "title", "uriTemplate", "description", "mimeType", "_meta"]


@shows("payload.resource")
async def test_the_function_sees_the_read(host: Host) -> None:
    host.worker.add("echo", _echo, resource("a://A"))
    await host.start()
    client = McpClient("http-streamable", {"Host": "h"}, session_id="a|b")
    assert json.dumps(await _payload(host, "a://a", client)) == json.dumps(
        {
            "uri": "a://a",
            "sessionid": "a|b",
            "transport": {"name": "http-streamable", "sessionId": "a|b", "properties": {"headers": {"Host": "h"}}},
        }
    )


@shows("resources.contents", "resources.envelope")
@pytest.mark.parametrize(
    ("value", "contents"),
    [
        (Value(), []),
        (Value("string", ""), [{"uri": "A://a", "mimeType": "text/x", "text": ""}]),
        (Value("string", "plain"), [{"uri": "A://a", "mimeType": "text/x", "text": "plain"}]),
        (Value("bytes", b"\xff\x00"), [{"uri": "A://a", "mimeType": "text/x", "blob": "/wA="}]),
        (
            Value("string", '{"content":"{\\"text\\":\\"in\\",\\"mimeType\\":\\"\\",\\"uri\\":\\"\\"}"}'),
            [{"uri": "A://a", "mimeType": "text/x", "text": "in"}],
        ),
        (
            Value(
                "string",
                ' {"CONTENT":"{\\"uri\\":\\"b:b\\",\\"mimeType\\":\\"m/m\\",\\"blob\\":\\"YQ==\\",'
                '\\"text\\":\\"lost\\",\\"_meta\\":{\\"a\\":1}}","more":1}',
            ),
            [{"uri": "b:b", "mimeType": "m/m", "blob": "YQ==", "_meta": {"a": 1}}],
        ),
    ],
)
async def test_what_the_function_returned_becomes_contents(host: Host, value: Value, contents: object) -> None:
    host.worker.add("f", lambda _: value, resource("a://a", mimeType="text/x", metadata='{"only":"listed"}'))
    await host.start()
    result = await host.result("resources/read", {"uri": "A://a"})
    assert json.dumps(result) == json.dumps({"contents": contents})


@shows("resources.no-envelope")
@pytest.mark.parametrize(
    "text",
    [
        '{"a":1}',
        "{",
        "[]",
        '{"content":5}',
        '{"content":"not json"}',
        '{"content":"[]"}',
        '{"content":"{\\"text\\":5}"}',
    ],
)
async def test_text_that_only_resembles_an_envelope_is_text(host: Host, text: str) -> None:
    host.worker.add("f", lambda _: Value("string", text), resource("a://a"))
    await host.start()
    result = await host.result("resources/read", {"uri": "a://a"})
    assert result == {"contents": [{"uri": "a://a", "mimeType": None, "text": text}]}


@shows("resources.broken")
@pytest.mark.parametrize(
    "value",
    [
        Value("json", "{}"),
        Value("json", "true"),
        Value("int", 5),
        Value("double", 1.5),
        Value("string", '{"content":null}'),
        Value("string", '{"content":"null"}'),
        Value("string", '{"content":"{}"}'),
    ],
)
async def test_a_value_that_is_no_resource_is_an_error(host: Host, value: Value) -> None:
    host.worker.add("f", lambda _: value, resource("a://a"))
    await host.start()
    assert await host.error("resources/read", {"uri": "a://a"}) == (-32603, "An error occurred.")
    assert host.executions[0].error


@shows("resources.unknown", "resources.invalid-uri")
@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        (None, -32602, "Unknown resource: ''"),
        ({"uri": "a://b"}, -32602, "Unknown resource: 'a://b'"),
        ({"uri": ""}, -32603, "An error occurred."),
        ({"uri": "nope"}, -32603, "An error occurred."),
        ({"uri": "a://{}"}, -32603, "An error occurred."),
        ({"uri": 5}, -32603, "An error occurred."),
        ({}, -32603, "An error occurred."),
    ],
)
async def test_what_cannot_be_read(host: Host, params: object, code: int, message: str) -> None:
    host.worker.add("f", _never, resource("a://a"))
    await host.start()
    assert await host.error("resources/read", params) == (code, message)
    assert not host.executions


@shows("resources.failure")
async def test_a_failed_read_hides_its_reason(host: Host) -> None:
    def fail(payload: dict[str, Any]) -> Value:
        raise ValueError("the reason")

    host.worker.add("f", fail, resource("a://a"))
    await host.start()
    assert await host.error("resources/read", {"uri": "a://a"}) == (-32603, "An error occurred.")
    assert [execution.error for execution in host.executions] == ["the reason"]


@shows("resources.any-case", "resources.order")
async def test_a_resource_comes_before_a_template_and_templates_in_their_order(host: Host) -> None:
    for name, uri in (("a", "a://{x}"), ("b", "a://{x}/{y}"), ("c", "a://static"), ("d", "a://{x}-{y}")):
        host.worker.add(name, lambda _, name=name: Value("string", name), resource(uri))
    await host.start()
    for uri, function in (("A://STATIC", "c"), ("a://other", "a"), ("a://one-two", "a"), ("a://one/two", "b")):
        (contents,) = (await host.result("resources/read", {"uri": uri}))["contents"]
        assert contents["text"] == function


@shows("expressions.templates")
@pytest.mark.parametrize(
    ("path", "resolved"),
    [
        ("{category}-{TAG}", "Books-fic%20tion"),
        ("{mcpresourceuri}", "Store://c/Booksitemsfic%20tion"),
        ("{uri}", "Store://c/Booksitemsfic%20tion"),
        ("{transport.name}", "http-streamable"),
        ("{mcpresourcecontext}", ""),
    ],
)
async def test_bindings_can_name_the_parameters_of_a_template(host: Host, path: str, resolved: str) -> None:
    blob = raw("blob", name="file", path=f"UPPER/{path}", connection="X")
    host.worker.add("f", _never, blob, resource("store://c/{category}items{tag}"))
    await host.start()
    assert (await host.error("resources/read", {"uri": "Store://c/Booksitemsfic%20tion"}))[0] == -32603
    assert f"value 'UPPER/{resolved}'" in str(host.executions[0].error)  # refused, for its container's name


@shows("expressions.templates")
async def test_a_name_that_a_sample_has_and_the_extension_does_not_know_is_explained(host: Host) -> None:
    blob = raw("blob", name="file", path="box/{mcpresourceargs.Name}", connection="X")
    host.worker.add("f", _never, blob, resource("a://{Name}"))
    await host.start()
    await host.error("resources/read", {"uri": "a://b"})
    error = str(host.executions[0].error)
    assert error.startswith("No value for named parameter 'mcpresourceargs'.")
    assert "write {Name}" in error


@shows("expressions.templates")
async def test_a_parameter_with_the_name_of_a_member_of_the_payload_is_overwritten(host: Host) -> None:
    blob = raw("blob", name="file", path="UPPER/{uri}{transport}", connection="X")
    host.worker.add("f", _never, blob, resource("a://{uri}/{transport}"))
    await host.start()
    await host.error("resources/read", {"uri": "a://one/two"})
    assert "value 'UPPER/a://one/two'" in str(host.executions[0].error)


@shows("resources.keeps-from-starting")
@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        ("a://A", "A://a", "Resource with URI 'A://a' is already registered."),
        (
            "a://{x}/b",
            "A://{y}/b",
            "A resource template with an equivalent URI pattern is already registered. "
            "Existing: 'a://{x}/b', New: 'A://{y}/b'.",
        ),
        ("b://b", "nope", "Invalid resource URI format: 'nope'"),
    ],
)
async def test_uris_that_keep_the_host_from_starting(host: Host, first: str, second: str, sentence: str) -> None:
    host.worker.add("first", _never, resource(first))
    host.worker.add("second", _never, resource(second))
    with pytest.raises(PersonError) as raised:
        await host.start()
    assert sentence in raised.value.sentence


@shows("resources.in-error")
@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"resourceName": None}, "no resourceName"),
        ({"metadata": "[]"}, "not a JSON object"),
        ({"title": [5]}, "title is a list and not text"),
        ({"size": "much"}, "size is no whole number"),
        ({"dataType": "BINARY"}, "fails every call"),
    ],
)
async def test_what_puts_a_resource_in_error(host: Host, members: dict[str, object], problem: str) -> None:
    host.worker.add("f", _never, resource("a://a", **members))
    await host.start()
    assert problem in host.host.app.errors[0]
    assert (await host.result("resources/list"))["resources"] == []
