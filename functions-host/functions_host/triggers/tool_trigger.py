"""mcpToolTrigger: from the binding that the worker indexed to a tool that clients list and call."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import msgspec

from functions_host.bindings.raw_binding import RawBinding, read_elements
from functions_host.errors import BindingError, PersonError
from functions_host.triggers.calls import Call
from functions_host.triggers.tool_results import tool_result
from functions_host.triggers.trigger_metadata import read_metadata
from functions_host.wire_json import object_of, optional_json, to_json
from functions_host.worker_process.messages import Value


@dataclass(frozen=True)
class ToolTrigger:
    """A tool as its trigger declares it."""

    type_name: ClassVar = "mcpToolTrigger"
    noun: ClassVar = "tool"

    binding_name: str
    public_name: str
    description: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None
    metadata: dict[str, Any] | None
    use_result_schema: bool

    @cached_property
    def listing(self) -> bytes:
        """The element of tools/list, as JSON."""
        return object_of(
            [
                (b"name", to_json(self.public_name)),
                (b"description", to_json(self.description)),
                (b"inputSchema", to_json(self.input_schema)),
                (b"outputSchema", optional_json(self.output_schema)),
                (b"_meta", optional_json(self.metadata or None)),
            ]
        )

    @property
    def required(self) -> list[str]:
        """The names of the arguments that must be there."""
        return self.input_schema.get("required", [])

    def result(self, value: Value, call: Call) -> bytes:
        """Returns the result of tools/call. Raises InvocationError if `value` breaks the contract of the trigger."""
        return tool_result(value, use_result_schema=self.use_result_schema)


def read_tool_trigger(binding: RawBinding) -> ToolTrigger:
    """Reads a raw mcpToolTrigger binding.

    Raises BindingError where the host would put the function in error, PersonError where it would not start at all.
    """
    name = binding.required("toolName")
    if not isinstance(binding.get("description"), str):
        raise BindingError(f"Can't figure out which ctor to call. Give the mcpToolTrigger of '{name}' a description.")
    binding.check_is_string()
    output_schema = binding.text("outputSchema")
    return ToolTrigger(
        binding_name=binding.name,
        public_name=name,
        description=binding.required("description"),
        input_schema=_input_schema(name, binding),
        output_schema=_schema(name, "output", output_schema) if output_schema else None,
        metadata=read_metadata(binding.get("metadata"), f"the tool '{name}'"),
        use_result_schema=binding.flag("useResultSchema"),
    )


def _input_schema(tool: str, binding: RawBinding) -> dict[str, Any]:
    if binding.flag("useWorkerInputSchema"):
        if not binding.get("inputSchema"):
            raise PersonError("InputSchema is null or invalid.", f"Give the tool '{tool}' an inputSchema.")
        return _schema(tool, "input", binding.get("inputSchema"))
    text = binding.text("toolProperties")
    if text is None:
        return _schema_of([])
    try:
        return _schema_of(read_elements(text, _Property) or [])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise PersonError(
            f"The toolProperties of the tool '{tool}' are not a JSON array of what they should be: {error}.",
            "Write them with json.dumps of a list of dicts with propertyName, propertyType and description.",
        ) from None


class _Property(msgspec.Struct, rename="lower"):
    """An element of toolProperties."""

    propertyName: str | None = None
    propertyType: str | None = None
    description: str | None = None
    isRequired: bool = False
    isArray: bool = False
    enumValues: list[str] | None = None

    def schema(self) -> dict[str, Any]:
        """Returns the JSON Schema of the property."""
        schema: dict[str, Any] = {"type": self.propertyType}
        if self.enumValues:
            schema["enum"] = self.enumValues
        if self.isArray:
            schema = {"type": "array", "items": schema}
        return schema | {"description": self.description or ""}


def _schema_of(properties: list[_Property]) -> dict[str, Any]:
    # One without a name is left out, without a word.
    named = {each.propertyName: each for each in properties if each.propertyName and each.propertyName.strip()}
    required = [name for name in named if any(each.isRequired for each in properties if each.propertyName == name)]
    described = {name: each.schema() for name, each in named.items()}
    return {"type": "object", "properties": described, "required": required}


def _schema(tool: str, kind: str, text: Any) -> dict[str, Any]:
    try:
        schema = json.loads(text)
    except (ValueError, TypeError):
        raise PersonError(
            f"Failed to parse {kind.title()}Schema for tool '{tool}'. Schema must be valid JSON.",
            f"Give the {kind}Schema as text, with json.dumps.",
        ) from None
    if not _is_tool_schema(schema):
        raise PersonError(
            f"The specified document is not a valid MCP tool {kind} JSON schema (tool '{tool}').",
            'Its root must be an object with "type": "object".',
        )
    return schema


def _is_tool_schema(schema: Any) -> bool:
    return (
        isinstance(schema, dict)
        and schema.get("type") == "object"
        and isinstance(schema.get("properties", {}), dict)
        and isinstance(schema.get("required", []), list)
    )
