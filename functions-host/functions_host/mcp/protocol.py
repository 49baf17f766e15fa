"""The methods of MCP as the extension answers them. No socket here: a message comes in, its answer goes out.

Microsoft.Azure.Functions.Extensions.Mcp 1.6.0, built on the C# SDK 0.4.0-preview.3: it knows the revisions up to
2025-06-18. A client of a later one asks `server/discover` first, is told that there is no such method, and falls back.
"""

from collections.abc import Awaitable, Callable, Iterable

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
from functions_host.mcp.typed_json import TypedJson, read_int32
from functions_host.triggers.calls import Call, McpClient, PromptCall, ResourceRead, ToolCall
from functions_host.triggers.resource_uri import ResourceUriError, check_uri
from functions_host.triggers.tool_results import failed_result
from functions_host.wire_json import object_of, optional_json, rewritten, to_json

_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18")
# Always these, whatever the app declares.
_CAPABILITIES = b'{"logging":{},"prompts":{},"resources":{},"tools":{}}'
_LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
_EMPTY = b"{}"
_NULL = msgspec.Raw(b"null")


class _Type(msgspec.Struct, forbid_unknown_fields=True):
    """A type of the C# SDK. Members that are read nowhere are here because their types are checked."""


class _Icon(_Type, kw_only=True):
    src: str | None
    mimeType: str | None = None
    sizes: list[str | None] | None = None
    theme: str | None = None


class _Implementation(_Type, kw_only=True):
    """In the order of the wire; what else a client says of itself is dropped."""

    name: str | None
    title: str | None = None
    version: str | None
    icons: list[msgspec.Raw] | None = None
    websiteUrl: str | None = None


class _Roots(_Type):
    listChanged: bool | None = None


class _Capabilities(_Type):
    experimental: dict[str, msgspec.Raw] | None = None
    roots: msgspec.Raw = _NULL
    sampling: dict[str, msgspec.Raw] | None = None
    elicitation: dict[str, msgspec.Raw] | None = None


class _Params(_Type):
    """What all params have in common."""

    meta: dict[str, msgspec.Raw] | None = msgspec.field(default=None, name="_meta")


class _InitializeParams(_Params, kw_only=True):
    protocolVersion: str | None
    clientInfo: msgspec.Raw
    capabilities: msgspec.Raw = _NULL


class _ListParams(_Params):
    cursor: str | None = None


class _CallParams(_Params, kw_only=True):
    name: str | None
    arguments: dict[str, msgspec.Raw] | None = None


class _ResourceParams(_Params, kw_only=True):
    uri: str | None


class _SubscriptionParams(_Params):
    uri: str | None = None


class _LevelParams(_Params, kw_only=True):
    level: msgspec.Raw


_ICON = TypedJson(_Icon)
_IMPLEMENTATION = TypedJson(_Implementation)
_ROOTS = TypedJson(_Roots)
_CLIENT_CAPABILITIES = TypedJson(_Capabilities)
_INITIALIZE = TypedJson(_InitializeParams)
_LIST = TypedJson(_ListParams)
_CALL = TypedJson(_CallParams)
_RESOURCE = TypedJson(_ResourceParams)
_SUBSCRIPTION = TypedJson(_SubscriptionParams)
_LEVEL = TypedJson(_LevelParams)


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
        try:
            if request.method is None:
                raise _failed()
            method = self._methods.get(request.method)
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
        if name is None:
            return failed_result("")  # the extension fails at finding a tool, and not at reading what was sent
        function = self.host.app.tool(name)
        if function is None:
            raise ProtocolError(INVALID_PARAMS, f"Unknown tool: '{name}'")
        call = ToolCall(client, name, arguments, arguments_json)
        try:
            _require(function, call, "tool properties")
            return await self.host.run(function, call)
        except InvocationError:
            return failed_result(name)

    async def _list_prompts(self, params: bytes | None, client: McpClient) -> bytes:
        return _list(b"prompts", params, self.host.app.prompts.values())

    async def _get_prompt(self, params: bytes | None, client: McpClient) -> bytes:
        name, arguments, arguments_json = _named_call(params)
        if name is None:
            raise _failed()
        function = self.host.app.prompt(name)
        if function is None:
            raise ProtocolError(INVALID_PARAMS, f"Unknown prompt: '{name}'")
        call = PromptCall(client, name, arguments, arguments_json)
        return await self._run(function, call)

    async def _list_resources(self, params: bytes | None, client: McpClient) -> bytes:
        return _list(b"resources", params, self.host.app.resources.values())

    async def _list_templates(self, params: bytes | None, client: McpClient) -> bytes:
        return _list(b"resourceTemplates", params, self.host.app.templates)

    async def _read_resource(self, params: bytes | None, client: McpClient) -> bytes:
        if params is None:
            raise ProtocolError(INVALID_PARAMS, "Unknown resource: ''")
        uri = _params(params, _RESOURCE).uri
        try:
            check_uri(uri or "")
        except ResourceUriError:
            raise _failed() from None
        assert uri
        found = self.host.app.resource(uri)
        if found is None:
            raise ProtocolError(INVALID_PARAMS, f"Unknown resource: '{uri}'")
        function, parameters = found
        return await self._run(function, ResourceRead(client, uri, parameters))

    async def _run(self, function: Function, call: Call) -> bytes:
        # Only a failed tool has a result; a failed prompt or resource is an error of the protocol.
        try:
            if isinstance(call, PromptCall):
                _require(function, call, "prompt arguments")
            return await self.host.run(function, call)
        except InvocationError:
            raise _failed() from None

    async def _set_level(self, params: bytes | None, client: McpClient) -> bytes:
        if params is not None and not _is_level(bytes(_params(params, _LEVEL).level)):
            raise _failed()
        return _EMPTY  # accepted, though no log message ever follows

    async def _subscribe(self, params: bytes | None, client: McpClient) -> bytes:
        if params is not None:
            _params(params, _SUBSCRIPTION)
        return _EMPTY  # accepted, though no update ever follows

    async def _ping(self, params: bytes | None, client: McpClient) -> bytes:
        return _EMPTY


