"""From what a function returned to the result of tools/call."""

import json
from typing import Any

import pytest
from functions_host.errors import InvocationError
from functions_host.triggers.tool_results import tool_result
from functions_host.wire_json import to_json
from functions_host.worker_process.messages import Value
from hypothesis import given
from hypothesis.strategies import booleans, characters, dictionaries, floats, integers, lists, none, recursive, text

from host_tests.requirements import shows

_THE_LONG_WAY: dict[str, object] = {"_meta": None}  # most results have none, and are read in a faster way


def _result(content: str) -> bytes:
    enveloped = json.dumps({"type": "call_tool_result", "content": content})
    return tool_result(Value("string", enveloped), use_result_schema=True)


def _plain(value: Value) -> Any:
    return json.loads(tool_result(value, use_result_schema=False))


def _enveloped(**members: object) -> Any:
    return json.loads(tool_result(Value("string", json.dumps(members)), use_result_schema=True))


_TEXTS = text(characters(exclude_categories=["Cs"], max_codepoint=0x2FF))
_ANY_JSON = recursive(
    none() | booleans() | integers() | floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda each: lists(each) | dictionaries(_TEXTS, each),
)


@given(_TEXTS)
def test_a_text_goes_to_the_client_escaped_as_dotnet_does_whichever_way_it_is_read(text: str) -> None:
    result = {"content": [{"type": "text", "text": text}]}
    for more in ({}, _THE_LONG_WAY):
        assert _result(json.dumps(result | more)) == to_json(result)


@given(_ANY_JSON, booleans() | none(), booleans(), booleans())
def test_an_object_goes_to_the_client_as_dotnet_writes_it_whichever_way_it_is_read(
    value: object, is_error: bool | None, is_compact: bool, is_ascii: bool
) -> None:
    def written(result: dict[str, object]) -> str:
        return json.dumps(result, separators=(",", ":") if is_compact else None, ensure_ascii=is_ascii)

    result = {"content": [{"type": "text", "text": "of it"}], "structuredContent": value, "isError": is_error}
    assert _result(written(result)) == _result(written(result | _THE_LONG_WAY))


@pytest.mark.parametrize(
    "structured",
    [
        '{"a":1,"a":"1"}',
        '{"a":1e5,"b":1E+5,"c":-0.0,"d":1.50}',
        '{"a":"\\/","b":"\\u000a\\u001f"}',
        '{"a": 1}',
        "[" * 64 + "]" * 64,
        f'{{"a":{9**400}}}',
    ],
    ids=["one name twice", "numbers", "escapes", "a space", "deep", "a large number"],
)
def test_what_is_written_in_another_way_is_the_same_whichever_way_it_is_read(structured: str) -> None:
    ways = [f'{{"content":[],"structuredContent":{structured}{more}}}' for more in ("", ',"_meta":null')]
    assert len({_result(way) for way in ways}) == 1


@pytest.mark.parametrize("structured", ['{"a":01}', '{"a":1.}', '{"a":"\\x"}', "[" * 65 + "]" * 65, '{"a":"\t"}', "{]"])
def test_an_object_that_is_no_json_fails_the_call(structured: str) -> None:
    with pytest.raises(InvocationError, match="useResultSchema"):
        _result(f'{{"content":[],"structuredContent":{structured}}}')


@shows("results.plain")
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Value("string", "hi"), "hi"),
        (Value("string", ""), ""),
        (Value("string", '{"content":[]}'), '{"content":[]}'),
        (Value("json", '{"a":[1]}'), '{\n  "a": [\n    1\n  ]\n}'),
        (Value("json", '"abc"'), "abc"),
        (Value("json", "true"), "True"),
        (Value("json", "5"), "5"),
        (Value("int", 5), "5"),
        (Value("json", "1.0"), "1"),
        (Value("double", 2.5), "2.5"),
        (Value("int", True), "1"),
        (Value("bytes", b"x"), "System.Byte[]"),
    ],
)
def test_without_a_result_schema_any_value_is_one_text(value: Value, text: str) -> None:
    assert _plain(value) == {"content": [{"type": "text", "text": text}]}


@shows("results.none")
@pytest.mark.parametrize("use_result_schema", [True, False])
def test_no_value_is_no_content(use_result_schema: bool) -> None:
    assert tool_result(Value(), use_result_schema=use_result_schema) == b'{"content":[]}'


