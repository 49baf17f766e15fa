"""`uv run start` as a person meets it: the banner, the log, Ctrl+C, and what it says when something is wrong."""

import json
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host_tests.requirements import shows
from host_tests.servers import (
    SAMPLES,
    Server,
    azurite_connection_string,
    descendants,
    free_port,
    is_alive,
    launch,
    refused,
    running_server,
    wait_until,
)
from host_tests.wire.raw_http import call, post
from host_tests.wire.small_app import BEGIN, tool, write, write_app

type Edit = Callable[[Path], object]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A copy of the samples, to break."""
    return Path(shutil.copytree(SAMPLES, tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__")))


def _write(name: str, text: str) -> Edit:
    return lambda app: (app / name).write_text(text, encoding="utf-8")


def _change(name: str, **members: object) -> Edit:
    def edit(app: Path) -> None:
        file = app / name
        file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | members), encoding="utf-8")

    return edit


def _drop(name: str, member: str) -> Edit:
    def edit(app: Path) -> None:
        settings = json.loads((app / name).read_text(encoding="utf-8"))
        del settings[member]
        (app / name).write_text(json.dumps(settings), encoding="utf-8")

    return edit


@shows("start.banner")
def test_the_banner_names_the_functions_and_where_clients_connect(samples: Server) -> None:
    for line in (
        "\tget_snippet: mcpToolTrigger, tool getsnippet",
        "\thello: mcpToolTrigger, tool hello",
        "\tsave_snippet: mcpToolTrigger, tool savesnippet",
        f"MCP server endpoint:            {samples.target.url}",
        f"MCP server legacy SSE endpoint: {samples.target.url}/sse",
        f"Claude Code: claude mcp add --transport http local-mcp-function {samples.target.url}",
    ):
        assert line in samples.lines


@shows("start.log")
def test_each_call_is_one_line_that_tells_nothing_of_what_was_said(samples: Server) -> None:
    post(samples.target, call("savesnippet", {"snippetname": "named", "snippet": "my private text"}))
    line = samples.wait_for("Executed 'Functions.save_snippet' (Succeeded, tool=savesnippet, Id=")
    assert line.rstrip().endswith("ms)")
    post(samples.target, call("getsnippet", {"snippetname": "named"}), {"x-functions-key": "my private key"})
    samples.wait_for("Executed 'Functions.get_snippet' (Succeeded, tool=getsnippet, Id=")
    assert len(samples.output.splitlines()) == 2
    assert "private" not in samples.output


@shows("start.stop")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)])
def test_a_stop_ends_every_process_and_exits_with_0(tmp_path: Path, how: signal.Signals) -> None:
    with running_server(SAMPLES, storage=azurite_connection_string(free_port()), data=tmp_path) as server:
        group = descendants(server.process.pid)
        assert len(group) == 2, "the worker and Azurite"
        server.process.send_signal(how)
        assert server.ended() == 0, server.output
    assert "Traceback" not in server.output
    assert not [process for process in group if is_alive(process)]


def test_a_setting_that_is_no_address_of_a_session_pool_is_said(storage: str, tmp_path: Path) -> None:
    environment = {"SESSION_POOL_MCP_ENDPOINT": "nonsense"}
    said = refused(SAMPLES, storage=storage, data=tmp_path, environment=environment, session_pool=True)
    assert "SESSION_POOL_MCP_ENDPOINT is not the address of a session pool: 'nonsense'." in said


def test_a_session_pool_that_a_person_names_is_told_also_where_none_is_started(samples: Server) -> None:
    (line,) = (line for line in samples.lines if line.startswith("Session pool: "))
    assert line.startswith("Session pool: http://127.0.0.1:")
    assert line.endswith(", which is not started here (--no-session-pool)")


@shows("start.stop")
def test_ctrl_c_while_it_starts_exits_with_0(app: Path, storage: str, tmp_path: Path) -> None:
    _write("function_app.py", "import time\nprint('importing', flush=True)\ntime.sleep(600)\n")(app)
    server = launch(app, "--port", "0", storage=storage, data=tmp_path)
    server.wait_for("importing")
    assert server.interrupt() == 0, server.output
    assert "Traceback" not in server.output


@shows("start.stop")
def test_when_the_host_is_killed_its_processes_end_too(tmp_path: Path) -> None:
    with running_server(SAMPLES, storage=azurite_connection_string(free_port()), data=tmp_path) as server:
        group = descendants(server.process.pid)
        assert len(group) == 2, "the worker and Azurite"
        server.process.kill()
        assert server.ended() == -signal.SIGKILL  # and nobody holds its output open any more
        deadline = time.monotonic() + 20  # Azurite writes its data down first
        while any(map(is_alive, group)):
            assert time.monotonic() < deadline


@shows("start.port")
def test_a_port_that_is_taken_is_said_with_the_way_out(storage: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = launch(SAMPLES, "--port", str(port), storage=storage, data=tmp_path)
        assert server.ended() == 2
    assert server.lines == [
        f"Port {port} is unavailable.",
        "Close the process using that port, or specify another port using --port [-p].",
    ]


@shows("start.port")
def test_an_address_of_another_machine_is_refused(storage: str, tmp_path: Path) -> None:
    said = refused(SAMPLES, "--address", "192.0.2.1", storage=storage, data=tmp_path)
    assert "The address '192.0.2.1' cannot be listened on" in said


def test_a_storage_port_that_something_else_uses_is_said(tmp_path: Path, storage: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        elsewhere = storage.replace(storage.split("127.0.0.1:")[1].split("/")[0], str(port))
        taken.settimeout(10)
        # In a process of its own: it ends while another is being started, whose handles end with it.
        server = launch(SAMPLES, "--port", "0", storage=elsewhere, data=tmp_path)
        taken.accept()[0].close()
        assert server.ended() == 2
    assert f"Port {port} is in use by something that is not Azurite." in server.output


@shows("start.no-app")
def test_a_folder_that_is_no_app_is_said(storage: str, tmp_path: Path) -> None:
    assert f"There is no host.json in {tmp_path}." in refused(tmp_path, "--no-reload", storage=storage, data=tmp_path)


@shows("start.no-app")
def test_a_folder_that_is_no_app_is_said_before_a_port_that_is_taken_with_the_app_that_is_near(
    app: Path, storage: str, tmp_path: Path
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = refused(docs, "--port", str(taken.getsockname()[1]), storage=storage, data=tmp_path)
    assert said.splitlines() == [
        f"There is no host.json in {docs}.",
        f"There is an app in {app}: start in {tmp_path}, or name the app with --app.",
    ]


@shows("settings.wrong")
@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (_write("host.json", '{"version": "2.0"'), "host.json is not valid JSON"),
        (_write("host.json", "[]"), "host.json does not hold a JSON object."),
        (_drop("host.json", "version"), "The 'version' property of host.json is missing."),
        (_change("host.json", version="3.0"), "The 'version' property of host.json is '3.0'."),
        (_change("host.json", functionTimeout="soon"), "functionTimeout in host.json is 'soon'."),
        (
            _change("host.json", extensions={"mcp": {"system": {"webhookAuthorizationLevel": "Function"}}}),
            "webhookAuthorizationLevel in host.json is 'Function'.",
        ),
        (_write("local.settings.json", "{"), "local.settings.json is not valid JSON"),
        (_drop("local.settings.json", "IsEncrypted"), "has no '\"IsEncrypted\": false'"),
        (_change("local.settings.json", Values={"A": {}}), "The value of 'A' in local.settings.json is not text."),
        (
            _change("local.settings.json", Host={"CORS": "*", "CORSCredentials": True}),
            "Host.CORS in local.settings.json is * and CORSCredentials is true",
        ),
        (_change("local.settings.json", Host={"LocalHttpPort": 1}), "Host.LocalHttpPort in local.settings.json is not"),
        (
            _change("local.settings.json", Values={"FUNCTIONS_WORKER_RUNTIME": "node"}),
            "FUNCTIONS_WORKER_RUNTIME is 'node'",
        ),
    ],
)
def test_settings_that_are_wrong_are_said_with_the_way_out(
    app: Path, storage: str, tmp_path: Path, edit: Edit, said: str
) -> None:
    edit(app)
    assert said in refused(app, "--no-reload", storage=storage, data=tmp_path)


@shows("diagnosis.load-errors")
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def broken(:\n", ["line 1", "def broken(:", "src/function_app.py line 1 could not be loaded: SyntaxError"]),
        (
            "import azure.functions\nimport nowhere_to_be_found\n",
            ["line 2", "src/function_app.py line 2 needs 'nowhere_to_be_found'", "to src/requirements.txt and save it"],
        ),
        ("replies.x\n", ["NameError: name 'replies' is not defined\nWrite `import replies` at the top of the file."]),
        ("import replies\nreplies.missing\n", ["line 2", "replies.missing", "AttributeError"]),
    ],
)
def test_an_app_that_does_not_load_is_explained_by_its_own_lines(
    app: Path, storage: str, tmp_path: Path, code: str, said: list[str]
) -> None:
    _write("function_app.py", code)(app)
    output = refused(app, "--no-reload", storage=storage, data=tmp_path)
    for each in said:
        assert each in output
    assert "azure_functions_runtime" not in output


@shows("start.no-app")
def test_a_folder_without_function_app_py_is_said(app: Path, storage: str, tmp_path: Path) -> None:
    (app / "function_app.py").unlink()
    assert "There is no function_app.py in" in refused(app, "--no-reload", storage=storage, data=tmp_path)
    (app / "page").mkdir()
    (app / "page" / "function.json").write_text("{}")
    said = refused(app, "--no-reload", storage=storage, data=tmp_path)
    assert "src holds functions of the programming model v1, each with a function.json, which do not run here." in said


@shows("tools.duplicate")
def test_two_tools_of_one_name_are_said(app: Path, storage: str, tmp_path: Path) -> None:
    file = app / "function_app.py"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('tool_name="hello"', 'tool_name="GetSnippet"'), encoding="utf-8")
    assert "Tool with name 'GetSnippet' is already registered." in refused(
        app, "--no-reload", storage=storage, data=tmp_path
    )


_ODD = """
import logging, os, threading

