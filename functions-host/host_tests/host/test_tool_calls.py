"""tools/list and tools/call, from message to message."""

import json
from typing import Any

import pytest
from functions_host.triggers.calls import McpClient
from functions_host.worker_process.messages import Value

from host_tests.host.conftest import Host, trigger
from host_tests.requirements import shows

pytestmark = pytest.mark.anyio


def _echo(payload: dict[str, Any]) -> Value:
    return Value("string", json.dumps(payload))


def _never(payload: dict[str, Any]) -> Value:
    raise NotImplementedError


async def _payload(host: Host, params: object, client: McpClient | None = None) -> Any:
    answer = await host.ask("tools/call", params, client)
    return json.loads(answer["result"]["content"][0]["text"])


@shows("lists.cursor", "lists.order")
async def test_tools_are_listed_in_the_order_of_their_functions_names(host: Host) -> None:
    for name in ("b_second", "A_first", "c_third"):
        host.worker.add(name, _never, trigger(f"tool of {name}"))
    await host.start()
    listed = (await host.ask("tools/list", {"cursor": "ignored"}))["result"]
    assert [tool["name"] for tool in listed["tools"]] == ["tool of A_first", "tool of b_second", "tool of c_third"]
    assert list(listed) == ["tools"]


@shows("bindings.names")
@pytest.mark.parametrize(
    ("name", "is_taken"),
    [("my_context", True), ("_", True), ("a_1_", True), ("a__b", False), ("1a", False), ("a-b", False), ("", False)],
)
async def test_the_name_of_a_binding_may_have_single_underscores(host: Host, name: str, is_taken: bool) -> None:
    host.worker.add("t", lambda _: Value("string", ""), trigger("t", name=name))
    await host.start()
    assert [each.name for each in host.host.app.functions] == ["t"] * is_taken
    assert len(host.host.app.errors) == (not is_taken)


@shows("tools.any-case", "payload.tool")
async def test_the_function_sees_the_call_without_a_session(host: Host) -> None:
    host.worker.add("echo", _echo)
    await host.start()
    client = McpClient("http-streamable", {"Accept": "*/*"})
    payload = await _payload(host, {"name": "ECHO", "arguments": {"b": 1, "a": None}, "_meta": {"t": 1}}, client)
    assert json.dumps(payload) == json.dumps(
        {
            "name": "ECHO",
            "arguments": {"b": 1, "a": None},
            "transport": {"name": "http-streamable", "properties": {"headers": {"Accept": "*/*"}}},
        }
    )


@shows("payload.session")
async def test_the_function_sees_the_session_twice(host: Host) -> None:
    host.worker.add("echo", _echo)
    await host.start()
    payload = await _payload(host, {"name": "echo"}, McpClient("http-streamable", {}, session_id="a|b"))
    assert payload == {
        "name": "echo",
        "sessionid": "a|b",
        "transport": {"name": "http-streamable", "sessionId": "a|b", "properties": {"headers": {}}},
    }


@shows("payload.client")
async def test_the_function_sees_the_client_of_an_sse_session_after_it_has_introduced_itself(host: Host) -> None:
    host.worker.add("echo", _echo)
    await host.start()
    client = McpClient("http-sse", {})
    info = {"version": "1", "name": "c", "unknown": 5, "title": "C"}
    await host.ask("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": info}, client)
    payload = await _payload(host, {"name": "echo"}, client)
    assert json.dumps(payload["clientinfo"]) == '{"name": "c", "title": "C", "version": "1"}'


@shows("payload.numbers")
async def test_numbers_reach_the_function_as_they_were_written(host: Host) -> None:
    host.worker.add("text", lambda payload: Value("string", str(payload["arguments"]["n"])))
    await host.start()
    for written in ("1.50", "1e3", "123456789012345678901234567890", "-0"):
        message = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"text","arguments":{"n":%s}}}'
        answer = await host.ask_json(message % written)
        assert answer["result"]["content"][0]["text"] == str(json.loads(written))


