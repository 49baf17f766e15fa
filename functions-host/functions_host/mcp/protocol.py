"""The methods of MCP as the extension answers them. No socket here: a message comes in, its answer goes out.

Microsoft.Azure.Functions.Extensions.Mcp 1.6.0, built on the C# SDK 0.4.0-preview.3: it knows the revisions up to
2025-06-18. A client of a later one asks `server/discover` first, is told that there is no such method, and falls back.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec

from functions_host.errors import InvocationError
from functions_host.host.functions import Function
from functions_host.host.host import FunctionsHost
from functions_host.mcp.messages import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MalformedMessageError,
    ProtocolError,
    Request,
    error_response,
    result_response,
)
from functions_host.triggers.calls import Call, McpClient, PromptCall, ResourceRead, ToolCall
from functions_host.triggers.resource_uri import ResourceUriError, check_uri
from functions_host.triggers.tool_results import failed_result
from functions_host.wire_json import object_of, to_json

_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18")
# Always these, whatever the app declares.
_CAPABILITIES = b'{"logging":{},"prompts":{},"resources":{},"tools":{}}'
_LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
_EMPTY = b"{}"


class _Implementation(msgspec.Struct, omit_defaults=True, kw_only=True):
    """In the order of the wire; what else a client says of itself is dropped."""

    name: str
    title: str | None = None
    version: str
    icons: list[Any] | None = None
    websiteUrl: str | None = None


class _Params(msgspec.Struct, kw_only=True):
    """What all params have in common. Members that are read nowhere are here because their types are checked."""

    meta: dict[str, msgspec.Raw] | None = msgspec.field(default=None, name="_meta")


class _InitializeParams(_Params):
    protocolVersion: str
    clientInfo: msgspec.Raw
    capabilities: dict[str, msgspec.Raw] | None = None


class _ListParams(_Params):
    cursor: str | None = None


class _CallParams(_Params):
    name: str
    arguments: msgspec.Raw = msgspec.Raw(b"null")


class _ResourceParams(_Params):
    uri: str


class _SubscriptionParams(_Params):
    uri: str | None = None


class _LevelParams(_Params):
    level: str


# Made once: making a decoder costs more than using it.
_read_initialize = msgspec.json.Decoder(_InitializeParams).decode
_read_implementation = msgspec.json.Decoder(_Implementation).decode
_read_list = msgspec.json.Decoder(_ListParams).decode
_read_call = msgspec.json.Decoder(_CallParams).decode
_read_arguments = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_read_resource = msgspec.json.Decoder(_ResourceParams).decode
_read_subscription = msgspec.json.Decoder(_SubscriptionParams).decode
_read_level = msgspec.json.Decoder(_LevelParams).decode


class McpProtocol:
    """Answers the requests of MCP clients with the tools, resources and prompts of one app."""

    def __init__(self, host: FunctionsHost) -> None:
        self.host = host
        self._methods: dict[str, Callable[[bytes | None, McpClient], Awaitable[bytes]]] = {
            "initialize": self._initialize,
            "ping": self._ping,
            "logging/setLevel": self._set_level,
            "tools/list": self._list_tools,
            "tools/call": self._call_tool,
            "prompts/list": self._list_prompts,
            "prompts/get": self._get_prompt,
            "resources/list": self._list_resources,
            "resources/templates/list": self._list_templates,
            "resources/read": self._read_resource,
            "resources/subscribe": self._subscribe,
            "resources/unsubscribe": self._subscribe,
        }

    async def answer(self, request: Request, client: McpClient) -> bytes:
        """Returns the answer to a request, as JSON."""
        method = self._methods.get(request.method)
        try:
            if method is None:
                raise ProtocolError(METHOD_NOT_FOUND, f"Method '{request.method}' is not available.")
            return result_response(request.id, await method(request.params, client))
        except ProtocolError as error:
            return error_response(request.id, error.code, error.message)

    async def _initialize(self, params: bytes | None, client: McpClient) -> bytes:
        options = self.host.settings.mcp
        version = _VERSIONS[-1]
        if params is not None:
            asked, client.client_info = read_initialize(params)
            version = asked if asked in _VERSIONS else version
        return object_of(
            [
                (b"protocolVersion", to_json(version)),
                (b"capabilities", _CAPABILITIES),
                (b"serverInfo", to_json({"name": options.server_name, "version": options.server_version})),
                (b"instructions", None if options.instructions is None else to_json(options.instructions)),
            ]
        )

    async def _list_tools(self, params: bytes | None, client: McpClient) -> bytes:
        return _list(b"tools", params, self.host.app.tools.values())

    async def _call_tool(self, params: bytes | None, client: McpClient) -> bytes:
        name, arguments, arguments_json = _named_call(params)
        function = self.host.app.tool(name)
        if function is None:
            raise ProtocolError(INVALID_PARAMS, f"Unknown tool: '{name}'")
        call = ToolCall(client, name, arguments, arguments_json)
        _require(function, call, "tool properties")
        try:
            return await self.host.run(function, call)
        except InvocationError:
            return failed_result(name)

    async def _list_prompts(self, params: bytes | None, client: McpClient) -> bytes:
        return _list(b"prompts", params, self.host.app.prompts.values())

    async def _get_prompt(self, params: bytes | None, client: McpClient) -> bytes:
        name, arguments, arguments_json = _named_call(params)
        function = self.host.app.prompt(name)
        if function is None:
            raise ProtocolError(INVALID_PARAMS, f"Unknown prompt: '{name}'")
        call = PromptCall(client, name, arguments, arguments_json)
        _require(function, call, "prompt arguments")
        return await self._run(function, call)

    async def _list_resources(self, params: bytes | None, client: McpClient) -> bytes:
        return _list(b"resources", params, self.host.app.resources.values())

    async def _list_templates(self, params: bytes | None, client: McpClient) -> bytes:
        return _list(b"resourceTemplates", params, self.host.app.templates)

    async def _read_resource(self, params: bytes | None, client: McpClient) -> bytes:
        if params is None:
            raise ProtocolError(INVALID_PARAMS, "Unknown resource: ''")
        uri = _params(params, _read_resource).uri
        try:
            check_uri(uri)
        except ResourceUriError:
            raise ProtocolError(INTERNAL_ERROR, "An error occurred.") from None
        found = self.host.app.resource(uri)
        if found is None:
            raise ProtocolError(INVALID_PARAMS, f"Unknown resource: '{uri}'")
        function, parameters = found
        return await self._run(function, ResourceRead(client, uri, parameters))

    async def _run(self, function: Function, call: Call) -> bytes:
        # Only a failed tool has a result; a failed prompt or resource is an error of the protocol.
        try:
            return await self.host.run(function, call)
        except InvocationError:
            raise ProtocolError(INTERNAL_ERROR, "An error occurred.") from None

    async def _set_level(self, params: bytes | None, client: McpClient) -> bytes:
        if _params(params, _read_level).level.lower() not in _LEVELS:
            raise ProtocolError(INTERNAL_ERROR, "An error occurred.")
        return _EMPTY  # accepted, though no log message ever follows

    async def _subscribe(self, params: bytes | None, client: McpClient) -> bytes:
        if params is not None:
            _params(params, _read_subscription)
        return _EMPTY  # accepted, though no update ever follows

    async def _ping(self, params: bytes | None, client: McpClient) -> bytes:
        return _EMPTY


def read_initialize(params: bytes) -> tuple[str, bytes]:
    """Returns protocolVersion and clientInfo of an initialize request, the latter as JSON.

    Raises ProtocolError if one of them, or a member they must have, is absent.
    """
    read = _params(params, _read_initialize)
    return read.protocolVersion, to_json(_params(bytes(read.clientInfo), _read_implementation))


def refuse_unreadable_initialize(request: Request) -> None:
    """Raises MalformedMessageError for an initialize that the extension cannot read before it has a session for it."""
    if request.params is not None:
        try:
            read_initialize(request.params)
        except ProtocolError as error:
            raise MalformedMessageError("initialize lacks protocolVersion or clientInfo") from error


def _list(name: bytes, params: bytes | None, functions: Iterable[Function]) -> bytes:
    if params is not None:
        _params(params, _read_list)  # the cursor means nothing: a list is never in parts
    return b'{"%b":[%b]}' % (name, b",".join(function.mcp.listing for function in functions))


def _named_call(params: bytes | None) -> tuple[str, dict[str, msgspec.Raw] | None, bytes | None]:
    """Returns name and arguments of a tools/call or prompts/get, the arguments by name and as JSON."""
    if params is None:
        return "", None, None
    read = _params(params, _read_call)
    arguments_json = bytes(read.arguments)
    if arguments_json == b"null":
        return read.name, None, None
    return read.name, _params(arguments_json, _read_arguments), arguments_json


def _require(function: Function, call: ToolCall | PromptCall, what: str) -> None:
    missing = call.missing(function.mcp.required)
    if missing:
        names = ", ".join(missing)
        raise ProtocolError(INVALID_PARAMS, f"One or more required {what} are missing values. Please provide: {names}")


def _params[T](json: bytes | None, read: Callable[[bytes], T]) -> T:
    try:
        return read(json or b"null")
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise ProtocolError(INTERNAL_ERROR, "An error occurred.") from None
