"""Streamable HTTP as the extension speaks it: status codes, headers, texts and JSON."""

import json
import re

import pytest

from host_tests.requirements import shows
from host_tests.servers import Target
from host_tests.wire.raw_http import ACCEPT_BOTH, call, open_socket, post, request, send

_JSON = "application/json; charset=utf-8"


@shows("transport.post-only")
@pytest.mark.parametrize("verb", ["GET", "DELETE", "PUT", "OPTIONS"])
def test_only_post_is_served(target: Target, verb: str) -> None:
    answer = send(target, verb, target.url)
    assert (answer.status, answer.body) == (405, b"")
    assert "allow" not in answer.headers


@shows("transport.other-verbs")
@pytest.mark.parametrize("verb", ["HEAD", "PATCH", "TRACE"])
def test_verbs_that_the_webhook_does_not_know_are_answered_with_those_that_it_does(
    local_target: Target, verb: str
) -> None:
    answer = send(local_target, verb, local_target.url)
    assert (answer.status, answer.body) == (405, b"")
    assert answer.headers["allow"] == "DELETE, GET, OPTIONS, POST, PUT"


@shows("transport.one-event", "transport.headers", "sessions.not-needed")
def test_a_request_is_answered_by_one_event(target: Target) -> None:
    answer = post(target, call("hello"))
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-cache,no-store"
    assert answer.headers["content-encoding"] == "identity"
    assert answer.event == {
        "result": {"content": [{"type": "text", "text": "Hello I am MCPTool!"}]},
        "id": 1,
        "jsonrpc": "2.0",
    }


@shows("transport.member-order")
def test_the_members_of_an_answer_come_in_the_order_of_the_extension(target: Target) -> None:
    assert list(post(target, request("ping")).event) == ["result", "id", "jsonrpc"]
    assert list(post(target, request("nope")).event) == ["error", "id", "jsonrpc"]


@shows("transport.paths")
@pytest.mark.parametrize("path", ["/", "/anything", "/anything/else"])
def test_any_path_below_the_endpoint_is_the_endpoint(target: Target, path: str) -> None:
    headers = {"Accept": ACCEPT_BOTH, "Content-Type": "application/json"}
    answer = send(target, "POST", target.url + path, b'{"jsonrpc":"2.0","id":1,"method":"ping"}', headers)
    assert answer.event["result"] == {}


@shows("transport.paths")
def test_the_name_of_the_extension_is_found_in_any_case(local_target: Target) -> None:
    answer = send(local_target, "GET", local_target.url.replace("/mcp", "/MCP"))
    assert answer.status == 405


@shows("transport.no-extension")
def test_an_extension_that_the_app_does_not_use_is_not_found(target: Target) -> None:
    assert send(target, "POST", target.url.replace("/mcp", "/durabletask")).status == 404


@shows("transport.accept")
@pytest.mark.parametrize(
    "accept", [None, "application/json", "text/event-stream", "application/json-text/event-stream", "text/html"]
)
def test_a_client_must_accept_both_json_and_events(target: Target, accept: str | None) -> None:
    headers = {"Content-Type": "application/json"} | ({"Accept": accept} if accept else {})
    answer = send(target, "POST", target.url, b'{"jsonrpc":"2.0","id":1,"method":"ping"}', headers)
    assert (answer.status, answer.headers["content-type"]) == (406, _JSON)
    assert answer.json == {
        "error": {
            "code": -32000,
            "message": "Not Acceptable: Client must accept both application/json and text/event-stream",
        },
        "id": "",
        "jsonrpc": "2.0",
    }


@shows("transport.accept-wildcards")
@pytest.mark.parametrize("accept", ["*/*", "application/json;q=0.5,text/event-stream;q=0.1", "application/*, text/*"])
def test_wildcards_and_parameters_in_accept_count(target: Target, accept: str) -> None:
    assert post(target, request("ping"), {"Accept": accept}).status == 200


@shows("sessions.shape")
@pytest.mark.parametrize("session_id", ["garbage", "a|b|c", "|", "a|"])
def test_a_session_id_of_the_wrong_shape_is_refused(local_target: Target, session_id: str) -> None:
    answer = post(local_target, request("ping"), {"Mcp-Session-Id": session_id})
    assert (answer.status, answer.headers["content-type"]) == (400, _JSON)
    assert answer.json["error"] == {"code": -32000, "message": "Invalid client state."}


