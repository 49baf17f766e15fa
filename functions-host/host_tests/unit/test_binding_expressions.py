"""`%SETTING%` and `{...}` in the path of a binding."""

import re

import pytest
from functions_host.app.settings import Configuration
from functions_host.bindings.expressions import NULL, BindingValue, ExactNames, Template
from functions_host.errors import BindingError

from host_tests.requirements import shows

_SETTINGS = Configuration({"CONTAINER": "from-setting", "Nested__Name": "nested"})
_DATA: dict[str, BindingValue] = {
    "mcptoolargs": ExactNames({"snippetname": "a", "Upper": "B", "dashed-name": "d", "empty": ""}),
    "arguments": {"snippetname": "a", "inner": {"x": "1"}},
    "name": "getsnippet",
    "transport": {"name": "http-sse"},
    "mcptoolcontext": {"Name": "getsnippet", "ClientInfo": NULL, "Arguments": ExactNames({"a": None})},
}


def _resolve(text: str) -> str:
    return Template(text, _SETTINGS).resolve(_DATA, "get_snippet")


@shows("expressions.arguments", "expressions.members", "expressions.settings")
@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ("snippets/{mcptoolargs.snippetname}.json", "snippets/a.json"),
        ("{MCPToolArgs.snippetname}", "a"),
        ("{mcptoolargs.dashed-name}{mcptoolargs.empty}", "d"),
        ("{arguments.SNIPPETNAME}", "a"),
        ("{arguments.inner.x}", "1"),
        ("{arguments.inner}{mcptoolcontext}{mcptoolcontext.arguments.a}{mcptoolcontext.clientInfo}{sys}", ""),
        ("{mcptoolcontext.name}", "getsnippet"),
        ("{mcptoolargs.snippetname:000}", "a"),
        ("{Name}", "getsnippet"),
        ("{transport.name}", "http-sse"),
        ("%CONTAINER%/x", "from-setting/x"),
        ("%container%/%Nested:Name%", "from-setting/nested"),
        ("{{literal}}", "{literal}"),
        ("{sys.methodname}", "get_snippet"),
        ("plain", "plain"),
    ],
)
def test_what_a_path_resolves_to(text: str, resolved: str) -> None:
    assert _resolve(text) == resolved


@shows("expressions.missing", "expressions.built-in")
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{mcptoolargs.nope}", "Error while accessing 'nope': property doesn't exist."),
        ("{mcptoolargs.SNIPPETNAME}", "Error while accessing 'SNIPPETNAME': property doesn't exist."),
        ("{mcptoolcontext.ClientInfo.Name}", "Error while accessing 'Name': Object reference not set to an instance"),
        ("{name.first}", "Error while accessing 'first': property doesn't exist."),
        ("{sys.nope}", "Error while accessing 'nope': property doesn't exist."),
        ("{snippetname}", "No value for named parameter 'snippetname'."),
        ("%NOPE%", "'%NOPE%' does not resolve to a value."),
        ("100%", "The '%' at position 3 does not have a closing '%'"),
        ("a{", "Missing closing bracket at position 2."),
        ("a{b{c}", "Missing closing bracket at position 2."),
        ("a}", "Missing opening bracket at position 2."),
        ("{ a }", "Invalid template '{ a }'. Invalid template expression ' a "),
        ("{a.}", "Illegal expression: System.String[]"),
        ("a{}", "The parameter name at position 2 is empty."),
        ("{a-b}", "The parameter name 'a-b' is invalid."),
        ("{rand-guid:Q}", 'Format string can be only "D", "d", "N", "n", "P", "p", "B", "b", "X" or "x".'),
        ("{DateTime:dddddd}", "'dddddd' in the date format 'dddddd' is not modelled."),
    ],
)
def test_what_cannot_be_resolved_is_said_in_the_words_of_the_host(text: str, problem: str) -> None:
    with pytest.raises(BindingError, match=re.escape(problem)):
        _resolve(text)


@shows("expressions.missing")
def test_a_name_that_does_not_exist_is_an_error_of_the_call_and_not_of_the_start() -> None:
    assert Template("{nope}", _SETTINGS).has_expressions


@shows("expressions.built-in")
@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("{rand-guid}", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("{RAND-GUID:N}", r"[0-9a-f]{32}"),
        ("{rand-guid:x}", r"\{0x[0-9a-f]{8},0x[0-9a-f]{4},0x[0-9a-f]{4},\{0x[0-9a-f]{2}(,0x[0-9a-f]{2}){7}\}\}"),
        ("{sys.randguid}", r"[0-9a-f-]{36}"),
        ("{DateTime}", r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ"),
        ("{datetime:yyyy/MM/dd HH.mm.ss.fff}", r"\d{4}/\d\d/\d\d \d\d\.\d\d\.\d\d\.\d{3}"),
        ("{sys.utcnow:yyyyMMdd}", r"\d{8}"),
    ],
)
def test_what_the_host_fills_in_by_itself(text: str, pattern: str) -> None:
    assert re.fullmatch(pattern, _resolve(text))
