"""Functions over HTTP beside tools: what they are given of a request, and what their answers become."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from host_tests.requirements import shows
from host_tests.servers import Server, SharedServers, refused, running_server
from host_tests.wire.clients import connect_streamable_http

_APP = Path(__file__).parent.parent / "apps" / "mixed"
_MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def server(storage: str, shared_server: SharedServers) -> Server:
    return shared_server(_APP, storage=storage)


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx2.Client]:
    origin = server.target.url.partition("/runtime/")[0]
    with httpx2.Client(base_url=f"{origin}/api/", timeout=30) as client:
        yield client


@shows("http.request")
def test_a_function_is_given_the_request_as_the_host_gives_it(client: httpx2.Client) -> None:
    headers = [("X-A", "1"), ("x-a", "2"), ("x-empty", "")]
    answer = client.post("echo/1/x%20y%2Fz?q=1&q=2&empty=&r=%C3%A9", headers=headers, content=b"\x00body\xff")
    assert answer.json() == {
        "method": "POST",
        "url": f"{client.base_url}echo/1/x y%2Fz?q=1&q=2&empty=&r=%C3%A9",
        "query": {"q": "1,2", "r": "é"},
        "params": {"a": "1", "b": "x y%2Fz"},
        "headers": {"x-a": "1,2"},
        "body": "\x00body\xff",
    }
    assert "b" not in client.get("echo/1").json()["params"]


@shows("http.request")
def test_json_and_forms_are_read_by_the_functions_own_request(client: httpx2.Client) -> None:
    assert client.post("json", json={"numbers": [1, 2]}).text == "3"
    form = client.post("form", data={"a": "ä"}, files={"f": ("f.txt", b"content")}).json()
    assert form == {"fields": {"a": "ä"}, "files": {"f": "content"}}


@shows("http.chunked")
def test_a_body_without_a_length_reaches_no_function(client: httpx2.Client) -> None:
    assert client.post("size", content=iter([b"some", b"chunks"])).text == "0"


@shows("http.answer")
def test_a_text_that_holds_a_response_is_taken_for_one(client: httpx2.Client) -> None:
    answer = client.get("returns/teapot")
    assert (answer.status_code, answer.text, answer.headers["x-made-of"]) == (418, "short and stout", "china")
    plain = client.get("returns/text")
    assert (plain.text, plain.headers["content-type"]) == ("text", "text/plain; charset=utf-8")


@shows("http.trace")
def test_a_function_runs_in_the_trace_of_its_request_or_in_one_of_its_own(client: httpx2.Client) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    given = client.get("trace", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-00"}).text
    assert re.fullmatch(f"00-{trace}-[0-9a-f]{{16}}-00", given)
    assert "b7ad6b7169203331" not in given
    for headers in ({}, {"traceparent": "no trace"}):
        assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", client.get("trace", headers=headers).text)


@shows("http.custom-headers")
def test_answers_have_the_headers_that_host_json_adds_and_their_own_first(
    server: Server, client: httpx2.Client
) -> None:
    answer = client.get("returns/teapot")
    assert answer.headers.get_list("x-made-of") == ["china"]
    webhook = httpx2.post(server.target.url, content=b"")
    for each in (answer, webhook, client.get("no/such")):
        assert each.headers["x-frame-options"] == "DENY"


@shows("http.answer")
def test_an_answer_keeps_its_status_headers_and_every_cookie(client: httpx2.Client) -> None:
    assert client.get("cookies").headers.get_list("set-cookie") == [
        "a=1; max-age=60; domain=localhost; path=/api; secure; samesite=lax; httponly",
        "b=2; expires=Wed, 01 Jan 2031 00:00:00 GMT; samesite=none",
    ]
    by_out = client.get("out")
    assert (by_out.status_code, by_out.text) == (202, "by an Out parameter")


@shows("http.fails")
@pytest.mark.parametrize("path", ["raises", "returns/none", "returns/tuple", "returns/dict", "returns/int"])
def test_a_function_that_fails_is_an_empty_500_and_the_terminal_says_why(
    server: Server, client: httpx2.Client, path: str
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.content) == (500, b"")
    server.wait_for("Exception while executing function: Functions.")
    assert "Traceback" in server.wait_for("Stack:")
    if path == "raises":
        assert "function_app.py" in server.wait_for('  File "')


@shows("http.route")
def test_head_and_options_reach_the_function_and_other_methods_are_not_found(client: httpx2.Client) -> None:
    head = client.head("health")
    assert (head.status_code, head.headers["x-answered"], head.content) == (200, "HEAD", b"")
    assert client.options("health").headers["x-answered"] == "OPTIONS"
    assert [client.post("health").status_code, client.get("json").status_code, client.get("none").status_code] == [
        404, 404, 404,
    ]  # fmt: skip


@shows("http.body-limit")
def test_a_hundred_megabytes_come_and_go_and_more_is_refused(client: httpx2.Client) -> None:
    limit = 104_857_600
    assert client.post("size", content=bytes(limit)).text == str(limit)
    with client.stream("GET", f"large?bytes={100 * _MEGABYTE}") as answer:
        assert sum(len(chunk) for chunk in answer.iter_bytes()) == 100 * _MEGABYTE
    assert client.post("size", content=bytes(limit + 1)).status_code == 413


@shows("http.levels")
def test_keys_are_not_asked_for_unless_they_are_required(client: httpx2.Client) -> None:
    assert client.get("master").text == "you are the master"


@pytest.mark.anyio
@shows("mixed.beside")
async def test_tools_work_beside_them_those_of_a_blueprint_too(server: Server) -> None:
    async with connect_streamable_http(server.target) as session:
        tools = [tool.name for tool in (await session.list_tools()).tools]
        assert tools == ["blue", "hello"]
        result = await session.call_tool("blue", {})
    assert result.content[0].text == "from the blueprint"  # pyright: ignore[reportAttributeAccessIssue]


@shows("mixed.listed")
def test_the_terminal_lists_urls_and_what_does_not_run_with_its_place(server: Server, client: httpx2.Client) -> None:
    lines = [line.strip() for line in server.lines]
    assert f"health: [GET,HEAD,OPTIONS] {client.base_url}health" in lines
    assert f"echo: {client.base_url}echo/{{a}}/{{b?}}" in lines
    assert lines.index(f"size: {client.base_url}size") < lines.index("blue: mcpToolTrigger, tool blue")
    for name, trigger, reason in (
        ("from_bus", "serviceBusTrigger", "there is no Service Bus here"),
        ("to_cosmos", "httpTrigger", "its binding 'document' of type 'cosmosDB' (direction out) is not modelled"),
    ):
        assert any(line.startswith(f"{name}: {trigger}, not run here: {reason}") for line in lines)
    for name, reason in (
        ("broken_route", "creating the route with name 'broken_route' and template 'api/broken/{id'"),
        ("second_of_same", "conflicts with the route defined by function 'first_of_same'"),
        ("taken_route", "The specified route conflicts with one or more built in routes"),
    ):
        found = next(line for line in lines if line.startswith(f"The '{name}' function is in error"))
        assert reason in found
        assert "httpTrigger" in found
        assert "(function_app.py line " in found


@shows("http.levels")
def test_with_keys_required_each_level_takes_its_own(storage: str, tmp_path: Path) -> None:
    with running_server(_APP, "--require-key", storage=storage, data=tmp_path) as server:
        keys = httpx2.get(f"{server.target.url.partition('/runtime/')[0]}/admin/host/keys")
        assert keys.status_code == 401
        text = (tmp_path / "host_keys.json").read_text(encoding="utf-8")
        held = json.loads(text)
        with httpx2.Client(base_url=f"{server.target.url.partition('/runtime/')[0]}/api/") as client:
            statuses = {
                (path, key): client.get(path, headers={"x-functions-key": held[key]} if key else {}).status_code
                for path in ("health", "size", "master")
                for key in ("", "default", "mcp_extension", "master")
            }
            closed = {pair for pair, status in statuses.items() if status == 401}
            assert closed == {
                ("size", ""), ("size", "mcp_extension"), ("master", ""), ("master", "default"),
                ("master", "mcp_extension"),
            }  # fmt: skip
            assert set(statuses.values()) == {200, 401}
            assert client.get("size", params={"code": held["default"]}).status_code == 200
            wrong = client.get("size", params={"code": held["default"]}, headers={"x-functions-key": "no"})
            assert (wrong.status_code, wrong.content) == (401, b"")


@shows("mixed.strict")
def test_strict_refuses_an_app_of_which_a_function_does_not_run(storage: str, tmp_path: Path) -> None:
    said = refused(_APP, "--strict", "--no-reload", storage=storage, data=tmp_path)
    assert "The serviceBusTrigger of 'from_bus' does not run here: there is no Service Bus here" in said
