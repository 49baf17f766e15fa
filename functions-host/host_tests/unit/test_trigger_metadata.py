"""What becomes of the metadata of a trigger."""

import json

import pytest
from functions_host.errors import BindingError
from functions_host.triggers.trigger_metadata import read_metadata

from host_tests.requirements import shows


@shows("metadata.meta")
@pytest.mark.parametrize(
    ("text", "metadata"),
    [
        (None, None),
        (" ", None),
        ("{}", {}),
        ('{"a": 1.0, "b": [2.5, 1e2], "c": 9223372036854775807}', {"a": 1, "b": [2.5, 100], "c": 2**63 - 1}),
        ('{"a": 9223372036854775808}', {"a": float(2**63)}),
        ('{"Ui": 1, "b": 2, "uI": {"x": 3, "X": 4}}', {"Ui": {"x": 4}, "b": 2}),
        ('{"a": null, "b": true}', {"a": None, "b": True}),
    ],
)
def test_metadata_is_written_again_from_its_values(text: str | None, metadata: object) -> None:
    assert json.dumps(read_metadata(text, "the tool 't'")) == json.dumps(metadata)


@shows("metadata.in-error")
@pytest.mark.parametrize("text", ["[]", "5", "{", '{"a": NaN}', {"a": 1}, '{"a":' * 32 + "{}" + "}" * 32])
def test_what_is_no_object_of_json_puts_the_function_in_error(text: object) -> None:
    with pytest.raises(BindingError, match="The metadata of the tool 't' is not a JSON object"):
        read_metadata(text, "the tool 't'")