@shows("sessions.any")
def test_any_session_id_of_the_right_shape_is_taken(local_target: Target) -> None:
    assert post(local_target, request("ping"), {"Mcp-Session-Id": "a|b"}).event["result"] == {}


@shows("transport.malformed", "initialize.unreadable")
@pytest.mark.parametrize(
    "body",
    [
        b"{bad", b"", b"[]", b"5", b'"text"', b"{}", b'{"jsonrpc":"2.0"}', b'{"jsonrpc":"1.0","id":1,"method":"ping"}',
        b'{"id":1,"method":"ping"}', b'{"jsonrpc":"2.0","id":null,"method":"ping"}', b"\xff\xfe", b'{"a":"\xff"}',
        b'{"jsonrpc":1e400,"id":1,"method":"ping"}', b'{"jsonrpc":"2.0","id":1e400,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', b'{"jsonrpc":"2.0","id":1.0,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":true,"method":"ping"}', b'{"jsonrpc":"2.0","id":{},"method":"ping"}',
        b'{"jsonrpc":"2.0","id":9223372036854775808,"method":"ping"}', b'{"jsonrpc":"2.0","id":1,"method":5}',
        b'{"jsonrpc":"2.0","id":1}', b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]',
        b'{"jsonrpc":"2.0","id":1,"method":"ping"} trailing', b'{"jsonrpc":"2.0","id":1,"method":"ping",}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + b"[" * 100 + b"]" * 100 + b"}",
        b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}',
        b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}',
        b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":[],'
        b'"clientInfo":{"name":"a","version":"1"}}}',
        b'{"jsonrpc":"2.0","id":1,"error":"no"}', b'{"jsonrpc":"2.0","id":1,"error":{"code":1}}', b"\x0cnull",
    ],
)  # fmt: skip
def test_a_body_that_is_no_message_is_an_empty_500_and_the_server_lives(target: Target, body: bytes) -> None:
    answer = post(target, body)
    assert (answer.status, answer.body) == (500, b"")
    assert post(target, call("hello")).status == 200


@shows("transport.content-type")
@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/"])
def test_a_body_that_is_not_declared_as_json_is_an_empty_500(target: Target, content_type: str | None) -> None:
    headers = {"Accept": ACCEPT_BOTH} | ({"Content-Type": content_type} if content_type else {})
    answer = send(target, "POST", target.url, b'{"jsonrpc":"2.0","id":1,"method":"ping"}', headers)
    assert (answer.status, answer.body) == (500, b"")


@shows("transport.charset")
@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("application/json; charset=utf-8", "utf-8"),
        ("application/json;charset=utf-16", "utf-16"),
        ("application/vnd.api+json", "utf-8"),
    ],
)
def test_json_may_be_declared_in_other_ways(target: Target, content_type: str, encoding: str) -> None:
    body = '{"jsonrpc":"2.0","id":"é","method":"ping"}'.encode(encoding)
    assert post(target, body, {"Content-Type": content_type}).event["id"] == "é"


@shows("transport.null")
def test_the_literal_null_is_a_bad_request(target: Target) -> None:
    answer = post(target, b" null ")
    assert (answer.status, answer.headers["content-type"]) == (400, _JSON)
    assert answer.json["error"] == {
        "code": -32000,
        "message": "Bad Request: The POST body did not contain a valid JSON-RPC message.",
    }


@shows("transport.silent")
@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}},
        {"jsonrpc": "2.0", "method": "tools/list"},
        {"jsonrpc": "2.0", "id": 1, "result": {}},
        {"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "no"}},
    ],
)
def test_what_needs_no_answer_is_accepted_without_one(target: Target, message: dict[str, object]) -> None:
    answer = post(target, message)
    assert (answer.status, answer.body) == (202, b"")
    assert "content-type" not in answer.headers


@shows("transport.ids")
@pytest.mark.parametrize("request_id", [0, 1, -5, 2**63 - 1, "", "x", "é\u2028😀"])
def test_the_id_comes_back_as_it_was(target: Target, request_id: object) -> None:
    assert post(target, request("ping", request_id=request_id)).event["id"] == request_id


@shows("initialize.revision", "initialize.capabilities")
@pytest.mark.parametrize(
    ("asked", "agreed"),
    [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-06-18"),
        ("1999-01-01", "2025-06-18"),
    ],
)
def test_initialize_agrees_on_a_revision(target: Target, asked: str, agreed: str) -> None:
    result = _initialize(target, asked).event["result"]
    assert result["protocolVersion"] == agreed
    assert result["capabilities"] == {"logging": {}, "prompts": {}, "resources": {}, "tools": {}}
    assert list(result["capabilities"]) == ["logging", "prompts", "resources", "tools"]
    assert result["serverInfo"].keys() == {"name", "version"}


