"""From the raw binding of an mcpToolTrigger to the tool that clients list."""

import json
from typing import Any

import pytest
from functions_host.bindings.raw_binding import RawBinding
from functions_host.errors import BindingError, PersonError
from functions_host.triggers.tool_trigger import read_tool_trigger

from host_tests.requirements import shows

_BINDING = {"type": "mcpToolTrigger", "direction": "IN", "name": "context", "toolName": "t", "description": "d"}


def _listed(**members: object) -> dict[str, Any]:
    return json.loads(read_tool_trigger(RawBinding(json.dumps(_BINDING | members))).listing)


@shows("tools.schema")
def test_the_schema_of_each_kind_of_property() -> None:
    properties = [
        {"propertyName": "name", "propertyType": "string", "description": "The name.", "isRequired": True},
        {"propertyName": "job", "propertyType": "string", "enumValues": ["A", "B"], "description": "Job"},
        {"propertyName": "tags", "propertyType": "string", "isArray": True, "description": "Tags"},
        {
            "PROPERTYNAME": "levels",
            "propertyType": "string",
            "isArray": True,
            "enumValues": ["Low"],
            "isRequired": True,
        },
        {"propertyName": " ", "propertyType": "string"},
        {"propertyType": "string"},
        {"propertyName": "name", "propertyType": "string", "description": "The name.", "isRequired": True},
    ]
    assert json.dumps(_listed(toolProperties=json.dumps(properties))["inputSchema"]) == json.dumps(
        {
            "type": "object",
            "properties": {
                "name": {"type": "string", "description": "The name."},
                "job": {"type": "string", "enum": ["A", "B"], "description": "Job"},
                "tags": {"type": "array", "items": {"type": "string"}, "description": "Tags"},
                "levels": {"type": "array", "items": {"type": "string", "enum": ["Low"]}, "description": ""},
            },
            "required": ["name", "levels"],
        }
    )


@shows("tools.no-properties")
def test_a_tool_without_properties_takes_no_arguments() -> None:
    assert _listed()["inputSchema"] == {"type": "object", "properties": {}, "required": []}


@shows("tools.listing-order")
def test_the_members_come_in_the_order_of_the_extension() -> None:
    listed = _listed(outputSchema='{"type":"object"}', metadata='{"a":1}', toolProperties="[]")
    assert list(listed) == ["name", "description", "inputSchema", "outputSchema", "_meta"]


@shows("metadata.meta")
def test_metadata_keeps_its_integers_and_makes_whole_numbers_of_floats() -> None:
    assert json.dumps(_listed(metadata='{"a": 1.0, "b": 2.5, "c": 3}')["_meta"]) == '{"a": 1, "b": 2.5, "c": 3}'
    assert "_meta" not in _listed(metadata="{}")
    assert "_meta" not in _listed(metadata=" ")


@shows("tools.own-schema")
def test_a_workers_own_schema_is_listed_as_it_is() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}, "required": ["a"]}
    assert _listed(useWorkerInputSchema=True, inputSchema=json.dumps(schema))["inputSchema"] == schema


@shows("tools.in-error")
@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"description": None}, "Can't figure out which ctor to call"),
        ({"toolProperties": []}, "Unable to configure binding"),
        ({"metadata": "[]"}, "not a JSON object"),
        ({"metadata": "{"}, "not a JSON object"),
        ({"dataType": "BINARY"}, "fails every call"),
        ({"toolName": None}, "no toolName"),
        ({"useResultSchema": "yes"}, "neither true nor false"),
    ],
)
def test_what_puts_a_function_in_error(members: dict[str, object], problem: str) -> None:
    with pytest.raises(BindingError, match=problem):
        _listed(**members)


@shows("tools.keeps-from-starting")
@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"toolProperties": ""}, "not a JSON array"),
        ({"toolProperties": "[5]"}, "not a JSON array"),
        ({"toolProperties": "5"}, "not a JSON array"),
        ({"toolProperties": '[{"propertyName":5}]'}, "not a JSON array"),
        ({"toolProperties": '[{"propertyName":"a","isRequired":"yes"}]'}, "not a JSON array"),
        ({"toolProperties": '[{"propertyName":"a"},]'}, "not a JSON array"),
        ({"outputSchema": "{"}, "Failed to parse OutputSchema for tool 't'"),
        ({"outputSchema": '{"type":"array"}'}, "not a valid MCP tool output JSON schema"),
        ({"useWorkerInputSchema": True}, "InputSchema is null or invalid"),
        (
            {"useWorkerInputSchema": True, "inputSchema": '{"type":"object","required":{}}'},
            "not a valid MCP tool input",
        ),
    ],
)
def test_what_keeps_the_host_from_starting(members: dict[str, object], problem: str) -> None:
    with pytest.raises(PersonError, match=problem):
        _listed(**members)
