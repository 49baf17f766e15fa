"""The arguments of a tool: how they are listed, and how they reach its function."""

import inspect
import itertools
import json
import math
from collections.abc import Mapping
from typing import Any, cast

import azure.functions as func
import msgspec

from dataclass_defaults import complete
from tool_declaration import ToolDeclaration, spelt
from tool_faults import fault_of
from tool_results import ToolError
from tool_schema import Json, has_dataclass, schema_of

_ABSENT = inspect.Parameter.empty
_RESEMBLANCE = 0.7  # of 1 for the same name: 'stauts' and 'state' are taken for 'status', 'max' is not for 'limit'
_LARGEST_EXACT = 2**53  # of a float
_MOST_DIGITS = 4300  # that Python reads
_TOO_LARGE = "A number among the arguments is too large. Give a smaller one."
_COMPARED_NAMES = 20  # a caller may send any number


class ArgumentError(ToolError):
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


class Arguments:
    """The arguments of a tool, which are its parameters but those of bindings (`bound`), of its caller and of the
    invocation. Raises ToolDeclarationError for what a model could not give.
    """

    def __init__(self, declared: ToolDeclaration, hints: Mapping[str, Any], bound: list[str]) -> None:
        self._callers = [name for name in declared.parameters if hints.get(name) is ToolCall]
        self._arguments = {
            name: _Argument(declared, parameter, hints)
            for name, parameter in declared.parameters.items()
            if name not in bound and name not in self._callers and hints.get(name) is not func.Context
        }
        self._incomplete = [name for name, each in self._arguments.items() if has_dataclass(each.hint)]
        self._decoder = self._made_decoder()

    @property
    def properties(self) -> list[Json]:
        """The arguments in the words of toolProperties."""
        return [argument.property for argument in self._arguments.values()]

    @property
    def schema(self) -> Json:
        """The arguments as an inputSchema."""
        properties = {name: dict(argument.schema) for name, argument in self._arguments.items()}
        definitions = {name: each for listed in properties.values() for name, each in listed.pop("$defs", {}).items()}
        return {
            "type": "object",
            "properties": properties,
            "required": [name for name, argument in self._arguments.items() if argument.is_required],
            **({"$defs": definitions} if definitions else {}),
        }

    def read(self, call: str) -> dict[str, Any]:
        """Returns the function's arguments from the trigger's JSON. Raises ToolError if they do not fit."""
        try:
            given = self._decoder.decode(call).arguments
        except msgspec.ValidationError:
            given = self._tolerated(call)
        inputs = {name: getattr(given, name) for name in self._arguments}
        for name in self._incomplete:
            complete(inputs[name])
        if self._callers:
            whole = msgspec.json.decode(call)
            members = (whole.get(each) for each in ("sessionid", "clientinfo", "transport"))
            inputs |= dict.fromkeys(self._callers, ToolCall(whole["name"], *members))
        return inputs

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
        """Reads arguments of which some are null where a default stands, as many clients send what is not given, are
        integers written as 3.0, or that the tool does not have, as some clients add.
        """
        given: dict[str, Any] = json.loads(call, parse_int=_integer, parse_float=_number).get("arguments") or {}
        self._refuse_misspelt(given)
        kept: dict[str, Any] = {}
        for name, argument in self._arguments.items():
            value = given.get(name)
            if value is None and not argument.is_required:
                continue
            if value is None and name not in given:
                raise ArgumentError(name, f"The argument '{name}' is missing. Give '{name}' a value that fits.")
            if fault := fault_of(value, argument.hint, argument.schema):
                raise ArgumentError(
                    name, f"The argument '{name}{fault.path}' {fault.problem}. Give '{name}' a value that fits."
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
                raise ArgumentError(name, f"There is no argument '{name}': the tool has {named}.")


class _Argument:
    """One argument of a tool, from a parameter and its type hint."""

    def __init__(self, declared: ToolDeclaration, parameter: inspect.Parameter, hints: Mapping[str, Any]) -> None:
        self.name = parameter.name
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            declared.refuse(f"has the parameter '{parameter}', but a model gives arguments by name. Name each one.")
        if self.name not in hints:
            declared.refuse(f"has the argument '{self.name}' without a type. Add one, such as {self.name}: str.")
        self.hint = hints[self.name]
        try:
            self.schema = schema_of(self.hint)
        except TypeError as error:
            declared.refuse(f"has the argument '{self.name}' of the type {spelt(self.hint)}, {_why_not(error)}")
        self.default = parameter.default
        # The extension refuses null for a required argument, so what may be null cannot be required.
        if self.default is _ABSENT and fault_of(None, self.hint, self.schema) is None:
            self.default = None
        self._list_default(declared)

    def _list_default(self, declared: ToolDeclaration) -> None:
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
        is_array = self.schema.get("type") == "array"
        listed = self.schema["items"] if is_array else self.schema
        described = {
            "propertyName": self.name,
            "propertyType": listed.get("type", "object" if "properties" in listed else "string"),
            "description": self.schema.get("description", ""),
            "isRequired": self.is_required,
            "isArray": is_array,
        }
        return {**described, "enumValues": [str(each) for each in listed["enum"]]} if "enum" in listed else described


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ToolError(_TOO_LARGE)
    return int(text)


def _number(text: str) -> int | float:
    """Returns a number of JSON, for which 3.0 is an integer like 3. Raises ToolError if it is infinite to Python."""
    value = float(text)
    if math.isinf(value):
        raise ToolError(_TOO_LARGE)
    return int(value) if value.is_integer() and abs(value) <= _LARGEST_EXACT else value


def _why_not(error: TypeError) -> str:
    if "unions may not" in str(error):
        return "whose kinds JSON does not tell apart. Take one of them, or classes of msgspec.Struct with tag=True."
    kinds = "str, int, float, bool, list, dict, Literal, an Enum, a TypedDict or a dataclass"
    return f"which JSON does not have. Take {kinds}."


def _plain_name(name: str) -> str:
    return name.replace("_", "").lower()


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
