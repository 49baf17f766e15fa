"""The webhook of the MCP extension: both transports, on the requests and responses of Starlette.

What it answers, down to empty bodies and odd status codes, is what Microsoft.Azure.Functions.Extensions.Mcp 1.6.0 does.
"""

import email.message
from collections.abc import AsyncIterator, Callable
from functools import lru_cache

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from functions_host.errors import LocalError
from functions_host.host.served_app import ServedApp
from functions_host.http.keys import KeyGuard
from functions_host.http.request_headers import request_headers
from functions_host.mcp import messages as mcp_messages
from functions_host.mcp.legacy_sse import SseSession, message_event, new_id
from functions_host.mcp.messages import TRANSPORT_ERROR, MalformedMessageError, parse_message
from functions_host.mcp.protocol import refuse_unreadable_initialize
from functions_host.mcp.server import McpServer
from functions_host.triggers.calls import McpClient
from functions_host.wire_json import object_of, to_json

_KEYS = {401: "without a key that this host knows", 403: "with a key that is for something else"}
WEBHOOKS = "/runtime/webhooks/"
WEBHOOK_PATH = f"{WEBHOOKS}mcp"
_VERBS = ("DELETE", "GET", "OPTIONS", "POST", "PUT")  # of the host's webhook route; it knows no others
_EVENT_STREAM = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache,no-store",
    "Content-Encoding": "identity",
}
# The encodings that .NET has without a package, by its names, and what Python calls them.
# https://learn.microsoft.com/dotnet/api/system.text.encoding
_CHARSETS = {
    **dict.fromkeys(("us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us", "us", "cp367"), "ascii"),
    **dict.fromkeys(("iso-8859-1", "latin1", "iso_8859-1", "iso8859-1", "l1", "cp819"), "latin-1"),
    **dict.fromkeys(("utf-16", "utf-16le", "unicode", "ucs-2", "iso-10646-ucs-2"), "utf-16-le"),
    **dict.fromkeys(("utf-16be", "unicodefffe"), "utf-16-be"),
    **dict.fromkeys(("utf-32", "utf-32le", "ucs-4"), "utf-32-le"),
    **dict.fromkeys(("utf-32be",), "utf-32-be"),
    **dict.fromkeys(("unicode-1-1-utf-8", "unicode-2-0-utf-8", "x-unicode-1-1-utf-8"), "utf-8"),
}
_RAW_EVENT_STREAM = [(name.lower().encode(), value.encode()) for name, value in _EVENT_STREAM.items()]


class _BodyTooLargeError(LocalError):
    """The body of a request is longer than the host takes."""


