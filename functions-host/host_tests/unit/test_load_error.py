"""What is said of a line that keeps an app from loading: where it is, what Python makes of it, what to write."""

import traceback
from pathlib import Path

import pytest
from functions_host.host.load_error import explain_load_error
from functions_host.worker.connection import AppLoadError
from functions_host.worker_process.containers import what_there_is

from host_tests.requirements import shows
from host_tests.wire.small_app import BEGIN

_HELLO = "def hello() -> str:\n    return 'x'\n"


def _loaded(app: Path, code: str) -> AppLoadError:
    """Runs function_app.py as the worker library does, and returns how it reports what the file raises."""
    file = app / "function_app.py"
    file.write_text(code, encoding="utf-8")
    try:
        exec(compile(code, str(file), "exec"), {"__name__": "function_app"})
    except Exception as error:  # noqa: BLE001
        message = f"{type(error).__name__}: {error}"
        return AppLoadError(message, "".join(traceback.format_exception(error)), what_there_is(message))
    raise AssertionError("it loads")


@shows("diagnosis.load-errors")
@pytest.mark.parametrize(
    ("code", "sentence", "remedy"),
    [
        (
            BEGIN + "tool = 1\n\n@tools(app)\n" + _HELLO,
            "line 8 could not be loaded: NameError: name 'tools' is not defined. Did you mean: 'tool'?",
            "Mend that line.",
        ),
        (
            BEGIN + "bp = func.Blueprint()\n@bp.get('/')\n" + _HELLO,
            "line 7 could not be loaded: AttributeError: 'Blueprint' object has no attribute 'get'",
            "A Blueprint has .route, .mcp_tool, .mcp_tool_trigger, .mcp_resource_trigger, .mcp_prompt_trigger and "
            ".timer_trigger.",
        ),
        (
            BEGIN + "@app.tool()\n" + _HELLO,
            "line 6 could not be loaded: AttributeError: 'FunctionApp' object has no attribute 'tool'",
            "Write @tool(app), which is in tool.py. A FunctionApp has .mcp_tool, .mcp_tool_property and "
            ".mcp_tool_trigger.",
        ),
        (
            BEGIN + "def tool(app): ...\n\n@tool()\n" + _HELLO,
            "line 8 could not be loaded: TypeError: tool() missing 1 required positional argument: 'app'",
            "Write @tool(app) there.",
        ),
        (BEGIN + "@app.mcp_tool_trigger()\n" + _HELLO, "line 6", "Write @app.mcp_tool_trigger(arg_name=..., tool_name"),
        (BEGIN + "@app.mcp_tool(name='x')\n" + _HELLO, "line 6", "mcp_tool takes metadata and use_result_schema."),
        (
            BEGIN + "@tool(app)\n" + _HELLO,
            "NameError: name 'tool' is not defined",
            "Write `from tool import tool` at the",
        ),
        (BEGIN + "pages.x\n", "NameError: name 'pages' is not defined", "Write `import pages` at the top of the file."),
        (BEGIN + "late()\ndef late(): ...\n", "name 'late' is not defined", "Mend that line."),
        (
            "app = func.FunctionApp()\n",
            "name 'func' is not defined",
            "Write `import azure.functions as func` at the top",
        ),
        (
            BEGIN + "import json\napp.register_functions(json)\n",
            "line 7",
            "Give the Blueprint that is in it, as in app.register_functions(json.blueprint).",
        ),
        (
            BEGIN + "import os\nkey = os.environ['MY_KEY']\n",
            "line 7 could not be loaded: KeyError: 'MY_KEY'",
            "Set MY_KEY among the Values of src/local.settings.json, and in Azure among the app settings; or use",
        ),
        (
            BEGIN + "def refuse():\n    raise ValueError('no')\n\nrefuse()\n",
            "src/function_app.py line 9 could not be loaded: ValueError: no",
            "Mend that line.",
        ),
        (
            BEGIN + "raise ValueError('function_app.py line 30: the tool has no docstring')\n",
            "src/function_app.py could not be loaded: ValueError: function_app.py line 30: the tool has no docstring",
            "Mend it in the file.",
        ),
        (
            "from json import lodas\n",
            "line 1 could not be loaded: ImportError: cannot import name 'lodas' from 'json' (",
            "Mend that line.",
        ),
    ],
)
def test_a_line_that_keeps_an_app_from_loading(tmp_path: Path, code: str, sentence: str, remedy: str) -> None:
    app = tmp_path / "src"
    app.mkdir()
    (app / "tool.py").write_text("def tool(app): ...\n", encoding="utf-8")
    (app / "pages.py").touch()
    error = explain_load_error(_loaded(app, code), app)
    assert error.sentence.startswith("src/function_app.py ")
    assert sentence in error.sentence
    assert "bool" not in error.sentence
    assert error.remedy.startswith(remedy)
