"""mcpToolProperty and mcpPromptArgument: what the function receives of an argument."""

from typing import Any

import pytest
from functions_host.errors import PersonError
from functions_host.worker_process.messages import Value

from host_tests.host.conftest import Host, prompt, raw, resource, trigger
from host_tests.requirements import shows

pytestmark = pytest.mark.anyio


def _done(payload: dict[str, Any]) -> Value:
    return Value("string", "done")


def _tool_property(**members: object) -> str:
    declared = {"name": "p", "propertyName": "key", "propertyType": "integer", "description": None, "isRequired": True}
    return raw("mcpToolProperty", **declared | members)


def _prompt_argument(**members: object) -> str:
    declared = {"name": "p", "argumentName": "key", "description": None, "isRequired": False}
    return raw("mcpPromptArgument", **declared | members)


_TEXTS = [
    ({"key": "a b"}, "a b"),
    ({"key": 5}, "5"),
    ({"key": True}, "True"),
    ({"key": None}, ""),
    ({"key": [1, {"a": "b c"}]}, '[1,{"a":"b c"}]'),
]


@shows("bindings.tool-property")
@pytest.mark.parametrize(("arguments", "text"), [*_TEXTS, ({}, ""), ({"KEY": "other case"}, ""), (None, "")])
async def test_a_tool_property_is_text_and_empty_where_it_is_missing(
    host: Host, arguments: dict[str, object] | None, text: str
) -> None:
    host.worker.add("f", _done, _tool_property(), trigger("f"))
    await host.start()
    await host.result("tools/call", {"name": "f", "arguments": arguments})
    assert host.worker.inputs[0]["p"] == Value("string", text)


@shows("bindings.tool-property")
async def test_a_tool_property_adds_nothing_to_the_tools_schema(host: Host) -> None:
    host.worker.add("f", _done, _tool_property(), trigger("f"))
    await host.start()
    (tool,) = (await host.result("tools/list"))["tools"]
    assert tool["inputSchema"] == {"type": "object", "properties": {}, "required": []}


@shows("bindings.prompt-argument")
@pytest.mark.parametrize(("arguments", "text"), [*_TEXTS, ({}, None), ({"KEY": "other case"}, None), (None, None)])
async def test_a_prompt_argument_is_text_and_nothing_where_it_is_missing(
    host: Host, arguments: dict[str, object] | None, text: str | None
) -> None:
    host.worker.add("f", _done, _prompt_argument(), prompt("f"))
    await host.start()
    await host.result("prompts/get", {"name": "f", "arguments": arguments})
    assert host.worker.inputs[0]["p"] == (Value() if text is None else Value("string", text))


@shows("bindings.required-prompt-argument")
async def test_a_required_prompt_argument_that_only_its_binding_declares_fails_the_call(host: Host) -> None:
    host.worker.add("f", _done, _prompt_argument(isRequired=True), prompt("f"))
    await host.start()
    assert await host.error("prompts/get", {"name": "f"}) == (-32603, "An error occurred.")
    assert host.executions[0].error == "Required prompt argument 'key' was not provided."


@shows("bindings.argument-fails")
@pytest.mark.parametrize(
    ("binding", "declared", "problem"),
    [
        (raw("mcpToolProperty", name="p", propertyName="key"), trigger("f"), "propertyType is missing"),
        (raw("mcpPromptArgument", name="p", argumentName="key"), prompt("f"), "description is missing"),
        (_tool_property(propertyName=None), trigger("f"), "no propertyName"),
        (_tool_property(dataType="BINARY"), trigger("f"), "fails every call"),
    ],
)
async def test_a_binding_that_cannot_be_made_fails_every_call_and_is_warned_of(
    host: Host, binding: str, declared: str, problem: str
) -> None:
    host.worker.add("f", _done, binding, declared)
    await host.start()
    (caveat,) = host.host.advice
    assert caveat.startswith("The function 'f' (function_app.py) fails every call: ")
    assert problem in caveat
    await host.ask("prompts/get" if "Prompt" in declared else "tools/call", {"name": "f"})
    assert problem in str(host.executions[0].error)
    assert host.worker.inputs == []


@shows("mixed.strict")
async def test_a_strict_host_refuses_an_app_of_which_a_function_fails_every_call(host: Host) -> None:
    host.worker.add("f", _done, _tool_property(propertyName=None), trigger("f"))
    host.host.strict = True
    with pytest.raises(PersonError, match=r"The function 'f' .* fails every call: .* no propertyName"):
        await host.start()


@shows("bindings.argument-fails")
async def test_an_argument_of_another_trigger_fails_every_call(host: Host) -> None:
    host.worker.add("f", _done, _tool_property(), prompt("f"))
    host.worker.add("g", _done, _prompt_argument(), resource("a://a"))
    await host.start()
    assert await host.error("prompts/get", {"name": "f"}) == (-32603, "An error occurred.")
    assert await host.error("resources/read", {"uri": "a://a"}) == (-32603, "An error occurred.")
    assert "only a tool has such arguments" in str(host.executions[0].error)
    assert "only a prompt has such arguments" in str(host.executions[1].error)


@shows("bindings.not-modelled")
@pytest.mark.parametrize(
    ("binding", "problem"),
    [
        (_tool_property(direction="OUT"), "not modelled by this host"),
        (raw("timerTrigger"), "of type 'timerTrigger' (direction in) is not"),
    ],
)
async def test_a_binding_that_is_not_modelled_makes_its_function_one_that_does_not_run(
    host: Host, binding: str, problem: str
) -> None:
    host.worker.add("f", _done, binding, trigger("f"))
    await host.start()
    assert problem in host.host.app.not_run[0].reason
    assert host.host.app.functions == ()


@shows("expressions.arguments")
@pytest.mark.parametrize(
    ("expression", "resolved"),
    [("{mcppromptargs.Key}", "v"), ("{arguments.key}", "v"), ("{name}", "F"), ("{mcppromptcontext}", "")],
)
async def test_bindings_of_a_prompt_can_name_its_arguments(host: Host, expression: str, resolved: str) -> None:
    blob = raw("blob", name="file", path=f"UPPER/{expression}.", connection="X")
    host.worker.add("f", _done, blob, prompt("f"))
    await host.start()
    await host.error("prompts/get", {"name": "F", "arguments": {"Key": "v"}})
    assert f"value 'UPPER/{resolved}.'" in str(host.executions[0].error)


@shows("expressions.members")
async def test_bindings_can_name_the_value_of_the_trigger(host: Host) -> None:
    blob = raw("blob", name="file", path="UPPER/{context}", connection="X")
    host.worker.add("f", _done, blob, trigger("f"))
    await host.start()
    await host.result("tools/call", {"name": "f"})
    assert 'value \'UPPER/{"name":"f","transport"' in str(host.executions[0].error)
