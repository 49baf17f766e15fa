"""The headers that host.json adds to every answer which has none of that name: `extensions.http.customHeaders`.

azure-functions-host, Middleware/CustomHttpHeadersMiddleware.cs.
"""

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class CustomHeaders:
    """Adds them. `headers` is asked anew each time: they may change."""

    def __init__(self, app: ASGIApp, headers: Callable[[], tuple[tuple[bytes, bytes], ...]]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = self._headers()
        if not headers:
            await self._app(scope, receive, send)
            return

        async def send_with_them(message: Message) -> None:
            if message["type"] == "http.response.start":
                own: list[tuple[bytes, bytes]] = [*message.get("headers", [])]
                names = {name.lower() for name, _ in own}
                message["headers"] = [*own, *(each for each in headers if each[0] not in names)]
            await send(message)

        await self._app(scope, receive, send_with_them)
