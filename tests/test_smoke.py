"""`python tests/smoke.py URL`: what a person runs after a deployment, with nothing installed."""

import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.servers import Server, Target

_SCRIPT = Path(__file__).with_name("smoke.py")
_SECONDS = 120
_WITHOUT_A_POOL = ["hello", "savesnippet", "getsnippet", "deletesnippet"]
_SAMPLES = [*_WITHOUT_A_POOL, "launchShell", "runPythonCode", "runShellCommand"]


def _smoke(*arguments: str) -> tuple[int, list[str]]:
    # -I: without this project's packages and paths, as on a machine that has Python alone.
    command = [sys.executable, "-I", str(_SCRIPT), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


@pytest.fixture
def answering(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a server that gives one answer to everything: a status and a body."""
    status, body = request.param

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(418 if self.headers["x-functions-key"] == "right" else status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that it overrides
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_every_sample_that_a_server_lists_is_called_and_each_step_is_a_line(second_server: Server) -> None:
    code, lines = _smoke(second_server.target.url)
    assert code == 0, lines
    assert _steps(lines) == ["initialize", "tools/list", *_listed(lines)]
    assert "x-ms-" not in second_server.output  # the storage SDK would tell each request in twenty lines


def test_the_legacy_sse_url_and_a_server_without_a_pool_will_do(target: Target) -> None:
    key = ["--key", target.key] if target.key else []
    code, lines = _smoke(target.sse_url, "--no-session-pool", *key)
    assert code == 0, lines
    assert _steps(lines) == ["initialize", "tools/list", *(each for each in _listed(lines) if each in _WITHOUT_A_POOL)]


def _steps(lines: list[str]) -> list[str]:
    assert {line.split()[0] for line in lines} == {"ok"}
    return [line.split(":")[0].split()[1] for line in lines]


def _listed(lines: list[str]) -> list[str]:
    """Returns the samples that the server lists, in the order in which they are called."""
    tools = lines[1].partition(": ")[2].rpartition(" (")[0].split(", ")
    return [each for each in _SAMPLES if each in tools]


@pytest.mark.parametrize(
    ("answering", "exit_code", "said"),
    [
        ((401, b""), 2, "--key"),
        ((403, b""), 2, "--key"),
        ((404, b""), 2, "azd deploy"),
        ((500, b""), 1, "HTTP 500"),
        ((200, b"<html>"), 1, "no JSON-RPC message"),
        ((200, b"[]"), 1, "no answer"),
        ((200, b'{"result": {}}'), 1, "has not the form"),
        ((200, b'{"result": []}'), 1, "no answer"),
        ((200, b'{"error": {"code": -32601, "message": "Method is not available"}}'), 1, "Method is not available"),
    ],
    indirect=["answering"],
)
def test_another_answer_ends_in_one_line(answering: str, exit_code: int, said: str) -> None:
    code, lines = _smoke(answering)
    assert code == exit_code
    (line,) = lines
    assert line.startswith("FAILED  initialize: ")
    assert said in line


@pytest.mark.parametrize("answering", [(401, b"")], indirect=True)
def test_the_key_is_sent_as_azure_wants_it(answering: str) -> None:
    assert _smoke(answering, "--key", "wrong")[0] == 2
    assert "HTTP 418" in _smoke(answering, "--key", "right")[1][0]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("NAME.azurewebsites.net", "is not a URL"),
        ("http://example.invalid", "Use https"),
        ("http://127.0.0.1:port", "characters that it cannot have"),
        ("http://127.0.0.1:1", "cannot be reached"),
    ],
)
def test_where_there_is_no_server_a_line_says_what_to_do(url: str, said: str) -> None:
    code, lines = _smoke(url, "--key", "abc")
    assert code == 2
    (line,) = lines
    assert said in line
    assert "abc" not in line
