"""Web frameworks beside tools: FastAPI, WSGI, streams; and the functions that other triggers would run."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from host_tests.requirements import shows
from host_tests.servers import Server, running_server
from host_tests.wire.raw_http import call, post

_APPS = Path(__file__).parent.parent / "apps"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(_APPS / "web", storage=None, data=tmp_path_factory.mktemp("web")) as server:
        yield server


@pytest.fixture(scope="module")
def web(server: Server) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=_origin(server), timeout=30) as client:
        yield client


def _origin(server: Server) -> str:
    return server.target.url.partition("/runtime/")[0]


def _text(server: Server, tool: str) -> str:
    (block,) = post(server.target, call(tool, {})).event["result"]["content"]
    return block["text"]


@shows("web.asgi")
def test_a_fastapi_app_answers_as_under_any_server(server: Server, web: httpx2.Client) -> None:
    order = web.get("/orders/b%C3%BCro?tag=a&tag=b", headers={"Cookie": "session=xyz; other=1"}).json()
    assert order["name"] == "büro"
    assert order["session"] == "xyz"
    assert order["tags"] == ["a", "b"]
    added = web.post("/orders", json={"name": "chair", "count": 2})
    assert (added.status_code, added.json()) == (201, {"added": {"name": "chair", "count": 2}})
    assert added.headers["location"] == "/orders/chair"
    assert [each.partition(";")[0] for each in added.headers.get_list("set-cookie")] == ["session=abc", "theme=dark"]
    assert web.post("/orders", json={"count": "many"}).status_code == 422
    uploaded = web.post("/upload", data={"note": "größe"}, files={"file": ("a.bin", bytes(1_000_000))})
    assert uploaded.json() == {"size": 1_000_000, "note": "größe"}
    assert web.get("/moved").headers["location"] == "/orders/chair"
    assert web.get("/pieces").text == "0;1;2;"
    assert web.get("/openapi.json").json()["openapi"].startswith("3.")
    assert (web.get("/refused").status_code, web.get("/refused").json()) == (403, {"detail": "not for you"})
    assert web.head("/only-head").headers["x-length"] == "3"
    assert web.options("/orders").status_code == 405
    assert web.get("/").status_code == 404
    assert _text(server, "beside") == "a tool beside FastAPI"


@shows("web.asgi", "http.fails")
def test_what_a_fastapi_app_does_not_catch_is_a_500_with_its_traceback(server: Server, web: httpx2.Client) -> None:
    assert web.get("/broken").status_code == 500
    server.wait_for("RuntimeError: nobody expected it")


@shows("web.wsgi")
def test_a_wsgi_app_answers_behind_a_route(web: httpx2.Client) -> None:
    answer = web.post("/classic/a/b?c=d", content=b"body")
    assert (answer.status_code, answer.headers["x-legacy"], answer.text) == (202, "POST", "/classic/a/b?c=d body")


@shows("http.route")
def test_two_functions_share_a_route_if_their_methods_differ(web: httpx2.Client) -> None:
    assert [web.get("/both").text, web.post("/both").text] == ["got", "posted"]


@shows("durable.listed")
def test_durable_functions_are_listed_as_not_run_while_tools_and_pages_work(server: Server, web: httpx2.Client) -> None:
    lines = [line.strip() for line in server.lines]
    for name, trigger in (
        ("long_work", "orchestrationTrigger"), ("greet", "activityTrigger"), ("begin", "httpTrigger"),
    ):  # fmt: skip
        found = next(line for line in lines if line.startswith(f"{name}: {trigger}, not run here: "))
        assert "Durable" in found
        assert "(long_running.py line " in found
        (error,) = web.get(f"/admin/functions/{name}/status").json()["errors"]
        assert "Durable" in error
        refused = web.post(f"/admin/functions/{name}", json={"input": ""})
        assert (refused.status_code, "Durable" in refused.text) == (501, True)
    listed = [each["name"] for each in web.get("/admin/functions").json()]
    assert {"beside", "long_work", "both_get"} <= set(listed)


@shows("web.streams")
def test_functions_stream_with_the_extension_for_it(tmp_path: Path) -> None:
    with running_server(_APPS / "streaming", storage=None, data=tmp_path) as server:
        with httpx2.Client(base_url=f"{_origin(server)}/api/", timeout=30) as client:
            with client.stream("GET", "stream/ann") as answer:
                pieces = answer.iter_text()
                assert next(pieces) == "first for ann;"
                assert _text(server, "go_on") == "it goes on"
                assert "".join(pieces) == "second"
            counted = client.post("count?a=1", content=iter([bytes(500_000)] * 40)).json()
            assert counted == {"bytes": 20_000_000, "query": {"a": "1"}}
            assert client.get("broken").status_code == 500
            assert client.get("count").status_code == 404
        server.wait_for("RuntimeError: nobody expected it")
