"""Servers for the tests: `uv run start` in a process of its own, and what a test needs to know of any server."""

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

_ROOT = Path(__file__).resolve().parent.parent
NO_PACKAGES = _ROOT / "tests" / "no-packages.txt"
_MCP_PATH = "/runtime/webhooks/mcp"
POOL_PATH = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/sessionPools/local/mcp"
# The first start of a fresh clone installs Azurite.
START_SECONDS = 240
STOP_SECONDS = 20


@dataclass(frozen=True)
class Target:
    """Where an MCP server is, and the key it wants."""

    url: str
    """The Streamable HTTP endpoint; legacy SSE is below it."""
    key: str | None = None

    @classmethod
    def named(cls, url: str, key: str | None) -> "Target":
        """Returns the target for an endpoint, or for the origin of a function app."""
        return cls(url.rstrip("/") if urlsplit(url).path.strip("/") else url.rstrip("/") + _MCP_PATH, key)

    @property
    def sse_url(self) -> str:
        return f"{self.url}/sse"

    @property
    def headers(self) -> dict[str, str]:
        return {"x-functions-key": self.key} if self.key else {}


@dataclass
class Server:
    """A `uv run start` under test."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list[str])
    _queue: "queue.Queue[str | None]" = field(default_factory=lambda: queue.Queue())
    _url: str = ""

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def target(self) -> Target:
        return Target(self._url)

    def wait_for(self, text: str, seconds: float = STOP_SECONDS) -> str:
        """Returns the next line that contains `text`. Fails if it does not come, or the process ends."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._queue.get(timeout=max(deadline - time.monotonic(), 0))
            except queue.Empty:
                raise AssertionError(f"no line with {text!r} in {seconds} s; so far:\n{self.output}") from None
            if line is None:
                raise AssertionError(f"ended before a line with {text!r} came:\n{self.output}")
            if text in line:
                return line

    def wait_until_ready(self) -> None:
        """Waits for the banner and takes the endpoint from it."""
        self._url = self.wait_for("MCP server endpoint:", START_SECONDS).split()[-1]
        self.wait_for("Press Ctrl+C", START_SECONDS)  # in a fresh clone Azurite is installed before it

    def interrupt(self) -> int:
        """Presses Ctrl+C and returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.CTRL_BREAK_EVENT if sys.platform == "win32" else signal.SIGINT)
        return self.ended()

    def ended(self) -> int:
        """Waits for the process to end and returns its exit code."""
        code = self.process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        return code

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip("\n"))
                self._queue.put(line)
        self._queue.put(None)


def launch(
    app: str | Path,
    *options: str,
    storage: str | None,
    data: Path,
    environment: dict[str, str] | None = None,
    session_pool: bool = False,
    packages: Path | None = NO_PACKAGES,
) -> Server:
    """Starts `uv run start` without waiting for it; its output comes together, as on a terminal.

    A session pool is started only if it is asked for, and then on a port that nobody else uses, with no packages but
    what runs the code; None are those of the platform, which take a minute to install.
    """
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("AzureWebJobs", "FUNCTIONS_"))
    }
    if storage is not None:
        inherited["AzureWebJobsStorage"] = storage
    inherited["SESSION_POOL_MCP_ENDPOINT"] = f"http://127.0.0.1:{free_port()}{POOL_PATH}"
    if not session_pool:
        options = (*options, "--no-session-pool")
    elif packages:
        options = (*options, "--session-pool-packages", str(packages))
    command = [sys.executable, "-m", "functions_host", "--app", str(app), "--data", str(data), *options]
    process = subprocess.Popen(
        command, cwd=_ROOT, env=inherited | (environment or {}), text=True, encoding="utf-8",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        creationflags=subprocess.CREATE_NEW_PROCESS_GROUP if sys.platform == "win32" else 0,
    )  # fmt: skip
    return Server(process)


@contextmanager
def running_server(
    app: str | Path,
    *options: str,
    storage: str | None,
    data: Path,
    environment: dict[str, str] | None = None,
    session_pool: bool = False,
    packages: Path | None = NO_PACKAGES,
) -> Generator[Server]:
    """Runs `uv run start` on a free port, and stops it as a person would."""
    server = launch(
        app, "--port", "0", *options,
        storage=storage, data=data, environment=environment, session_pool=session_pool, packages=packages,
    )  # fmt: skip
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.interrupt()


def free_port() -> int:
    """Returns a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def azurite_connection_string(port: int, queue_port: int | None = None) -> str:
    """Returns the connection string of an Azurite on `port`, with queues if they have a port too.

    The SDK knows the account and its key.
    """
    from azure.storage.blob import BlobServiceClient

    with BlobServiceClient.from_connection_string("UseDevelopmentStorage=true") as service:
        account, key = service.credential.account_name, service.credential.account_key
    text = f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={key};"
    text += f"BlobEndpoint=http://127.0.0.1:{port}/{account};"
    return text + (f"QueueEndpoint=http://127.0.0.1:{queue_port}/{account};" if queue_port else "")
