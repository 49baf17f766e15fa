"""prompts/list and prompts/get, from message to message."""

import json
from typing import Any

import pytest
from functions_host.errors import PersonError
from functions_host.triggers.calls import McpClient
from functions_host.worker_process.messages import Value

from host_tests.host.conftest import Host, prompt, raw
from host_tests.requirements import shows

pytestmark = pytest.mark.anyio


def _never(payload: dict[str, Any]) -> Value:
    raise NotImplementedError


async def _listed(host: Host, **members: object) -> dict[str, Any]:
    host.worker.add("f", _never, prompt("p", **members))
    await host.start()
    (listed,) = (await host.result("prompts/list", {"cursor": "ignored"}))["prompts"]
    return listed


async def _got(host: Host, value: Value, **members: object) -> Any:
    host.worker.add("f", lambda _: value, prompt("p", **members))
    await host.start()
    return await host.ask("prompts/get", {"name": "p"})


@shows("lists.cursor", "prompts.listing")
async def test_the_members_of_a_listing_come_in_the_order_of_the_extension(host: Host) -> None:
    arguments = [{"required": True, "name": "a", "title": "A", "description": "d"}]
    icons = [{"theme": "dark", "SRC": "https://a/b", "sizes": ["1x1"], "mimeType": "image/png"}]
    listed = await _listed(
        host,
        title="T",
        description="D",
        promptArguments=json.dumps(arguments),
        icons=json.dumps(icons),
        metadata='{"m":1.0}',
    )
    assert json.dumps(listed) == json.dumps(
        {
            "name": "p",
            "title": "T",
            "description": "D",
            "arguments": [{"name": "a", "title": "A", "description": "d", "required": True}],
            "icons": [{"src": "https://a/b", "mimeType": "image/png", "sizes": ["1x1"], "theme": "dark"}],
            "_meta": {"m": 1},
        }
    )


@shows("prompts.arguments")
@pytest.mark.parametrize(
    ("arguments", "listed"),
    [
        (None, {"name": "p"}),
        ("", {"name": "p"}),
        ("[]", {"name": "p", "arguments": []}),
        ('[{"Name":"a"}]', {"name": "p", "arguments": [{"name": "a", "description": ""}]}),
        (
            '[{"name":"a","description":null,"required":false,"more":1}]',
            {"name": "p", "arguments": [{"name": "a", "required": False}]},
        ),
    ],
)
async def test_how_arguments_are_listed(host: Host, arguments: str | None, listed: object) -> None:
    assert await _listed(host, promptArguments=arguments) == listed


@shows("payload.client", "payload.prompt")
async def test_the_function_sees_the_call_with_the_types_of_its_arguments(host: Host) -> None:
    host.worker.add("f", lambda payload: Value("string", json.dumps(payload)), prompt("P"))
    await host.start()
    client = McpClient("http-sse", {"Host": "h"}, client_info=b'{"name":"c","version":"1"}')
    result = await host.result("prompts/get", {"name": "p", "arguments": {"b": 1.5, "a": [True]}}, client)
    assert json.loads(result["messages"][0]["content"]["text"]) == {
        "name": "p",
        "arguments": {"b": 1.5, "a": [True]},
        "clientinfo": {"name": "c", "version": "1"},
        "transport": {"name": "http-sse", "properties": {"headers": {"Host": "h"}}},
    }


@shows("prompts.required")
@pytest.mark.parametrize(
    ("arguments", "missing"),
    [({}, "a, b"), ({"a": None, "B": 1, "b": 1}, "a"), ({"a": "", "b": []}, None), (None, "a, b")],
)
async def test_only_the_presence_of_required_arguments_is_checked(
    host: Host, arguments: object, missing: str | None
) -> None:
    declared = [{"name": "a", "required": True}, {"name": "b", "required": True}, {"name": "c", "required": False}]
    host.worker.add("f", lambda _: Value("string", "ran"), prompt("p", promptArguments=json.dumps(declared)))
    await host.start()
    params = {"name": "p", "arguments": arguments}
    if missing is None:
        assert (await host.result("prompts/get", params))["messages"][0]["content"]["text"] == "ran"
    else:
        text = f"One or more required prompt arguments are missing values. Please provide: {missing}"
        assert await host.error("prompts/get", params) == (-32602, text)
        assert not host.executions


@shows("prompts.plain")
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Value("string", "hi"), "hi"),
        (Value("string", '{"type":"prompt_messages","content":"[]"}'), '{"type":"prompt_messages","content":"[]"}'),
        (Value("json", '{"a":1}'), '{\n  "a": 1\n}'),
        (Value("int", 5), "5"),
        (Value("bytes", b"b"), "System.Byte[]"),
    ],
)
async def test_without_a_result_schema_any_value_is_one_message_of_the_user(
    host: Host, value: Value, text: str
) -> None:
    result = (await _got(host, value, useResultSchema=False))["result"]
    assert json.dumps(result) == json.dumps({"messages": [{"content": {"type": "text", "text": text}, "role": "user"}]})


@shows("prompts.none")
@pytest.mark.parametrize("use_result_schema", [True, False])
async def test_no_value_is_no_message(host: Host, use_result_schema: bool) -> None:
    assert (await _got(host, Value(), useResultSchema=use_result_schema))["result"] == {"messages": []}


