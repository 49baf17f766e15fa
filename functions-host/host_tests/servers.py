"""Servers for the tests: `uv run start` in a process of its own, and what a test needs to know of any server."""

import contextlib
import io
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock
from urllib.parse import urlsplit

import platformdirs
import pytest
from anyio.from_thread import start_blocking_portal
from functions_host.cli import EXIT_PERSON, main
from functions_host.console import Console
from functions_host.storage.azurite import Azurite

_ROOT = Path(__file__).resolve().parents[2]
SAMPLES = Path(__file__).resolve().parent / "apps" / "samples"
"""The app that most tests run: snippets, and code in a session pool."""
CACHE = Path(platformdirs.user_cache_dir("functions-host", appauthor=False))
NO_PACKAGES = _ROOT / "functions-host" / "host_tests" / "pool" / "no-packages.txt"
_MCP_PATH = "/runtime/webhooks/mcp"
POOL_PATH = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/sessionPools/local/mcp"
# The first start of a fresh clone installs Azurite.
START_SECONDS = 240
STOP_SECONDS = 20


def wait_until(condition: Callable[[], bool], seconds: float = STOP_SECONDS) -> None:
    """Waits until something is so. Fails if it does not become so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.01)


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
    _since: int = 0

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
        self.wait_for("Press Ctrl+C")

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
        """What it has written since its start, or since a test was given it."""
        return "\n".join(self.lines[self._since :])

    def forget(self) -> None:
        """Leaves aside what it has written so far: that was for another test."""
        self._since = len(self.lines)
        with contextlib.suppress(queue.Empty):
            while True:
                self._queue.get_nowait()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip("\n"))
                self._queue.put(line)
        self._queue.put(None)


def launch(
    app: str | Path | None,
    *options: str,
    storage: str | None,
    data: Path,
    environment: dict[str, str] | None = None,
    session_pool: bool = False,
    directory: Path = _ROOT,
) -> Server:
    """Starts `uv run start` without waiting for it; its output comes together, as on a terminal.

    A session pool is started only if it is asked for, and then on a port that nobody else uses, with no packages but
    what runs the code: those of the platform take a minute to install.
    """
    arguments = _arguments(app, options, data, session_pool=session_pool)
    process = subprocess.Popen(
        [sys.executable, "-m", "functions_host", *arguments],
        cwd=directory, env=_environment(storage) | (environment or {}), text=True, encoding="utf-8",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        creationflags=subprocess.CREATE_NEW_PROCESS_GROUP if sys.platform == "win32" else 0,
    )  # fmt: skip
    return Server(process)


def refused(
    app: Path,
    *options: str,
    storage: str | None,
    data: Path,
    environment: dict[str, str] | None = None,
    session_pool: bool = False,
) -> str:
    """Returns what a start says that a mistake of a person ends, with the exit code for it and without a traceback.

    It runs in this process, where it takes a fifth of the time.
    """
    said = io.StringIO()
    arguments = _arguments(app, ("--port", "0", *options), data, session_pool=session_pool)
    with (
        mock.patch.dict(os.environ, _environment(storage) | (environment or {}), clear=True),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
        pytest.raises(SystemExit) as ended,
    ):
        main(arguments)
    assert ended.value.code == EXIT_PERSON, said.getvalue()
    assert "Traceback" not in said.getvalue()
    return said.getvalue()


def _environment(storage: str | None) -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("AzureWebJobs", "FUNCTIONS_"))
    }
    if storage is not None:
        inherited["AzureWebJobsStorage"] = storage
    return inherited | {"SESSION_POOL_MCP_ENDPOINT": f"http://127.0.0.1:{free_port()}{POOL_PATH}"}


def _arguments(app: str | Path | None, options: Sequence[str], data: Path, *, session_pool: bool) -> list[str]:
    named = [] if app is None else ["--app", str(app)]
    if not session_pool:
        pool = ["--no-session-pool"]
    else:
        pool = [] if "--session-pool-packages" in options else ["--session-pool-packages", str(NO_PACKAGES)]
    return [*named, "--data", str(data), *options, *pool]


@contextmanager
def running_server(
    app: str | Path | None,
    *options: str,
    storage: str | None,
    data: Path,
    environment: dict[str, str] | None = None,
    session_pool: bool = False,
    directory: Path = _ROOT,
) -> Generator[Server]:
    """Runs `uv run start` on a free port, and stops it as a person would."""
    server = launch(
        app, "--port", "0", *options,
        storage=storage, data=data, environment=environment, session_pool=session_pool, directory=directory,
    )  # fmt: skip
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.interrupt()


class SharedServers:
    """Servers that tests have in common: each runs from the first test that asks for it until the run ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[tuple[object, ...], Server] = {}

    def __call__(self, app: Path, *options: str, storage: str | None, session_pool: bool = False) -> Server:
        """Returns the server of an app with these options, its `output` empty.

        A test leaves it as it was: another may be next.
        """
        key = (app, options, storage, session_pool)
        if key not in self._running:
            data = self._folder / f"data-{len(self._running)}"
            server = launch(app, "--port", "0", *options, storage=storage, data=data, session_pool=session_pool)
            self._running[key] = server
            server.wait_until_ready()
        self._running[key].forget()
        return self._running[key]

    def stop(self) -> None:
        """Ends them all, side by side."""
        for server in self._running.values():
            if server.process.poll() is None:
                server.process.send_signal(signal.SIGINT)
        for server in self._running.values():
            server.ended()


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


@contextmanager
def running_azurite(port: int, data: Path, queue_port: int | None = None) -> Generator[None]:
    """Runs an Azurite that no `uv run start` owns."""
    azurite = Azurite(port, data, CACHE, Console(), queue_port)
    with start_blocking_portal() as portal:
        portal.call(azurite.start)
        try:
            yield
        finally:
            portal.call(azurite.stop)


def is_alive(process_id: int) -> bool:
    """Whether a process runs; one that has ended and waits to be reaped does not. Needs /proc to tell the two apart."""
    try:
        os.kill(process_id, 0)
        status = Path(f"/proc/{process_id}/status")
        return not (status.exists() and "State:\tZ" in status.read_text(encoding="utf-8"))
    except (FileNotFoundError, ProcessLookupError):
        return False


def descendants(process_id: int) -> list[int]:
    """Returns the ids of a process's children and theirs. Needs /proc; skips the test where there is none."""
    if not Path("/proc/self/task").exists():
        pytest.skip("needs /proc")
    found: list[int] = []
    with contextlib.suppress(FileNotFoundError):  # it has ended meanwhile
        for task in Path(f"/proc/{process_id}/task").iterdir():
            for child in map(int, (task / "children").read_text(encoding="utf-8").split()):
                found += [child, *descendants(child)]
    return found
