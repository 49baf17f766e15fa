"""JSON as the extension writes it."""

import json

import pytest
from functions_host.wire_json import object_of, to_json

from host_tests.requirements import shows


@shows("transport.escapes")
@pytest.mark.parametrize(
    "text",
    [
        "",
        '"',
        "\\",
        '\\"',
        '\\\\"',
        "a\\",
        "'<>&+`",
        "\x00\x1f\x7f\x80",
        "\n\r\t\b\f",
        "é\u2028\ufeff",
        "😀\U0010ffff",
        '"\\"😀"\\\\',
    ],
)
def test_every_text_is_read_back_as_it_was(text: str) -> None:
    written = to_json({"a": text, text: 1})
    assert json.loads(written) == {"a": text, text: 1}
    assert written.isascii()
    assert not set(b"'<>&+`\x7f") & set(written)


@shows("transport.escapes")
def test_it_is_compact_and_escapes_as_dotnet_does() -> None:
    assert to_json({"a": ["é😀\"'"], "b": None}) == b'{"a":["\\u00E9\\uD83D\\uDE00\\u0022\\u0027"],"b":null}'


@shows("transport.nulls")
def test_members_that_are_none_are_left_out() -> None:
    assert object_of([(b"a", b"1"), (b"b", None), (b"c", b"[]")]) == b'{"a":1,"c":[]}'
