"""What somebody meets who starts the host beside another start, for others, or from a program."""

import http.client
import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from host_tests.requirements import shows
from host_tests.servers import POOL_PATH, Server, Target, free_port, launch, refused, running_server
from host_tests.wire.raw_http import call, post
from host_tests.wire.small_app import BEGIN, tool, write, write_app

_ENDPOINT = """
import os

@app.mcp_tool_trigger(arg_name="context", tool_name="pool", description="")
def pool(context: str) -> str:
    return os.environ.get("SESSION_POOL_MCP_ENDPOINT", "none")
"""
_CODE = BEGIN + tool("hello", "hello") + _ENDPOINT
_OWN = "http://127.0.0.1:9/mcp"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return write_app(tmp_path / "src", _CODE)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("one")
    app = write_app(folder / "app", BEGIN + tool("hello", "hello"))
    with running_server(app, "--require-key", "--allow-host", "Friend.Example", storage=None, data=folder) as running:
        yield running


@pytest.fixture(scope="module")
def in_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A start in the folder of an app whose settings are a sample, with a pool of one's own in the environment."""
    folder = tmp_path_factory.mktemp("in-folder")
    app = write_app(folder / "app", _CODE)
    shutil.move(app / "local.settings.json", app / "local.settings.sample.json")
    own = {"SESSION_POOL_MCP_ENDPOINT": _OWN}
    with running_server(None, storage=None, data=folder / "data", environment=own, directory=app) as running:
        yield running