logging.warning("logged at import")
print("seen", *map(os.environ.get, ("FROM_FILE", "FROM_BOTH", "A_BOOL")), flush=True)

@app.event_grid_trigger(arg_name="e")
def web(e: func.EventGridEvent) -> None:
    pass

@app.mcp_tool_trigger(arg_name="context", tool_name="read", description="")
@app.blob_input(arg_name="file", path="files/b", connection="AzureWebJobsStorage")
def read(context: str, file: str) -> str:
    return file

"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of an app without storage, of which some functions cannot run, one is disabled, and one logs."""
    folder = tmp_path_factory.mktemp("odd")
    in_thread = "threading.Thread(target=logging.info, args=('logged in a thread',))"
    logs = f"    logging.info('logged in a call')\n    thread = {in_thread}\n    thread.start()\n    thread.join()\n"
    speak = tool("speak", "x").replace("    return", f"{logs}    return")
    app = write_app(folder / "app", BEGIN + _ODD + "\n".join((tool("hello", "hello"), tool("off", "off"), speak)))
    values = {"FUNCTIONS_WORKER_RUNTIME": "python", "FROM_FILE": "file", "FROM_BOTH": "file", "A_BOOL": True}
    write(app / "local.settings.json", {"IsEncrypted": False, "Values": values})
    (app / "function_app.py").rename(app / "main.py")
    environment = {
        "AzureWebJobs.off.Disabled": "true",
        "FROM_BOTH": "environment",
        "PYTHON_SCRIPT_FILE_NAME": "main.py",
    }
    with running_server(app, storage=None, data=folder / "data", environment=environment) as server:
        yield server


