"""The advice on tools that work and that agents misread. Each is one line with its mend; what is right gets none."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from functions_host.host.advice import advice
from functions_host.worker_process.messages import FunctionMetadata, Retry

from host_tests.requirements import shows

_QUEUE = "@app.queue_output(arg_name='q', queue_name='q', connection='C')\n"
_BEGIN = "import azure.functions as func\napp = func.FunctionApp()\n"
_TOOL = "@app.mcp_tool()\n"


def _advice(folder: Path, code: str, **binding: Any) -> tuple[str, ...]:
    (folder / "function_app.py").write_text(_BEGIN + code, encoding="utf-8")
    trigger = {"type": "mcpToolTrigger", "name": "context", "toolName": "t", "direction": "IN"} | binding
    return advice(folder, [FunctionMetadata("t", "1", [json.dumps(trigger)])])


@shows("diagnosis.traps")
@pytest.mark.parametrize(
    ("code", "said"),
    [
        (_TOOL + "def t(n: dict) -> str: ...", "'n' of 't' is dict, which @app.mcp_tool lists as \"string\""),
        (_TOOL + "def t(n: int | None = None) -> str: ...", "is int | None, which @app.mcp_tool lists as"),
        (_TOOL + "def t(n: Job) -> str: ...", 'Give its type with @app.mcp_tool_property(arg_name="n", property_type'),
        (_TOOL + "def t(n: Literal['a']) -> str: ...", "is Literal['a'], which @app.mcp_tool lists as"),
        (_TOOL + "def t(n: list[dict]) -> str: ...", "is list[dict], which"),
        (_TOOL + "def t(n: Optional[int]) -> str: ...", "so a call without it fails. Write n: Optional[int] = None"),
        (_TOOL + "def t() -> dict: ...", "sends Python's repr of it, with single quotes. Return json.dumps(...)"),
        (_TOOL + "def t():\n    return {'a': 1}", "returns a dict or a list"),
        (
            _TOOL + "def t() -> Sequence[TextContent]:\n    return [TextContent(text='')]",
            "returns content of MCP that @app.mcp_tool does not see",
        ),
        (
            _TOOL + "def t():\n    return CallToolResult(content=[])",
            "it sends Python's repr. Add use_result_schema=True to @app.mcp_tool.",
        ),
        (
            "@app.generic_trigger(arg_name='c', type='mcpToolTrigger', toolName='t')\ndef t(c: str) -> dict: ...",
            "'t' returns a dict or a list, and @app.generic_trigger sends Python's repr of it",
        ),
        (
            _TOOL + "def t() -> str:\n    return json.dumps({'type': 'text', 'content': '{}'})",
            "Add use_result_schema=True to @app.mcp_tool.",
        ),
        (
            "@app.mcp_tool_trigger(arg_name='c', tool_name='t')\ndef t(c) -> str:\n"
            "    return json.dumps({'type': 'call_tool_result', 'content': '{}'})",
            "which clients get as text. Add use_result_schema=True to @app.mcp_tool_trigger.",
        ),
        (
            "@app.mcp_resource_trigger(arg_name='c', uri='a://{b}', resource_name='r')\ndef t(c) -> str:\n"
            "    return c.uri.strip()",
            "'c' of 't' is JSON text, which has no 'uri', so that every call fails. Write json.loads(c)[\"uri\"].",
        ),
        (
            "time.sleep(5)\n" + _TOOL + "def t() -> str: ...",
            "function_app.py line 3: `time.sleep` runs when the file is imported",
        ),
        (
            "x = requests.get('u').json()\n" + _TOOL + "def t() -> str: ...",
            "`requests.get` runs when the file is imported",
        ),
    ],
)
def test_a_trap_of_the_decorator_is_one_line_with_the_mend(tmp_path: Path, code: str, said: str) -> None:
    (line,) = _advice(tmp_path, code)
    assert said in line
    assert line.startswith("function_app.py line ")


@shows("diagnosis.traps")
@pytest.mark.parametrize(
    ("binding", "said"),
    [
        (
            {"toolProperties": '[{"propertyName":"n","propertyType":"int"}]'},
            "the propertyType 'int', which JSON Schema does not know",
        ),
        (
            {"toolProperties": '[{"propertyName":"n","propertyType":"array"}]'},
            "VS Code refuses the tool. Give the type of an item",
        ),
        (
            {"useWorkerInputSchema": True, "inputSchema": '{"properties":{"n":{"anyOf":[{"type":"array"}]}}}'},
            'is an array without a type of its items, for which VS Code refuses the tool. Add "items"',
        ),
    ],
)
def test_a_trap_of_a_schema_is_one_line_with_the_mend(tmp_path: Path, binding: dict[str, Any], said: str) -> None:
    (line,) = _advice(tmp_path, "", **binding)
    assert said in line


@shows("diagnosis.traps")
@pytest.mark.parametrize(
    "code",
    [
        _TOOL + "def t(a: str, c: list[int], d: Optional[float] = None, e=1, f: MCPToolContext = None) -> str: ...",
        _TOOL + "@app.mcp_tool_property(arg_name='n', property_type='object')\ndef t(n: dict) -> str: ...",
        _TOOL + "@app.blob_input(arg_name='n', path='c/b', connection='C')\ndef t(n: func.InputStream) -> str: ...",
        _TOOL + "@app.blob_input('n', 'c/b', 'C')\ndef t(n: func.InputStream) -> str: ...",
        _TOOL + "@app.durable_client_input(client_name='n')\ndef t(n: df.DurableOrchestrationClient) -> str: ...",
        "@app.mcp_tool(use_result_schema=True)\ndef t() -> dict:\n    return {'type': 'text', 'content': '{}'}",
        _TOOL + "def t() -> str:\n    def inner():\n        return {'a': 1}\n    return 'x'",
        "if __name__ == '__main__':\n    time.sleep(1)\n" + _TOOL + "def t() -> str:\n    time.sleep(1)\n    return ''",
        "later = lambda: requests.get('u')\n" + _TOOL + "def t() -> str: ...",
        _QUEUE + "@tool(app)\ndef t(n: dict, q: func.Out[str]) -> dict: ...",
        _TOOL + "def t() -> List[Union[TextContent, types.ImageContent]]:\n    return [TextContent(text='')]",
        "@app.mcp_tool_trigger(arg_name='c', tool_name='t')\ndef t(c: str) -> str:\n    return c.upper()",
        "@app.mcp_tool_trigger(arg_name='c', tool_name='t')\ndef t(c) -> str:\n    c = Call(c)\n    return c.name",
        _TOOL + "def t() -> Optional[CallToolResult]:\n    return CallToolResult(content=[])",
        "@app.mcp_tool(use_result_schema=True)\ndef t():\n    return TextContent(text='')",
    ],
)
def test_what_is_right_gets_no_line(tmp_path: Path, code: str) -> None:
    assert _advice(tmp_path, code, toolProperties='[{"propertyName":"n","propertyType":"string","isArray":true}]') == ()


@shows("diagnosis.traps")
@pytest.mark.parametrize("returned", ["List[ContentBlock]", "TextContent | None", "list[TextContent | ImageContent]"])
def test_content_behind_a_bar_is_a_trap_until_python_3_14(tmp_path: Path, returned: str) -> None:
    lines = _advice(tmp_path, _TOOL + f"def t() -> {returned}: ...")
    assert len(lines) == (0 if sys.version_info >= (3, 14) else 1)


@shows("timers.retry")
@pytest.mark.parametrize(("kind", "lines"), [("queueTrigger", 1), ("httpTrigger", 1), ("timerTrigger", 0)])
def test_a_retry_policy_that_nothing_heeds_is_told(tmp_path: Path, kind: str, lines: int) -> None:
    function = FunctionMetadata("t", "1", [json.dumps({"type": kind})], Retry(3, True, 1, 1))
    assert len(advice(tmp_path, [function])) == lines


@shows("diagnosis.traps")
def test_annotations_as_text_are_a_trap_below_mcp_tool_alone(tmp_path: Path) -> None:
    future = "from __future__ import annotations\n"
    own = _QUEUE + "@tool(app)\ndef t(q: func.Out[str]) -> str: ...\n"
    http = '@app.route(route="x")\ndef x(req: func.HttpRequest) -> str: ...\n'
    (tmp_path / "function_app.py").write_text(future + _BEGIN + own + http, encoding="utf-8")
    assert advice(tmp_path, []) == ()
    (tmp_path / "function_app.py").write_text(future + _BEGIN + _TOOL + "def t() -> str: ...", encoding="utf-8")
    assert "turns every type into text" in advice(tmp_path, [])[0]