@shows("results.one-block")
def test_one_block_with_structured_content() -> None:
    result = _enveloped(type="text", content='{"type":"text","text":"{}"}', structuredContent='{"a":1}')
    assert json.dumps(result) == '{"content": [{"type": "text", "text": "{}"}], "structuredContent": {"a": 1}}'


@shows("results.several-blocks", "results.blocks")
def test_several_blocks_of_every_kind_in_the_order_of_the_extension() -> None:
    blocks = [
        {"text": "x", "type": "text", "annotations": {"priority": 1}, "_meta": {"m": 1}},
        {"mimeType": "image/png", "data": "AQID", "type": "image"},
        {"type": "audio", "data": "", "mimeType": "audio/wav", "unknown": "dropped"},
        {"type": "resource", "resource": {"text": "t", "uri": "a://b", "mimeType": "text/plain"}},
        {"type": "resource_link", "name": "n", "uri": "a://b", "size": 5, "_meta": {"dropped": 1}},
    ]
    result = _enveloped(type="multi_content_result", content=json.dumps(blocks))
    assert json.dumps(result["content"]) == json.dumps(
        [
            {"type": "text", "text": "x", "_meta": {"m": 1}, "annotations": {"priority": 1}},
            {"type": "image", "data": "AQID", "mimeType": "image/png"},
            {"type": "audio", "data": "", "mimeType": "audio/wav"},
            {"type": "resource", "resource": {"uri": "a://b", "mimeType": "text/plain", "text": "t"}},
            {"type": "resource_link", "uri": "a://b", "name": "n", "size": 5},
        ]
    )


@shows("results.embedded-resource")
@pytest.mark.parametrize(
    ("resource", "written"),
    [
        ({"text": "t"}, {"uri": "", "mimeType": None, "text": "t"}),
        ({"uri": "a:b", "text": "t", "blob": "YQ=="}, {"uri": "a:b", "mimeType": None, "blob": "YQ=="}),
        (
            {"_meta": {"m": 1}, "mimeType": "m/m", "text": "", "uri": "a:b"},
            {"uri": "a:b", "mimeType": "m/m", "text": "", "_meta": {"m": 1}},
        ),
    ],
)
def test_an_embedded_resource_always_has_a_uri_and_a_mime_type_which_may_be_null(
    resource: dict[str, object], written: dict[str, object]
) -> None:
    result = _enveloped(type="resource", content=json.dumps({"type": "resource", "resource": resource}))
    assert json.dumps(result["content"]) == json.dumps([{"type": "resource", "resource": written}])


@shows("results.whole")
def test_a_whole_result_can_carry_is_error_and_meta() -> None:
    whole = {
        "isError": True,
        "content": [{"type": "text", "text": "bad"}],
        "structuredContent": {"a": None},
        "_meta": {"m": 1},
    }
    result = _enveloped(type="CALL_TOOL_RESULT", content=json.dumps(whole), structuredContent='{"ignored":1}')
    assert result == whole
    assert list(result) == ["content", "structuredContent", "isError", "_meta"]


@shows("results.whole")
def test_a_whole_result_may_have_no_content() -> None:
    assert _enveloped(type="call_tool_result", content="{}") == {"content": []}


@shows("results.broken")
@pytest.mark.parametrize(
    "returned",
    [
        "plain text",
        "[]",
        "{}",
        '{"type":"text"}',
        '{"type":"text","content":null}',
        '{"content":"{}"}',
        '{"type":"text","content":"not json"}',
        '{"type":"text","content":"{\\"type\\":\\"text\\"}"}',
        '{"type":"text","content":"{\\"type\\":\\"unheard_of\\"}"}',
        '{"type":"multi_content_result","content":"[]"}',
        '{"type":"call_tool_result","content":"[]"}',
        '{"type":"text","content":"{\\"type\\":\\"text\\",\\"text\\":\\"a\\",\\"icons\\":[{}]}"}',
        '{"type":"text","content":"{\\"type\\":\\"text\\",\\"text\\":\\"a\\"}","structuredContent":"null"}',
        '{"type":"resource","content":"{\\"type\\":\\"resource\\",\\"resource\\":{\\"uri\\":\\"a:b\\"}}"}',
    ],
)
def test_a_value_that_breaks_the_result_schema_fails_the_call(returned: str) -> None:
    with pytest.raises(InvocationError):
        tool_result(Value("string", returned), use_result_schema=True)


@shows("results.broken")
def test_bytes_break_the_result_schema() -> None:
    with pytest.raises(InvocationError):
        tool_result(Value("bytes", b"{}"), use_result_schema=True)
