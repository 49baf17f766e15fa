"""Bodies that no client would send, over both transports, to one host: each gets its answer.

Eight hundred, the same in every run. `uv run pytest --hypothesis-profile=default` makes eight thousand others.
"""

import http.client
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from host_tests.requirements import shows
from host_tests.servers import Server, SharedServers, Target
from host_tests.wire.extension_answers import Asked, Content, Kind, check_response, is_readable_initialize, read
from host_tests.wire.raw_http import ACCEPT_BOTH, Answer, Stream, call, open_stream, post, send

_APP = Path(__file__).parent.parent / "apps" / "conformance"
_CASES = {"bytes": 80, "json": 100, "json-rpc": 220}  # for each transport
_MORE = 10
"""So many times as many where they are new ones."""
_SECONDS = 60
_NO_MESSAGE = (
    b'{"error":{"code":-32000,"message":"Bad Request: The POST body did not contain a valid JSON-RPC message."},'
    b'"id":"","jsonrpc":"2.0"}'
)
_CONTENT = Content(
    tools={"test_simple_text": [], "test_image_content": [], "test_error_handling": [], "test_sampling": ["prompt"]},
    prompts={"test_simple_prompt": [], "test_prompt_with_arguments": ["arg1", "arg2"]},
    resources=["test://static-text", "test://static-binary"],
    template=r"test://template/[^/?#]+/data",
)

pytestmark = pytest.mark.timeout(300)

# JSON, with what is rare in it often enough: deep nesting, numbers that are too large, halves of surrogate pairs

_text = st.one_of(st.text(max_size=20), st.text(st.characters(categories=["Cs", "Ll"]), max_size=2))
_scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), _text)
_json: SearchStrategy[Any] = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4), max_leaves=8
)


def _nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


_deep = st.integers(55, 70).map(_nested)
_any = st.one_of(_json, _deep)

# JSON-RPC: what the app has, near misses, and anything


# One time in ten. Hypothesis likes 0 and 9 better than the numbers between them.
_rarely = st.integers(0, 9).map(lambda number: number == 7)


def _mostly(usual: SearchStrategy[Any], otherwise: SearchStrategy[Any] = _any) -> SearchStrategy[Any]:
    return _rarely.flatmap(lambda rare: otherwise if rare else usual)


def _one_of(*usual: object) -> SearchStrategy[Any]:
    return _mostly(st.sampled_from(usual))


@st.composite
def _object(draw: st.DrawFn, **members: SearchStrategy[Any]) -> dict[str, Any]:
    return {name: draw(value) for name, value in members.items() if not draw(_rarely)}


_meta = _one_of(None, {}, {"progressToken": 1}, {"progressToken": "a"})
_arguments = _mostly(st.one_of(_object(prompt=_any, arg1=_any, arg2=_text), st.dictionaries(_text, _any, max_size=3)))
_params: dict[str, SearchStrategy[Any]] = {
    "tools/call": _object(
        name=_one_of(*_CONTENT.tools, "TEST_SIMPLE_TEXT", "Test_Sampling", None), arguments=_arguments, _meta=_meta
    ),
    "prompts/get": _object(
        name=_one_of(*_CONTENT.prompts, "Test_Simple_Prompt", None), arguments=_arguments, _meta=_meta
    ),
    "resources/read": _object(
        uri=st.one_of(
            _one_of(*_CONTENT.resources, "TEST://STATIC-TEXT", "nope", "/x", "a:", "test://template/{id}/data"),
            _text.map(lambda text: f"test://template/{text}/data"),
        ),
        _meta=_meta,
    ),
    "resources/subscribe": _object(uri=_one_of("test://watched-resource"), _meta=_meta),
    "resources/unsubscribe": _object(uri=_one_of("test://watched-resource"), _meta=_meta),
    "logging/setLevel": _object(level=_one_of("info", "Debug", "loud"), _meta=_meta),
    "initialize": _object(
        protocolVersion=_one_of("2025-06-18", "2025-11-25"),
        clientInfo=_object(name=_one_of("a"), version=_one_of("1"), title=_one_of("A")),
        capabilities=_one_of({}, {"roots": {}}),
        _meta=_meta,
    ),
    **dict.fromkeys(
        ["tools/list", "prompts/list", "resources/list", "resources/templates/list"],
        _object(cursor=_one_of("a", None), _meta=_meta),
    ),
    **dict.fromkeys(
        ["ping", "completion/complete", "server/discover", "notifications/cancelled", "notifications/initialized"], _any
    ),
}

_RUN_FUNCTIONS = ["tools/call", "prompts/get", "resources/read"]


@st.composite
def _messages(draw: st.DrawFn) -> dict[str, Any]:
    method = draw(_mostly(st.sampled_from([*_params, *_RUN_FUNCTIONS, *_RUN_FUNCTIONS]), _text))
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    if not draw(_rarely):
        message["id"] = draw(st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(0, 9), _text))
    if not draw(_rarely):
        message["params"] = draw(_mostly(_params.get(method, _any)))
    if draw(_rarely):  # an answer, or something odd
        message.pop(draw(st.sampled_from(sorted(message))))
        error = _object(code=_one_of(-32000), message=_one_of("no"))
        message |= draw(_object(result=_any, error=_mostly(error), id=_mostly(st.integers(0, 9))))
    return message


