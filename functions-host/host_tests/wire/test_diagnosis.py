"""What the terminal says of an app with a mistake in it: what is wrong, and what to do. Then the next save mends it."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from host_tests.requirements import shows
from host_tests.servers import Server, running_server
from host_tests.wire.raw_http import call, post
from host_tests.wire.small_app import BEGIN, tool, write, write_app

_GOOD = BEGIN + tool("hello", "hello")
_HELLO = '@app.mcp_tool_trigger(arg_name="context", tool_name="hello", description="")\n'
_BLOB_IN = '@app.blob_input(arg_name="file", path="a/b", connection="AzureWebJobsStorage"{})\n'
_BLOB_OUT = '@app.blob_output(arg_name="file", path="a/b", connection="AzureWebJobsStorage")\n'
_BODY = "    return 'x'\n"
_FUNCTION = "def hello(context: str) -> str:\n" + _BODY
_BUNDLE = "Microsoft.Azure.Functions.ExtensionBundle"


def _with_file(annotation: str) -> str:
    return f"def hello(context: str, file: {annotation}) -> str:\n{_BODY}"


@dataclass(frozen=True)
class Workshop:
    """A server that stays while its app is broken and mended again and again."""

    server: Server
    app: Path

    def mend(self) -> None:
        write_app(self.app, _GOOD)
        self.server.wait_for("Loaded in")
        answer = post(self.server.target, call("hello")).event
        assert answer["result"] == {"content": [{"type": "text", "text": "hello"}]}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    folder = tmp_path_factory.mktemp("workshop")
    app = write_app(folder / "app", _GOOD)
    with running_server(app, storage=None, data=folder / "data") as server:
        yield Workshop(server, app)
        assert server.interrupt() == 0
    assert "azure_functions_runtime" not in server.output
    assert "Traceback" not in server.output


@shows("tools.duplicate", "diagnosis.load-errors")
@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "def broken(:\n",
            [
                "line 1",
                "def broken(:",
                "app/function_app.py line 1 could not be loaded: SyntaxError",
                "Mend that line.",
            ],
        ),
        (
            BEGIN + "  x = 1\n",
            ["function_app.py line 6 could not be loaded: IndentationError: unexpected indent", "Mend that line."],
        ),
        (
            BEGIN + "Name = Annotated[str, 'a name']\n",
            ["name 'Annotated' is not defined", "Write `from typing import Annotated` at the top of the file."],
        ),
        (
            "import nowhere_to_be_found\n",
            [
                "app/function_app.py line 1 needs 'nowhere_to_be_found', which nothing in app/requirements.txt brings.",
                "Add nowhere-to-be-found to app/requirements.txt and save it; if 'nowhere_to_be_found' is a file of",
            ],
        ),
        (
            BEGIN + "def tool(app): ...\n\n@app.tool()\ndef hello() -> str:\n" + _BODY,
            [
                "line 8 could not be loaded: AttributeError: 'FunctionApp' object has no attribute 'tool'",
                "Write @tool(app), which is in function_app.py. A FunctionApp has .mcp_tool, .mcp_tool_property and",
            ],
        ),
        (
            "import function_ap\n",
            [
                "app/function_app.py line 1 imports 'function_ap', which is not there.",
                "There is a app/function_app.py: mend the name.",
            ],
        ),
        (
            "import sys\n",
            [
                "Could not find top level function app instances in function_app.py.",
                "Write `app = func.FunctionApp()` at the top level of the file",
            ],
        ),
        (
            _GOOD + "other = func.FunctionApp()\n",
            [
                "More than one FunctionApp",
                "Keep one of 'app' (line 3) and 'other' (line 9); functions of other files go on a func.Blueprint()",
            ],
        ),
        (
            _GOOD + tool("other", "x", function="hello"),
            [
                "app/function_app.py line 7 could not be loaded: ValueError: Function hello does not have a unique",
                "Rename one of the functions 'hello' (function_app.py line 7, function_app.py line 10), or",
            ],
        ),
        (
            BEGIN + _BLOB_IN.format("") + "def hello(file: str) -> str:\n" + _BODY,
            ["Function hello does not have a trigger.", "Give 'hello' a trigger, such as @app.mcp_tool_trigger"],
        ),
        (
            BEGIN + _HELLO + _HELLO + _FUNCTION,
            ["line 6", "A trigger was already registered", "A function has one trigger: write a second function"],
        ),
        (
            BEGIN + _BLOB_IN.format("") + "@app.mcp_tool()\ndef hello(file: str) -> str:\n" + _BODY,
            ["cannot load the hello function: Extra parameters", "with @app.mcp_tool(), write that above all other"],
        ),
        (
            BEGIN + _HELLO + "def hello(contxt: str) -> str:\n" + _BODY,
            ["are declared in Python but not", "Each parameter of 'hello' is the arg_name of a decorator"],
        ),
        (
            BEGIN + _HELLO.replace('"context"', '"other"') + "def hello(context: str) -> str:\n" + _BODY,
            ["expected to be of type azure.functions.Context", 'write arg_name="context" there'],
        ),
        (
            BEGIN + _HELLO + _BLOB_OUT + _with_file("str"),
            ['declared to have the "out" direction', "Annotate it as func.Out[str] or func.Out[bytes]."],
        ),
        (
            BEGIN + _HELLO + _BLOB_IN.format("") + _with_file("func.Out[str]"),
            ['declared to have the "in" direction', "Declare it with an output decorator"],
        ),
        (
            BEGIN + _HELLO + _BLOB_IN.format(', data_type="BINRY"') + _with_file("bytes"),
            ["line 7", "Can not parse str 'BINRY' to DataType", "'BINRY' is no dataType: write func.DataType.STRING"],
        ),
        (
            BEGIN + _HELLO + "def hello(context: int) -> str:\n" + _BODY,
            ["Python type annotation int", "Annotate the parameter of an MCP trigger as str"],
        ),
        (
            BEGIN + tool("hello", "x") + tool("HELLO", "y", function="other"),
            [
                "the function 'other' (function_app.py line 10): Tool with name 'HELLO' is already registered.",
                "Give it another name than the tool of 'hello' has (function_app.py line 7): they are compared without",
            ],
        ),
        ("import os\nos._exit(3)\n", ["the worker process ended while it loaded the app", "Run 'python function_app"]),
    ],
)
def test_an_app_that_does_not_load(workshop: Workshop, code: str, said: list[str]) -> None:
    write(workshop.app / "function_app.py", code)
    for each in said:
        workshop.server.wait_for(each)
    workshop.server.wait_for("Save a file to load the app again.")


@shows("diagnosis.load-errors")
def test_the_next_save_mends_an_app_that_does_not_load(workshop: Workshop) -> None:
    for code in ("def broken(:\n", "import os\nos._exit(3)\n"):
        write(workshop.app / "function_app.py", code)
        workshop.server.wait_for("Save a file to load the app again.")
        workshop.mend()


@shows("tools.in-error", "tools.names-unchecked", "bindings.names", "diagnosis.advice")
@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            BEGIN + _HELLO + "def _hello(context: str) -> str:\n" + _BODY,
            "The '_hello' function is in error: '_hello' is not a valid function name. Begin it with a letter",
        ),
        (
            BEGIN + _HELLO.replace('"context"', '"my__context"') + "def hello(my__context: str) -> str:\n" + _BODY,
            "The binding name 'my__context' is invalid. Please assign a valid name to the binding: letters, digits and",
        ),
        (
            BEGIN + _HELLO.replace('description=""', 'data_type="BINARY", description=""') + _FUNCTION,
            "is in error: dataType BINARY of the mcpToolTrigger 'context' fails every call. Remove it.",
        ),
        (
            BEGIN + _HELLO.replace(', description=""', "") + _FUNCTION,
            "Can't figure out which ctor to call. The mcpToolTrigger has no description.",
        ),
        (
            BEGIN + tool("my tool", "x", function="hello"),
            "The tool name 'my tool' of the function 'hello' works here and in Azure, but many clients refuse it",
        ),
        (
            BEGIN
            + '@app.mcp_tool()\n@app.blob_input(arg_name="file", path="notes/{mcptoolargs.name}.txt", connection="S")\n'
            + "def hello(name: str, file: str) -> str:\n"
            + _BODY,
            "Who calls chooses the blob of 'file' of 'hello' (notes/{mcptoolargs.name}.txt), in every container",
        ),
        (
            "from __future__ import annotations\n" + BEGIN + "@app.mcp_tool()\ndef hello() -> str:\n" + _BODY,
            "function_app.py line 1: `from __future__ import annotations` turns every type into text",
        ),
        (
            BEGIN
            + '@app.mcp_tool_property(arg_name="name", description="")\n@app.mcp_tool()\ndef hello(name: str) -> str:\n'
            + _BODY,
            "@app.mcp_tool_property stands above @app.mcp_tool of 'hello' and is ignored. Write @app.mcp_tool() above",
        ),
        (
            BEGIN + "@app.mcp_tool\ndef hello() -> str:\n" + _BODY,
            "@app.mcp_tool of 'hello' has no parentheses, so that there is no such function for the host.",
        ),
        (
            BEGIN + "@app.mcp_tool()\n" + _BLOB_IN.format("") + "def hello(name: str) -> str:\n" + _BODY,
            "@app.blob_input of 'hello' is for the argument 'file', which the function does not have.",
        ),
        (
            BEGIN + _HELLO + _BLOB_IN.format("") + _with_file("bytes"),
            "'file' of 'hello' is annotated as bytes and will be a str, because the blob has no dataType.",
        ),
        (
            BEGIN + _HELLO + _BLOB_IN.format(", data_type=func.DataType.BINARY") + _with_file("str"),
            "'file' of 'hello' is annotated as str and will be bytes, because the blob has the dataType BINARY.",
        ),
        (
            BEGIN + _HELLO + _BLOB_IN.format(', data_type="STREAM"') + _with_file("func.InputStream"),
            "The blob 'file' of the function 'hello' has the dataType STREAM, with which the host sends nothing",
        ),
    ],
)
def test_an_app_that_loads_and_does_not_do_what_was_meant(workshop: Workshop, code: str, said: str) -> None:
    write(workshop.app / "function_app.py", code)
    workshop.server.wait_for(said)


@shows("diagnosis.missing-functions")
def test_functions_that_the_app_does_not_have_are_named(workshop: Workshop) -> None:
    """One save for all of them: an app that is made twice, a Blueprint too late or not at all, a file too many."""
    blueprint = "import azure.functions as func\n\n{0} = func.Blueprint()\n\n\n"
    write(workshop.app / "pages.py", (blueprint.format("pages") + tool("about", "x")).replace("@app", "@pages"))
    write(workshop.app / "my-tools.py", (blueprint.format("bp") + tool("mine", "x")).replace("@app", "@bp"))
    late = tool("soon", "x").replace("@app", "@bp") + "app.register_functions(bp)\n"
    late += tool("late", "x").replace("@app", "@bp")
    code = _GOOD + "import pages\n" + "app = func.FunctionApp()\n" + tool("other", "y") + "bp = func.Blueprint()\n"
    write(workshop.app / "function_app.py", code + late)
    for said in (
        "Loaded in",
        "function_app.py line 7: 'hello' is declared on another FunctionApp than the one that is served, so that it is "
        "not there, here or in Azure. Keep one `app = func.FunctionApp()` above all functions.",
        "pages.py line 7: 'about' is declared on a Blueprint that nothing registers, so that it is not there, here or "
        "in Azure. Write `app.register_functions(pages.pages)` in function_app.py.",
        "function_app.py line 20: 'late' is declared on a Blueprint that has been registered before, so that it is not "
        "there, here or in Azure. Move `app.register_functions(bp)` below all of its functions.",
        "my-tools.py line 7: 'mine' is in a file that function_app.py does not import, so that it is not there, here "
        "or in Azure. Give it a name that can be imported, my_tools.py, and write `import my_tools` and "
        "`app.register_functions(my_tools.bp)` in function_app.py.",
    ):
        workshop.server.wait_for(said)
    for name in ("pages.py", "my-tools.py"):
        (workshop.app / name).unlink()
    workshop.mend()


@shows("settings.wrong")
@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("host.json", '{"version": "2.0",', ["host.json is not valid JSON", "Mend that line."]),
        ("host.json", {}, ["The 'version' property of host.json is missing.", 'Set "version": "2.0"']),
        ("host.json", {"version": "2.0", "watchFiles": "x"}, ["watchFiles in host.json is not a list of names."]),
        ("local.settings.json", {"Values": {}}, ["has no '\"IsEncrypted\": false'", 'Add "IsEncrypted": false']),
    ],
)
def test_settings_that_are_wrong(workshop: Workshop, file: str, content: object, said: list[str]) -> None:
    write(workshop.app / file, content)
    for each in said:
        workshop.server.wait_for(each)
    workshop.server.wait_for("Save a file to load the app again.")
    workshop.mend()


@shows("settings.bundle")
@pytest.mark.parametrize(
    ("host", "said"),
    [
        ({"version": "2.0"}, "host.json has no extensionBundle. Nothing here needs one, but Azure and func do"),
        (
            {"version": "2.0", "extensionBundle": {"id": _BUNDLE, "version": "[3.*, 4.0.0)"}},
            "The extensionBundle [3.*, 4.0.0) in host.json is too old to hold the MCP extension: write",
        ),
    ],
)
def test_a_bundle_with_which_azure_could_not_run_the_app(workshop: Workshop, host: object, said: str) -> None:
    write(workshop.app / "function_app.py", _GOOD)
    write(workshop.app / "host.json", host)
    workshop.server.wait_for(said)
    workshop.server.wait_for("Loaded in")
    workshop.mend()


_BLOCKING = """
import time
from pathlib import Path

