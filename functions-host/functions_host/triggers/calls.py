"""The requests that run a function: what the function is given, and what its bindings can refer to.

Microsoft.Azure.Functions.Extensions.Mcp, Abstractions/*InvocationContext.cs and Trigger/*TriggerBinding.cs.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from functions_host.bindings.dotnet_text import element_text, number_text
from functions_host.bindings.expressions import NULL, BindingValue, ExactNames
from functions_host.errors import InvocationError
from functions_host.wire_json import object_of, to_json
from functions_host.worker_process.messages import Value

_NULL = msgspec.Raw(b"null")


class McpClient(msgspec.Struct):
    """What is known of the sender of a message, and handed on to the function."""

    transport: str
    """`http-streamable` or `http-sse`."""
    headers: dict[str, str]
    session_id: str | None = None
    """The whole value of the Mcp-Session-Id header."""
    client_info: bytes | None = None
    """`clientInfo` of its initialize request, as JSON. Only a legacy SSE session can remember it."""


@dataclass(frozen=True)
class Call(ABC):
    """What the three kinds of request have in common: who asks."""

    client: McpClient

    def trigger_json(self) -> bytes:
        """Returns the value of the trigger parameter. Members that are not known are left out, as the host does."""
        client = self.client
        session = to_json(client.session_id) if client.session_id else None
        transport = object_of(
            [
                (b"name", to_json(client.transport)),
                (b"sessionId", session),
                (b"properties", b'{"headers":%b}' % to_json(client.headers)),
            ]
        )
        return object_of(
            [
                *self._asked(),
                (b"sessionid", session),
                (b"clientinfo", client.client_info),
                (b"transport", transport),
            ]
        )

    def trigger_value(self) -> Value:
        """Returns that value as the worker gets it."""
        return Value("string", self.trigger_json().decode())

    def metadata(self) -> Mapping[str, Value]:
        """Returns nothing: no converter of an MCP or blob binding reads it."""
        return {}

    def binding_data(self, trigger_name: str, trigger_json: str) -> dict[str, BindingValue]:
        """Returns what binding expressions can name, with lower-case names at the top.

        `trigger_name` is the name of the trigger's binding, `trigger_json` its value.
        """
        data = self._own_data()
        data[trigger_name.lower()] = trigger_json
        if self.client.session_id:
            data["mcpsessionid"] = self.client.session_id
        # The host also copies the members of a trigger value that is JSON, arrays and nulls excepted, over what the
        # extension has put there. Expressions make text of its numbers; those with a fraction have double precision.
        members = json.loads(trigger_json, parse_int=str, parse_float=lambda digits: number_text(float(digits)))
        for name, value in members.items():
            if value is not None and not isinstance(value, list):
                data[name.lower()] = _binding_value(value)
        return data

    def _context(self, **own: BindingValue) -> dict[str, BindingValue]:
        """Returns the .NET object that the extension makes of the request, whose members expressions can name too."""
        session = self.client.session_id or NULL
        headers: BindingValue = {**self.client.headers}
        properties = ExactNames({"headers": headers})
        transport: BindingValue = {"Name": self.client.transport, "SessionId": session, "Properties": properties}
        return {**own, "SessionId": session, "ClientInfo": self._client_info(), "Transport": transport}

    def _client_info(self) -> BindingValue:
        if self.client.client_info is None:
            return NULL
        given = json.loads(self.client.client_info)
        return {name: given.get(name, NULL) for name in ("name", "title", "version", "websiteUrl")}

    @abstractmethod
    def _asked(self) -> Iterable[tuple[bytes, bytes | None]]:
        """Returns the members of the trigger value that say what is asked for."""

    @abstractmethod
    def _own_data(self) -> dict[str, BindingValue]:
        """Returns the binding data that only this kind of request has."""


@dataclass(frozen=True)
class _CallWithArguments(Call):
    name: str
    """As the client spelled it; names are found in any case."""
    arguments: dict[str, msgspec.Raw] | None
    arguments_json: bytes | None

    def missing(self, required: Iterable[str | None]) -> list[str]:
        """Returns the required arguments that are absent or null, the only thing that the extension checks.

        Raises InvocationError where an argument that has no name is looked for.
        """
        given, names = self.arguments, list(required)
        if given is None:
            return [name or "" for name in names]
        if None in names:
            raise InvocationError(
                "Value cannot be null. (Parameter 'key'): a required argument was declared without a name."
            )
        return [name for name in names if name is not None and bytes(given.get(name, _NULL)) == b"null"]

    def argument(self, name: str) -> str | None:
        """Returns the text of an argument, None if it is absent. Names have their case."""
        raw = (self.arguments or {}).get(name)
        return None if raw is None else element_text(raw)

    def _asked(self) -> Iterable[tuple[bytes, bytes | None]]:
        return (b"name", to_json(self.name)), (b"arguments", self.arguments_json)

    def _argument_data(self, kind: str) -> dict[str, BindingValue]:
        # Each argument is a JsonElement there: it has no text, and no members that an expression could reach.
        elements = NULL if self.arguments is None else ExactNames(dict.fromkeys(self.arguments))
        data: dict[str, BindingValue] = {f"mcp{kind}context": self._context(Name=self.name, Arguments=elements)}
        if self.arguments is not None:
            data[f"mcp{kind}args"] = ExactNames({name: element_text(raw) for name, raw in self.arguments.items()})
        return data


@dataclass(frozen=True)
class ToolCall(_CallWithArguments):
    """One tools/call."""

    def _own_data(self) -> dict[str, BindingValue]:
        return self._argument_data("tool")


@dataclass(frozen=True)
class PromptCall(_CallWithArguments):
    """One prompts/get."""

    def _own_data(self) -> dict[str, BindingValue]:
        return self._argument_data("prompt")


@dataclass(frozen=True)
class ResourceRead(Call):
    """One resources/read."""

    uri: str
    """As the client wrote it."""
    parameters: dict[str, str]
    """What the expressions of the resource's template stand for in `uri`, which is not decoded."""

    def _asked(self) -> Iterable[tuple[bytes, bytes | None]]:
        return ((b"uri", to_json(self.uri)),)

    def _own_data(self) -> dict[str, BindingValue]:
        parameters = {name.lower(): value for name, value in self.parameters.items()}
        return {"mcpresourcecontext": self._context(Uri=self.uri), "mcpresourceuri": self.uri, **parameters}


def _binding_value(value: Any) -> BindingValue:
    if isinstance(value, dict):
        members: dict[str, Any] = value
        return {name: _binding_value(member) for name, member in members.items()}
    if value is None or isinstance(value, list):
        return None
    return str(value)