@shows("initialize.server")
def test_initialize_names_the_server_as_host_json_does(local_target: Target) -> None:
    result = _initialize(local_target, "2025-06-18").event["result"]
    assert result["serverInfo"] == {"name": "Samples of the host's tests", "version": "2.3.4"}
    assert result["instructions"] == "Say hello."


@shows("sessions.issued", "sessions.plain")
def test_only_initialize_without_a_session_hands_out_a_session_id(local_target: Target) -> None:
    first, second = (_initialize(local_target, "2025-06-18").headers["mcp-session-id"] for _ in range(2))
    assert re.fullmatch(r"[a-z0-9]{16}\|[a-z0-9]{16}", first)
    assert first != second
    assert "mcp-session-id" not in post(local_target, request("ping")).headers
    again = post(local_target, request("initialize"), {"Mcp-Session-Id": first})
    assert "mcp-session-id" not in again.headers


@shows("initialize.revision")
def test_initialize_without_params_answers_the_newest_revision(target: Target) -> None:
    assert post(target, request("initialize")).event["result"]["protocolVersion"] == "2025-06-18"


@shows("initialize.unreadable-session")
def test_with_a_session_an_unreadable_initialize_is_an_error_of_the_protocol(local_target: Target) -> None:
    answer = post(local_target, request("initialize", {}), {"Mcp-Session-Id": "a|b"})
    assert answer.event["error"] == {"code": -32603, "message": "An error occurred."}


@shows("initialize.later-clients")
def test_a_client_of_a_later_revision_is_told_to_fall_back(target: Target) -> None:
    probe = request("server/discover", {"_meta": {}}, request_id="probe")
    answer = post(target, probe, {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "server/discover"})
    assert answer.event["error"] == {"code": -32601, "message": "Method 'server/discover' is not available."}


@shows("sessions.not-needed", "methods.ping", "methods.subscriptions", "lists.empty")
@pytest.mark.parametrize(
    ("method", "result"),
    [
        ("ping", {}),
        ("resources/subscribe", {}),
        ("resources/unsubscribe", {}),
        ("prompts/list", {"prompts": []}),
        ("resources/list", {"resources": []}),
        ("resources/templates/list", {"resourceTemplates": []}),
    ],
)
def test_the_other_methods_answer(target: Target, method: str, result: object) -> None:
    assert post(target, request(method)).event["result"] == result


