"""mcpToolTrigger: from the binding that the worker indexed to a tool that clients list and call."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import msgspec

from functions_host.bindings.raw_binding import RawBinding, read_elements
from functions_host.errors import InvocationError, PersonError
from functions_host.triggers.calls import Call
from functions_host.triggers.tool_results import tool_result
from functions_host.triggers.trigger_metadata import Metadata, read_metadata
from functions_host.wire_json import object_of, read_element, to_json
from functions_host.worker_process.messages import Value


@dataclass(frozen=True)
class ToolTrigger:
    """A tool as its trigger declares it."""

    type_name: ClassVar = "mcpToolTrigger"
    noun: ClassVar = "tool"

    binding_name: str
    public_name: str
    description: str
    input_schema: "_InputSchema"
    output_schema: bytes | None
    """JSON."""
    metadata: Metadata
    use_result_schema: bool

    @cached_property
    def listing(self) -> bytes:
        """The element of tools/list, as JSON."""
        return object_of(
            [
                (b"name", to_json(self.public_name)),
                (b"description", to_json(self.description)),
                (b"inputSchema", self.input_schema.json),
                (b"outputSchema", self.output_schema),
                (b"_meta", self.metadata.written()),
            ]
        )

    @property
    def caveats(self) -> tuple[str, ...]:
        """What the person should know of it."""
        broken = self.input_schema.has_null or None in self.input_schema.required
        return ("fails calls: toolProperties has an element without a name.",) * broken + self.metadata.caveats

    @property
    def required(self) -> Sequence[str | None]:
        """The names of the arguments that must be there; None is that of a property that has none.

        Raises InvocationError where no call can go on.
        """
        if self.input_schema.has_null:
            raise InvocationError("Object reference not set to an instance of an object: toolProperties holds a null.")
        return self.input_schema.required

    def result(self, value: Value, call: Call) -> bytes:
        """Returns the result of tools/call. Raises InvocationError if `value` breaks the contract of the trigger."""
        return tool_result(value, use_result_schema=self.use_result_schema)


def read_tool_trigger(binding: RawBinding) -> ToolTrigger:
    """Reads a raw mcpToolTrigger binding.

    Raises BindingError where the host would put the function in error, PersonError where it would not start at all.
    """
    name, description = binding.required("toolName"), binding.required("description")
    binding.check_is_string()
    # The host makes the attribute of all of them, and the extension then looks at the metadata first.
    use_result_schema, has_own_schema = binding.flag("useResultSchema"), binding.flag("useWorkerInputSchema")
    properties, own_schema = binding.text("toolProperties"), binding.text("inputSchema")
    output_schema = binding.text("outputSchema")
    metadata = read_metadata(binding.text("metadata"), f"the tool '{name}'")
    return ToolTrigger(
        binding_name=binding.name,
        public_name=name,
        description=description,
        input_schema=_worker_schema(name, own_schema) if has_own_schema else _schema_of_properties(name, properties),
        output_schema=_schema(name, "output", output_schema)[1] if output_schema else None,
        metadata=metadata,
        use_result_schema=use_result_schema,
    )


class _InputSchema(NamedTuple):
    """What arguments a tool takes."""

    json: bytes
    required: Sequence[str | None]
    has_null: bool = False
    """Whether there is a null among the properties: it is not listed, and lets every call fail."""


class _Property(msgspec.Struct, rename="lower"):
    """An element of toolProperties."""

    propertyName: str | None = None
    propertyType: str | None = None
    description: str | None = None
    isRequired: bool = False
    isArray: bool = False
    enumValues: list[str | None] | None = None

    def schema(self) -> dict[str, Any]:
        """Returns the JSON Schema of the property."""
        schema: dict[str, Any] = {"type": self.propertyType}
        if self.enumValues:
            schema["enum"] = self.enumValues
        if self.isArray:
            schema = {"type": "array", "items": schema}
        return schema | {"description": self.description or ""}


def _schema_of_properties(tool: str, text: str | None) -> _InputSchema:
    try:
        properties = [] if text is None else read_elements(text, _Property) or []
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise PersonError(
            f"The toolProperties of the tool '{tool}' are not a JSON array of what they should be: {error}.",
            "Write them with json.dumps of a list of dicts with propertyName, propertyType and description.",
        ) from None
    # One without a name is not listed, but required all the same. Of two with one name, both are listed.
    named = [
        (each.propertyName, each) for each in properties if each and each.propertyName and each.propertyName.strip()
    ]
    described = b",".join([to_json(name) + b":" + to_json(each.schema()) for name, each in named])
    listed = list(dict.fromkeys(name for name, each in named if each.isRequired))
    return _InputSchema(
        b'{"type":"object","properties":{%b},"required":%b}' % (described, to_json(listed)),
        [each.propertyName for each in properties if each and each.isRequired],
        has_null=None in properties,
    )


def _worker_schema(tool: str, text: str | None) -> _InputSchema:
    if not text:
        raise PersonError("InputSchema is null or invalid.", f"Give the tool '{tool}' an inputSchema.")
    schema, written = _schema(tool, "input", text)
    return _InputSchema(written, [name for name in schema.get("required", []) if isinstance(name, str)])


def _schema(tool: str, kind: str, text: str) -> tuple[dict[str, Any], bytes]:
    """Returns a JSON Schema that was given as text, read and written again. Raises PersonError."""
    try:
        written, schema = to_json(read_element(text)), json.loads(text)
    except ValueError:
        raise PersonError(
            f"Failed to parse {kind.title()}Schema for tool '{tool}'. Schema must be valid JSON.",
            f"Give the {kind}Schema as text, with json.dumps.",
        ) from None
    if not _is_tool_schema(schema):
        raise PersonError(
            f"The specified document is not a valid MCP tool {kind} JSON schema (tool '{tool}').",
            'Its root must be an object with "type": "object".',
        )
    return schema, written


def _is_tool_schema(schema: Any) -> bool:
    return (
        isinstance(schema, dict)
        and schema.get("type") == "object"
        and isinstance(schema.get("properties", {}), dict)
        and isinstance(schema.get("required", []), list)
    )
