"""CORS as ASP.NET does it for func: any method and header, for pages of the origins that local.settings.json lists.

https://learn.microsoft.com/aspnet/core/security/cors
"""

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions_host.app.cors import Cors

type _Headers = list[tuple[bytes, bytes]]


class CorsAnswers:
    """Answers preflights, and lets pages read the other answers. `cors` is asked anew each time: it may change."""

    def __init__(self, app: ASGIApp, cors: Callable[[], Cors]) -> None:
        self._app = app
        self._cors = cors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        cors = self._cors()
        origin = _value(scope, b"origin")
        if not cors.origins or origin is None:
            await self._app(scope, receive, send)
            return
        allowed = _allowed(cors, origin)
        method = _value(scope, b"access-control-request-method")
        if scope["method"] == "OPTIONS" and method is not None:
            # Also where the origin is not among them: the browser sees that by what is not there.
            headers = [*allowed, *_asked(scope, method)] if allowed else []
            await send({"type": "http.response.start", "status": 204, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return

        async def send_allowed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *allowed]
            await send(message)

        await self._app(scope, receive, send_allowed)


def _allowed(cors: Cors, origin: bytes) -> _Headers:
    if not cors.allows(origin.decode("latin-1")):
        return []
    anyone = "*" in cors.origins
    headers = [(b"access-control-allow-origin", b"*" if anyone else origin)]
    if cors.credentials:
        headers.append((b"access-control-allow-credentials", b"true"))
    if len(cors.origins) > 1 and not anyone:
        headers.append((b"vary", b"Origin"))
    return headers


def _asked(scope: Scope, method: bytes) -> _Headers:
    headers = [(b"access-control-allow-methods", method)]
    names = _value(scope, b"access-control-request-headers")
    if names:
        each = [name.strip() for name in names.split(b",")]
        headers.append((b"access-control-allow-headers", b",".join(filter(None, each))))
    return headers


def _value(scope: Scope, name: bytes) -> bytes | None:
    return next((value for each, value in scope["headers"] if each == name), None)
