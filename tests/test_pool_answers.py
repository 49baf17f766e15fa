"""Reading a session pool's answers, in every form that is known of them."""

import base64
import json
from typing import Any

import pytest

from executions import Execution
from pool_answers import (
    PoolTools,
    failure_of_response,
    read_environment_id,
    read_execution,
    read_message,
    read_tools,
    result_of,
)
from pool_failures import PoolError
from tool_results import Image


def _text(value: object) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": value if isinstance(value, str) else json.dumps(value)}]}


_RAN = {"stdout": "1\n", "stderr": ""}


@pytest.mark.parametrize(
    "result",
    [
        {"structuredContent": _RAN},
        {"structuredContent": _RAN, **_text(_RAN), "isError": False},
        {"structuredContent": {"result": _RAN}},
        {"structuredContent": {"properties": {"status": "Success", **_RAN}}},
        _text(_RAN),
        _text("1\n"),
        {"structuredContent": None, **_text(_RAN)},
    ],
)
def test_what_was_printed_is_found_wherever_it_stands(result: dict[str, Any]) -> None:
    assert read_execution(result, "env") == Execution("env", "1\n", "")


@pytest.mark.parametrize(
    ("facts", "more"),
    [
        ({"exitCode": 3}, {"exitCode": 3}),
        ({"status": "1"}, {"exitCode": 1}),
        ({"status": "Succeeded"}, {}),
        ({"executionResult": 150}, {"executionResult": 150}),
        ({"executionResult": {"a": 1}}, {"executionResult": {"a": 1}}),
        ({"result": {"stdout": "", "executionResult": {"a": 1}}}, {"executionResult": {"a": 1}}),
        ({"executionResult": ""}, {}),
        ({"result": "150"}, {"executionResult": "150"}),
        ({"executionTimeInMilliseconds": 13}, {"executionTimeInMilliseconds": 13}),
    ],
)
def test_what_else_the_platform_tells_is_kept(facts: dict[str, object], more: dict[str, object]) -> None:
    assert read_execution({"structuredContent": _RAN | facts}, "env").more == more


@pytest.mark.parametrize(
    "result",
    [
        {"structuredContent": {"stdout": "", "stderr": "KeyError: 'a'"}, "isError": False},
        {"structuredContent": {"stdout": "", "stderr": "KeyError: 'a'"}, "isError": True},
        {"structuredContent": {"stdout": "", "stderr": "KeyError: 'a'", "status": "Failed"}},
        {**_text("KeyError: 'a'"), "isError": True},
    ],
)
def test_code_that_raised_has_run(result: dict[str, Any]) -> None:
    assert read_execution(result, "env") == Execution("env", "", "KeyError: 'a'")


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ({**_text("Environment not found: abc"), "isError": True}, "gone"),
        ({**_text("SessionsCountExceedsLimit"), "isError": True}, "full"),
        ({**_text("The session has expired."), "isError": True}, "gone"),
        ({**_text("InvalidLengthOfSessionIdentifier"), "isError": True}, "bad id"),
        ({**_text("something else"), "isError": True}, "broken"),
        ({"isError": True}, "broken"),
    ],
)
def test_what_did_not_run_or_end_is_a_failure_of_its_kind(result: dict[str, Any], kind: str) -> None:
    with pytest.raises(PoolError) as failure:
        read_execution(result, "env")
    assert failure.value.kind == kind


@pytest.mark.parametrize(
    "facts", [{"status": "-1", "stderr": ""}, {"status": "Failed", "stderr": "Execution timed out"}, {"status": -1}]
)
def test_what_was_printed_before_a_time_out_is_kept(facts: dict[str, Any]) -> None:
    execution = read_execution({"structuredContent": {"stdout": "1\n2\n", **facts}}, "env")
    assert execution.timed_out
    assert execution.stdout == "1\n2\n"


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        (2**53 - 1, 2**53 - 1),
        (2**53, "9007199254740992"),
        (15511210043330985984000000, "15511210043330985984000000"),
        ([-(2**60), {"a": 2**60, "b": True}], ["-1152921504606846976", {"a": "1152921504606846976", "b": True}]),
        (1.5e300, 1.5e300),
    ],
)
def test_integers_that_javascript_would_round_are_text(value: object, exact: object) -> None:
    assert read_execution({"structuredContent": {**_RAN, "executionResult": value}}, "env").more == {
        "executionResult": exact
    }


