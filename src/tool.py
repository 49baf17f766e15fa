"""`@tool(app)` makes a function a tool: its name, docstring and type hints are what an agent lists.

On `app.mcp_tool_trigger` of the SDK, so what is deployed is an mcpToolTrigger as any other. Arguments are checked
before the function runs, and what does not fit is told to the model; so is a ToolError. Whatever else a function
raises stays hidden from clients and is logged, as the platform does.
"""

import inspect
import itertools
import logging
import os
import re
import typing
import weakref
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, cast

import azure.functions as func
import msgspec

from tool_results import Content, Result, ToolError, blocks_result, envelope, failure, structured_result, text_result
from tool_schema import Json, fault_of, schema_of

type App = func.FunctionApp | func.Blueprint

_ABSENT = inspect.Parameter.empty
_RESEMBLANCE = 0.7  # of 1 for the same name: 'stauts' and 'state' are taken for 'status', 'max' is not for 'limit'
_COMPARED_NAMES = 20  # a caller may send any number


class ToolDeclarationError(Exception):
    """A function cannot be a tool as it is written. Its text says where it is and what to change."""


class _ArgumentError(ToolError):
    """An argument that the function does not get."""

    def __init__(self, argument: str, text: str) -> None:
        super().__init__(text)
        self.argument = argument


class ToolCall(msgspec.Struct, frozen=True):
    """Who calls. A parameter of this type gets it, and is no argument of the tool.

    What the extension tells of a caller: https://learn.microsoft.com/azure/azure-functions/functions-bindings-mcp-tool-trigger
    """

    tool: str
    """The name, in the client's spelling."""
    session: str | None
    """The session over Streamable HTTP, if the client sent one."""
    client: dict[str, Any] | None
    """Name and version of the client, over the older SSE transport only."""
    transport: dict[str, Any] | None
    """Its name, and the HTTP headers under properties.headers, keys and tokens included: do not log it."""


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
        declared = _Declaration(function, name or function.__name__, description or _paragraphs(function))
        declared.check_names(app)
        return declared.registered(app, meta)

    return decorate


