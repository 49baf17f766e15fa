"""JSON-RPC as the MCP extension reads and writes it.

The extension is built on the C# SDK (ModelContextProtocol 0.4.0-preview.3), whose converter decides what a message is.
Parts of a message stay the JSON they were, so that a number such as 1.50 reaches the function as it was written.
"""

import codecs
import re

import msgspec

from functions_host.errors import LocalError
from functions_host.mcp.typed_json import TypedJson, read_int32
from functions_host.wire_json import object_of, to_json

type RequestId = str | int


class _Error(msgspec.Struct, forbid_unknown_fields=True):
    code: msgspec.Raw
    message: str | None
    data: msgspec.Raw | None = None


_ABSENT = msgspec.Raw()


class _Members(msgspec.Struct):
    """What is read of a message, each member the JSON it was."""

    jsonrpc: msgspec.Raw = _ABSENT
    id: msgspec.Raw = _ABSENT
    method: msgspec.Raw = _ABSENT
    params: msgspec.Raw = _ABSENT
    result: msgspec.Raw = _ABSENT
    error: msgspec.Raw = _ABSENT


_ERROR = TypedJson(_Error)
_read_members = msgspec.json.Decoder(_Members).decode
_read_text = msgspec.json.Decoder(str).decode
_read_id = msgspec.json.Decoder(str | int).decode
_JSON_SPACE = b" \t\r\n"  # and not what else Python strips
_DEEPEST_NESTING = 64  # System.Text.Json's limit
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
# Half of a surrogate pair is JSON to System.Text.Json, and fails when it is made text, which a part of a message is
# only when it is read. msgspec takes none, so each half becomes a character that nobody has a use for.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_HALF = rb"\uDBFF\uDFFF"
_UNREADABLE = rb'"\ud800"'


class MalformedMessageError(LocalError):
    """The body is not a message. The extension fails on it with an exception, which a client sees as HTTP 500."""


class ProtocolError(LocalError):
    """The request is answered with a JSON-RPC error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
TRANSPORT_ERROR = -32000


class Request(msgspec.Struct, frozen=True):
    """A request: it is answered."""

    id: RequestId
    method: str | None
    """None where it is null, which is an error only when it is answered."""
    params: bytes | None
    """JSON; None where the message has none, or null."""


class Notification(msgspec.Struct, frozen=True):
    """A message with a method and no id: never answered."""

    method: str | None
    params: bytes | None


class Response(msgspec.Struct, frozen=True):
    """An answer of the client to a request of the server."""

    id: RequestId
    is_error: bool


def parse_message(body: bytes) -> Request | Notification | Response | None:
    """Returns the message in `body`; None for the JSON literal null. Raises MalformedMessageError."""
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        body.decode()  # msgspec skips over strings it does not need without looking at their encoding
        if body.strip(_JSON_SPACE) == b"null":
            return None
        members = _members(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessageError(f"not a JSON object: {error}") from None
    if _nesting(body) > _DEEPEST_NESTING:
        raise MalformedMessageError(f"nested more than {_DEEPEST_NESTING} deep")
    if _text(members.jsonrpc) != "2.0":
        raise MalformedMessageError('jsonrpc is not "2.0"')
    return _classified(members)


def result_response(request_id: RequestId, result: bytes) -> bytes:
    """Returns the JSON of an answer; `result` is JSON."""
    return object_of([(b"result", result), (b"id", to_json(request_id)), (b"jsonrpc", b'"2.0"')])


def error_response(request_id: RequestId, code: int, message: str) -> bytes:
    """Returns the JSON of an error answer."""
    error = to_json({"code": code, "message": message})
    return object_of([(b"error", error), (b"id", to_json(request_id)), (b"jsonrpc", b'"2.0"')])


def _members(body: bytes) -> _Members:
    try:
        return _read_members(body)
    except msgspec.DecodeError:
        marked = _ESCAPE.sub(lambda escape: _HALF if escape[1] else escape[0], body)
        if marked == body:
            raise
    members = _read_members(marked)
    for name in ("jsonrpc", "id", "method"):
        if _HALF in bytes(getattr(members, name)):
            raise MalformedMessageError(f"{name} has half of a surrogate pair")
    if _HALF in bytes(members.params):
        members.params = msgspec.Raw(_UNREADABLE)
    return members


def _classified(members: _Members) -> Request | Notification | Response:
    params = bytes(members.params)
    params_json = None if params in (b"", b"null") else params
    if members.id is _ABSENT:
        if members.method is _ABSENT:
            raise MalformedMessageError("neither id nor method")
        return Notification(_method(members), params_json)
    request_id = _request_id(members.id)
    if members.method is not _ABSENT:
        return Request(request_id, _method(members), params_json)
    if members.error is not _ABSENT:
        _check_error(members.error)
        return Response(request_id, is_error=True)
    if members.result is not _ABSENT:
        return Response(request_id, is_error=False)
    raise MalformedMessageError("an id, but no method, result or error")


def _check_error(raw: msgspec.Raw) -> None:
    if bytes(raw) == b"null":
        return
    try:
        read_int32(bytes(_ERROR.read(bytes(raw)).code))
    except msgspec.MsgspecError:
        raise MalformedMessageError("error is not an object with a code and a message") from None


def _method(members: _Members) -> str | None:
    method = _text(members.method)
    if method is None and bytes(members.method) != b"null":
        raise MalformedMessageError("method is not a string")
    return method


def _request_id(raw: msgspec.Raw) -> RequestId:
    # Only a string or a 64-bit integer is an id to the extension: null, 1.5 and true fail.
    try:
        request_id = _read_id(raw)
    except msgspec.DecodeError:
        raise MalformedMessageError("id is neither a string nor an integer") from None
    if isinstance(request_id, int) and (not -(2**63) <= request_id < 2**63 or not _is_integer(raw)):
        raise MalformedMessageError("id is not a 64-bit integer")
    return request_id


def _is_integer(raw: msgspec.Raw) -> bool:
    # msgspec takes 1.0 for an integer too.
    return bytes(raw).lstrip(b"-").isdigit()


def _text(raw: msgspec.Raw) -> str | None:
    return _read_text(raw) if bytes(raw).startswith(b'"') else None


def _nesting(body: bytes) -> int:
    if body.count(b"{") + body.count(b"[") <= _DEEPEST_NESTING:
        return 0  # cannot be too deep, and nearly every message ends here
    # Without escaped quotes, every second part between two quotes is outside of strings.
    outside = b"".join(body.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')[::2])
    depth = deepest = 0
    for bracket in outside.translate(None, _ALL_BUT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
