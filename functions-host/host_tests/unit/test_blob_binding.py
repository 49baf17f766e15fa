"""Blob paths and what becomes of contents on their way, without a storage."""

import re

import pytest
from functions_host.bindings.blob_binding import decode_text, encode_output, parse_blob_path
from functions_host.errors import BindingError
from functions_host.storage.blob_store import BlobPath
from functions_host.worker_process.messages import Value

from host_tests.requirements import shows


@shows("storage.blob-path")
@pytest.mark.parametrize(
    ("text", "container", "blob"),
    [
        ("snippets/a.json", "snippets", "a.json"),
        ("snippets/folder/a", "snippets", "folder/a"),
        ("$web/index.html", "$web", "index.html"),
        ("a-b-3/ü?#%&", "a-b-3", "ü?#%&"),
        ("a--b/a", "a--b", "a"),
        ("/c/a b%20", "c", "a b%20"),  # a URI, whose names are not checked
        ("https://account.blob.core.windows.net/Upper/a%20b/c?d", "Upper", "a b/c"),
        ("http://127.0.0.1:10000/devstoreaccount1/abc/a", "abc", "a"),
        ("abc/" + "n" * 1024, "abc", "n" * 1024),
    ],
)
def test_a_path_is_a_container_and_a_blob(text: str, container: str, blob: str) -> None:
    assert parse_blob_path(text) == BlobPath(container, blob)


@shows("storage.blob-path")
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nothing", "Blob identifiers must be in the format 'container/blob'."),
        ("Upper/a", "value 'Upper/a'. The field BlobPath is invalid. Invalid container name: Upper"),
        ("-ab/a", "Invalid container name: -ab"),
        ("ab/a", "Invalid container name: ab"),
        ("snippets/", "Blob identifiers must be in the format 'container/blob'."),
        ("/snippets", "Value cannot be an empty string. (Parameter 'blobName')"),
        ("snippets/a\\b", "contain illegal characters"),
        ("snippets/a.", "has an invalid suffix"),
        ("snippets/a/", "has an invalid suffix"),
        ("snippets/" + "n" * 1025, "is too long"),
    ],
)
def test_a_path_that_cannot_be_is_refused_in_the_words_of_the_host(text: str, problem: str) -> None:
    with pytest.raises(BindingError, match=re.escape(problem)):
        parse_blob_path(text)


@shows("storage.text")
@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        ("größe".encode(), "größe"),
        (b"\xef\xbb\xbfok\xff\x00", "ok\ufffd\x00"),
        (b"\xff\xfeo\x00k\x00", "ok"),
        (b"\xfe\xff\x00o\x00k", "ok"),
        (b"\xff\xfe\x00\x00o\x00\x00\x00", "o"),
    ],
)
def test_text_is_decoded_as_a_stream_reader_of_dotnet_does(content: bytes, text: str) -> None:
    assert decode_text(content) == text


@shows("storage.output")
@pytest.mark.parametrize(
    ("value", "content"),
    [
        (Value("string", "größe"), "größe".encode()),
        (Value("string", ""), b""),
        (Value("bytes", b"\x00\xff"), b"\x00\xff"),
        (Value("json", '{"a": [1, "ü"]}'), '{"a":[1,"ü"]}'.encode()),
        (Value("int", 258), b"\x02\x01\x00\x00"),
        (Value("double", 1.0), b"\x00\x00\x00\x00\x00\x00\xf0?"),
    ],
)
def test_what_an_out_parameter_was_set_to_becomes_the_bytes_of_the_host(value: Value, content: bytes) -> None:
    assert encode_output(value) == content


@shows("storage.output")
def test_a_number_beyond_the_hosts_is_refused() -> None:
    with pytest.raises(BindingError, match="32 bits"):
        encode_output(Value("int", 2**31))
