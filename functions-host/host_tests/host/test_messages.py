"""Messages as System.Text.Json reads them for the C# SDK: what it takes that others do not, and where it fails."""

import pytest
from functions_host.mcp.messages import MalformedMessageError, Request, parse_message
from functions_host.worker_process.messages import Value

from host_tests.host.conftest import Host, prompt
from host_tests.requirements import shows

pytestmark = pytest.mark.anyio

_FAILED = {"code": -32603, "message": "An error occurred."}


def _message(params: str, method: str = "tools/call") -> str:
    return f'{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}'


@shows("transport.half-surrogates")
async def test_half_of_a_surrogate_pair_fails_only_where_it_is_read(host: Host) -> None:
    host.worker.add("t", lambda payload: Value("string", "ran"))
    await host.start()
    for params in (r'{"name":"t","arguments":{"a":"\ud800"}}', r'{"name":"t","x":["\\\udc0d\ud83d"]}'):
        assert (await host.ask_json(_message(params)))["error"] == _FAILED
        assert (await host.ask_json(_message(params, "ping")))["result"] == {}
    whole = r'{"name":"t","arguments":{"a":"\ud83d\udc0d \\ud800"}}'
    assert (await host.ask_json(_message(whole)))["result"]["content"][0]["text"] == "ran"


@shows("transport.half-surrogates", "transport.malformed")
@pytest.mark.parametrize("text", [r"\ud83", r"\ud83x\udc0d", r"\ud8", r"\u"])
def test_what_is_no_escape_is_no_message(text: str) -> None:
    with pytest.raises(MalformedMessageError):
        parse_message(_message(f'{{"name":"{text}"}}').encode())


@shows("transport.half-surrogates", "transport.malformed")
@pytest.mark.parametrize("member", ["id", "method", "jsonrpc"])
def test_what_a_message_is_cannot_be_half_of_a_pair(member: str) -> None:
    members = {"jsonrpc": '"2.0"', "id": "1", "method": '"ping"'} | {member: r'"\udbff"'}
    with pytest.raises(MalformedMessageError):
        parse_message(f"{{{','.join(f'"{name}":{value}' for name, value in members.items())}}}".encode())


@shows("transport.names-of-params")
async def test_members_of_params_are_found_in_any_case_and_others_passed_over(host: Host) -> None:
    host.worker.add("t", lambda payload: Value("string", str(payload["arguments"])))
    host.worker.add("p", lambda payload: Value("string", "prompted"), prompt("p"))
    await host.start()
    called = await host.ask_json(_message('{"NAME":"t","Arguments":{"a":1,"A":2},"other":{"x":[]}}'))
    assert called["result"]["content"][0]["text"] == "{'a': 1, 'A': 2}"
    got = await host.ask_json(_message('{"Name":"p","_META":{"a":1}}', "prompts/get"))
    assert got["result"]["messages"][0]["content"]["text"] == "prompted"
    assert (await host.ask_json(_message('{"NAME":"t","_Meta":5}')))["error"] == _FAILED


@shows("transport.names-of-params")
@pytest.mark.parametrize(
    ("client", "ok"),
    [
        ('{"name":null,"version":null}', True),
        ('{"NAME":"a","Version":"1","extra":{}}', True),
        ('{"name":"a"}', False),
        ('{"name":"a","version":"1","icons":[{"src":"a","sizes":["1x1",null]},null]}', True),
        ('{"name":"a","version":"1","icons":[{"sizes":[]}]}', False),
        ("[]", False),
    ],
)
async def test_null_stands_for_whatever_a_client_must_say_of_itself(host: Host, client: str, ok: bool) -> None:
    await host.start()
    answer = await host.ask_json(_message(f'{{"protocolVersion":null,"clientInfo":{client}}}', "initialize"))
    assert ("result" in answer) == ok


@shows("transport.names-of-params", "methods.log-level")
@pytest.mark.parametrize(
    ("level", "ok"),
    [
        ("5", True), ("-1", True), ('"7"', True), ('" Info "', True), ('"debug, error"', True),
        ("5.0", False), ("2147483648", False), ('"1.5"', False), ('"debug,"', False), ("null", False), ("true", False),
    ],
)  # fmt: skip
async def test_a_level_is_a_name_or_any_number_of_an_enumeration(host: Host, level: str, ok: bool) -> None:
    await host.start()
    answer = await host.ask_json(_message(f'{{"level":{level}}}', "logging/setLevel"))
    assert ("result" in answer) == ok


def test_a_byte_order_mark_is_passed_over() -> None:
    assert isinstance(parse_message(b"\xef\xbb\xbf" + _message("{}").encode()), Request)
