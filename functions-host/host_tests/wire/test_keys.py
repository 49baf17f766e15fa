"""`--require-key`: who is let in, and with which key, as the Functions host decides it."""

import json
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest

from host_tests.requirements import shows
from host_tests.servers import SAMPLES, Server, Target, launch, refused, running_server
from host_tests.wire.clients import Connect
from host_tests.wire.raw_http import Answer, call, open_stream, post, request, send
from host_tests.wire.small_app import BEGIN, tool, write, write_app

_APP = BEGIN + tool("hello", "hello")


@dataclass(frozen=True)
class Guarded:
    """A server that asks for keys, and the keys that it knows."""

    server: Server
    data: Path
    keys: dict[str, str]

    @property
    def target(self) -> Target:
        return self.server.target

    def get(self, path: str, key: str | None = None, verb: str = "GET") -> Answer:
        origin = urlsplit(self.target.url)._replace(path="").geturl()
        return send(self.target, verb, origin + path, headers={"x-functions-key": key} if key else None)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("keys")
    app, data = write_app(folder / "app", _APP), folder / "data"
    with running_server(app, "--require-key", storage=None, data=data) as server:
        yield Guarded(server, data, json.loads((data / "host_keys.json").read_text(encoding="utf-8")))
    for key in _keys(data).values():
        assert key not in server.output


def _keys(data: Path) -> dict[str, str]:
    return json.loads((data / "host_keys.json").read_text(encoding="utf-8"))


def _status(guarded: Guarded, key: str | None, code: str | None = None) -> int:
    url = guarded.target.url + (f"?code={code}" if code is not None else "")
    headers = {"Accept": "*/*", "Content-Type": "application/json"} | ({} if key is None else {"x-functions-key": key})
    answer = send(guarded.target, "POST", url, json.dumps(request("tools/list")).encode(), headers)
    assert answer.status == 200 or answer.body == b""
    return answer.status


@shows("keys.system-and-master", "keys.refusals")
@pytest.mark.parametrize(
    ("header", "code", "status"),
    [
        (None, None, 401),
        ("unknown", None, 401),
        ("", None, 401),
        ("ä", None, 401),
        ("mcp_extension", None, 200),
        ("master", None, 200),
        ("default", None, 403),
        (None, "mcp_extension", 200),
        (None, "master", 200),
        (None, "default", 403),
        (None, "%00", 401),
        ("unknown", "mcp_extension", 401),
        ("mcp_extension", "unknown", 200),
    ],
)
def test_the_system_key_and_the_master_key_open_the_endpoint_and_the_header_wins(
    guarded: Guarded, header: str | None, code: str | None, status: int
) -> None:
    given = [None if name is None else guarded.keys.get(name, name) for name in (header, code)]
    assert _status(guarded, *given) == status


@shows("keys.first")
@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/runtime/webhooks/mcp"),
        ("DELETE", "/runtime/webhooks/mcp"),
        ("GET", "/runtime/webhooks/mcp/sse"),
        ("POST", "/runtime/webhooks/mcp/message"),
    ],
)
def test_the_key_is_asked_for_before_anything_else_is_looked_at(guarded: Guarded, verb: str, path: str) -> None:
    assert guarded.get(path, verb=verb).status == 401


@shows("keys.other-pages")
def test_the_other_pages_ask_for_no_key(guarded: Guarded) -> None:
    assert guarded.get("/").status == 200
    assert guarded.get("/admin/host/ping").status == 200
    assert guarded.get("/runtime/webhooks/other").status == 404


@shows("sse.endpoint-key")
def test_the_endpoint_of_a_stream_carries_the_key_so_that_messages_pass(guarded: Guarded) -> None:
    key = guarded.keys["mcp_extension"]
    for query, headers in ((f"?code={key}", {}), ("", {"x-functions-key": key})):
        with open_stream(guarded.target, query, headers) as stream:
            assert stream.endpoint.endswith(f"&code={key}")
            assert stream.post(call("hello")).status == 202
            assert stream.next_message()["result"]["content"][0]["text"] == "hello"


@shows("keys.system-and-master")
@pytest.mark.parametrize("key", ["mcp_extension", "master"])
def test_the_official_client_calls_a_tool_with_a_key(guarded: Guarded, connect: Connect, key: str) -> None:
    async def hello() -> None:
        async with connect(Target(guarded.target.url, guarded.keys[key])) as session:
            result: Any = await session.call_tool("hello", {})
            assert result.content[0].text == "hello"

    anyio.run(hello)


