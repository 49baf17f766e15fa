"""The servers that are measured side by side: how each is started, asked, weighed and stopped."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil  # pyright: ignore[reportMissingModuleSource]  (only the group `bench` has it)

from tests.benchmarks.calls import HELLO
from tests.benchmarks.cores import staying_on
from tests.benchmarks.measurement import ROOT
from tests.servers import POOL_PATH, free_port

_START_SECONDS = 240  # the first start of a fresh clone installs Azurite
_STOP_SECONDS = 20
_MIB = 2**20
POOL_HEADERS = {"x-ms-apikey": "local-dev-key"}
_HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


@dataclass(frozen=True)
class ServerKind:
    """A server to compare. `command` are arguments to Python, with {port} and {data} to be filled in."""

    name: str
    command: tuple[str, ...]
    path: str
    """Where it answers hello."""


_START = ("-m", "local.cli", "--port", "{port}", "--data", "{data}")
OURS = ServerKind("ours", (*_START, "--no-session-pool"), "/runtime/webhooks/mcp")
OURS_WITH_POOL = ServerKind("ours with a session pool", _START, "/runtime/webhooks/mcp")
FASTMCP = ServerKind("FastMCP", ("-m", "tests.benchmarks.peers.fastmcp_server", "{port}"), "/mcp")
BARE = ServerKind("bare Starlette", ("-m", "tests.benchmarks.peers.bare_server", "{port}"), "/mcp")


@dataclass(frozen=True)
class Memory:
    """Resident memory in MiB, summed over processes."""

    server: float
    azurite: float | None
    """None where the server started no Azurite: it has no storage, or found one that ran already."""


class StartError(Exception):
    """A server did not start. The message has the end of what it wrote."""


class Server:
    """A running server."""

    def __init__(
        self, kind: ServerKind, port: int, pool_port: int, process: subprocess.Popen[bytes], log: Path
    ) -> None:
        self.kind = kind
        self.port = port
        self.pool_port = pool_port
        self._process = process
        self._log = log

    def memory(self) -> Memory:
        """Weighs the process and all its children."""
        processes = self._processes()
        # By the program's file: Node gives its process another name.
        azurite = [each for each in processes if Path(each.exe()).stem == "node"]
        others = [each for each in processes if each not in azurite]
        return Memory(_resident(others), _resident(azurite) if azurite else None)

    def cpu_seconds(self) -> float:
        """Returns how long the process and all its children have kept a core busy since they started."""
        times = [each.cpu_times() for each in self._processes()]
        return sum(each.user + each.system for each in times)

    def wait_until_ready(self) -> None:
        """Waits until hello is answered as it should be. Raises StartError."""
        deadline = time.monotonic() + _START_SECONDS
        while not self._says_hello():
            if self._process.poll() is not None or time.monotonic() > deadline:
                end = "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])
                raise StartError(f"{self.kind.name} does not answer. The end of its output:\n{end}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Ends the process as a person would, or by force if that takes too long."""
        if sys.platform == "win32":
            self._process.terminate()
        else:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _processes(self) -> list[psutil.Process]:
        root = psutil.Process(self._process.pid)
        return [root, *root.children(recursive=True)]

    def _says_hello(self) -> bool:
        body = msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": HELLO.method, "params": HELLO.params})
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{self.kind.path}", body, _HEADERS)
        try:
            with urllib.request.urlopen(request, timeout=_START_SECONDS) as response:
                return HELLO.expected.encode() in response.read()
        except OSError:
            return False


def _resident(processes: list[psutil.Process]) -> float:
    return sum(each.memory_info().rss for each in processes) / _MIB


@contextmanager
def running(kind: ServerKind, core: int | None, folder: Path) -> Generator[Server]:
    """Runs a server on `core` with all its processes; what it writes goes to files in `folder`."""
    port, pool_port = free_port(), free_port()
    environment = os.environ | {"SESSION_POOL_MCP_ENDPOINT": f"http://127.0.0.1:{pool_port}{POOL_PATH}"}
    command = [sys.executable, *(part.format(port=port, data=folder / kind.name) for part in kind.command)]
    log = folder / f"{kind.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            preexec_fn=staying_on(core),
        )  # fmt: skip
    server = Server(kind, port, pool_port, process, log)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()
