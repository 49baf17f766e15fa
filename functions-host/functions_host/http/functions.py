"""Functions over HTTP: the request that a route takes, the key that it asks for, the call, the answer.

Microsoft Learn, azure-functions/functions-bindings-http-webhook-trigger; the order of the steps is that of
azure-functions-host, Middleware/FunctionInvocationMiddleware.cs: route, key, call.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any
from urllib.parse import unquote_plus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions_host.errors import InvocationError
from functions_host.host.functions import Function
from functions_host.host.host import FunctionsHost
from functions_host.host.served_app import ServedApp
from functions_host.http.keys import KeyGuard
from functions_host.http.proxy import Proxy
from functions_host.triggers.http_trigger import HttpAnswer, HttpCall, HttpTrigger
from functions_host.triggers.route_template import decode_path

type _Request = Callable[[str, str], Coroutine[Any, Any, None]]
"""Sends a request to an origin, under an invocation id."""


class FunctionRoutes:
    """The ASGI app in front of the host's own pages: `pages` answers what no function is there for."""

    def __init__(self, app: ServedApp, guard: KeyGuard, pages: ASGIApp, proxy: Proxy) -> None:
        self._app = app
        self._guard = guard
        self._pages = pages
        self._proxy = proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        why_not = await self._app.why_not()
        with self._app.version as host:
            path = decode_path(scope["raw_path"])
            found = host.app.route(scope["method"], path)
            if why_not and path != "/":
                await PlainTextResponse(why_not, 503)(scope, receive, send)
            elif found is None:
                await self._pages(scope, receive, send)
            elif self._is_refused(scope, found[0]):
                await Response(status_code=401)(scope, receive, send)
            elif _length(scope) > host.settings.body_limit:
                await Response(status_code=413, headers={"Connection": "close"})(scope, receive, send)
            elif host.handler:
                await self._forward(host, lambda request: host.forward(found[0], request), scope, receive, send)
            elif host.http_uri():
                call = _call(found, path, scope)
                await self._forward(host, lambda request: host.stream(found[0], call, request), scope, receive, send)
            else:
                await _run(host, found, path, scope, receive, send)

    async def _forward(
        self, host: FunctionsHost, answered: Callable[[_Request], Awaitable[None]], scope: Scope, receive: Receive,
        send: Send,
    ) -> None:  # fmt: skip
        """Has a program answer that takes requests itself."""
        began = False

        async def send_on(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        async def request(origin: str, invocation_id: str) -> None:
            timeout = host.settings.function_timeout
            await self._proxy.forward(origin, invocation_id, timeout, scope, receive, send_on)

        try:
            await answered(request)
        except InvocationError:  # the terminal has it
            if not began:
                await Response(status_code=500)(scope, receive, send)

    def _is_refused(self, scope: Scope, function: Function) -> bool:
        assert isinstance(function.trigger, HttpTrigger)
        return self._guard.required and self._guard.refuses_function(Request(scope), function.trigger.level)


async def _run(
    host: FunctionsHost,
    found: tuple[Function, dict[str, str]],
    path: str,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    try:
        body = await _body(scope, receive)
    except ClientDisconnect:
        return  # nobody is left to answer
    function, call = found[0], _call(found, path, scope, body)
    try:
        answer: HttpAnswer = await host.run(function, call)
    except InvocationError:  # the terminal has it with its traceback
        answer = HttpAnswer(500)
    await _send(answer, send)


def _call(found: tuple[Function, dict[str, str]], path: str, scope: Scope, body: bytes = b"") -> HttpCall:
    headers = _joined((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    query = scope["query_string"].decode("latin-1")
    url = f"{scope['scheme']}://{headers.get('host', '')}{path}{'?' if query else ''}{query}"
    return HttpCall(scope["method"], url, headers, _query(query) if query else {}, found[1], body)


async def _body(scope: Scope, receive: Receive) -> bytes:
    """Returns the body. One that does not say its length reaches no function, as in Azure.

    Raises ClientDisconnect if the client leaves before its end: half a body reaches no function either.
    """
    if _length(scope) == 0:
        return b""
    chunks: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _length(scope: Scope) -> int:
    """Returns how many bytes the body has by its own account, 0 if it does not say."""
    length: bytes = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(length) if length.isdigit() else 0


async def _send(answer: HttpAnswer, send: Callable[[dict[str, object]], Awaitable[None]]) -> None:
    length = (b"content-length", b"%d" % len(answer.body))
    bodiless = answer.status in (204, 304) or answer.status < 200
    headers = answer.headers if bodiless else [*answer.headers, length]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if bodiless else answer.body})


def _query(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in text.split("&"))
    return _joined((unquote_plus(name), unquote_plus(value)) for name, _, value in pairs)


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Joins the values of one name by commas; empty ones are left out, since the worker declares not to take them."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        if value:
            joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined
