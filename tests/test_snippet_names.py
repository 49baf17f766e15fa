"""The rules of snippets."""

import pytest

import snippets


def test_a_name_of_exactly_the_longest_length_is_taken() -> None:
    name = "n" * snippets.LONGEST_NAME
    assert snippets.checked_name(name) == name
    assert len(f"{name}.json") == 1024


def test_a_name_one_longer_is_refused_with_both_lengths() -> None:
    with pytest.raises(snippets.SnippetError, match=r"has 1,020 characters, but at most 1,019 are possible"):
        snippets.checked_name("n" * 1020)


@pytest.mark.parametrize(
    "name", ["a.b", "a b", "überall", "100%", "-", "?", "a..b".replace("..", "."), "😀", "NUL", "con"]
)
def test_ordinary_and_odd_names_are_taken_as_they_are(name: str) -> None:
    assert snippets.checked_name(name) == name


@pytest.mark.parametrize(
    "name", [None, 5, [], {}, "", " ", "a/b", "a\\b", "..", "a..b", "a.", "\x00", "a\x7fb", "\ud800"]
)
def test_a_name_that_cannot_be_is_refused_with_what_to_do(name: object) -> None:
    with pytest.raises(snippets.SnippetError, match="snippetname"):
        snippets.checked_name(name)


@pytest.mark.parametrize("text", [None, 5, {}, [], "", "half \udc00 a pair"])
def test_a_content_that_cannot_be_is_refused(text: object) -> None:
    with pytest.raises(snippets.SnippetError):
        snippets.checked_text(text)


@pytest.mark.parametrize("text", [" ", "\n", "\x00", "😀", "a" * 1_000_000])
def test_any_other_content_is_taken_as_it_is(text: str) -> None:
    assert snippets.checked_text(text) == text


def test_a_blob_that_is_no_text_is_said_to_be_none_of_ours() -> None:
    with pytest.raises(snippets.SnippetError, match="not UTF-8"):
        snippets.checked_blob("name", b"\xff")


def test_an_empty_blob_is_an_empty_snippet() -> None:
    assert snippets.checked_blob("name", b"") == ""
