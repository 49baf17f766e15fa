"""mcpToolTrigger: from the binding that the worker indexed to a tool that clients list and call."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from local.errors import BindingError, PersonError
from local.functions_host.binding_expressions import BindingValue, ExactNames
from local.functions_host.mcp_messages import McpClient
from local.functions_host.wire_json import object_of, to_json

_read_any = msgspec.json.Decoder().decode


@dataclass(frozen=True)
class ToolTrigger:
    """A tool as its trigger declares it."""

    binding_name: str
    tool_name: str
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
                ("name", to_json(self.tool_name)),
                ("description", to_json(self.description)),
                ("inputSchema", to_json(self.input_schema)),
                ("outputSchema", to_json(self.output_schema) if self.output_schema is not None else None),
                ("_meta", to_json(self.metadata) if self.metadata else None),
            ]
        )

    def missing_arguments(self, arguments: dict[str, msgspec.Raw]) -> list[str]:
        """Returns the required arguments that are absent or null, the only thing that the extension checks."""
        required: list[str] = self.input_schema.get("required", [])
        return [name for name in required if name not in arguments or bytes(arguments[name]) == b"null"]


@dataclass(frozen=True)
class ToolCall:
    """One tools/call: what the function is given, and what its bindings can refer to."""

    name: str
    """As the client spelled it; tools are found in any case."""
    arguments: dict[str, msgspec.Raw] | None
    arguments_json: bytes | None
    client: McpClient

    def trigger_json(self) -> bytes:
        """Returns the value of the trigger parameter. Members that are not known are left out, as the host does."""
        client = self.client
        session = to_json(client.session_id) if client.session_id else None
        transport = object_of(
            [
                ("name", to_json(client.transport)),
                ("sessionId", session),
                ("properties", b'{"headers":%b}' % to_json(client.headers)),
            ]
        )
        return object_of(
            [
                ("name", to_json(self.name)),
                ("arguments", self.arguments_json),
                ("sessionid", session),
                ("clientinfo", client.client_info),
                ("transport", transport),
            ]
        )

    def binding_data(self) -> dict[str, BindingValue]:
        """Returns what binding expressions can name, with lower-case names at the top."""
        data: dict[str, BindingValue] = {"mcptoolcontext": None}
        if self.arguments is not None:
            data["mcptoolargs"] = ExactNames({name: _argument_text(raw) for name, raw in self.arguments.items()})
        # The host also copies the members of a trigger value that is JSON, arrays and nulls excepted.
        # Its numbers stay the text they are: expressions make text of them anyway.
        for name, value in json.loads(self.trigger_json(), parse_int=str, parse_float=str).items():
            if value is not None and not isinstance(value, list):
                data[name.lower()] = _binding_value(value)
        if self.client.session_id:
            data["mcpsessionid"] = self.client.session_id
        return data


def read_tool_trigger(binding: dict[str, Any]) -> ToolTrigger:
    """Reads a raw mcpToolTrigger binding.

    Raises BindingError where the host would put the function in error, PersonError where it would not start at all.
    """
    name = binding.get("toolName")
    if not isinstance(name, str):
        raise BindingError("The mcpToolTrigger has no toolName.")
    if not isinstance(binding.get("description"), str):
        raise BindingError(f"Can't figure out which ctor to call. Give the mcpToolTrigger of '{name}' a description.")
    if str(binding.get("dataType", "string")).lower() not in ("string", "undefined"):
        raise BindingError(f"dataType {binding['dataType']} of the mcpToolTrigger of '{name}' fails every call.")
    return ToolTrigger(
        binding_name=binding["name"],
        tool_name=name,
        description=binding["description"],
        input_schema=_input_schema(name, binding),
        output_schema=_schema(name, "output", binding["outputSchema"]) if binding.get("outputSchema") else None,
        metadata=_metadata(name, binding.get("metadata")),
        use_result_schema=binding.get("useResultSchema") is True,
    )


def _input_schema(tool: str, binding: dict[str, Any]) -> dict[str, Any]:
    if binding.get("useWorkerInputSchema") is True:
        if not binding.get("inputSchema"):
            raise PersonError("InputSchema is null or invalid.", f"Give the tool '{tool}' an inputSchema.")
        return _schema(tool, "input", binding["inputSchema"])
    properties = binding.get("toolProperties")
    if properties is None:
        return _schema_of([])
    if not isinstance(properties, str):
        raise BindingError(f"Unable to configure binding: toolProperties of '{tool}' is not text; use json.dumps.")
    try:
        elements = json.loads(properties)
        return _schema_of([_lower_names(element) for element in elements])
    except (ValueError, TypeError, AttributeError) as error:
        raise PersonError(
            f"The toolProperties of the tool '{tool}' are not a JSON array of objects: {error}.",
            "Write them with json.dumps of a list of dicts with propertyName, propertyType and description.",
        ) from None


def _schema_of(properties: list[dict[str, Any]]) -> dict[str, Any]:
    described: dict[str, Any] = {}
    required: list[str] = []
    for each in properties:
        name = each.get("propertyname")
        if not isinstance(name, str) or not name.strip():
            continue  # the extension leaves it out without a word
        described[name] = _property_schema(each)
        if each.get("isrequired") is True and name not in required:
            required.append(name)
    return {"type": "object", "properties": described, "required": required}


def _property_schema(declared: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": declared.get("propertytype")}
    if declared.get("enumvalues"):
        schema["enum"] = declared["enumvalues"]
    if declared.get("isarray") is True:
        schema = {"type": "array", "items": schema}
    return schema | {"description": declared.get("description") or ""}


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


def _metadata(tool: str, text: Any) -> dict[str, Any] | None:
    if text is None or (isinstance(text, str) and not text.strip()):
        return None
    try:
        metadata = json.loads(text, parse_float=_whole_or_float)
    except (ValueError, TypeError):
        metadata = None
    if not isinstance(metadata, dict):
        raise BindingError(f"The metadata of the tool '{tool}' is not a JSON object in text.")
    return metadata


def _whole_or_float(text: str) -> int | float:
    number = float(text)  # the extension writes 1.0 as 1
    return int(number) if number.is_integer() and abs(number) < 2**63 else number


def _argument_text(raw: msgspec.Raw) -> str:
    """Writes an argument as .NET's JsonElement.ToString() does: text as it is, numbers as written."""
    text = bytes(raw).decode()
    if text[0] == '"':
        return _read_any(raw)
    if text[0] in "{[":
        return _compact(text)
    return {"true": "True", "false": "False", "null": ""}.get(text, text)


def _compact(text: str) -> str:
    return re.sub(r'("(?:[^"\\]|\\.)*")|\s+', lambda match: match.group(1) or "", text)


def _binding_value(value: Any) -> BindingValue:
    if isinstance(value, dict):
        members: dict[str, Any] = value
        return {name: _binding_value(member) for name, member in members.items()}
    if value is None or isinstance(value, list):
        return None
    return str(value)


def _lower_names(element: dict[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in element.items()}
