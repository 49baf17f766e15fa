"""`@tool(app)` makes a function a tool: its name, docstring and type hints are what an agent lists.

On `app.mcp_tool_trigger` of the SDK, so what is deployed is an mcpToolTrigger as any other. Arguments are checked
before the function runs, and what does not fit is told to the model; so is a ToolError. Whatever else a function
raises stays hidden from clients and is logged, as the platform does.
"""

import inspect
import logging
import os
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import azure.functions as func
import msgspec

from tool_answer import Answer
from tool_arguments import ArgumentError, Arguments, ToolCall
from tool_declaration import ToolDeclaration, ToolDeclarationError
from tool_results import ToolError, failure

__all__ = ["ToolCall", "ToolDeclarationError", "tool"]

type App = func.FunctionApp | func.Blueprint


def tool(
    app: App, *, name: str | None = None, description: str | None = None, meta: Mapping[str, Any] | None = None
) -> Callable[[Callable[..., Any]], Any]:
    """Makes a function a tool of `app`. Bindings stand above it: their parameters are no arguments of the tool.

    `name` is that of the function, `description` its docstring, unless given; `meta` is listed as `_meta`. There is no
    title and there are no annotations (readOnlyHint, ...), since version 1.6.0 of the extension passes none on. Raises
    ToolDeclarationError, here or when the app is indexed.
    """
    if not hasattr(app, "mcp_tool_trigger"):  # the apps of other packages, such as DFApp, are no FunctionApp
        raise ToolDeclarationError(
            f"@tool needs the app, a FunctionApp or a Blueprint, but has {_spelt_app(app)}: write @tool(app)."
        )

    def decorate(function: Callable[..., Any]) -> Any:
        if not inspect.isfunction(function):
            kind = "a binding" if hasattr(function, "build") else "something that is no function"
            raise ToolDeclarationError(
                f"@tool(app) stands above {kind}: write it right above `def`, bindings above it."
            )
        declared = ToolDeclaration(function, name, description)
        _check_names(declared, app)
        return _registered(declared, app, meta)

    return decorate


_names: weakref.WeakKeyDictionary[App, set[str]] = weakref.WeakKeyDictionary()


def _check_names(declared: ToolDeclaration, app: App) -> None:
    if not declared.description:
        declared.refuse("has no docstring, which is what a model chooses it by. Write one.")
    names = _names.setdefault(app, set())
    if declared.name.lower() in names:
        declared.refuse("has a name that another tool has too; the extension knows no difference of case. Rename one.")
    names.add(declared.name.lower())


def _registered(declared: ToolDeclaration, app: App, meta: Mapping[str, Any] | None) -> Any:
    """Registers it, to be completed when the app is built: only then are the bindings above it known."""
    wrapper = _wrapper(declared)
    builder: Any = app.mcp_tool_trigger(
        arg_name=declared.trigger,
        tool_name=declared.name,
        description=declared.description,
        tool_properties="[]",
        metadata=msgspec.json.encode(meta).decode() if meta else None,
        use_result_schema=True,
        use_worker_input_schema=True,
        input_schema="{}",
        output_schema=None,
    )(wrapper)
    build = builder.build

    def completed(*arguments: Any, **named: Any) -> Any:
        built = build(*arguments, **named)
        bound = [each.name for each in built.get_bindings() if each.name not in (declared.trigger, "$return")]
        plan = _Plan(declared, bound)
        wrapper.plan = plan
        wrapper.__signature__ = plan.signature
        wrapper.__annotations__ = plan.annotations
        trigger = built.get_trigger()
        trigger.tool_properties = msgspec.json.encode(plan.arguments.properties).decode()
        trigger.input_schema = msgspec.json.encode(plan.arguments.schema).decode()
        trigger.output_schema = plan.answer.schema and msgspec.json.encode(plan.answer.schema).decode()
        return built

    builder.build = completed
    return builder


class _Plan:
    """How a call is taken apart and answered, and which parameters the worker itself is to give."""

    def __init__(self, declared: ToolDeclaration, bound: list[str]) -> None:
        hints = declared.hints
        for name in bound:
            if name not in declared.parameters:
                declared.refuse(f"has no parameter '{name}', which a binding above it is for. Add it.")
        self.arguments = Arguments(declared, hints, bound)
        self.answer = Answer(declared, hints.get("return", inspect.Parameter.empty))
        kept = [name for name in declared.parameters if name in bound or hints.get(name) is func.Context]
        self.signature = inspect.Signature(
            [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in (declared.trigger, *kept)]
        )
        self.annotations = {declared.trigger: str, "return": str} | {
            name: hints[name] for name in kept if name in hints
        }


def _wrapper(declared: ToolDeclaration) -> Any:
    """Returns what the worker calls: on its loop if the function is async, in one of its threads if it is not."""
    function, trigger = declared.function, declared.trigger

    if inspect.iscoroutinefunction(function):

        async def call_async(**inputs: Any) -> str:
            plan: _Plan = wrapper.plan
            try:
                given = plan.arguments.read(inputs.pop(trigger))
                return plan.answer.envelope(await function(**given, **inputs))
            except ToolError as error:
                return _told(declared.name, error)

        wrapper: Any = call_async
    else:

        def call(**inputs: Any) -> str:
            plan: _Plan = wrapper.plan
            try:
                given = plan.arguments.read(inputs.pop(trigger))
                return plan.answer.envelope(function(**given, **inputs))
            except ToolError as error:
                return _told(declared.name, error)

        wrapper = call
    wrapper.__name__, wrapper.__qualname__ = function.__name__, function.__qualname__
    wrapper.__module__, wrapper.__doc__ = function.__module__, function.__doc__
    return wrapper


def _told(tool_name: str, error: ToolError) -> str:
    """Returns the envelope of a call that was not done, and logs it, since the host logs that it succeeded. What the
    model is told stays out of the log: it may quote what the caller gave.
    """
    if isinstance(error, ArgumentError):
        logging.warning("The tool '%s' refused the argument %.100r", tool_name, error.argument)
    else:
        logging.warning("The tool '%s' answered with an error that the model is told", tool_name)
    return failure(str(error))


def _spelt_app(given: Any) -> str:
    if inspect.isfunction(given):
        code = given.__code__
        return f"the function '{given.__name__}' of {os.path.basename(code.co_filename)} line {code.co_firstlineno}"
    return f"a {type(given).__name__}"