@shows("tools.required", "tools.only-presence")
@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (None, "a, b"),
        ({}, "a, b"),
        ({"a": None, "b": 1}, "a"),
        ({"A": 1, "b": 1}, "a"),
        ({"a": "", "b": []}, None),
        ({"a": {}, "b": 0, "more": 1}, None),
    ],
)
async def test_only_the_presence_of_required_arguments_is_checked(
    host: Host, arguments: object, missing: str | None
) -> None:
    properties = [{"propertyName": name, "propertyType": "string", "isRequired": name != "c"} for name in "abc"]
    host.worker.add("f", lambda _: Value("string", "ran"), trigger("f", toolProperties=json.dumps(properties)))
    await host.start()
    answer = await host.ask("tools/call", {"name": "f"} | ({} if arguments is None else {"arguments": arguments}))
    if missing is None:
        assert answer["result"]["content"][0]["text"] == "ran"
    else:
        assert answer["error"]["message"].endswith(f"missing values. Please provide: {missing}")
        assert not host.executions


@shows("tools.required-own-schema")
async def test_required_arguments_of_a_workers_own_schema_are_checked_too(host: Host) -> None:
    schema = '{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}'
    host.worker.add("f", _never, trigger("f", useWorkerInputSchema=True, inputSchema=schema))
    await host.start()
    assert (await host.ask("tools/call", {"name": "f"}))["error"]["code"] == -32602


@shows("tools.output-schema")
async def test_a_result_that_does_not_fit_the_output_schema_is_returned_all_the_same(host: Host) -> None:
    envelope = json.dumps({"type": "text", "content": '{"type":"text","text":"x"}', "structuredContent": '{"b":1}'})
    schema = '{"type":"object","required":["a"]}'
    host.worker.add("f", lambda _: Value("string", envelope), trigger("f", useResultSchema=True, outputSchema=schema))
    await host.start()
    answer = await host.ask("tools/call", {"name": "f"})
    assert answer["result"] == {"content": [{"type": "text", "text": "x"}], "structuredContent": {"b": 1}}


@shows("results.failure")
async def test_a_failure_reaches_the_log_whole_and_the_client_not_at_all(host: Host) -> None:
    def fail(payload: dict[str, Any]) -> Value:
        raise ValueError("secret reason")

    host.worker.add("f", fail, trigger("Fails"))
    await host.start()
    answer = await host.ask("tools/call", {"name": "fAILS"})
    text = {"type": "text", "text": "An error occurred invoking 'fAILS'."}
    assert answer["result"] == {"content": [text], "isError": True}
    assert [execution.error for execution in host.executions] == ["secret reason"]


@shows("results.broken")
async def test_a_result_that_breaks_the_contract_is_a_failure(host: Host) -> None:
    host.worker.add("f", lambda _: Value("string", "plain"), trigger("f", useResultSchema=True))
    await host.start()
    assert (await host.ask("tools/call", {"name": "f"}))["result"]["isError"] is True
    assert "useResultSchema" in str(host.executions[0].error)


@shows("expressions.missing", "bindings.before-the-function")
async def test_a_binding_that_cannot_be_resolved_fails_the_call_before_the_function_runs(host: Host) -> None:
    blob = json.dumps(
        {"type": "blob", "direction": "IN", "name": "file", "path": "box/{mcptoolargs.k}", "connection": "X"}
    )
    host.worker.add("f", _never, blob, trigger("f"))
    await host.start()
    for arguments, reason in (
        ({}, "Error while accessing 'k': property doesn't exist."),
        ({"K": "a"}, "Error while accessing 'k': property doesn't exist."),
        (None, "No value for named parameter 'mcptoolargs'."),
        ({"k": "a"}, "Storage account connection string 'AzureWebJobsX' does not exist."),
    ):
        answer = await host.ask("tools/call", {"name": "f"} | ({} if arguments is None else {"arguments": arguments}))
        assert answer["result"]["isError"] is True
        assert reason in str(host.executions[-1].error)