@pytest.fixture(scope="module")
def in_parent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A start beside the folder `src` of an app whose settings name the default pool."""
    folder = tmp_path_factory.mktemp("in-parent")
    app = write_app(folder / "src", _CODE)
    values = {"FUNCTIONS_WORKER_RUNTIME": "python", "SESSION_POOL_MCP_ENDPOINT": f"http://127.0.0.1:7072{POOL_PATH}"}
    write(app / "local.settings.json", {"IsEncrypted": False, "Values": values})
    unset = {"SESSION_POOL_MCP_ENDPOINT": ""}
    with running_server(None, storage=None, data=folder / "data", environment=unset, directory=folder) as running:
        yield running


def _status(target: Target, verb: str, headers: dict[str, str], body: object = None) -> tuple[int, str]:
    address = urlsplit(target.url)
    connection = http.client.HTTPConnection(address.netloc, timeout=20)
    connection.request(verb, address.path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def _text(server: Server, name: str) -> str:
    return post(server.target, call(name)).event["result"]["content"][0]["text"]


@shows("start.pool-port")
def test_a_second_start_moves_its_session_pool_to_a_free_port_and_tells_the_app(app: Path, tmp_path: Path) -> None:
    default = {"SESSION_POOL_MCP_ENDPOINT": f"http://127.0.0.1:7072{POOL_PATH}"}
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 7072))
            taken.listen()
        except OSError:
            pass  # somebody's own pool is there, which will do
        with running_server(
            app, storage=None, data=tmp_path / "data", environment=default, session_pool=True
        ) as server:
            assert "Port 7072 is taken, so the session pool is on port" in server.output
            endpoint = _text(server, "pool")
    assert f"Session pool: {endpoint}" in server.lines
    assert urlsplit(endpoint).port != 7072


@shows("start.pool-port")
def test_the_port_of_the_session_pool_can_be_chosen(app: Path, tmp_path: Path) -> None:
    port = str(free_port())
    with running_server(
        app, "--session-pool-port", port, storage=None, data=tmp_path / "data", session_pool=True
    ) as server:
        assert urlsplit(_text(server, "pool")).port == int(port)


@shows("start.no-pool")
def test_without_a_session_pool_the_app_does_not_use_that_of_another_start(in_parent: Server) -> None:
    assert "Session pool: none, so tools that run code will fail (--no-session-pool)" in in_parent.lines
    assert _text(in_parent, "pool") == "none"


@shows("start.no-pool")
def test_without_a_session_pool_an_address_of_ones_own_stays(in_folder: Server) -> None:
    assert _text(in_folder, "pool") == _OWN


@shows("start.network")
def test_an_address_for_everyone_asks_for_a_key_or_for_an_explicit_option(app: Path, tmp_path: Path) -> None:
    refusing = launch(app, "--address", "0.0.0.0", "--port", "0", storage=None, data=tmp_path, session_pool=True)
    assert refusing.ended() == 2
    assert "everyone in your network could run code on this machine." in refusing.output
    assert "--require-key" in refusing.output
    with running_server(app, "--address", "0.0.0.0", storage=None, data=tmp_path) as server:
        assert "EVERYONE in your network can call every tool" in server.output
        reached = {line.split("http://")[1] for line in server.lines if line.startswith("Others reach it at http://")}
        assert all(not each.startswith(("127.", "0.0.0.0")) for each in reached)


@shows("start.allow-host")
def test_another_name_is_refused_with_the_option_that_allows_it(server: Server) -> None:
    status, text = _status(server.target, "POST", {"Host": "stranger.example"})
    assert (status, "--allow-host NAME" in text) == (421, True)
    assert "'stranger.example'" in server.wait_for("Refused (421)")
    status, text = _status(server.target, "POST", {"Origin": "https://stranger.example"})
    assert (status, "--allow-host NAME" in text) == (403, True)
    server.wait_for("Refused (403): a page of 'https://stranger.example'")
    assert _status(server.target, "POST", {"Host": "friend.example:8080"})[0] == 401
    server.wait_for("Refused (401): POST /runtime/webhooks/mcp came without a key that this host knows.")


@shows("diagnosis.waiting")
def test_a_client_that_waits_for_the_answer_to_a_notification_is_told_of(in_folder: Server) -> None:
    accept = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    target = in_folder.target
    # As every client does: a true notification, then a stream.
    assert _status(target, "POST", accept, {"jsonrpc": "2.0", "method": "notifications/initialized"})[0] == 202
    assert _status(target, "GET", accept)[0] == 405
    assert "without an id" not in in_folder.output
    assert _status(target, "POST", accept, {"jsonrpc": "2.0", "method": "tools/list"})[0] == 202
    assert _status(target, "GET", accept)[0] == 405
    in_folder.wait_for("A client sent 'tools/list' without an id and then asked for a stream")


def test_the_app_is_the_current_folder_or_its_src(in_folder: Server, in_parent: Server) -> None:
    for server in (in_folder, in_parent):
        assert _text(server, "hello") == "hello"


def test_settings_that_are_still_a_sample_are_to_be_copied(in_folder: Server) -> None:
    assert "Copy local.settings.sample.json to that name" in in_folder.output


@shows("start.json")
def test_for_a_program_every_line_is_a_json_object(app: Path, tmp_path: Path) -> None:
    server = launch(app, "--port", "0", "--output", "json", storage=None, data=tmp_path / "data")
    ready = json.loads(server.wait_for('"event": "ready"'))
    server.wait_for('"event": "started"')
    post(Target(ready["url"]), call("hello"))
    called = json.loads(server.wait_for('"event": "call"'))
    assert (called["function"], called["succeeded"], called["level"]) == ("hello", True, "info")
    assert server.interrupt() == 0
    lines = [json.loads(line) for line in server.lines]
    assert {"time", "level", "event", "text"}.issubset(set.intersection(*(set(each) for each in lines)))
    assert "hello: mcpToolTrigger, tool hello" in [each["text"] for each in lines if each["event"] == "function"]


@shows("start.json")
def test_for_a_program_a_mistake_is_a_json_object_too(tmp_path: Path) -> None:
    said = refused(tmp_path / "nowhere", "--output", "json", storage=None, data=tmp_path / "data")
    error = json.loads(said.splitlines()[-1])
    assert (error["event"], error["level"]) == ("error", "error")
    assert error["sentence"].startswith("There is no host.json in")