def until_it_may_go_on():
    while not Path("go").exists():
        time.sleep(0.01)
    return "went on"

"""


@shows("diagnosis.blocking")
def test_a_function_that_blocks_the_event_loop_is_named_with_its_line(workshop: Workshop) -> None:
    code = BEGIN + _BLOCKING + "@app.mcp_tool()\ndef block() -> str:\n    return until_it_may_go_on()\n"
    write(workshop.app / "function_app.py", code)
    workshop.server.wait_for("Loaded in")
    with ThreadPoolExecutor() as background:
        answer = background.submit(post, workshop.server.target, call("block"))
        try:
            line = workshop.server.wait_for("holds up every other call: it blocks the worker's event loop.")
        finally:
            write(workshop.app / "go", "")
        assert re.search(r"function_app\.py line 1\d, in until_it_may_go_on, ", line)
        assert "leave out async: the worker runs a plain def in a thread, unless @app.mcp_tool declares it" in line
        assert answer.result(20).event["result"]["content"][0]["text"] == "went on"
    (workshop.app / "go").unlink()
    workshop.mend()


@shows("diagnosis.blocking")
def test_an_app_that_does_not_come_to_its_end_is_named_with_its_line(workshop: Workshop) -> None:
    write(workshop.app / "function_app.py", BEGIN + _BLOCKING + "until_it_may_go_on()\n")
    try:
        line = workshop.server.wait_for("is still at work after 5 seconds: the app is loaded when")
    finally:
        write(workshop.app / "go", "")
    assert re.search(r"function_app\.py line 1\d, in until_it_may_go_on, ", line)
    workshop.server.wait_for("Loaded in")
    (workshop.app / "go").unlink()
    workshop.mend()


@shows("diagnosis.blocking")
def test_a_pool_whose_threads_all_wait_is_said_and_the_calls_run_when_one_is_free(workshop: Workshop) -> None:
    code = BEGIN + _BLOCKING + _HELLO + "def hello(context: str) -> str:\n    return until_it_may_go_on()\n"
    write(workshop.app / "local.settings.json", {"IsEncrypted": False, "Values": {"PYTHON_THREADPOOL_THREAD_COUNT": 2}})
    write(workshop.app / "function_app.py", code)
    workshop.server.wait_for("Loaded in")
    with ThreadPoolExecutor() as background:
        answers = [background.submit(post, workshop.server.target, call("hello")) for _ in range(3)]
        try:
            workshop.server.wait_for("Every thread of the worker is busy")
        finally:
            write(workshop.app / "go", "")
        for answer in answers:
            assert answer.result(20).event["result"]["content"][0]["text"] == "went on"
    (workshop.app / "go").unlink()
    workshop.mend()
