"""A caller over Streamable HTTP, with a session where the server wants one."""

from host_tests.benchmarks.calls import INITIALIZE, REQUEST_NUMBER
from host_tests.benchmarks.connection import CallError, Connection, Response
from host_tests.benchmarks.measurement import Load
from host_tests.benchmarks.requests import INITIALIZED, Template, after_handshake, post, post_head, request_head

_SESSION = b"mcp-session-id"


class HttpCaller:
    """One connection. It is opened again when the server closes it, which then counts as part of the call."""

    def __init__(self, load: Load, caller: int) -> None:
        self._load = load
        self._template = Template(load.call, caller)
        self._headers = dict(load.headers)
        self._sessions: list[bytes] = []
        self._is_handshake = load.call.method == INITIALIZE.method

    async def open(self) -> None:
        """Connects, and begins a session if the load is one of sessions. Raises CallError."""
        self._connection = await Connection.open(self._load.port)
        if not self._is_handshake:
            if self._load.transport == "session":
                await self._shake_hands()
            self._headers |= after_handshake()
        length = len(self._template.body(b"%d" % REQUEST_NUMBER))
        self._head = post_head(self._load.port, self._load.path, length, self._headers)

    async def call(self, number: bytes) -> float:
        """Makes the call, and returns when its answer was there. Raises CallError if it is not the right one."""
        response = await self._ask(self._head + self._template.body(number), number)
        if response.status != 200 or not self._template.is_answered_by(response.body, number):
            raise CallError(response.shown())
        if self._is_handshake and self._load.transport == "session":
            self._remember(response)
        return response.at

    async def close(self) -> None:
        """Ends the sessions, so that they do not weigh on what is measured next, and disconnects."""
        for session in self._sessions:
            headers = after_handshake() | {"Mcp-Session-Id": session.decode()}
            await self._ask(request_head("DELETE", self._load.port, self._load.path, headers))
        self._connection.close()

    async def _ask(self, request: bytes, awaited: bytes = b"") -> Response:
        if not self._connection.usable:
            self._connection.close()
            self._connection = await Connection.open(self._load.port)
        return await self._connection.ask(request, awaited)

    async def _shake_hands(self) -> None:
        number = b"%d" % REQUEST_NUMBER
        body = Template(INITIALIZE, 0).body(number)
        response = await self._ask(post(self._load.port, self._load.path, body, self._headers), number)
        self._remember(response)
        self._headers["Mcp-Session-Id"] = self._sessions[0].decode()
        initialized = post(self._load.port, self._load.path, INITIALIZED, self._headers | after_handshake())
        accepted = await self._ask(initialized)
        if accepted.status != 202:
            raise CallError(accepted.shown())

    def _remember(self, response: Response) -> None:
        session = response.headers.get(_SESSION)
        if session is None:
            raise CallError(f"no session was begun: {response.shown()}")
        self._sessions.append(session)