class McpWebhook:
    """The ASGI endpoint of everything below /runtime/webhooks/. `problem` and `warn` hear what clients are not told."""

    def __init__(
        self, app: ServedApp, guard: KeyGuard, problem: Callable[[str], None], warn: Callable[[str], None]
    ) -> None:
        self._app = app
        self._server = McpServer(app)
        self._guard = guard
        self._problem = problem
        self._warn = warn
        self._unanswered: str | None = None
        self.instance_id = new_id()
        self._sessions: dict[str, SseSession] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._respond(Request(scope, receive))
        except (MalformedMessageError, ClientDisconnect):
            # The extension lets the exception out, and the host answers with an empty 500.
            response = Response(status_code=500)
        except _BodyTooLargeError:
            response = Response(status_code=413, headers={"Connection": "close"})
        await response(scope, receive, send)

    def close_sessions(self) -> None:
        """Ends every SSE stream, so that the server can stop."""
        for session in self._sessions.values():
            session.close()

    async def _respond(self, request: Request) -> ASGIApp:
        path: str = request.scope["path"].lower().rstrip("/")
        extension = path[len(WEBHOOKS) :].partition("/")[0]
        if extension and request.method not in _VERBS:
            return Response(status_code=405, headers={"Allow": ", ".join(_VERBS)})
        if extension != "mcp":
            return Response(status_code=404)
        # The host asks for the key before the extension sees anything.
        refusal = None if self._app.settings.mcp.webhook_is_anonymous else self._guard.refuse_webhook(request)
        if refusal is not None:
            self._warn(f"Refused ({refusal}): {request.method} {WEBHOOK_PATH} came {_KEYS[refusal]}.")
            return Response(status_code=refusal)
        # The transports are told apart by how the path ends, whatever stands before it.
        if path.endswith("sse"):
            return self._open_stream(request) if request.method == "GET" else Response(status_code=405)
        if path.endswith("message"):
            return await self._post_message(request)
        if request.method == "POST":
            return await self._streamable(request)
        self._warn_of_waiting(request.method)
        return Response(status_code=405)

    def _warn_of_waiting(self, verb: str) -> None:
        """Tells of a client that opens a stream to wait on for the answer to a message that has no id."""
        if verb == "GET" and self._unanswered:
            self._warn(
                f"A client sent '{self._unanswered}' without an id and then asked for a stream: without an id it is a "
                "notification, which has no answer (202), and there is no such stream here or in Azure (405)."
            )
            self._unanswered = None

    # Streamable HTTP: every POST is answered on its own; there is no session to remember.

    async def _streamable(self, request: Request) -> ASGIApp:
        headers = request_headers(request.scope)
        if not _accepts_json_and_events(headers.get("Accept", "")):
            text = "Not Acceptable: Client must accept both application/json and text/event-stream"
            return _transport_error(406, text)
        session_id = _session_id(headers)
        if session_id and _parse_client_state(session_id) is None:
            return _transport_error(400, "Invalid client state.")
        message = parse_message(await self._json_body(request, headers))
        if message is None:
            return _transport_error(400, "Bad Request: The POST body did not contain a valid JSON-RPC message.")
        if not isinstance(message, mcp_messages.Request):
            asked = message.method if isinstance(message, mcp_messages.Notification) else None
            self._unanswered = None if not asked or asked.startswith("notifications/") else asked[:100]
            return Response(status_code=202, headers=_without_type(_EVENT_STREAM))
        new_session = None
        if session_id is None and message.method == "initialize":
            refuse_unreadable_initialize(message)
            new_session = f"{new_id()}|{self.instance_id}"
        client = McpClient("http-streamable", headers, session_id)
        return _OneEvent(await self._server.answer(message, client), new_session)

    # Legacy HTTP+SSE: GET opens a stream, messages are posted to the endpoint that its first event names.

    def _open_stream(self, request: Request) -> Response:
        client_id = new_id()
        headers = request_headers(request.scope)
        client = McpClient("http-sse", headers, _session_id(headers))
        session = self._sessions[client_id] = SseSession(client, self._server.answer, self._problem)
        endpoint = self._message_endpoint(request, f"{client_id}|{self.instance_id}")

        async def events() -> AsyncIterator[bytes]:
            try:
                async for event in session.events(endpoint):
                    yield event
            finally:
                self._sessions.pop(client_id, None)

        return StreamingResponse(events(), headers=_EVENT_STREAM)

    def _message_endpoint(self, request: Request, client_state: str) -> str:
        # The key goes along as it came. Here the query wins over the header; when a key is checked it is the other way.
        key = request.query_params.get("code") or request.headers.get("x-functions-key")
        endpoint = f"message?azmcpcs={client_state}" + (f"&code={key}" if key else "")
        if self._app.settings.mcp.use_absolute_uri_for_endpoint:
            parent = request.scope["path"].rstrip("/").rpartition("/")[0]
            return f"{request.url.scheme}://{request.headers['host']}{parent}/{endpoint}"
        return endpoint

    async def _post_message(self, request: Request) -> Response:
        client_state = request.query_params.get("azmcpcs")
        connect = "Please connect to the /sse endpoint to initiate your session."
        if client_state is None:
            return _bad_request(f"Missing service context. {connect}")
        ids = _parse_client_state(client_state)
        if ids is None:
            return _bad_request(f"Invalid client state. {connect}")
        message = parse_message(await self._json_body(request, request_headers(request.scope)))
        if message is None:
            return _bad_request("No message in request body.")
        client_id, instance_id = ids
        session = self._sessions.get(client_id)
        if session is not None and session.is_open:
            session.receive(message)
            return Response(b"Accepted", status_code=202)
        if instance_id.lower() == self.instance_id:
            return _bad_request(f"No active session for client '{client_id}' and instance '{instance_id}'. {connect}")
        return Response(b"Accepted", status_code=202)  # in Azure the queue would carry it to the other instance

    async def _json_body(self, request: Request, headers: dict[str, str]) -> bytes:
        """Returns the body as UTF-8. Raises MalformedMessageError if it is not declared as JSON, _BodyTooLargeError."""
        charset = _json_charset(headers.get("Content-Type", ""))
        limit = self._app.settings.body_limit
        if int(headers.get("Content-Length", 0)) > limit:
            raise _BodyTooLargeError
        body = await _body(request.receive, limit)
        return body if charset is None else body.decode(charset, "replace").encode()


