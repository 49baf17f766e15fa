"""One connection of a client: HTTP/1.1 as uvicorn speaks it, with what Kestrel does and uvicorn does not."""

import asyncio
from typing import Any, cast

import httptools
from starlette.types import Scope
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

_NAMES = "functions_host.header_names"


class HttpConnection(HttpToolsProtocol):
    """Keeps the names of headers as they were sent, sends those of an answer with its body, and goes on in HTTP/1.1
    where a client offers another protocol.

    Every Java client offers HTTP/2 with its first request (`Upgrade: h2c`), and is content with none.
    https://www.rfc-editor.org/rfc/rfc9110#name-upgrade
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.parser = cast("httptools.HttpRequestParser", _Parser(self))
        self._offer: tuple[bytes, bytes] | None = None
        """The header that offers another protocol, while its request is read again without it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(cast("asyncio.Transport", _HeadWithBody(transport)))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._header_names: list[bytes] = []
        cast("Scope", self.scope)["extensions"] = {_NAMES: self._header_names}

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_names.append(name)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._is_offer():
            return
        if self._offer:
            self.on_header(*self._offer)
            self._offer = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self._is_offer():
            super().on_message_complete()

    def take_offer(self) -> bytes | None:
        """Returns the head of a request that offers another protocol, without that; None if there is none."""
        if not self._is_offer():
            return None
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        for name, (_, value) in zip(self._header_names, self.headers, strict=True):
            if name.lower() == b"upgrade":
                self._offer = name, value
            else:
                lines.append(b"%b: %b" % (name, value))
        return b"\r\n".join([*lines, b"", b""])

    def _is_offer(self) -> bool:
        return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"


class _HeadWithBody:
    """A transport that sends the head of an answer with the first of its body, if that comes in the same turn of the
    event loop: each write wakes the client, and costs more than all else that is done for a short answer's headers.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._head = b""

    def write(self, data: bytes) -> None:
        """Sends `data`, unless it is a head."""
        if data.startswith(b"HTTP/") and not self._head:
            self._head = data
            self._loop.call_soon(self._flush)
        elif data and self._head:  # asyncio would try for ever to send nothing after a head
            head, self._head = self._head, b""
            self._transport.writelines([head, data])
        elif data:
            self._transport.write(data)

    def close(self) -> None:
        """Closes the connection when all is sent."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _Parser:
    """The parser of a connection. That of httptools ends at an offer: to it, what follows is the other protocol's."""

    def __init__(self, connection: HttpConnection) -> None:
        self._connection = connection
        self._begin()

    def feed_data(self, data: bytes) -> None:
        """Reads on; a request that makes an offer is read again as if it made none."""
        rest = memoryview(data)
        while True:
            try:
                self._parser.feed_data(rest)
            except httptools.HttpParserUpgrade as offer:
                head = self._connection.take_offer()
                if head is None:
                    raise
                rest = rest[offer.args[0] :]
                self._begin()
                self._parser.feed_data(head)
            else:
                return

    def _begin(self) -> None:
        self._parser = httptools.HttpRequestParser(self._connection)
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
        self.get_method = self._parser.get_method
        self.get_http_version = self._parser.get_http_version
        self.should_keep_alive = self._parser.should_keep_alive
        self.should_upgrade = self._parser.should_upgrade


def header_names(scope: Scope) -> list[bytes]:
    """Returns the names of `scope["headers"]`, in their order, as the client wrote them."""
    return scope["extensions"][_NAMES]
