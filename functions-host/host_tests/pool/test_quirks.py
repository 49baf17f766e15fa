"""The variants that tests of clients switch on."""

import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

import anyio
import httpx2
import pytest
from functions_host.pool.pool import PoolOptions
from functions_host.pool.quirks import Fault, Quirks, ToolSet

from host_tests.pool.clients import RUN_PYTHON, RUN_SHELL, PoolClient, new_id, running_pool, until

pytestmark = pytest.mark.anyio

type Check = Callable[[httpx2.Response], object]


@pytest.fixture
async def quirky(pool: PoolClient) -> AsyncGenerator[PoolClient]:
    """The shared pool, with its variants switched off afterwards."""
    yield pool
    pool.pool.quirks = Quirks()


@pytest.mark.parametrize(
    ("tool_set", "names"),
    [
        ("launchShell", ["launchShell", RUN_PYTHON, RUN_SHELL]),
        ("launchPythonEnvironment", ["launchPythonEnvironment", RUN_PYTHON]),
        ("launchShellEnvironment", ["launchShellEnvironment", RUN_PYTHON, RUN_SHELL]),
        ("four", ["launchShell", "launchPythonEnvironment", RUN_PYTHON, RUN_SHELL]),
    ],
)
async def test_the_listed_tools_and_only_these_work(quirky: PoolClient, tool_set: ToolSet, names: list[str]) -> None:
    quirky.pool.quirks = Quirks(tool_set=tool_set)
    assert [tool["name"] for tool in (await quirky.ask("tools/list"))["result"]["tools"]] == names
    for launch in ("launchShell", "launchPythonEnvironment", "launchShellEnvironment"):
        answer = (await quirky.call(launch)).json()
        assert ("result" in answer) is (launch in names)


@pytest.mark.parametrize(
    ("quirks", "content", "structured"),
    [
        (Quirks(content="stdout"), "1\n", {"stdout": "1\n"}),
        (Quirks(content="missing"), None, {"stdout": "1\n"}),
        (Quirks(structured_content="nested"), "json", {"result": {"stdout": "1\n"}}),
        (Quirks(structured_content="missing"), "json", None),
    ],
)
async def test_a_result_takes_other_shapes(
    quirky: PoolClient, shared: str, quirks: Quirks, content: str | None, structured: Any
) -> None:
    quirky.pool.quirks = quirks
    result = await quirky.result(RUN_PYTHON, environmentId=shared, pythonCode="print(1)")
    text = result["content"][0]["text"] if "content" in result else None
    assert ("json" if text and text[0] == "{" else text) == content
    found = result.get("structuredContent")
    assert _stdout(found) == _stdout(structured)


def _stdout(structured: Any) -> Any:
    if structured and "result" in structured:
        return {"result": structured["result"]["stdout"]}
    return structured and structured["stdout"]


@pytest.mark.parametrize(
    ("quirks", "is_error", "status"),
    [
        (Quirks(), False, None),
        (Quirks(exception="is-error"), True, None),
        (Quirks(exception="status"), False, "Failed"),
    ],
)
async def test_code_that_raised_is_told_in_three_ways(
    quirky: PoolClient, shared: str, quirks: Quirks, is_error: bool, status: str | None
) -> None:
    quirky.pool.quirks = quirks
    result = await quirky.result(RUN_PYTHON, environmentId=shared, pythonCode="1/0")
    assert result["isError"] is is_error
    assert result["structuredContent"].get("status") == status


def _is_error(response: httpx2.Response) -> bool:
    return response.json()["result"]["isError"]


def _json_rpc(code: int) -> Check:
    return lambda response: response.status_code == 200 and response.json()["error"]["code"] == code


def _status(status: int) -> Check:
    return lambda response: response.status_code == status


@pytest.mark.parametrize(
    ("quirks", "check"),
    [
        (Quirks(bad_id="http-400"), _status(400)),
        (Quirks(bad_id="json-rpc"), _json_rpc(-32602)),
        (Quirks(bad_id="is-error"), _is_error),
    ],
)
async def test_a_bad_identifier_is_refused_in_three_ways(quirky: PoolClient, quirks: Quirks, check: Check) -> None:
    quirky.pool.quirks = quirks
    answer = await quirky.call(RUN_PYTHON, environmentId="x", pythonCode="1")
    assert check(answer)
    assert "InvalidLengthOfSessionIdentifier" in answer.text


async def test_a_full_pool_refuses_in_six_ways() -> None:
    async with running_pool(PoolOptions(port=0, max_concurrent_sessions=0)) as pool:
        for quirks, check in (
            (Quirks(capacity="http-429"), _status(429)),
            (Quirks(capacity="http-429-wrapped"), _status(429)),
            (Quirks(capacity="http-404"), _status(404)),
            (Quirks(capacity="http-500"), _status(500)),
            (Quirks(capacity="json-rpc"), _json_rpc(-32000)),
            (Quirks(capacity="is-error"), _is_error),
        ):
            pool.pool.quirks = quirks
            answer = await pool.call(RUN_PYTHON, environmentId=new_id(), pythonCode="1")
            assert check(answer), quirks
            assert "SessionsCountExceedsLimit" in answer.text


