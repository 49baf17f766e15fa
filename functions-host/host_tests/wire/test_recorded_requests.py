"""What the extension itself answered over HTTP, asked of this host in the same bytes.

Microsoft.Azure.Functions.Extensions.Mcp 1.6.0 on .NET 8, with the functions of apps/declarations. Answers are compared
byte for byte, but for ids of sessions, which are drawn, and the order of members inside a `_meta`, which .NET draws in
each process.
"""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from host_tests.recorded_differences import check_differences
from host_tests.requirements import shows
from host_tests.servers import Target
from host_tests.wire.raw_http import call, request
from host_tests.wire.recorded_connection import RawAnswer, RecordedRequest, recorded_connection

pytestmark = pytest.mark.timeout(240)

_RECORDED = Path(__file__).parent.parent / "recorded"
_HOST = "Host: 127.0.0.1:7071"
_HEADERS = ("allow", "cache-control", "content-encoding", "content-type", "mcp-session-id")
_META = '"_meta":'


def _requests() -> list[dict[str, Any]]:
    lines = gzip.decompress((_RECORDED / "requests.jsonl.gz").read_bytes()).splitlines()
    return [json.loads(line) for line in lines]


def _request(recorded: dict[str, Any]) -> RecordedRequest:
    body = recorded["body"]
    length = [] if body is None else [f"Content-Length: {len(body)}"]
    headers = [_HOST, *(f"{name}: {value}" for name, value in recorded["headers"].items()), *length]
    return RecordedRequest(recorded["verb"], recorded["path"], headers, body)


def _compared(answer: RawAnswer) -> dict[str, Any]:
    headers = {name: value for name, value in answer.headers.items() if name in _HEADERS}
    return {"status": answer.status, "headers": _with_any_session(headers), "body": answer.body}


def _with_any_session(headers: dict[str, str]) -> dict[str, str]:
    return {name: "any" if name == "mcp-session-id" else value for name, value in headers.items()}


def _is_equal(ours: dict[str, Any], recorded: dict[str, Any]) -> bool:
    if ours == recorded:
        return True
    others = [{name: value for name, value in each.items() if name != "body"} for each in (ours, recorded)]
    return others[0] == others[1] and _without_meta(ours["body"]) == _without_meta(recorded["body"])


def _without_meta(body: str) -> tuple[str, list[Any]]:
    """Returns a body without the values of its `_meta` members, and those."""
    first, *rest = body.split(_META)
    metas: list[Any] = []
    for part in rest:
        meta, end = json.JSONDecoder().raw_decode(part)
        metas.append(meta)
        first += _META + part[end:]
    return first, metas


@shows("recorded.requests", "transport.any-message")
def test_every_recorded_request_is_answered_as_it_was(declarations: Target) -> None:
    cases = _requests()
    differing: dict[str, str] = {}
    with recorded_connection(declarations) as connection:
        for case, answer in zip(cases, connection.ask(map(_request, cases)), strict=True):
            recorded = case["answer"] | {"headers": _with_any_session(case["answer"]["headers"])}
            if not _is_equal(ours := _compared(answer), recorded):
                differing[case["id"]] = f"{case['id']}: {case['body']}\n  ours:     {ours}\n  recorded: {recorded}"
    check_differences(differing, [case["id"] for case in cases])


@shows("recorded.headers", "payload.headers")
def test_a_function_sees_the_headers_that_were_sent_as_it_saw_them_there(declarations: Target) -> None:
    recorded = json.loads((_RECORDED / "header_order.json").read_text(encoding="utf-8"))
    seen = _headers_seen(declarations, recorded["sent"])
    check_differences({"header-origin": str(seen)} if seen is None else {}, ["header-origin"])
    # The page of another machine is refused; one of this machine has another name, and is seen in the same place.
    ours = [line.replace("http://o", "http://localhost") for line in recorded["sent"]]
    seen = _headers_seen(declarations, ours)
    assert seen is not None
    assert list(seen.items()) == list((recorded["seen"] | {"Origin": "http://localhost"}).items())


def _headers_seen(target: Target, lines: list[str]) -> dict[str, str] | None:
    """Returns the headers of a call as the function saw them, None if it was refused."""
    body = json.dumps(call("echo", {}))
    with recorded_connection(target) as connection:
        (answer,) = connection.ask([RecordedRequest("POST", "/runtime/webhooks/mcp", lines, body)])
    if answer.status == 403:
        return None
    payload = json.loads(answer.body.partition("data: ")[2])["result"]["content"][0]["text"]
    return json.loads(payload)["transport"]["properties"]["headers"]


_MESSAGES: tuple[dict[str, Any], ...] = (
    request(
        "initialize",
        {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    ),
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    request("tools/list", request_id=2),
    call("Greet", {"name": "é<"}, "3"),
    request("x", request_id=4),
    call("echo", {}, 5),
)


@shows("recorded.sse")
def test_a_recorded_session_of_the_older_transport_goes_as_it_went(declarations: Target) -> None:
    first, *rest = json.loads((_RECORDED / "legacy_sse.json").read_text(encoding="utf-8"))
    assert len(rest) == len(_MESSAGES)
    with recorded_connection(declarations) as events, recorded_connection(declarations) as posts:
        opened = events.open(
            RecordedRequest("GET", "/runtime/webhooks/mcp/sse", [_HOST, "Accept: text/event-stream"], None)
        )
        assert {name: value for name, value in opened.headers.items() if name in _HEADERS} == first["headers"]
        endpoint = events.next_chunk()
        assert endpoint.startswith(first["first"])
        path = f"/runtime/webhooks/mcp/{endpoint.split('data: ')[1].strip()}"
        for message, recorded in zip(_MESSAGES, rest, strict=True):
            (answer,) = posts.ask([_post(path, message)])
            assert _compared(answer) == recorded["post"]
            if recorded["event"] is not None:
                event = events.next_chunk().removesuffix("\n")
                assert _without_meta(event) == _without_meta(recorded["event"])


def _post(path: str, message: dict[str, Any]) -> RecordedRequest:
    body = json.dumps(message)
    headers = [_HOST, "Content-Type: application/json", f"Content-Length: {len(body)}"]
    return RecordedRequest("POST", path, headers, body)
