"""What happens when a file of the app is saved: new calls run the new code, those under way end in the old."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from host_tests.requirements import shows
from host_tests.servers import Server, descendants, is_alive, refused, running_server
from host_tests.wire.raw_http import call, open_stream, post, request
from host_tests.wire.small_app import BEGIN, tool, write, write_app

_BROKEN = "def broken(:\n"
_WAIT = """
import os, time
from pathlib import Path

@app.mcp_tool_trigger(arg_name="context", tool_name="wait", description="")
def wait(context: str) -> str:
    print(f"waiting in process {os.getpid()}", flush=True)
    while not Path("go").exists():
        time.sleep(0.01)
    return "the end of the code before"
"""
_HANGS = "import time\nprint('importing', flush=True)\ntime.sleep(600)\n"


@dataclass(frozen=True)
class _Served:
    """A server that goes from test to test, each of which saves its app."""

    server: Server
    app: Path
    files: dict[str, str]
    """What the app begins each test as."""

    def begin(self) -> None:
        for name, text in self.files.items():
            file = self.app / name
            if not file.exists() or file.read_text(encoding="utf-8") != text:
                self.server.forget()
                write(file, text)
                self.server.wait_for(f"{name} changed.")
                self.server.wait_for("Loaded in")
        (self.app / "go").unlink(missing_ok=True)
        self.server.forget()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Served]:
    folder = tmp_path_factory.mktemp("served")
    app = write_app(folder / "app", BEGIN + tool("hello", "one"))
    for ignored in (".venv/lib", "__pycache__"):
        (app / ignored).mkdir(parents=True)
    files = {file.name: file.read_text(encoding="utf-8") for file in app.iterdir() if file.is_file()}
    with running_server(app, storage=None, data=folder / "data") as server:
        yield _Served(server, app, files)


@pytest.fixture
def app(served: _Served) -> Path:
    served.begin()
    return served.app


@pytest.fixture
def server(served: _Served, app: Path) -> Server:
    """The server of `app`, which a test may leave in whatever state, but running."""
    return served.server


@pytest.fixture
def own_app(tmp_path: Path) -> Path:
    """An app that no server runs yet."""
    return write_app(tmp_path / "app", BEGIN + tool("hello", "one"))


@pytest.fixture
def own_server(own_app: Path, tmp_path: Path) -> Iterator[Server]:
    """A server of `own_app`, to end or to look at its processes."""
    with running_server(own_app, storage=None, data=tmp_path / "data") as running:
        yield running


@pytest.fixture
def background() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as executor:
        yield executor


def _answer(server: Server, name: str) -> dict[str, Any]:
    return post(server.target, call(name)).event["result"]


def _text(server: Server, name: str = "hello") -> str:
    return _answer(server, name)["content"][0]["text"]


def _tools(server: Server) -> list[str]:
    return [each["name"] for each in post(server.target, request("tools/list")).event["result"]["tools"]]


def _save(server: Server, app: Path, code: str) -> None:
    """Saves function_app.py and waits until it is loaded."""
    write(app / "function_app.py", code)
    server.wait_for("Loaded in")


def _ends(process_id: int) -> None:
    deadline = time.monotonic() + 20
    while is_alive(process_id):
        assert time.monotonic() < deadline


@shows("reload.files", "reload.calls-wait")
def test_a_saved_change_is_what_the_next_call_runs(server: Server, app: Path) -> None:
    assert _text(server) == "one"
    write(app / "function_app.py", BEGIN + tool("hello", "two") + tool("more", "more"))
    server.wait_for("function_app.py changed. Loading the app again.")
    assert _text(server) == "two", "a call that comes while the app is loaded waits for it"
    server.wait_for("2 functions.")
    server.wait_for("\tmore: mcpToolTrigger, tool more")
    assert _tools(server) == ["hello", "more"]


@shows("reload.files")
def test_a_module_that_the_app_imports_is_loaded_again_too(server: Server, app: Path) -> None:
    (app / "words").mkdir()
    write(app / "words" / "said.py", "WORD = 'first'\n")
    _save(server, app, BEGIN + "from words import said\n" + tool("hello", "x").replace('"x"', "said.WORD"))
    assert _text(server) == "first"
    write(app / "words" / "said.py", "WORD = 'second'\n")
    server.wait_for("words/said.py changed.")
    assert _text(server) == "second"


@shows("reload.calls-under-way")
def test_a_call_under_way_ends_in_the_code_that_it_began_in(
    server: Server, app: Path, background: ThreadPoolExecutor
) -> None:
    _save(server, app, BEGIN + _WAIT + tool("hello", "one"))
    waiting = background.submit(_text, server, "wait")
    process_id = int(server.wait_for("waiting in process").split()[-1])
    write(app / "function_app.py", BEGIN + tool("hello", "two"))
    server.wait_for("1 call under way")
    server.wait_for("Loaded in")
    assert _text(server) == "two"
    assert not waiting.done()
    assert is_alive(process_id)
    write(app / "go", "")
    assert waiting.result(20) == "the end of the code before"
    _ends(process_id)


@shows("reload.calls-under-way")
def test_a_call_under_way_ends_even_where_the_new_code_does_not_load(
    server: Server, app: Path, background: ThreadPoolExecutor
) -> None:
    _save(server, app, BEGIN + _WAIT)
    waiting = background.submit(_text, server, "wait")
    server.wait_for("waiting in process")
    write(app / "function_app.py", _BROKEN)
    server.wait_for("could not be loaded")
    write(app / "go", "")
    assert waiting.result(20) == "the end of the code before"


@shows("worker.timeout")
def test_a_call_under_way_in_the_code_before_is_still_bound_by_function_timeout(
    own_app: Path, tmp_path: Path, background: ThreadPoolExecutor
) -> None:
    write(own_app / "function_app.py", BEGIN + _WAIT)
    short = {"AzureFunctionsJobHost__functionTimeout": "00:00:03"}
    with running_server(own_app, storage=None, data=tmp_path, environment=short) as server:
        waiting = background.submit(_answer, server, "wait")
        process_id = int(server.wait_for("waiting in process").split()[-1])
        _save(server, own_app, BEGIN + tool("hello", "two"))
        assert _text(server) == "two"
        assert waiting.result(20)["isError"] is True
        server.wait_for("Timeout value of 00:00:03 was exceeded")
        _ends(process_id)
        assert _text(server) == "two"
    assert "Starting it again" not in server.output


@shows("reload.broken")
def test_while_the_app_does_not_load_calls_say_why_and_the_next_save_mends_it(server: Server, app: Path) -> None:
    write(app / "function_app.py", _BROKEN)
    server.wait_for("could not be loaded")
    refused = _answer(server, "hello")
    assert refused["isError"] is True
    assert "app/function_app.py line 1 could not be loaded: SyntaxError" in refused["content"][0]["text"]
    assert _tools(server) == ["hello"], "clients keep their list"
    _save(server, app, BEGIN + tool("hello", "two"))
    assert _text(server) == "two"


@shows("reload.broken")
def test_an_app_that_is_broken_at_start_is_waited_for(own_app: Path, tmp_path: Path) -> None:
    write(own_app / "function_app.py", _BROKEN)
    with running_server(own_app, storage=None, data=tmp_path) as server:
        assert "app/function_app.py line 1 could not be loaded: SyntaxError" in server.output
        assert "Traceback" not in server.output
        assert _tools(server) == []
        assert "could not be loaded" in _text(server)
        _save(server, own_app, BEGIN + tool("hello", "two"))
        assert _text(server) == "two"


@shows("reload.calls-under-way")
def test_a_stream_stays_open_and_speaks_to_the_new_code(server: Server, app: Path) -> None:
    with open_stream(server.target) as stream:
        _save(server, app, BEGIN + tool("hello", "two"))
        stream.post(call("hello"))
        assert stream.next_message()["result"]["content"][0]["text"] == "two"


@shows("reload.calls-wait")
def test_an_import_that_hangs_is_given_up_when_the_file_is_saved_again(
    server: Server, app: Path, background: ThreadPoolExecutor
) -> None:
    write(app / "function_app.py", _HANGS)
    server.wait_for("importing")
    waiting = background.submit(_text, server)
    _save(server, app, BEGIN + tool("hello", "two"))
    assert waiting.result(20) == "two"


@shows("reload.settings")
def test_settings_are_read_again(server: Server, app: Path) -> None:
    show = "f\"{__import__('os').environ.get('WORD')}\""
    _save(server, app, BEGIN + tool("hello", "x").replace('"x"', show))
    assert _text(server) == "None"
    write(app / "local.settings.json", {"IsEncrypted": False, "Values": {"WORD": "set", "NOTHING": None}})
    server.wait_for("local.settings.json changed.")
    assert _text(server) == "set"
    server.wait_for("Skipping 'NOTHING' because value is null")
    write(app / "host.json", {"version": "2.0", "extensions": {"mcp": {"serverName": "renamed"}}})
    server.wait_for("host.json changed.")
    assert post(server.target, request("initialize")).event["result"]["serverInfo"]["name"] == "renamed"


@shows("reload.settings")
def test_a_storage_that_changed_is_said_to_need_a_start(server: Server, app: Path) -> None:
    write(app / "local.settings.json", {"IsEncrypted": False, "Values": {"AzureWebJobsStorage": "another"}})
    server.wait_for("AzureWebJobsStorage changed: stop and start again")


@shows("reload.files")
def test_what_editors_and_python_leave_behind_is_not_noticed(server: Server, app: Path) -> None:
    for name in (
        ".venv/lib/x.py",
        "__pycache__/x.py",
        ".x.py",
        ".x.py.swp",
        "function_app.py~",
        "4913",
        "notes.md",
    ):
        (app / name).write_text("", encoding="utf-8")
    _save(server, app, BEGIN + tool("hello", "two"))
    assert [line.split("Z] ")[1] for line in server.output.splitlines() if "Loading" in line] == [
        "function_app.py changed. Loading the app again."
    ]


@shows("reload.files")
def test_files_that_host_json_names_are_noticed(own_app: Path, tmp_path: Path) -> None:
    write(own_app / "host.json", {"version": "2.0", "watchFiles": ["prompt.txt"], "watchDirectories": ["shared"]})
    (own_app / "shared").mkdir()
    with running_server(own_app, storage=None, data=tmp_path) as server:
        write(own_app / "prompt.txt", "new")
        server.wait_for("prompt.txt changed.")
        write(own_app / "shared" / "data.csv", "new")
        server.wait_for("shared/data.csv changed.")


@shows("reload.files")
def test_files_saved_together_load_the_app_once(server: Server, app: Path) -> None:
    for number in range(20):
        write(app / f"module{number}.py", "")
    _save(server, app, BEGIN + tool("hello", "two"))
    assert _text(server) == "two"
    assert server.output.count("Loading the app again.") == 1


@shows("reload.leaks")
def test_many_saves_leave_neither_processes_nor_open_files_behind(own_server: Server, own_app: Path) -> None:
    def counted() -> tuple[int, int]:
        process_id = own_server.process.pid
        return len(descendants(process_id)), len(list(Path(f"/proc/{process_id}/fd").iterdir()))

    _text(own_server)
    before = counted()
    for number in range(6):
        write(own_app / "function_app.py", _BROKEN if number % 3 == 1 else BEGIN + tool("hello", "two"))
        own_server.wait_for("could not be loaded" if number % 3 == 1 else "Loaded in")
        _text(own_server)
    deadline = time.monotonic() + 20
    while any(now > then for now, then in zip(counted(), before, strict=True)):
        assert time.monotonic() < deadline, (counted(), before)


@shows("reload.off")
def test_with_no_reload_a_save_changes_nothing(server: Server, app: Path, tmp_path: Path) -> None:
    with running_server(app, "--no-reload", storage=None, data=tmp_path) as fixed:
        _save(server, app, BEGIN + tool("hello", "two"))
        assert (_text(server), _text(fixed)) == ("two", "one")


@shows("start.stop")
@pytest.mark.parametrize("code", [_BROKEN, _HANGS])
def test_ctrl_c_ends_what_the_reload_left_running(
    own_server: Server, own_app: Path, background: ThreadPoolExecutor, code: str
) -> None:
    _save(own_server, own_app, BEGIN + _WAIT)
    waiting = background.submit(post, own_server.target, call("wait"))
    process_id = int(own_server.wait_for("waiting in process").split()[-1])
    write(own_app / "function_app.py", code)
    own_server.wait_for("importing" if code == _HANGS else "could not be loaded")
    assert own_server.interrupt() == 0, own_server.output
    waiting.exception(20)
    assert not is_alive(process_id)
    assert "Traceback" not in own_server.output


@shows("reload.broken")
def test_an_app_that_vanished_is_said_and_comes_back(server: Server, app: Path) -> None:
    (app / "function_app.py").unlink()
    server.wait_for("There is no function_app.py in")
    _save(server, app, BEGIN + tool("hello", "two"))
    assert _text(server) == "two"


@shows("settings.wrong")
def test_settings_that_are_wrong_end_the_start_because_the_storage_follows_from_them(
    own_app: Path, tmp_path: Path
) -> None:
    write(own_app / "local.settings.json", "{")
    assert "local.settings.json is not valid JSON" in refused(own_app, storage=None, data=tmp_path)
