"""The port of the host: taken first, so that a start with no free port ends before anything else is started."""

import contextlib
import errno
import logging
import socket
from collections.abc import Callable, Generator

import uvicorn
from starlette.types import ASGIApp

from functions_host.errors import PersonError
from functions_host.http_connection import HttpConnection

try:
    import resource  # not on Windows, which has no such limit
except ImportError:
    resource = None

_KEEP_ALIVE_SECONDS = 130  # Kestrel's; uvicorn's 5 would close connections that a client is just about to use again
_OPEN_FILES = 10_240  # the most that macOS lets a process ask for
_STOP_SECONDS = 2  # `func` ends by force two seconds after Ctrl+C


def listen(address: str, port: int, option: str = "--port [-p]") -> socket.socket:
    """Takes a port; 0 means any that is free. Raises PersonError, which names `option`, if it cannot be had."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # Named, because only for connections of this protocol asyncio turns off the wait for more data to send.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # Windows would let a second process share the port; elsewhere this only skips the wait after a stop.
    if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)  # pyright: ignore
    else:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise _explained(error, address, port, option) from None
    return listener


def allow_many_connections() -> None:
    """Raises the limit of open files, often 256 or 1024, as far as this process may: .NET does so too."""
    if resource is not None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def serve(app: ASGIApp, listener: socket.socket, on_ready: Callable[[], None], stop: "StopSignal") -> None:
    """Serves `app` on a port until `stop` says so."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", ws="none", server_header=False, proxy_headers=False,
        http=HttpConnection, timeout_keep_alive=_KEEP_ALIVE_SECONDS, timeout_graceful_shutdown=_STOP_SECONDS,
    )  # fmt: skip
    server = _Server(config, on_ready)
    stop.then(lambda: setattr(server, "should_exit", True))
    # Calls that the stop cuts off would each be logged with a traceback, as if they were a bug.
    stop.then(lambda: logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL))
    await server.serve(sockets=[listener])


class StopSignal:
    """Remembers that a stop was asked for, and tells those who want to know."""

    def __init__(self) -> None:
        self._stopped = False
        self._listeners: list[Callable[[], object]] = []

    def set(self) -> None:
        """Asks for a stop; asking again changes nothing."""
        if not self._stopped:
            self._stopped = True
            for tell in self._listeners:
                tell()

    def then(self, tell: Callable[[], object]) -> None:
        """Calls `tell` when a stop is asked for, or at once if it was."""
        if self._stopped:
            tell()
        else:
            self._listeners.append(tell)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield  # signals are the command line's business: it stops more than this server

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()


def _explained(error: OSError, address: str, port: int, option: str) -> PersonError:
    if error.errno in (errno.EADDRINUSE, errno.EACCES):
        return PersonError(
            f"Port {port} is unavailable.",
            f"Close the process using that port, or specify another port using {option}.",
        )
    return PersonError(
        f"The address '{address}' cannot be listened on: {error.strerror}.",
        "Give an address of this machine with --address, such as 127.0.0.1 or 0.0.0.0.",
    )