def read_initialize(params: bytes) -> tuple[str | None, bytes | None]:
    """Returns protocolVersion and clientInfo of an initialize request, the latter as JSON, None where they are null.

    Raises ProtocolError if one of them, or a member they must have, is absent or of another type.
    """
    read = _params(params, _INITIALIZE)
    if read.capabilities != _NULL:
        capabilities = _params(bytes(read.capabilities), _CLIENT_CAPABILITIES)
        if capabilities.roots != _NULL:
            _params(bytes(capabilities.roots), _ROOTS)
    if read.clientInfo == _NULL:
        return read.protocolVersion, None
    client = _params(bytes(read.clientInfo), _IMPLEMENTATION)
    icons = None if client.icons is None else b"[%b]" % b",".join(map(_icon, client.icons))
    return read.protocolVersion, _written(client, icons=icons)


def refuse_unreadable_initialize(request: Request) -> None:
    """Raises MalformedMessageError for an initialize that the extension cannot read before it has a session for it."""
    if request.params is not None:
        try:
            read_initialize(request.params)
        except ProtocolError as error:
            raise MalformedMessageError("initialize lacks protocolVersion or clientInfo") from error


def _icon(icon: msgspec.Raw) -> bytes:
    return b"null" if icon == _NULL else _written(_params(bytes(icon), _ICON))


def _written(value: _Type, **members: bytes | None) -> bytes:
    """Returns `value` as JSON without its members that are null; `members` are JSON already."""
    fields = zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True)
    return object_of(
        (name.encode(), members[field] if field in members else optional_json(getattr(value, field)))
        for field, name in fields
    )


def _is_level(level: bytes) -> bool:
    """Whether .NET takes `level` for one of its numbered names: in any case, more than one too, and any number."""
    try:
        names = msgspec.json.decode(level, type=str).strip() if level.startswith(b'"') else level.decode()
        if names[:1].isdigit() or names[:1] in ("+", "-"):
            read_int32(b'"%b"' % names.encode() if level.startswith(b'"') else level)
            return True
        return all(name.strip().lower() in _LEVELS for name in names.split(","))
    except msgspec.ValidationError:
        return False


def _list(name: bytes, params: bytes | None, functions: Iterable[Function]) -> bytes:
    if params is not None:
        _params(params, _LIST)  # the cursor means nothing: a list is never in parts
    try:
        return b'{"%b":[%b]}' % (name, b",".join([function.mcp.listing for function in functions]))
    except InvocationError:  # one of them has metadata that cannot be written
        raise _failed() from None


def _named_call(params: bytes | None) -> tuple[str | None, dict[str, msgspec.Raw] | None, bytes | None]:
    """Returns name and arguments of a tools/call or prompts/get, the arguments by name and as JSON."""
    if params is None:
        return "", None, None
    read = _params(params, _CALL)
    if read.arguments is None:
        return read.name, None, None
    arguments = {name: msgspec.Raw(rewritten(bytes(value))) for name, value in read.arguments.items()}
    members = [b"%b:%b" % (to_json(name), bytes(value)) for name, value in arguments.items()]
    return read.name, arguments, b"{%b}" % b",".join(members)


def _require(function: Function, call: ToolCall | PromptCall, what: str) -> None:
    missing = call.missing(function.mcp.required)
    if missing:
        names = ", ".join(missing)
        raise ProtocolError(INVALID_PARAMS, f"One or more required {what} are missing values. Please provide: {names}")


def _params[T: msgspec.Struct](json: bytes, kind: TypedJson[T]) -> T:
    try:
        return kind.read(json)
    except msgspec.MsgspecError:
        raise _failed() from None


def _failed() -> ProtocolError:
    return ProtocolError(INTERNAL_ERROR, "An error occurred.")
