"""Sessions of the legacy HTTP+SSE transport: answers travel on the stream of GET .../sse, not with the POST.

Microsoft.Azure.Functions.Extensions.Mcp, Http/ and Sessions/. Its queue between instances (`mcp-backplane-<id>`) is
left out: here every session lives in the one instance there is.
"""

import asyncio
import secrets
import string
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from functions_host.mcp.messages import Notification, Request, RequestId, Response
from functions_host.triggers.calls import McpClient
from functions_host.wire_json import to_json

PING_SECONDS = 25.0
# More than that is left unread only by a client that does not read at all. Kestrel cuts off one that is that slow.
# https://learn.microsoft.com/aspnet/core/fundamentals/servers/kestrel/options#minimum-request-body-data-rate
_UNREAD_BYTES = 64 * 1024 * 1024
_ID_ALPHABET = string.ascii_lowercase + string.digits

type Answer = Callable[[Request, McpClient], Awaitable[bytes]]


class _CancelledParams(msgspec.Struct):
    requestId: str | int


def new_id() -> str:
    """Returns an id of a client or an instance: 16 unguessable letters and digits."""
    return "".join(secrets.choice(_ID_ALPHABET) for _ in range(16))


class SseSession:
    """One open stream: what is put in goes out as events, for as long as the client stays."""

    def __init__(
        self,
        client: McpClient,
        answer: Answer,
        problem: Callable[[str], None],
        ping_seconds: float = PING_SECONDS,
    ) -> None:
        self._client = client
        self._answer = answer
        self._problem = problem
        self._ping_seconds = ping_seconds
        self._events: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._unread = 0
        self.is_open = True
        """Whether messages are still taken, since their answers can be sent."""
        self._running: dict[RequestId, asyncio.Task[None]] = {}
        self._pong: asyncio.Future[bool] | None = None

    def receive(self, message: Request | Notification | Response) -> None:
        """Takes a message that the client posted. Requests run side by side; answers follow on the stream."""
        match message:
            case Request():
                task = asyncio.create_task(self._run(message))
                self._running[message.id] = task
                task.add_done_callback(lambda _: self._forget(message.id, task))
            case Notification(method="notifications/cancelled"):
                self._cancel(message.params)
            case Response():
                if self._pong and not self._pong.done():
                    self._pong.set_result(not message.is_error)
            case Notification():
                pass  # none of the others means anything to the extension

    async def events(self, endpoint: str) -> AsyncIterator[bytes]:
        """Yields the events of the stream, beginning with the endpoint that messages are to be posted to."""
        yield f"event: endpoint\ndata: {endpoint}\n\n".encode()
        pings = asyncio.create_task(self._ping())
        try:
            while (event := await self._events.get()) is not None:
                self._unread -= len(event)
                yield event
        finally:
            self.is_open = False
            pings.cancel()

    def close(self) -> None:
        """Ends the stream."""
        self._events.put_nowait(None)

    def _send(self, event: bytes) -> None:
        if self._unread > _UNREAD_BYTES:
            self._give_up()
        if self.is_open:
            self._unread += len(event)
            self._events.put_nowait(event)

    def _give_up(self) -> None:
        """Drops what the client leaves unread, and ends the stream behind what is on its way already."""
        self._problem(f"An SSE stream was ended: its client has left {_UNREAD_BYTES // 2**20} MiB of answers unread.")
        self.is_open = False
        self._unread = 0
        while not self._events.empty():
            self._events.get_nowait()
        self.close()

    async def _run(self, request: Request) -> None:
        # Cancelled or not, the function runs to its end, as in Azure; a cancelled request just gets no answer.
        answer = await asyncio.shield(asyncio.ensure_future(self._answer(request, self._client)))
        self._send(message_event(answer))

    def _cancel(self, params: bytes | None) -> None:
        try:
            request_id = msgspec.json.decode(params or b"null", type=_CancelledParams).requestId
        except (msgspec.DecodeError, msgspec.ValidationError):
            return
        task = self._running.get(request_id)
        if task:
            task.cancel()

    def _forget(self, request_id: RequestId, task: asyncio.Task[None]) -> None:
        if self._running.get(request_id) is task:
            del self._running[request_id]
        if not task.cancelled():
            task.result()  # a bug shows itself

    async def _ping(self) -> None:
        number = 0
        answered = True
        while answered:  # a client that does not answer is not asked again, and stays connected
            await asyncio.sleep(self._ping_seconds)
            number += 1
            self._pong = asyncio.get_running_loop().create_future()
            ping = {"method": "ping", "id": number, "jsonrpc": "2.0"}
            self._send(message_event(to_json(ping)))
            answered = await self._pong


def message_event(message: bytes) -> bytes:
    """Returns the event that carries `message`, which is one line of JSON."""
    return b"event: message\ndata: %b\n\n" % message
