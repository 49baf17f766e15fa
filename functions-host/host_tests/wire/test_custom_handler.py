"""A custom handler: a server of the official SDK behind the same command, restarted on save and when it ends."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from mcp import MCPError

from host_tests.requirements import shows
from host_tests.servers import Server, running_server, wait_until
from host_tests.wire.clients import connect_streamable_http, text_of

_APP = Path(__file__).parent.parent / "apps" / "sdk_server"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, to be saved."""
    return shutil.copytree(_APP, tmp_path_factory.mktemp("app") / "sdk_server")


@pytest.fixture(scope="module")
def server(app: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(app, storage=None, data=tmp_path_factory.mktemp("data")) as server:
        yield server


def _origin(server: Server) -> str:
    return server.target.url.removesuffix("/mcp")


@pytest.mark.anyio
@shows("handler.served")
async def test_a_server_of_the_official_sdk_runs_with_the_same_command(server: Server) -> None:
    assert f"http-handler: {_origin(server)}/{{*route}}" in [line.strip() for line in server.lines]
    async with connect_streamable_http(server.target) as session:
        assert [tool.name for tool in (await session.list_tools()).tools] == ["greet", "crash"]
        assert text_of(await session.call_tool("greet", {"name": "Ann"})) == "Hello, Ann"


@shows("handler.forwarded")
def test_requests_and_answers_are_forwarded_as_they_are(server: Server) -> None:
    body = bytes(30_000_000)
    answer = httpx2.put(f"{_origin(server)}/health?a=%2F&b", content=body, headers={"X-A": "1"})
    told = answer.json()
    assert (answer.status_code, told["query"], told["length"]) == (207, "a=%2F&b", len(body))
    assert (told["headers"]["host"], told["headers"]["x-a"]) == (_origin(server).removeprefix("http://"), "1")
    assert re.fullmatch("[0-9a-f-]{36}", told["headers"]["x-ms-invocation-id"])
    assert len(answer.headers.get_list("date")) == 1
    with httpx2.stream("GET", f"{_origin(server)}/large") as streamed:
        assert sum(len(chunk) for chunk in streamed.iter_bytes()) == 30_000_000
    chunked = httpx2.put(f"{_origin(server)}/health", content=iter([b"some", b"chunks"]))
    assert chunked.json()["length"] == 10
    assert httpx2.get(f"{_origin(server)}/no/such").status_code == 404


@pytest.mark.anyio
@shows("handler.restarted")
async def test_it_is_started_again_when_a_file_is_saved_and_when_it_ends(server: Server, app: Path) -> None:
    file = app / "server.py"
    file.write_text(file.read_text(encoding="utf-8").replace("GREETING']}, ", "GREETING']} again, "), encoding="utf-8")
    server.wait_for("Loaded in ")
    async with connect_streamable_http(server.target) as session:
        assert text_of(await session.call_tool("greet", {"name": "Ann"})) == "Hello again, Ann"
        with pytest.raises(MCPError):
            await session.call_tool("crash", {})
    for text in ("The custom handler gave no answer", "The custom handler ended (exit code 3). Starting it again."):
        wait_until(lambda text=text: text in server.output)  # either may be told first
    async with connect_streamable_http(server.target) as session:
        assert text_of(await session.call_tool("greet", {"name": "Bob"})) == "Hello again, Bob"


@shows("handler.fails")
def test_one_that_does_not_start_is_explained_until_it_is_mended(server: Server, app: Path) -> None:
    file = app / "server.py"
    sound = file.read_text(encoding="utf-8")
    file.write_text("raise SystemExit('no configuration')", encoding="utf-8")
    server.wait_for("The custom handler 'python server.py' ended before it listened on port")
    assert server.output.count("no configuration") == 1
    assert httpx2.get(f"{_origin(server)}/health").status_code == 503
    file.write_text(sound, encoding="utf-8")
    server.wait_for("Loaded in ")
    wait_until(lambda: httpx2.get(f"{_origin(server)}/health").status_code == 207)
