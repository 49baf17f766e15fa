"""Pages of other origins, in a browser: what it asks before it calls, and what it has to read in the answer."""

import pytest

from host_tests.requirements import shows
from host_tests.servers import Target
from host_tests.wire.raw_http import post, request, send

_LISTED = "https://inspector.example"


@shows("settings.cors")
@pytest.mark.parametrize("origin", [_LISTED, "https://other.example:8080"])
def test_a_page_of_a_listed_origin_asks_first_and_then_reads_the_answer(declarations: Target, origin: str) -> None:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type, mcp-protocol-version",
    }
    preflight = send(declarations, "OPTIONS", declarations.url, headers=asked)
    assert (preflight.status, preflight.body) == (204, b"")
    assert preflight.headers["access-control-allow-origin"] == origin
    assert preflight.headers["access-control-allow-credentials"] == "true"
    assert preflight.headers["access-control-allow-methods"] == "POST"
    assert preflight.headers["access-control-allow-headers"] == "content-type,mcp-protocol-version"
    assert preflight.headers["vary"] == "Origin"
    answer = post(declarations, request("ping"), {"Origin": origin})
    assert answer.event["result"] == {}
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"


@shows("settings.cors")
def test_a_refusal_can_be_read_too(declarations: Target) -> None:
    answer = send(declarations, "GET", declarations.url, headers={"Origin": _LISTED})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (405, _LISTED)


@shows("settings.cors", "transport.local-only")
@pytest.mark.parametrize("verb", ["OPTIONS", "POST"])
def test_a_page_of_another_origin_is_refused(declarations: Target, verb: str) -> None:
    headers = {"Origin": "https://inspector.example.net", "Access-Control-Request-Method": "POST"}
    answer = send(declarations, verb, declarations.url, headers=headers)
    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers


@shows("settings.cors")
def test_without_an_origin_and_for_a_page_of_this_machine_nothing_is_added(declarations: Target) -> None:
    for headers in ({}, {"Origin": "http://localhost:6274"}):
        answer = post(declarations, request("ping"), headers)
        assert answer.status == 200
        assert not [name for name in answer.headers if name.startswith("access-control")]
