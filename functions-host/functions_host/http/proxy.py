"""Requests to a custom handler, and its answers, as they are: streamed either way.

azure-functions-host, Workers/Http/DefaultHttpProxyService.cs, which forwards with YARP: method, path, query and headers
as they came, Host included; redirects are not followed.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from functions_host.errors import WorkerError

if TYPE_CHECKING:  # an eighth of a second, for those who have a custom handler
    from aiohttp import ClientResponse, ClientSession

_OF_THE_CONNECTION = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade")
)
_CONNECT_SECONDS = 5


class Proxy:
    """Forwards to whatever listens at an origin."""

    def __init__(self) -> None:
        self._session: ClientSession | None = None

    async def forward(
        self, origin: str, invocation_id: str, timeout: float | None, scope: Scope, receive: Receive, send: Send
    ) -> int:
        """Has a request answered, and returns the status. Raises WorkerError where there is no answer."""
        from aiohttp import ClientError, ClientTimeout
        from yarl import URL

        query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        url = URL(f"{origin}{scope['raw_path'].decode('latin-1')}{query}", encoded=True)
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in scope["headers"]
            if name not in _OF_THE_CONNECTION
        ]
        headers.append(("x-ms-invocation-id", invocation_id))
        has_body = any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
        sent = _Sent(receive)
        try:
            async with self._client().request(
                scope["method"], url, headers=headers, data=sent.body() if has_body else None, allow_redirects=False,
                timeout=ClientTimeout(total=timeout, sock_connect=_CONNECT_SECONDS),
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            ) as answer:  # fmt: skip
                await _answer(answer, sent, send)
                return answer.status
        except (ClientError, TimeoutError, ConnectionError) as error:
            raise WorkerError(f"The custom handler gave no answer: {type(error).__name__} {error}".strip()) from error

    async def close(self) -> None:
        """Closes its connections."""
        if self._session:
            await self._session.close()

    def _client(self) -> "ClientSession":
        if self._session is None:
            from aiohttp import ClientSession, DummyCookieJar, TCPConnector

            self._session = ClientSession(
                connector=TCPConnector(limit=0), cookie_jar=DummyCookieJar(), auto_decompress=False
            )
        return self._session


class _Sent:
    """What the client sends: the body, and then that it has left."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive

    async def body(self) -> AsyncGenerator[bytes]:
        """Yields the body. Raises ConnectionError if the client leaves before its end."""
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ConnectionResetError("the client has left")
            yield message.get("body", b"")
            more = message.get("more_body", False)

    async def left(self) -> None:
        """Waits until the client has left."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def _answer(answer: "ClientResponse", sent: _Sent, send: Send) -> None:
    left_out = {*_OF_THE_CONNECTION, b"date"}  # the server in front gives every answer a date
    headers = [(name.lower(), value) for name, value in answer.raw_headers if name.lower() not in left_out]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    copying = asyncio.create_task(_copy(answer, send))
    leaving = asyncio.create_task(sent.left())
    try:
        await asyncio.wait((copying, leaving), return_when=asyncio.FIRST_COMPLETED)
        if copying.done():
            copying.result()
    finally:
        for task in (copying, leaving):
            task.cancel()


async def _copy(answer: "ClientResponse", send: Send) -> None:
    async for chunk in answer.content.iter_any():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