async def test_an_expired_environment_is_told_in_four_ways_until_a_new_one_has_its_name() -> None:
    async with running_pool(PoolOptions(port=0, cool_down_seconds=0)) as pool:
        environment = new_id()
        await pool.python(environment, "1")
        await until(lambda: len(pool.pool.environments) == 0)
        for quirks, check in (
            (Quirks(expired="json-rpc"), _json_rpc(-32000)),
            (Quirks(expired="invalid-params"), _json_rpc(-32602)),
            (Quirks(expired="is-error"), _is_error),
            (Quirks(expired="http-404"), _status(404)),
        ):
            pool.pool.quirks = quirks
            answer = await pool.call(RUN_PYTHON, environmentId=environment, pythonCode="1")
            assert check(answer), quirks
            assert "Environment not found" in answer.text
        pool.pool.quirks = Quirks()  # by default there is a new one
        assert (await pool.python(environment, "1"))["executionResult"] == 1


@pytest.mark.parametrize(
    ("quirks", "status", "body"),
    [
        (Quirks(refused_key="http-401"), 401, '"Unauthorized"'),
        (Quirks(refused_key="http-401-empty"), 401, ""),
        (Quirks(refused_key="json-rpc"), 200, '"id":1'),
    ],
)
async def test_a_refused_key_is_told_in_three_ways(quirky: PoolClient, quirks: Quirks, status: int, body: str) -> None:
    quirky.pool.quirks = quirks
    answer = await quirky.post({"jsonrpc": "2.0", "id": 1, "method": "initialize"}, "wrong")
    assert answer.status_code == status
    assert body in answer.text
    assert bool(answer.text) is bool(body)


async def test_an_answer_may_be_one_server_sent_event(quirky: PoolClient) -> None:
    quirky.pool.quirks = Quirks(sse_reply=True)
    answer = await quirky.call("launchShell")
    assert answer.headers["content-type"].startswith("text/event-stream")
    kind, data, *_ = answer.text.splitlines()
    assert kind == "event: message"
    assert "environmentId" in json.loads(data.removeprefix("data: "))["result"]["structuredContent"]


async def test_arm_may_spell_the_property_as_the_specification_does(quirky: PoolClient) -> None:
    quirky.pool.quirks = Quirks(key_casing="isMcpServerEnabled", rotate_is_unknown=True)
    assert (await quirky.arm("GET")).json()["properties"]["mcpServerSettings"]["isMcpServerEnabled"] is True
    assert (await quirky.arm("POST", "/rotateMCPServerCredentials")).status_code == 404


async def test_arm_may_know_no_mcp_server(quirky: PoolClient) -> None:
    quirky.pool.quirks = Quirks(mcp_is_off=True)
    assert (await quirky.arm("GET")).json()["properties"]["mcpServerSettings"] is None
    answer = await quirky.arm("POST", "/fetchMCPServerCredentials")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "SessionMCPServerNotEnabled")


@pytest.mark.parametrize("status", [404, 429, 500, 503])
async def test_a_fault_strikes_as_often_as_it_was_told(quirky: PoolClient, status: int) -> None:
    quirky.pool.quirks = Quirks(fault=Fault(status=status, times=2))
    assert [(await quirky.call("launchShell")).status_code for _ in range(3)] == [status, status, 200]
    assert "result" in await quirky.ask("tools/list")


async def test_a_fault_after_running_leaves_the_work_done(quirky: PoolClient, shared: str) -> None:
    await quirky.python(shared, "x = 1")
    quirky.pool.quirks = Quirks(fault=Fault(garbage=True, after_running=True, times=1))
    struck = await quirky.call(RUN_PYTHON, environmentId=shared, pythonCode="x += 1")
    assert struck.content == b"<html>no JSON"
    assert (await quirky.python(shared, "x"))["executionResult"] == 2


async def test_a_pool_that_hangs_can_be_stopped() -> None:
    async with running_pool(PoolOptions(port=0, quirks=Quirks(fault=Fault(hang=True)))) as pool:
        with pytest.raises(httpx2.TimeoutException):
            await pool.http.post(
                pool.pool.endpoint,
                json={"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "launchShell"}},
                headers={"x-ms-apikey": pool.pool.key},
                timeout=0.2,
            )
        with anyio.fail_after(5):
            await pool.pool.stop()


async def test_a_delayed_answer_comes_all_the_same(quirky: PoolClient) -> None:
    quirky.pool.quirks = Quirks(fault=Fault(delay_seconds=0.1))
    assert await quirky.launch()


async def test_a_call_that_ran_out_of_time_may_be_a_gateway_timeout() -> None:
    options = PoolOptions(port=0, execution_seconds=0.5, quirks=Quirks(timeout="http-504"))
    async with running_pool(options) as pool:
        answer = await pool.call(RUN_PYTHON, environmentId=new_id(), pythonCode="import time; time.sleep(600)")
        assert answer.status_code == 504