class _Declaration:
    """A function, and what is said of it before its bindings are known."""

    def __init__(self, function: Callable[..., Any], name: str, description: str) -> None:
        self.function = function
        self.name = name
        self.description = description
        self.parameters = inspect.signature(function).parameters
        # Not in the way of an argument of that name, nor of the worker's own `context`.
        self.trigger = "context" if "context" not in self.parameters else "toolcall"

    def refuse(self, problem: str) -> NoReturn:
        """Raises ToolDeclarationError."""
        code = self.function.__code__
        where = f"{os.path.basename(code.co_filename)} line {code.co_firstlineno}"
        raise ToolDeclarationError(f"{where}: the tool '{self.name}' {problem}") from None

    def check_names(self, app: App) -> None:
        if not self.description:
            self.refuse("has no docstring, which is what a model chooses it by. Write one.")
        names = _names.setdefault(app, set())
        if self.name.lower() in names:
            self.refuse("has a name that another tool has too; the extension knows no difference of case. Rename one.")
        names.add(self.name.lower())

    def registered(self, app: App, meta: Mapping[str, Any] | None) -> Any:
        """Registers it, to be completed when the app is built: only then are the bindings above it known."""
        wrapper = _wrapper(self)
        builder: Any = app.mcp_tool_trigger(
            arg_name=self.trigger,
            tool_name=self.name,
            description=self.description,
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
            bound = [each.name for each in built.get_bindings() if each.name not in (self.trigger, "$return")]
            plan = _Plan(self, bound)
            wrapper.plan = plan
            wrapper.__signature__ = plan.signature
            wrapper.__annotations__ = plan.annotations
            trigger = built.get_trigger()
            trigger.tool_properties = msgspec.json.encode(plan.properties).decode()
            trigger.input_schema = msgspec.json.encode(plan.input_schema).decode()
            trigger.output_schema = plan.output_schema and msgspec.json.encode(plan.output_schema).decode()
            return built

        builder.build = completed
        return builder


_names: weakref.WeakKeyDictionary[App, set[str]] = weakref.WeakKeyDictionary()


class _Argument:
    """One argument of a tool, from a parameter and its type hint."""

    def __init__(self, declared: _Declaration, parameter: inspect.Parameter, hints: Mapping[str, Any]) -> None:
        self.name = parameter.name
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            declared.refuse(f"has the parameter '{parameter}', but a model gives arguments by name. Name each one.")
        if self.name not in hints:
            declared.refuse(f"has the argument '{self.name}' without a type. Add one, such as {self.name}: str.")
        self.hint = hints[self.name]
        try:
            self.schema = schema_of(self.hint)
        except TypeError:
            declared.refuse(
                f"has the argument '{self.name}' of the type {_spelt(self.hint)}, which JSON does not have. Take str, "
                "int, float, bool, list, dict, Literal, an Enum, a TypedDict or a dataclass."
            )
        self.default = parameter.default
        # The extension refuses null for a required argument, so what may be null cannot be required.
        if self.default is _ABSENT and fault_of(None, self.hint, self.schema) is None:
            self.default = None
        self._list_default(declared)

    def _list_default(self, declared: _Declaration) -> None:
        if self.default is None:
            # Not given and null are the same to the function, and plain types are what all clients understand.
            self.schema = _without_null(self.schema)
        elif self.default is not _ABSENT:
            try:
                plain = msgspec.to_builtins(self.default)
            except TypeError:
                plain = self.default
            if fault := fault_of(plain, self.hint, self.schema):
                declared.refuse(f"has the argument '{self.name}' whose default {fault.problem}. Change one of them.")
            self.schema["default"] = plain

    @property
    def is_required(self) -> bool:
        return self.default is _ABSENT

    @property
    def property(self) -> Json:
        """Returns it in the words of toolProperties, for versions of the extension that do not know inputSchema."""
        listed, is_array = self.schema, self.schema.get("type") == "array"
        if is_array:
            listed = self.schema["items"]
        described = {
            "propertyName": self.name,
            "propertyType": listed.get("type", "object" if "properties" in listed else "string"),
            "description": self.schema.get("description", ""),
            "isRequired": self.is_required,
            "isArray": is_array,
        }
        return {**described, "enumValues": [str(each) for each in listed["enum"]]} if "enum" in listed else described


class _Plan:
    """How a call is taken apart and answered."""

    def __init__(self, declared: _Declaration, bound: list[str]) -> None:
        self._declared = declared
        hints = self._hints()
        for name in bound:
            if name not in declared.parameters:
                declared.refuse(f"has no parameter '{name}', which a binding above it is for. Add it.")
        self._callers = [name for name in declared.parameters if hints.get(name) is ToolCall]
        self._arguments = {
            name: _Argument(declared, parameter, hints)
            for name, parameter in declared.parameters.items()
            if name not in bound and name not in self._callers and hints.get(name) is not func.Context
        }
        self._answer = _Answer(declared, hints.get("return", _ABSENT))
        self._decoder = self._made_decoder()
        kept = [name for name in declared.parameters if name in bound or hints.get(name) is func.Context]
        self.signature = inspect.Signature(
            [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in (declared.trigger, *kept)]
        )
        self.annotations = {declared.trigger: str, "return": str} | {
            name: hints[name] for name in kept if name in hints
        }

    def _hints(self) -> dict[str, Any]:
        try:
            return typing.get_type_hints(self._declared.function, include_extras=True)
        except (NameError, TypeError, SyntaxError) as error:
            self._declared.refuse(f"has a type hint that cannot be read: {error}. Import or mend it.")

    @property
    def properties(self) -> list[Json]:
        return [argument.property for argument in self._arguments.values()]

    @property
    def input_schema(self) -> Json:
        properties = {name: dict(argument.schema) for name, argument in self._arguments.items()}
        definitions = {name: each for listed in properties.values() for name, each in listed.pop("$defs", {}).items()}
        return {
            "type": "object",
            "properties": properties,
            "required": [name for name, argument in self._arguments.items() if argument.is_required],
            **({"$defs": definitions} if definitions else {}),
        }

    @property
    def output_schema(self) -> Json | None:
        return self._answer.schema

    def inputs(self, call: str) -> dict[str, Any]:
        """Returns the function's arguments from the trigger's JSON. Raises ToolError if they do not fit."""
        try:
            given = self._decoder.decode(call).arguments
        except msgspec.ValidationError:
            given = self._tolerated(call)
        inputs = {name: getattr(given, name) for name in self._arguments}
        if self._callers:
            whole = msgspec.json.decode(call)
            members = (whole.get(each) for each in ("sessionid", "clientinfo", "transport"))
            inputs |= dict.fromkeys(self._callers, ToolCall(whole["name"], *members))
        return inputs

    def answer(self, value: Any) -> str:
        return self._answer.envelope(value)

    def _made_decoder(self) -> Any:
        fields = [
            (each.name, each.hint) if each.is_required else (each.name, each.hint, _default_field(each.default))
            for each in self._arguments.values()
        ]
        arguments = msgspec.defstruct("Arguments", fields, kw_only=True, forbid_unknown_fields=True)
        self._struct = arguments
        if any(each.is_required for each in self._arguments.values()):
            return msgspec.json.Decoder(msgspec.defstruct("Call", [("arguments", arguments)]))
        absent: Any = msgspec.field(default_factory=arguments)
        return msgspec.json.Decoder(msgspec.defstruct("Call", [("arguments", arguments, absent)]))

    def _tolerated(self, call: str) -> Any:
        """Reads arguments of which some are null where a default stands, as many clients send what is not given, or
        that the tool does not have, as some clients add.
        """
        given: dict[str, Any] = msgspec.json.decode(call).get("arguments") or {}
        self._refuse_misspelt(given)
        kept: dict[str, Any] = {}
        for name, argument in self._arguments.items():
            value = given.get(name)
            if value is None and not argument.is_required:
                continue
            if value is None and name not in given:
                raise _ArgumentError(name, f"The argument '{name}' is missing. Give {name} as a value that fits.")
            if fault := fault_of(value, argument.hint, argument.schema):
                raise _ArgumentError(
                    name, f"The argument '{name}{fault.path}' {fault.problem}. Give {name} a value that fits."
                )
            kept[name] = value
        return msgspec.convert(kept, self._struct)

    def _refuse_misspelt(self, given: Mapping[str, Any]) -> None:
        """Raises ToolError for a name that resembles an argument which is not given.

        Any other is ignored, since clients add some: n8n a toolCallId, https://github.com/n8n-io/n8n/issues/21500.
        """
        import difflib  # for the few calls that need it

        absent = [_plain_name(name) for name in self._arguments if given.get(name) is None]
        unknown = (name for name, value in given.items() if name not in self._arguments and value is not None)
        for name in itertools.islice(unknown, _COMPARED_NAMES) if absent else ():
            if difflib.get_close_matches(_plain_name(name), absent, 1, _RESEMBLANCE):
                named = ", ".join(f"'{each}'" for each in self._arguments)
                raise _ArgumentError(name, f"There is no argument '{name}': the tool has {named}.")


class _Answer:
    """How what a function returns becomes a result, from the type that it says it returns."""

    def __init__(self, declared: _Declaration, hint: Any) -> None:
        self._name = declared.name
        self.schema: Json | None = None
        self._hint: Any = None
        self._is_wrapped = False
        if typing.get_origin(hint) is Result:
            (hint,) = typing.get_args(hint)
        if hint in (_ABSENT, str, None, type(None), Any, Result) or _has_content(hint):
            return
        try:
            schema = schema_of(hint)
        except TypeError:
            declared.refuse(f"returns the type {_spelt(hint)}, which JSON does not have. Return JSON, or a Content.")
        self._hint = hint
        self._is_wrapped = schema.get("type") != "object"  # as MCP wants it; other frameworks name it `result` too
        if self._is_wrapped:
            definitions = {"$defs": schema.pop("$defs")} if "$defs" in schema else {}
            wrapped = {"type": "object", "properties": {"result": schema}, "required": ["result"]}
            schema = wrapped | definitions
        self.schema = schema

    def envelope(self, value: Any) -> str:
        """Returns the envelope of a result. Raises ToolError if the value is not what the function says."""
        try:
            return self._envelope(value)
        except (msgspec.ValidationError, TypeError, ValueError, OverflowError) as error:
            logging.exception("The tool '%s' returned what it cannot", self._name)
            raise ToolError(
                f"The tool '{self._name}' has done its work, but its result cannot be sent: {error}. "
                "Whoever runs this server has to correct it."
            ) from error

    def _envelope(self, value: Any) -> str:
        text, content = None, list[Content]()
        if isinstance(value, Result):
            result = cast("Result[Any]", value)
            text, value, content = result.text, result.structured, result.content
        elif self._hint is None:
            if isinstance(value, str):
                return text_result(value)
            if value is None:
                return envelope({"content": []})
            if blocks := _blocks(value):
                return blocks_result(blocks)
        plain = msgspec.to_builtins(value, str_keys=True)
        if self._hint is not None:
            msgspec.convert(plain, self._hint)
        if text is None:
            text = plain if isinstance(plain, str) else msgspec.json.encode(plain).decode()
        if self._is_wrapped:
            plain = {"result": plain}
        return structured_result(text, plain, content) if isinstance(plain, dict) else text_result(text)


def _wrapper(declared: _Declaration) -> Any:
    """Returns what the worker calls: on its loop if the function is async, in one of its threads if it is not."""
    function, trigger = declared.function, declared.trigger

    if inspect.iscoroutinefunction(function):

        async def call_async(**inputs: Any) -> str:
            plan: _Plan = wrapper.plan
            try:
                return plan.answer(await function(**plan.inputs(inputs.pop(trigger)), **inputs))
            except ToolError as error:
                return _told(declared.name, error)

        wrapper: Any = call_async
    else:

        def call(**inputs: Any) -> str:
            plan: _Plan = wrapper.plan
            try:
                return plan.answer(function(**plan.inputs(inputs.pop(trigger)), **inputs))
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
    if isinstance(error, _ArgumentError):
        logging.warning("The tool '%s' refused the argument %.100r", tool_name, error.argument)
    else:
        logging.warning("The tool '%s' answered with an error that the model is told", tool_name)
    return failure(str(error))


def _plain_name(name: str) -> str:
    return name.replace("_", "").lower()


def _paragraphs(function: Callable[..., Any]) -> str:
    """Returns the docstring with a line for each paragraph: where the source breaks it is nothing to a model."""
    return re.sub(r"(?<!\n)\n(?=[^\W\d])", " ", inspect.getdoc(function) or "")


def _default_field(default: Any) -> Any:
    """Returns a default as msgspec takes it: what can change is made anew for each call."""
    if isinstance(default, list | dict | set):
        return msgspec.field(default_factory=cast("Any", default).copy)
    return default


def _without_null(schema: Json) -> Json:
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if not kinds or len(kinds) == len(schema["anyOf"]):
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**kinds[0], **rest} if len(kinds) == 1 else {"anyOf": kinds, **rest}


def _has_content(hint: Any) -> bool:
    if isinstance(hint, type) and issubclass(hint, Content):
        return True
    return any(_has_content(each) for each in typing.get_args(hint))


def _blocks(value: Any) -> list[str | Content]:
    """Returns the blocks that a value is, an empty list if it is something else."""
    values: list[Any] = [value] if isinstance(value, Content) else value if isinstance(value, list) else []
    is_all_blocks = all(isinstance(each, str | Content) for each in values)
    return values if is_all_blocks and any(isinstance(each, Content) for each in values) else []


def _spelt_app(given: Any) -> str:
    if inspect.isfunction(given):
        code = given.__code__
        return f"the function '{given.__name__}' of {os.path.basename(code.co_filename)} line {code.co_firstlineno}"
    return f"a {type(given).__name__}"


def _spelt(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint)