@shows("prompts.whole")
async def test_an_envelope_holds_a_whole_result(host: Host) -> None:
    whole = {
        "_meta": {"m": 1},
        "messages": [
            {"role": "Assistant", "content": {"type": "image", "mimeType": "image/png", "data": "AQID"}},
            {"content": {"type": "resource", "resource": {"uri": "a:b", "text": "t"}}},
            {},
        ],
        "description": "D",
    }
    envelope = json.dumps({"TYPE": "GET_PROMPT_RESULT", "content": json.dumps(whole)})
    result = (await _got(host, Value("string", envelope), useResultSchema=True))["result"]
    assert json.dumps(result) == json.dumps(
        {
            "description": "D",
            "messages": [
                {"content": {"type": "image", "data": "AQID", "mimeType": "image/png"}, "role": "assistant"},
                {
                    "content": {"type": "resource", "resource": {"uri": "a:b", "mimeType": None, "text": "t"}},
                    "role": "user",
                },
                {"content": {"type": "text", "text": ""}, "role": "user"},
            ],
            "_meta": {"m": 1},
        }
    )


@shows("prompts.messages")
async def test_an_envelope_holds_messages(host: Host) -> None:
    messages = [{"role": "assistant", "content": {"type": "text", "text": "t"}}]
    envelope = json.dumps({"type": "prompt_messages", "content": json.dumps(messages)})
    assert (await _got(host, Value("string", envelope), useResultSchema=True))["result"] == {"messages": messages}


@shows("prompts.broken")
@pytest.mark.parametrize(
    "returned",
    [
        "plain",
        "{}",
        '{"type":"text","content":"{}"}',
        '{"type":"get_prompt_result","content":null}',
        '{"type":"get_prompt_result","content":"null"}',
        '{"type":"prompt_messages","content":"{}"}',
        '{"type":"prompt_messages","content":"[{\\"role\\":\\"system\\"}]"}',
        '{"type":"prompt_messages","content":"[{\\"content\\":{\\"type\\":\\"unheard_of\\"}}]"}',
    ],
)
async def test_a_value_that_breaks_the_result_schema_is_an_error(host: Host, returned: str) -> None:
    answer = await _got(host, Value("string", returned), useResultSchema=True)
    assert answer["error"] == {"code": -32603, "message": "An error occurred."}


@shows("prompts.unknown")
@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        (None, -32602, "Unknown prompt: ''"),
        ({"name": "x"}, -32602, "Unknown prompt: 'x'"),
        ({}, -32603, "An error occurred."),
        ({"name": "p", "arguments": []}, -32603, "An error occurred."),
    ],
)
async def test_what_cannot_be_got(host: Host, params: object, code: int, message: str) -> None:
    host.worker.add("f", _never, prompt("p"))
    await host.start()
    assert await host.error("prompts/get", params) == (code, message)


@shows("prompts.failure")
async def test_a_failed_prompt_hides_its_reason(host: Host) -> None:
    def fail(payload: dict[str, Any]) -> Value:
        raise ValueError("the reason")

    host.worker.add("f", fail, prompt("p"))
    await host.start()
    assert await host.error("prompts/get", {"name": "P"}) == (-32603, "An error occurred.")
    assert [execution.error for execution in host.executions] == ["the reason"]


@shows("prompts.keeps-from-starting")
@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"promptArguments": "{"}, "promptArguments of the prompt 'p' are not"),
        ({"promptArguments": '[{"description":"no name"}]'}, "promptArguments of the prompt 'p' are not"),
        ({"icons": '[{"mimeType":"image/png"}]'}, "icons of the prompt 'p' are not"),
    ],
)
async def test_what_keeps_the_host_from_starting(host: Host, members: dict[str, object], sentence: str) -> None:
    host.worker.add("f", _never, prompt("p", **members))
    with pytest.raises(PersonError, match=sentence):
        await host.start()


@shows("prompts.keeps-from-starting")
async def test_two_prompts_with_one_name_keep_the_host_from_starting(host: Host) -> None:
    host.worker.add("a", _never, prompt("p"))
    host.worker.add("b", _never, prompt("P"))
    with pytest.raises(PersonError, match="Prompt with name 'P' is already registered"):
        await host.start()


@shows("prompts.own-names")
async def test_a_tool_and_a_prompt_may_share_a_name(host: Host) -> None:
    host.worker.add("a", _never, prompt("same"))
    host.worker.add("b", _never, raw("mcpToolTrigger", toolName="same", description=""))
    await host.start()
    assert len((await host.result("prompts/list"))["prompts"]) == 1
    assert len((await host.result("tools/list"))["tools"]) == 1


@shows("prompts.in-error")
@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"promptName": None}, "no promptName"),
        ({"promptArguments": []}, "promptArguments is a list and not text"),
        ({"metadata": "5"}, "not a JSON object"),
    ],
)
async def test_what_puts_a_prompt_in_error(host: Host, members: dict[str, object], problem: str) -> None:
    host.worker.add("f", _never, raw("mcpPromptTrigger", **{"promptName": "p"} | members))
    await host.start()
    assert problem in host.host.app.errors[0]
