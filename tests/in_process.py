"""Calls a tool in this process: no server, no storage, nothing to wait for."""

import inspect
import json
import weakref
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
import azure.functions as func
from mcp.types import CallToolResult

type Call = Callable[..., Awaitable[CallToolResult]]

_functions: weakref.WeakKeyDictionary[func.FunctionApp, list[Any]] = weakref.WeakKeyDictionary()


class Out(func.Out[Any]):
    """An output binding: what the tool has set is its value."""

    value: Any = None

    def set(self, val: Any) -> None:
        self.value = val

    def get(self) -> Any:
        return self.value


async def call(app: func.FunctionApp, tool: str, /, **given: Any) -> CallToolResult:
    """Calls a tool and returns what a client would get. Raises what the tool raises, which a client would not see.

    Each of `given` is an argument, or the value of a binding of that name: bytes, an `Out`, a client of an SDK.
    `caller` gives members of the trigger's JSON, such as sessionid.
    """
    function = _tool(app, tool)
    trigger = function.get_trigger().name
    bound = {each.name for each in function.get_bindings()}
    bindings = {name: value for name, value in given.items() if name in bound}
    arguments = {name: value for name, value in given.items() if name not in bound and name != "caller"}
    message = {"name": tool, "arguments": arguments, **given.get("caller", {})}
    inputs = {trigger: json.dumps(message, ensure_ascii=False), **bindings}
    run = function.get_user_function()
    if inspect.iscoroutinefunction(run):
        answer = await run(**inputs)
    else:
        answer = await anyio.to_thread.run_sync(lambda: run(**inputs))
    envelope = json.loads(answer)
    assert envelope["type"] == "call_tool_result"
    return CallToolResult.model_validate_json(envelope["content"])


def call_of(app: func.FunctionApp) -> Call:
    """Returns `call` for one app, as the fixture of that name does for the app in src."""
    return partial(call, app)


def functions_of(app: func.FunctionApp) -> list[Any]:
    """Returns the functions of an app as the worker indexes them, which can be done once for each app."""
    if app not in _functions:
        _functions[app] = app.get_functions()
    return _functions[app]


def listed(app: func.FunctionApp, tool: str) -> dict[str, Any]:
    """Returns the trigger of a tool as the host gets it, its schemas as objects."""
    bindings = [json.loads(each) for each in _tool(app, tool).get_raw_bindings()]
    trigger = next(each for each in bindings if each.get("toolName") == tool)
    texts = ("toolProperties", "inputSchema", "outputSchema", "metadata")
    return trigger | {each: json.loads(trigger[each]) for each in texts if each in trigger}


def tools_of(app: func.FunctionApp) -> dict[str, Any]:
    """Returns the functions that are tools, by the names of those."""
    named = ((getattr(each.get_trigger(), "tool_name", None), each) for each in functions_of(app))
    return {name: each for name, each in named if name}


def _tool(app: func.FunctionApp, tool: str) -> Any:
    tools = tools_of(app)
    if tool not in tools:
        raise AssertionError(f"the app has no tool {tool}, it has {', '.join(tools)}")
    return tools[tool]
