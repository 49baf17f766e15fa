"""Clients that only take up room: those who never read, and those who never say anything."""

import http.client
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from host_tests.requirements import shows
from host_tests.servers import Server, running_server, wait_until
from host_tests.wire.raw_http import ACCEPT_BOTH, call, open_socket, open_stream, post, request
from host_tests.wire.small_app import BEGIN, tool, write_app

if sys.platform != "linux":
    pytest.skip("looks into /proc", allow_module_level=True)

import resource

_MIB = 2**20
_LONG = _MIB
_IDLE = 1000
_UNREAD = 64  # MiB that a stream keeps for a client
_APP = (
    BEGIN
    + tool("hello", "hello")
    + f"""
@app.mcp_tool_trigger(arg_name="context", tool_name="long", description="")
def long(context: str) -> str:
    return "x" * {_LONG}
"""
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    app = write_app(tmp_path / "app", _APP)
    with running_server(app, storage=None, data=tmp_path / "data") as running:
        yield running


@pytest.fixture
def many_files() -> Iterator[None]:
    """Lets this process have as many connections as a test of the server's needs."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@shows("sse.unread")
def test_a_client_that_never_reads_its_stream_takes_bounded_memory_and_others_are_served(server: Server) -> None:
    assert _says_hello(server)
    files, memory = _open_files(server), _memory(server)
    with open_stream(server.target) as stream:
        for number in range(_UNREAD * _MIB // _LONG + 16):  # some are on their way in the buffers of the sockets
            assert stream.post(call("long", request_id=number)).status in (202, 400)
        assert _memory(server) - memory < 2 * _UNREAD * _MIB
        wait_until(lambda: stream.post(request("ping")).status == 400)
        assert _says_hello(server)
        wait_until(lambda: f"its client has left {_UNREAD} MiB of answers unread" in server.output)
        wait_until(lambda: _memory(server) - memory < _UNREAD * _MIB // 2)
    wait_until(lambda: _open_files(server) <= files)
    with open_stream(server.target) as stream:
        stream.post(call("hello"))
        assert stream.next_message()["result"]["content"][0]["text"] == "hello"


@shows("transport.unread")
def test_clients_that_never_read_their_answers_leave_nothing_when_they_go(server: Server) -> None:
    assert _says_hello(server)
    files, memory = _open_files(server), 0
    for number in range(3):
        with ExitStack() as connections:
            for _ in range(16):
                connections.enter_context(_asking(server))
            wait_until(lambda number=number: server.output.count("tool=long") == 16 * (number + 1))
            assert _says_hello(server)
            memory = memory or _memory(server)
            assert _memory(server) < memory + 16 * _LONG
        wait_until(lambda: _open_files(server) <= files)


@shows("sse.idle")
def test_a_thousand_idle_streams_delay_nobody_and_end_with_the_host(tmp_path: Path, many_files: None) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    app = write_app(tmp_path / "app", _APP)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))  # what a shell on macOS gives the host
    with running_server(app, storage=None, data=tmp_path / "data") as server, ExitStack() as streams:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert _says_hello(server)
        files, memory = _open_files(server), _memory(server)
        with ThreadPoolExecutor(8) as openers:
            opened = list(openers.map(lambda _: _idle_stream(server), range(_IDLE)))
        for stream in opened:
            streams.enter_context(stream)
        assert _open_files(server) >= _IDLE
        assert (_memory(server) - memory) / _IDLE < 100 * 1024
        assert _says_hello(server)
        for stream in opened[: _IDLE // 2]:
            stream.close()
        wait_until(lambda: _open_files(server) <= files + _IDLE // 2)
        assert _says_hello(server)
        assert server.interrupt() == 0
        assert opened[-1].recv(1000) in (b"", b"0\r\n\r\n")
    assert "Traceback" not in server.output


@shows("transport.too-many")
def test_a_host_without_a_file_left_refuses_connections_and_answers_again_when_there_is_one(server: Server) -> None:
    with open_stream(server.target) as stream:
        pid, (_, hard) = server.process.pid, resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (_open_files(server) + 10, hard))
        with ExitStack() as connections:
            for _ in range(50):
                connections.enter_context(open_socket(server.target))
            with pytest.raises((ConnectionError, http.client.HTTPException)):
                _says_hello(server)
            used = _processor_seconds(server)
            time.sleep(0.5)  # long enough to see whether it tries again and again
            assert _processor_seconds(server) - used < 0.25
        wait_until(lambda: _answers(server))
        stream.post(request("ping"))
        assert stream.next_message()["result"] == {}


def _says_hello(server: Server) -> bool:
    return post(server.target, call("hello")).event["result"]["content"][0]["text"] == "hello"


def _asking(server: Server) -> socket.socket:
    """Asks for a long answer and returns the connection, which nobody reads."""
    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"long"}}'
    head = f"POST {urlsplit(server.target.url).path} HTTP/1.1\r\nHost: localhost\r\nAccept: {ACCEPT_BOTH}\r\n"
    connection = open_socket(server.target)
    connection.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    return connection


def _idle_stream(server: Server) -> socket.socket:
    """Opens a stream and returns its connection after the first event."""
    connection = open_socket(server.target)
    connection.sendall(f"GET {urlsplit(server.target.sse_url).path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    seen = b""
    while b"event: endpoint" not in seen:
        part = connection.recv(4096)
        assert part, seen
        seen += part
    return connection


def _answers(server: Server) -> bool:
    try:
        return _says_hello(server)
    except (ConnectionError, http.client.HTTPException):
        return False


def _open_files(server: Server) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def _memory(server: Server) -> int:
    """Returns the bytes of memory that the host itself has."""
    pages = Path(f"/proc/{server.process.pid}/statm").read_text(encoding="utf-8").split()[1]
    return int(pages) * resource.getpagesize()


def _processor_seconds(server: Server) -> float:
    fields = Path(f"/proc/{server.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