@shows("admin.master-key")
@pytest.mark.parametrize("path", ["/admin/host/status", "/admin/host/systemkeys", "/admin/functions"])
def test_only_the_master_key_opens_admin(guarded: Guarded, path: str) -> None:
    assert guarded.get(path).status == 401
    assert guarded.get(path, guarded.keys["mcp_extension"]).status == 403
    assert guarded.get(path, guarded.keys["default"]).status == 403
    assert guarded.get(path, guarded.keys["master"]).status != 403


@shows("admin.pages")
def test_admin_tells_the_keys_and_the_state(guarded: Guarded) -> None:
    def told(path: str) -> Any:
        return guarded.get(path, guarded.keys["master"]).json

    assert told("/admin/host/status")["state"] == "Running"
    system_key = {"name": "mcp_extension", "value": guarded.keys["mcp_extension"]}
    assert told("/admin/host/systemkeys")["keys"] == [system_key]
    assert told("/admin/host/systemkeys/mcp_extension") == system_key | {"links": []}
    assert told("/admin/host/keys/_master")["value"] == guarded.keys["master"]
    assert told("/admin/host/functionkeys")["keys"] == [{"name": "default", "value": guarded.keys["default"]}]
    assert guarded.get("/admin/host/systemkeys/other", guarded.keys["master"]).status == 404


@shows("admin.refused")
@pytest.mark.parametrize(("verb", "path"), [("GET", "/admin/vfs"), ("PUT", "/admin/host/systemkeys/mcp_extension")])
def test_what_admin_does_not_model_it_refuses_by_name(guarded: Guarded, verb: str, path: str) -> None:
    answer = guarded.get(path, guarded.keys["master"], verb)
    assert (answer.status, answer.body) == (
        501,
        f"{verb} {path} is not modelled by this host; func and Azure may answer it.".encode(),
    )


@shows("keys.kept")
def test_show_key_prints_the_system_key_and_nothing_else_and_keys_stay_the_same(guarded: Guarded) -> None:
    shown = launch(SAMPLES, "--show-key", storage=None, data=guarded.data)
    assert shown.ended() == 0
    assert shown.lines == [guarded.keys["mcp_extension"]]
    assert _keys(guarded.data) == guarded.keys


@shows("keys.kept")
@pytest.mark.skipif(sys.platform == "win32", reason="the folder decides on Windows")
def test_only_the_owner_may_read_the_keys(guarded: Guarded) -> None:
    assert stat.S_IMODE((guarded.data / "host_keys.json").stat().st_mode) == 0o600


@shows("keys.kept")
def test_keys_are_each_others_strangers(guarded: Guarded) -> None:
    assert len(set(guarded.keys.values())) == 3
    assert all(len(key) > 40 for key in guarded.keys.values())


@shows("keys.anonymous", "settings.overrides")
@pytest.mark.parametrize("where", ["host.json", "environment"])
def test_an_anonymous_webhook_asks_for_no_key_while_admin_does(tmp_path: Path, where: str) -> None:
    app = write_app(tmp_path / "app", _APP)
    environment: dict[str, str] = {}
    if where == "environment":
        environment["AzureFunctionsJobHost__extensions__mcp__system__webhookAuthorizationLevel"] = "anonymous"
    else:
        system = {"webhookAuthorizationLevel": "Anonymous"}
        write(app / "host.json", {"version": "2.0", "extensions": {"mcp": {"system": system}}})
    with running_server(app, "--require-key", storage=None, data=tmp_path, environment=environment) as server:
        assert post(server.target, request("tools/list")).status == 200
        assert Guarded(server, tmp_path, {}).get("/admin/host/status").status == 401
        assert "Keys: none asked for" in server.output


@shows("keys.none-locally")
def test_without_require_key_keys_are_taken_and_ignored(tmp_path: Path) -> None:
    app = write_app(tmp_path / "app", _APP)
    with running_server(app, storage=None, data=tmp_path / "data") as server:
        assert post(server.target, request("tools/list"), {"x-functions-key": "whatever"}).status == 200
        assert Guarded(server, tmp_path, {}).get("/admin/host/status").status == 200
        assert not (tmp_path / "data").exists()


@shows("keys.kept")
def test_a_file_of_keys_that_holds_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "host_keys.json").write_text("{}", encoding="utf-8")
    said = refused(SAMPLES, "--require-key", storage=None, data=tmp_path)
    assert said == f"{tmp_path / 'host_keys.json'} does not hold keys.\nDelete it: new keys are made then.\n"
