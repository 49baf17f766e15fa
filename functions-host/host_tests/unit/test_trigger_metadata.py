"""What becomes of the metadata of a trigger."""

import json

import pytest
from functions_host.errors import BindingError, InvocationError
from functions_host.triggers.trigger_metadata import read_metadata

from host_tests.requirements import shows


@shows("metadata.meta")
@pytest.mark.parametrize(
    ("text", "metadata"),
    [
        (None, None),
        (" ", None),
        ("{}", None),
        ('{"a": 1.0, "b": [2.5, 1e2], "c": 9223372036854775807}', {"a": 1, "b": [2.5, 100], "c": 2**63 - 1}),
        ('{"Ui": 1, "b": 2, "uI": {"x": 3, "X": 4}}', {"Ui": {"X": 4}, "b": 2}),
        ('{"a": null, "b": true}', {"a": None, "b": True}),
    ],
)
def test_metadata_is_written_again_from_its_values(text: str | None, metadata: object) -> None:
    written = read_metadata(text, "the tool 't'").written()
    assert written == (None if metadata is None else json.dumps(metadata, separators=(",", ":")).encode())


@shows("metadata.meta")
def test_a_number_beyond_64_bits_is_written_as_dotnet_writes_one_of_double_precision() -> None:
    text = '{"a": 9223372036854775808, "b": 1E-7, "c": -0.0}'
    assert read_metadata(text, "").written() == b'{"a":9.223372036854776E+18,"b":1E-07,"c":-0}'


@shows("metadata.unwritable")
def test_a_number_beyond_double_precision_is_taken_and_fails_the_list() -> None:
    metadata = read_metadata('{"a": 1e400}', "")
    assert "1e400" in metadata.caveats[0]
    with pytest.raises(InvocationError, match="cannot be written"):
        metadata.written()


@shows("metadata.in-error")
@pytest.mark.parametrize("text", ["[]", "5", "{", '{"a": NaN}', '{"a": "\\ud800"}', '{"a":' * 32 + "{}" + "}" * 32])
def test_what_is_no_object_of_json_puts_the_function_in_error(text: str) -> None:
    with pytest.raises(BindingError, match="The metadata of the tool 't' is not a JSON object"):
        read_metadata(text, "the tool 't'")
