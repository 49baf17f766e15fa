"""The three tools that run code, as an agent uses them: the official client, both transports."""

from typing import Any

import anyio
import pytest
from mcp import ClientSession

from tests.clients import Connect, connect_streamable_http, text_of
from tests.in_process import Call
from tests.servers import Server, Target

pytestmark = pytest.mark.anyio

# A pool holds a place for each environment until it has been idle for minutes, so these tests share one where they can.
_SHARED = "shared-by-the-wire-tests"


async def _run(session: ClientSession, tool: str, **arguments: object) -> dict[str, Any]:
    result = await session.call_tool(tool, arguments)
    assert not result.is_error, result
    assert result.structured_content is not None
    return result.structured_content


async def test_an_agent_is_told_what_it_can_run_and_where(target: Target, connect: Connect) -> None:
    async with connect(target) as session:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
    assert tools["launchShell"].input_schema["properties"] == {}
    for name, argument in (("runPythonCode", "pythonCode"), ("runShellCommand", "shellCommand")):
        schema = tools[name].input_schema
        assert schema["required"] == [argument]
        assert schema["properties"]["environmentId"]["type"] == "string"
        assert "Without it a new one is made" in schema["properties"]["environmentId"]["description"]
        output = tools[name].output_schema
        assert output is not None
        assert output["required"] == ["environmentId", "stdout", "stderr"]


async def test_launch_an_environment_and_calculate_the_first_20_fibonacci_numbers(
    target: Target, connect: Connect
) -> None:
    code = "a, b = 0, 1\nfor _ in range(20):\n    print(a, end=' ')\n    a, b = b, a + b\n"
    async with connect(target) as session:
        environment = (await _run(session, "launchShell"))["environmentId"]
        result = await session.call_tool("runPythonCode", {"environmentId": environment, "pythonCode": code})
        assert "0 1 1 2 3 5 8 13 21 34 55 89 144 233 377 610 987 1597 2584 4181" in text_of(result)
        assert f"environmentId: {environment}" in text_of(result)


async def test_variables_and_files_live_between_calls_and_the_shell_shares_them(
    target: Target, connect: Connect
) -> None:
    async with connect(target) as session:
        first = await _run(session, "runPythonCode", pythonCode="x = 100\nopen('f.txt', 'w').write('hi')")
        environment = first["environmentId"]
        again = await _run(session, "runPythonCode", pythonCode="x += 50; x", environmentId=environment)
        assert str(again["executionResult"]) == "150"
        shell = await _run(session, "runShellCommand", shellCommand="cat f.txt; exit 3", environmentId=environment)
        assert (shell["stdout"], shell["exitCode"]) == ("hi", 3)


async def test_code_that_fails_has_run_and_says_how(target: Target, connect: Connect) -> None:
    async with connect(target) as session:
        for code, said in (
            ("{}['k']", "KeyError"),
            ("def (:", "SyntaxError"),
            ("import sys; sys.exit(3)", "SystemExit"),
        ):
            ran = await _run(session, "runPythonCode", pythonCode=code, environmentId=_SHARED)
            assert said in ran["stderr"] + str(ran.get("executionResult"))


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("runPythonCode", {"pythonCode": "  "}, "nothing to run"),
        ("runShellCommand", {"shellCommand": 5}, "'shellCommand' must be text, but got 5"),
        ("runPythonCode", {"pythonCode": "1", "environmentId": "1"}, "launchShell"),
        ("runPythonCode", {"pythonCode": "1", "environmentId": "a/b/c/d"}, "launchShell"),
    ],
)
async def test_what_cannot_be_run_is_refused_with_what_to_do(
    call: Call, tool: str, arguments: dict[str, object], said: str
) -> None:
    result = await call(tool, **arguments)
    assert result.is_error
    assert said in text_of(result)


async def test_slow_executions_do_not_delay_other_tools(target: Target, connect: Connect) -> None:
    done: list[str] = []
    async with connect(target) as session:

        async def call_tool(name: str, tool: str, **arguments: object) -> None:
            assert not (await session.call_tool(tool, arguments)).is_error
            done.append(name)

        async with anyio.create_task_group() as group:
            group.start_soon(
                lambda: call_tool(
                    "slow", "runPythonCode", pythonCode="import time; time.sleep(1)", environmentId=_SHARED
                )
            )
            for number in range(8):
                group.start_soon(lambda number=number: call_tool(f"hello {number}", "hello"))
    assert done[-1] == "slow"


async def test_of_16_callers_at_once_two_slow_ones_do_not_delay_the_others(second_server: Server) -> None:
    done: list[str] = []

    async def run(session: ClientSession, code: str, environment: str) -> None:
        ran = await _run(session, "runPythonCode", pythonCode=code, environmentId=environment)
        done.append(ran["stdout"])

    async with connect_streamable_http(second_server.target) as session:
        # The slow ones are asked for first, and one environment answers the rest.
        await run(session, "print(0)", "fast")
        async with anyio.create_task_group() as group:
            for number in range(2):
                group.start_soon(run, session, "import time; time.sleep(2); print('slow')", f"slow-{number}")
            for number in range(14):
                group.start_soon(run, session, f"print({number})", "fast")
    assert sorted(done[1:15]) == sorted(f"{number}\n" for number in range(14))
    assert done[15:] == ["slow\n"] * 2
