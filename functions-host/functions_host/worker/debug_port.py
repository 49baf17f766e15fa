"""One port for debuggers, whichever process runs the app at the moment.

Each worker process listens for a debugger on a port of its own. When another takes its place, because a file was saved,
editors are told to attach again, which they do to the same port as before.
https://microsoft.github.io/debug-adapter-protocol/specification#Events_Terminated
"""

import asyncio
import re

import msgspec

from functions_host.listener import listen

_CHUNK = 65536
# What every message of the Debug Adapter Protocol begins with, and no request that a web page can send.
_BEGINNING = b"content-"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class DebugPort:
    """Passes every connection on to the newest process. Raises PersonError if the port is taken."""

    def __init__(self, port: int) -> None:
        self._listener = listen("127.0.0.1", port, "--debug")
        self._server: asyncio.Server | None = None
        self._newest: int | None = None
        self._news = asyncio.Event()
        self._relays: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """Where debuggers attach."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def offer(self, port: int) -> None:
        """Takes the port of a new process."""
        self._newest = port
        self._news.set()
        self._news = asyncio.Event()

    async def start(self) -> None:
        """Begins to accept connections."""
        self._server = await asyncio.start_server(self._accept, sock=self._listener)

    async def stop(self) -> None:
        """Cuts every connection."""
        self._listener.close()
        if self._server:
            self._server.close()
        for relay in self._relays:
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relay = asyncio.create_task(self._relay(reader, writer))
        self._relays.add(relay)
        relay.add_done_callback(self._relays.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first = await reader.readexactly(len(_BEGINNING))
            if first.lower() != _BEGINNING:
                return
            port, from_process, to_process = await self._connect()
            to_process.write(first)
            await asyncio.gather(_pump(reader, to_process), self._pump_messages(from_process, writer, port))
        except (OSError, asyncio.IncompleteReadError):
            pass  # either end may leave whenever it likes
        finally:
            writer.close()

    async def _connect(self) -> tuple[int, asyncio.StreamReader, asyncio.StreamWriter]:
        """Connects to the newest process; where that has ended, to the next."""
        while True:
            news = self._news
            if self._newest is not None:
                try:
                    return self._newest, *await asyncio.open_connection("127.0.0.1", self._newest)
                except OSError:
                    self._newest = None
            await news.wait()

    async def _pump_messages(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        try:
            while True:
                length = _LENGTH.search(await reader.readuntil(b"\r\n\r\n"))
                assert length is not None
                body = await reader.readexactly(int(length[1]))
                if b'"terminated"' in body and self._newest != port:
                    body = _with_restart(body)
                writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
                await writer.drain()
        finally:
            writer.close()


def _with_restart(message: bytes) -> bytes:
    """Returns the event that a process has ended, with the request to attach again; other messages as they are."""
    members: dict[str, object] = msgspec.json.decode(message)
    if members.get("event") == "terminated":
        members["body"] = {"restart": True}
    return msgspec.json.encode(members)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
