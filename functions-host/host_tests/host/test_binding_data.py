"""What binding expressions can name in a call."""

import msgspec
import pytest
from functions_host.app.settings import Configuration
from functions_host.bindings.expressions import Template
from functions_host.triggers.calls import McpClient, ToolCall

from host_tests.requirements import shows


def _resolve(expression: str, arguments: str, client: McpClient | None = None) -> str:
    members = msgspec.json.decode(arguments, type=dict[str, msgspec.Raw])
    call = ToolCall(client or McpClient("http-streamable", {"Host": "h"}), "Tool", members, arguments.encode())
    return Template(expression, Configuration({})).resolve(
        call.binding_data("context", call.trigger_json().decode()), "function"
    )


@shows("expressions.text")
@pytest.mark.parametrize(
    ("written", "text"),
    [
        ('"a/b"', "a/b"),
        ('"\\u00e9"', "é"),
        ("5", "5"),
        ("1.50", "1.50"),
        ("1e400", "1e400"),
        ("9" * 5000, "9" * 5000),
        ("true", "True"),
        ("false", "False"),
        ("null", ""),
        ('[1, {"a": "b c"}]', '[1,{"a":"b c"}]'),
        ("{}", "{}"),
    ],
)
def test_arguments_are_written_as_dotnet_writes_json_elements(written: str, text: str) -> None:
    assert _resolve("{mcptoolargs.k}", f'{{"k":{written}}}') == text


@shows("expressions.members")
@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("{name}", "Tool"),
        ("{arguments.K}", "v"),
        ("{arguments.n}", "1E+300"),
        ("{transport.name}", "http-sse"),
        ("{transport.properties.headers.host}", "h"),
        ("{sessionid}{mcpsessionid}", "a|ba|b"),
        ("{clientinfo.name}", "c"),
        ("{arguments}{mcptoolcontext}", ""),
        ("{mcptoolcontext.Name}{mcptoolcontext.ClientInfo.name}{mcptoolcontext.SessionId}", "Toolca|b"),
        ("{mcptoolcontext.Transport.Properties.headers.Host}", "h"),
    ],
)
def test_the_members_of_the_trigger_value_can_be_named_too(expression: str, text: str) -> None:
    client = McpClient("http-sse", {"Host": "h"}, "a|b", b'{"name":"c"}')
    assert _resolve(expression, '{"k":"v","n":1.0e300}', client) == text
