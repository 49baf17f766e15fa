"""What is paid once: imports and indexing at every cold start in Azure, and `uv run start` until it answers."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from host_tests.benchmarks.calls import HELLO
from host_tests.benchmarks.cores import Cores, staying_on
from host_tests.benchmarks.measurement import ROOT, MeasurementError
from host_tests.benchmarks.programs import Folders, launch
from host_tests.benchmarks.samples import Sample
from host_tests.servers import POOL_PATH, azurite_connection_string, free_port

_IMPORTS_A_ROUND = 4  # a third of a second each, and the ratio is meant to be exact
_LONGEST_SECONDS = 60
_POLL_SECONDS = 0.01
_HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
_SCRIPT = "import time; began = time.perf_counter(); {code}; print(time.perf_counter() - began)"
_PEERS = "host_tests.benchmarks.peers."

type Say = Callable[[str], None]
type Measure = Callable[[Cores, Folders], float]


@dataclass(frozen=True)
class Once:
    """One way to do something that is done once. `seconds` does it and says how long it took."""

    name: str
    seconds: Measure


@dataclass(frozen=True)
class StartUp:
    """The same work done in several ways. The first is ours."""

    work: str
    times_a_round: int
    contenders: tuple[Once, ...]


def _importing(code: str) -> Measure:
    """Returns what runs `code` in a new process that finds the app, and times it from inside."""

    def seconds(cores: Cores, folders: Folders) -> float:
        command = [sys.executable, "-c", _SCRIPT.format(code=code)]
        done = subprocess.run(
            command, cwd=ROOT / "src", check=True, capture_output=True, preexec_fn=staying_on(cores.servers)
        )
        return float(done.stdout)

    return seconds


def _starting(path: str, *command: str) -> Measure:
    """Returns what starts a server and times it until it has said hello. {port} and {data} are filled in."""

    def seconds(cores: Cores, folders: Folders) -> float:
        port = free_port()
        arguments = [part.format(port=port, data=folders.data / f"data-{port}") for part in command]
        began = time.perf_counter()
        server = launch("start-up", arguments, port, cores.servers, folders.logs, _environment())
        try:
            _wait_for_hello(f"http://127.0.0.1:{port}{path}")
            return time.perf_counter() - began
        finally:
            server.stop()

    return seconds


def _environment() -> Mapping[str, str]:
    """Returns settings with ports of their own for the storage, all of it as by default, and for the session pool."""
    return os.environ | {
        "AzureWebJobsStorage": azurite_connection_string(free_port(), free_port()),
        "SESSION_POOL_MCP_ENDPOINT": f"http://127.0.0.1:{free_port()}{POOL_PATH}",
    }


def _wait_for_hello(url: str) -> None:
    body = msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": HELLO.method, "params": HELLO.params})
    deadline = time.monotonic() + _LONGEST_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(
                urllib.request.Request(url, body, _HEADERS), timeout=_LONGEST_SECONDS
            ) as answer:
                if HELLO.expected.encode() in answer.read():
                    return
        except OSError:
            time.sleep(_POLL_SECONDS)
    raise MeasurementError(f"{url} did not say hello within {_LONGEST_SECONDS} s")


def _uv_run_start(*options: str) -> Measure:
    uv = shutil.which("uv")
    command = (uv, "run", "start") if uv else (sys.executable, "-m", "functions_host")
    return _starting("/runtime/webhooks/mcp", *command, "--port", "{port}", "--data", "{data}", *options)


_AZURE_FUNCTIONS = Once("import azure.functions", _importing("import azure.functions"))
START_UPS = (
    StartUp("import the app", _IMPORTS_A_ROUND, (Once("ours", _importing("import function_app")), _AZURE_FUNCTIONS)),
    StartUp(
        "import and index the app",
        _IMPORTS_A_ROUND,
        (Once("ours", _importing("import function_app as module; module.app.get_functions()")), _AZURE_FUNCTIONS),
    ),
    StartUp(
        "start to first answer",
        1,
        (
            Once("ours", _uv_run_start("--no-session-pool")),
            Once(
                "FastMCP stateless JSON",
                _starting("/mcp", sys.executable, "-m", _PEERS + "fastmcp_server", "{port}", "json"),
            ),
            Once(
                "mcp SDK stateless JSON",
                _starting("/mcp", sys.executable, "-m", _PEERS + "sdk_server", "{port}", "stateless"),
            ),
        ),
    ),
    StartUp(
        "start to first answer, session pool",
        1,
        (Once("ours", _uv_run_start()), Once("ours without it", _uv_run_start("--no-session-pool"))),
    ),
)


def samples_of(
    start_ups: tuple[StartUp, ...], cores: Cores, rounds: int, folders: Folders, say: Say
) -> Iterator[Sample]:
    """Does everything in turns. Raises MeasurementError if a server does not say hello."""
    for start_up in start_ups:
        for contender in start_up.contenders:
            contender.seconds(cores, folders)  # what is compiled and cached once is not meant
        for number in range(1, rounds * start_up.times_a_round + 1):
            for contender in start_up.contenders:
                seconds = contender.seconds(cores, folders)
                say(f"Round {number}: {start_up.work}, {contender.name}: {seconds * 1000:,.0f} ms")
                yield Sample(start_up.work, None, contender.name, number, {"p50_ms": seconds * 1000})
