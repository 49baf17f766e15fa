"""One connection of a client: HTTP/1.1 as uvicorn speaks it, with two things that Kestrel does and uvicorn does not."""

import asyncio
from array import array
from typing import Any, cast

import httptools
from starlette.types import Scope
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

_NAMES = "functions_host.header_names"


class HttpConnection(HttpToolsProtocol):
    """Keeps the names of headers as they were sent, and goes on in HTTP/1.1 where a client offers another protocol.

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
        self.parser = _Parser(self)
        self._offer: tuple[bytes, bytes] | None = None
        """The header that offers another protocol, while its request is read again without it."""

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

    def decline(self, rest: bytes) -> bool:
        """Reads a request again as if it offered nothing; `rest` is what follows its headers. Returns whether it did.

        The parser stops at an offer: to it, what follows is the other protocol's.
        """
        if not self._is_offer():
            return False
        headers = zip(self._header_names, (value for _, value in self.headers), strict=True)
        lines = [b"%b %b HTTP/1.1" % (self.parser.get_method(), self.url)]
        for name, value in headers:
            if name.lower() == b"upgrade":
                self._offer = name, value
            else:
                lines.append(b"%b: %b" % (name, value))
        self.parser = _Parser(self)
        self.parser.feed_data(b"\r\n".join([*lines, b"", b""]))
        self.parser.feed_data(rest)
        return True

    def _is_offer(self) -> bool:
        return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"


class _Parser(httptools.HttpRequestParser):
    """The parser of a connection, which does not end at an offer."""

    def __init__(self, connection: HttpConnection) -> None:
        super().__init__(connection)
        self.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
        self._connection = connection

    def feed_data(self, data: bytes | bytearray | memoryview | array[int]) -> None:
        try:
            super().feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            if not self._connection.decline(bytes(data)[offer.args[0] :]):
                raise


def header_names(scope: Scope) -> list[bytes]:
    """Returns the names of `scope["headers"]`, in their order, as the client wrote them."""
    return scope["extensions"][_NAMES]