class _OneEvent:
    """The answer to a request over Streamable HTTP. It has no Content-Length, because the extension streams it."""

    def __init__(self, message: bytes, session_id: str | None) -> None:
        self._event = message_event(message)
        self._session_id = session_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _RAW_EVENT_STREAM
        if self._session_id:
            headers = [*headers, (b"mcp-session-id", self._session_id.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self._event})


async def _body(receive: Receive, limit: int) -> bytes:
    """Returns the body of a request. Raises _BodyTooLargeError beyond `limit` bytes, ClientDisconnect."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message["body"]
        if len(body) > limit:
            raise _BodyTooLargeError
        if not message["more_body"]:
            return bytes(body)


@lru_cache(maxsize=64)  # a client says the same each time
def _accepts_json_and_events(accept: str) -> bool:
    ranges = {part.split(";")[0].strip().lower() for part in accept.split(",")}
    takes_json = not ranges.isdisjoint({"*/*", "application/*", "application/json"})
    return takes_json and not ranges.isdisjoint({"*/*", "text/*", "text/event-stream"})


def _json_charset(content_type: str) -> str | None:
    """Returns the charset of a JSON content type, None for UTF-8. Raises MalformedMessageError for any other type."""
    if content_type == "application/json":
        return None
    header = email.message.Message()
    header["content-type"] = content_type
    media_type = header.get_content_type()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise MalformedMessageError("the content type is not JSON")
    charset = str(header.get_param("charset", "")).strip('"').lower()
    if charset in ("", "utf-8"):
        return None
    if charset not in _CHARSETS:
        raise MalformedMessageError("the charset is none that .NET knows")
    return _CHARSETS[charset]


def _parse_client_state(state: str) -> tuple[str, str] | None:
    parts = [part for part in state.split("|") if part]
    return (parts[0], parts[1]) if len(parts) == 2 else None


def _session_id(headers: dict[str, str]) -> str | None:
    """Returns what is in Mcp-Session-Id, None where it is empty or not there."""
    return next((value for name, value in headers.items() if name.lower() == "mcp-session-id" and value), None)


def _without_type(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "Content-Type"}


def _transport_error(status: int, message: str) -> Response:
    error = to_json({"code": TRANSPORT_ERROR, "message": message})
    body = object_of([(b"error", error), (b"id", b'""'), (b"jsonrpc", b'"2.0"')])
    return Response(body, status, media_type="application/json; charset=utf-8")


def _bad_request(message: str) -> Response:
    # Written by ASP.NET and not by the extension: a JSON string that leaves apostrophes as they are.
    return Response(msgspec.json.encode(message), 400, media_type="application/json; charset=utf-8")