def test_a_picture_that_is_a_value_becomes_an_image() -> None:
    value = {"type": "image", "format": "png", "base64_data": base64.b64encode(b"pixels").decode()}
    execution = read_execution({"structuredContent": {**_RAN, "executionResult": value}}, "env")
    assert execution.images == [Image(b"pixels")]
    assert execution.more["executionResult"] == "(a picture of 6 bytes)"
    assert execution.result.content == [Image(b"pixels")]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (302, "", "moved"),
        (401, "", "refused"),
        (403, '{"error":{"code":"Forbidden","message":"no"}}', "refused"),
        (404, "", "missing"),
        (404, '{"code":"SessionsCountExceedsLimit","message":"There are already \'5\' active sessions"}', "full"),
        (404, '{"error":{"code":"x","message":"Environment abc was not found"}}', "gone"),
        (429, "", "full"),
        (429, "Error happened when allocating pod for identifier a in pool b", "unavailable"),
        (500, "Error happened when allocating pod for identifier a in pool b", "unavailable"),
        (500, "", "broken"),
        (503, "", "unavailable"),
        (504, "", "broken"),
        (400, '{"code":"InvalidLengthOfSessionIdentifier","message":"short"}', "bad id"),
        (400, '{"type":"t","title":"One or more validation errors occurred.","status":400}', "broken"),
    ],
)
def test_http_errors_are_told_apart_by_their_body_before_their_status(status: int, body: str, kind: str) -> None:
    failure = failure_of_response(status, body)
    assert failure is not None
    assert failure.kind == kind


def test_a_good_status_is_no_failure() -> None:
    assert failure_of_response(200, "SessionsCountExceedsLimit") is None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": -32000, "message": "Environment not found: abc"}, "gone"),
        ({"code": -32001, "message": "Invalid API key"}, "refused"),
        ({"code": -32602, "message": "Unknown tool: launchShell"}, "unknown tool"),
        ({"code": -32601, "message": "Method not found"}, "unknown tool"),
        ({"code": -32000, "message": "maximum active sessions count is '5'"}, "full"),
        ("just text", "broken"),
    ],
)
def test_errors_of_the_protocol_are_told_apart_by_their_text(error: object, kind: str) -> None:
    with pytest.raises(PoolError) as failure:
        result_of({"error": error})
    assert failure.value.kind == kind


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"jsonrpc":"2.0","id":1,"result":{}}', "application/json"),
        ('event: message\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n', "text/event-stream"),
        ('data: {"jsonrpc":"2.0","id":1,"result":{}}\r\n\r\n', "application/json"),
    ],
)
def test_an_answer_may_be_json_or_one_event(body: str, content_type: str) -> None:
    assert result_of(read_message(body, content_type)) == {}


@pytest.mark.parametrize("body", ["", "<html>", "[]", "5", "{}", '{"result":', "data: nonsense\n\n"])
def test_garbage_is_a_failure(body: str) -> None:
    with pytest.raises(PoolError) as failure:
        read_message(body, "application/json")
    assert failure.value.kind == "garbled"


def _tool(name: str, *properties: str) -> dict[str, Any]:
    return {"name": name, "inputSchema": {"type": "object", "properties": {each: {} for each in properties}}}


@pytest.mark.parametrize(
    ("names", "tools"),
    [
        (
            ["launchShell", "runPythonCodeInRemoteEnvironment", "runShellCommandInRemoteEnvironment"],
            PoolTools(),
        ),
        (
            ["launchPythonEnvironment", "runPythonCodeInRemoteEnvironment"],
            PoolTools("launchPythonEnvironment", shell=None),
        ),
        (
            ["launchShellEnvironment", "runShellCommandInRemoteEnvironment", "runPythonCodeInRemoteEnvironment"],
            PoolTools("launchShellEnvironment"),
        ),
        (["runPythonCodeInRemoteEnvironment"], PoolTools(None, shell=None)),
        ([], PoolTools(None, shell=None)),
    ],
)
def test_the_platforms_tools_are_found_by_how_their_names_begin(names: list[str], tools: PoolTools) -> None:
    assert read_tools({"tools": [_tool(name) for name in names]}) == tools


def test_a_shell_that_takes_only_a_list_is_known_by_its_schema() -> None:
    shell = _tool("runShellCommandInRemoteEnvironment", "environmentId", "execCommandAndArgs")
    assert read_tools({"tools": [shell]}).shell_takes_list is True


@pytest.mark.parametrize(
    "result",
    [
        {"structuredContent": {"environmentId": "0d72ca36-7599-48d0-b584-51e441e72bdc"}},
        _text({"environmentId": "0d72ca36-7599-48d0-b584-51e441e72bdc"}),
        _text("Launched 0d72ca36-7599-48d0-b584-51e441e72bdc for you"),
    ],
)
def test_the_id_of_a_new_environment_is_found_wherever_it_stands(result: dict[str, Any]) -> None:
    assert read_environment_id(result) == "0d72ca36-7599-48d0-b584-51e441e72bdc"


def test_a_launch_without_an_id_is_a_failure() -> None:
    with pytest.raises(PoolError):
        read_environment_id(_text("done"))
