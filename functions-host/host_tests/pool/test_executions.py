"""Bounded texts and values."""

import asyncio

import pytest
from functions_host.pool.executions import BoundedText, as_json_value, plain, with_end
from functions_host.pool.processes import read_bounded


def test_a_bounded_text_keeps_the_first_characters() -> None:
    text = BoundedText(5)
    for part in ("abc", "def", "ghi"):
        text.add(part)
    assert text.is_full
    assert text.text == "abcde"


def test_halves_of_surrogate_pairs_become_question_marks() -> None:
    text = BoundedText(5)
    text.add("a\ud800b")
    assert text.text == "a?b"


@pytest.mark.parametrize(
    ("text", "end", "whole"),
    [
        ("ab", "cd", "abcd"),
        ("", "abcdefghij", "cdefghij"),
        ("12345678", "ab", "123456ab"),
        ("12345678", "abcdefgh", "1234efgh"),
        ("12", "abcdefgh", "12cdefgh"),
    ],
)
def test_the_end_keeps_half_of_the_room_or_what_is_left(text: str, end: str, whole: str) -> None:
    assert with_end(text, end, 8) == whole


def test_control_sequences_of_a_terminal_are_taken_away() -> None:
    assert plain("\x1b[0;31mred\x1b[0m") == "red"


@pytest.mark.parametrize("shown", ["'" + "x" * 10, "[" * 10_000 + "]" * 10_000, "inf", "1j", "...", "\x00", ""])
def test_what_is_no_json_stays_text(shown: str) -> None:
    assert as_json_value(shown) == shown


@pytest.mark.anyio
async def test_a_character_that_is_split_between_two_reads_is_whole() -> None:
    stream, text = asyncio.StreamReader(), BoundedText(10)
    reading = asyncio.create_task(read_bounded(stream, text))
    for byte in "größe".encode():
        stream.feed_data(bytes([byte]))
        await asyncio.sleep(0)
    stream.feed_eof()
    await reading
    assert text.text == "größe"