@shows("methods.log-level")
@pytest.mark.parametrize("level", ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"])
def test_every_log_level_is_taken(target: Target, level: str) -> None:
    assert post(target, request("logging/setLevel", {"level": level})).event["result"] == {}


@shows(
    "transport.one-event",
    "methods.unknown",
    "methods.bad-params",
    "tools.unknown",
    "tools.required",
    "resources.unknown",
    "prompts.unknown",
)
@pytest.mark.parametrize(
    ("message", "code", "text"),
    [
        (request("completion/complete"), -32601, "Method 'completion/complete' is not available."),
        (request("x/y"), -32601, "Method 'x/y' is not available."),
        (request("logging/setLevel", {"level": "loud"}), -32603, "An error occurred."),
        (request("logging/setLevel", {}), -32603, "An error occurred."),
        (request("tools/list", []), -32603, "An error occurred."),
        (request("prompts/list", {"cursor": 5}), -32603, "An error occurred."),
        (request("resources/list", {"_meta": 5}), -32603, "An error occurred."),
        (request("resources/templates/list", "a"), -32603, "An error occurred."),
        (request("resources/subscribe", {"uri": 5}), -32603, "An error occurred."),
        (request("resources/unsubscribe", []), -32603, "An error occurred."),
        (request("tools/call", {"name": "hello", "_meta": []}), -32603, "An error occurred."),
        (request("tools/call"), -32602, "Unknown tool: ''"),
        (request("tools/call", {"arguments": {}}), -32603, "An error occurred."),
        (request("tools/call", []), -32603, "An error occurred."),
        (call("nope"), -32602, "Unknown tool: 'nope'"),
        (call("hello", []), -32603, "An error occurred."),
        (
            call("savesnippet", {"snippetname": None}),
            -32602,
            "One or more required tool properties are missing values. Please provide: snippetname, snippet",
        ),
        (
            call("savesnippet", {"snippetname": "a"}),
            -32602,
            "One or more required tool properties are missing values. Please provide: snippet",
        ),
        (
            call("getsnippet"),
            -32602,
            "One or more required tool properties are missing values. Please provide: snippetname",
        ),
        (request("prompts/get", {"name": "p"}), -32602, "Unknown prompt: 'p'"),
        (request("prompts/get"), -32602, "Unknown prompt: ''"),
        (request("resources/read", {"uri": "a://b"}), -32602, "Unknown resource: 'a://b'"),
        (request("resources/read"), -32602, "Unknown resource: ''"),
    ],
)
def test_errors_of_the_protocol_have_the_codes_and_texts_of_the_extension(
    target: Target, message: dict[str, object], code: int, text: str
) -> None:
    answer = post(target, message)
    assert answer.status == 200
    assert answer.event["error"] == {"code": code, "message": text}


@shows("tools.any-case", "tools.only-presence")
def test_tools_are_found_in_any_case_and_further_arguments_are_ignored(target: Target) -> None:
    answer = post(target, call("HELLO", {"more": [1, 2]}))
    assert answer.event["result"]["content"][0]["text"] == "Hello I am MCPTool!"


@shows("transport.escapes")
def test_answers_are_ascii_as_dotnet_writes_them(target: Target) -> None:
    body = post(target, call("é'<>&+`\"")).body
    assert b"Unknown tool: \\u0027\\u00E9\\u0027\\u003C\\u003E\\u0026\\u002B\\u0060\\u0022\\u0027" in body


@shows("transport.local-only")
@pytest.mark.parametrize("path", ["", "/sse"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example:7071"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
    ],
)
def test_other_machines_names_and_pages_are_refused(
    local_target: Target, path: str, headers: dict[str, str], status: int
) -> None:
    assert send(local_target, "GET", local_target.url + path, headers=headers).status == status


@shows("transport.local-only")
@pytest.mark.parametrize(
    "headers",
    [{"Host": "localhost:7071"}, {"Host": "[::1]:7071"}, {"Host": "0.0.0.0"}, {"Origin": "http://localhost:6274"}],
)
def test_this_machines_own_names_and_pages_are_served(local_target: Target, headers: dict[str, str]) -> None:
    assert post(local_target, request("ping"), headers).status == 200


@shows("transport.broken-connections")
def test_a_connection_that_is_half_closed_or_cut_leaves_the_server_alive(local_target: Target) -> None:
    for sent in (
        b"",
        b"POST ",
        b"POST /runtime/webhooks/mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{",
    ):
        with open_socket(local_target) as connection:
            connection.sendall(sent)
            connection.shutdown(1)
            assert b" 200 " not in connection.recv(4096)
    assert post(local_target, call("hello")).status == 200


@shows("transport.broken-connections")
def test_what_is_not_http_is_refused(local_target: Target) -> None:
    with open_socket(local_target) as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 400")
    assert post(local_target, call("hello")).status == 200


@shows("transport.homepage", "admin.pages")
def test_the_homepage_and_the_status_answer(local_target: Target) -> None:
    origin = local_target.url.removesuffix("/runtime/webhooks/mcp")
    page = send(local_target, "GET", f"{origin}/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert local_target.url in page.body.decode()
    assert send(local_target, "GET", f"{origin}/admin/host/status").json["state"] == "Running"
    assert send(local_target, "GET", f"{origin}/nothing").status == 404
    assert send(local_target, "GET", f"{origin}/nothing").body == b""


def _initialize(target: Target, version: str):
    client = {"name": "tests", "version": "1"}
    return post(target, request("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": client}))


@shows("transport.upgrade")
def test_an_offer_of_another_protocol_is_ignored_however_its_request_arrives(local_target: Target) -> None:
    body = json.dumps(request("ping")).encode()
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"
    head = (
        b"POST /runtime/webhooks/mcp HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nContent-Type: application/json\r\n"
    )
    whole = head + offer + b"Content-Length: %d\r\n\r\n" % len(body) + body
    chunked = head + offer + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    with open_socket(local_target) as connection:
        for part in (whole + whole, whole[:50], whole[50:-10], whole[-10:], chunked, whole * 400):
            connection.sendall(part)
        answers = b""
        while answers.count(b'data: {"result":{},"id":1,"jsonrpc":"2.0"}') < 404:
            more = connection.recv(4096)
            assert more, answers
            answers += more