@shows("bindings.not-modelled")
def test_a_function_that_cannot_run_here_is_named_and_the_others_run(odd: Server) -> None:
    assert "web: eventGridTrigger, not run here: there is no Event Grid here" in odd.output
    assert post(odd.target, call("hello")).event["result"]["content"][0]["text"] == "hello"


@shows("start.disabled")
def test_a_disabled_function_is_not_served(odd: Server) -> None:
    assert "\tFunction off is disabled." in odd.lines
    assert post(odd.target, call("off")).event["error"]["message"] == "Unknown tool: 'off'"


@shows("storage.unreachable")
def test_without_a_storage_setting_tools_that_need_none_work(odd: Server) -> None:
    assert "app/local.settings.json names no storage (AzureWebJobsStorage): what needs it fails." in odd.output
    assert "Storage: " not in odd.output
    assert "isError" not in post(odd.target, call("hello")).event["result"]
    assert post(odd.target, call("read")).event["result"]["isError"] is True
    odd.wait_for("Storage account connection string 'AzureWebJobsAzureWebJobsStorage' does not exist.")


@shows("start.app-log")
def test_what_the_app_prints_is_shown_and_what_it_logs_during_a_call(odd: Server) -> None:
    assert "seen " in odd.output
    post(odd.target, call("speak"))
    odd.wait_for("logged in a call")
    odd.wait_for("logged in a thread")
    assert "logged at import" not in odd.output


@shows("settings.values")
def test_settings_reach_the_app_and_the_environment_wins(odd: Server) -> None:
    assert "seen file environment True" in odd.output
    assert "Skipping 'FROM_BOTH' from local settings as it's already defined" in odd.output


@shows("start.inspect")
def test_when_the_host_is_killed_inspector_ends_too(storage: str, tmp_path: Path) -> None:
    with running_server(
        SAMPLES, "--inspect", storage=storage, data=tmp_path, environment={"BROWSER": "true"}
    ) as server:
        group = descendants(server.process.pid)
        server.process.kill()
        server.ended()  # and nobody holds its output open any more
        wait_until(lambda: not any(map(is_alive, group)))