def _body(value: object, *, readable: bool, spaces: str) -> bytes:
    try:
        text = json.dumps(value, ensure_ascii=not readable)
        return (spaces + text + spaces).encode()
    except UnicodeEncodeError:  # half of a surrogate pair can only be escaped
        return json.dumps(value).encode()


def _bodies(values: SearchStrategy[Any]) -> SearchStrategy[bytes]:
    return st.builds(
        _body, values, readable=st.booleans(), spaces=_mostly(st.sampled_from(["", " ", "\r\n", "\t"]), st.just("\x0c"))
    )


@st.composite
def _damaged(draw: st.DrawFn) -> bytes:
    """A message of which some bytes are others."""
    body = bytearray(draw(_bodies(_messages())))
    for _ in range(draw(st.integers(1, 3))):
        position = draw(st.integers(0, len(body) - 1))
        body[position : position + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    return bytes(body)


_KINDS = {
    "bytes": st.one_of(st.binary(max_size=200), _damaged()),
    "json": _bodies(_any),
    "json-rpc": _bodies(_messages()),
}


class _Poster:
    """One connection that is kept open, as clients keep it."""

    def __init__(self, target: Target) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(target.url).netloc, timeout=_SECONDS)

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        self._connection.request("POST", path, body, {"Content-Type": "application/json"} | headers)
        response = self._connection.getresponse()
        found = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, found, response.read())

    def close(self) -> None:
        self._connection.close()


def _check_refusal(asked: Asked, answer: Answer, null: bytes) -> None:
    """Checks the answer to what is no message."""
    if asked.kind is Kind.NULL:
        assert (answer.status, answer.body) == (400, null)
    else:
        assert (answer.status, answer.body) == (500, b"")


def _check_streamable_http(poster: _Poster, target: Target, body: bytes, session: str | None) -> None:
    asked = read(body)
    answer = poster.post(
        urlsplit(target.url).path, body, {"Accept": ACCEPT_BOTH} | ({"Mcp-Session-Id": session} if session else {})
    )
    if not asked.certain and answer.status == 500:
        assert answer.body == b""
    elif asked.kind is Kind.SILENT:
        assert (answer.status, answer.body, "content-type" in answer.headers) == (202, b"", False)
    elif asked.kind is Kind.REQUEST and not _fails_before_it_is_dispatched(asked, session):
        assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
        assert ("mcp-session-id" in answer.headers) == (asked.method == "initialize" and session is None)
        head, data, *rest = answer.body.split(b"\n")
        assert (head, rest) == (b"event: message", [b"", b""])
        check_response(asked, data.removeprefix(b"data: "), _CONTENT)
    else:
        _check_refusal(asked, answer, _NO_MESSAGE)


def _fails_before_it_is_dispatched(asked: Asked, session: str | None) -> bool:
    return asked.method == "initialize" and session is None and not is_readable_initialize(asked.params)


def _check_sse(poster: _Poster, stream: Stream, body: bytes) -> None:
    asked = read(body)
    path = f"{urlsplit(stream.target.url).path}/{stream.endpoint}"
    answer = poster.post(path, body, {})
    if not asked.certain and answer.status == 500:
        assert answer.body == b""
    elif asked.kind in (Kind.SILENT, Kind.REQUEST):
        assert (answer.status, answer.body) == (202, b"Accepted")
        if asked.kind is Kind.REQUEST:
            check_response(asked, _next_answer(stream), _CONTENT)
    else:
        _check_refusal(asked, answer, b'"No message in request body."')


def _next_answer(stream: Stream) -> bytes:
    while True:
        name, data = stream.next_event()
        assert name == "message"
        if '"method":"ping"' not in data:  # the server's own
            return data.encode()


@pytest.fixture(scope="module")
def server(storage: str, shared_server: SharedServers) -> Iterator[Server]:
    """One host for all of them; at the end it must be the same one, and well."""
    server = shared_server(_APP, storage=storage)
    before = _instance(server.target)
    yield server
    assert _instance(server.target) == before
    assert "result" in post(server.target, call("test_simple_text")).event
    for sign in ("Exception in ASGI application", "Exception in callback", "was never retrieved"):
        assert sign not in server.output


def _instance(target: Target) -> str:
    return send(target, "GET", "/admin/host/status").json["instanceId"]


@pytest.fixture
def poster(server: Server) -> Iterator[_Poster]:
    poster = _Poster(server.target)
    yield poster
    poster.close()


def _run(kind: str, check: Callable[[bytes, str | None], None]) -> None:
    cases = 0
    wanted = _CASES[kind] * (1 if settings().derandomize else _MORE)

    @settings(max_examples=wanted, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(_KINDS[kind], st.sampled_from([None, "a|b"]))
    def each(body: bytes, session: str | None) -> None:
        nonlocal cases
        cases += 1
        check(body, session)

    each()
    assert cases >= wanted


@shows("transport.malformed", "transport.any-message")
@pytest.mark.parametrize("kind", _KINDS)
def test_over_streamable_http(kind: str, server: Server, poster: _Poster) -> None:
    _run(kind, lambda body, session: _check_streamable_http(poster, server.target, body, session))


@shows("transport.malformed", "transport.any-message")
@pytest.mark.parametrize("kind", _KINDS)
def test_over_legacy_sse(kind: str, server: Server, poster: _Poster) -> None:
    with open_stream(server.target) as stream:
        _run(kind, lambda body, _: _check_sse(poster, stream, body))
