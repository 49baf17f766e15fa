"""`--debug`: a debugger attaches to the process that runs the app, and stays at hand when the app is loaded again."""

import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from host_tests.requirements import shows
from host_tests.servers import Server, refused, running_server
from host_tests.wire.debug_adapter import DebugClient, debug_client
from host_tests.wire.raw_http import call, post
from host_tests.wire.small_app import BEGIN, tool, write, write_app

_ROOT = Path(__file__).resolve().parents[3]
_CODE = (
    BEGIN
    + """@app.mcp_tool()
async def add(first: int, second: int) -> str:
    total = first + second
    return f"the sum is {total}"
"""
)
_LINE = 1 + _CODE.splitlines().index('    return f"the sum is {total}"')


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """A server that goes from test to test, and its app, which each of them may save."""
    folder = tmp_path_factory.mktemp("debugged")
    app = write_app(folder / "app", _CODE)
    with running_server(app, "--debug", "0", storage=None, data=folder / "data") as server:
        yield server, app
        assert server.interrupt() == 0
    assert "Traceback" not in server.output


@pytest.fixture
def app(running: tuple[Server, Path]) -> Path:
    """Its app, in a process of which nobody was the debugger yet."""
    server, app = running
    server.forget()
    write(app / "function_app.py", _CODE)
    server.wait_for("function_app.py changed.")
    server.wait_for("Loaded in")
    return app


@pytest.fixture
def server(running: tuple[Server, Path], app: Path) -> Server:
    return running[0]


def _port(server: Server) -> int:
    found = re.search(r"Debugger: attach to 127\.0\.0\.1:(\d+)", "\n".join(server.lines))
    assert found
    return int(found[1])


def _call(server: Server, name: str, **arguments: object) -> str:
    return post(server.target, call(name, arguments)).event["result"]["content"][0]["text"]


def _stops_and_goes_on(client: DebugClient, server: Server, line: int, variable: str) -> tuple[str, str]:
    """Calls `add`, looks at a variable where the call stops, and returns its value and the answer of the call."""
    with ThreadPoolExecutor() as background:
        answer = background.submit(_call, server, "add", first=2, second=3)
        thread = client.event("stopped")["threadId"]
        frame = client.request("stackTrace", {"threadId": thread})["stackFrames"][0]
        assert (frame["line"], Path(frame["source"]["path"]).name) == (line, "function_app.py")
        value = client.request("evaluate", {"expression": variable, "frameId": frame["id"]})["result"]
        assert not answer.done()
        client.request("continue", {"threadId": thread})
        return value, answer.result(30)


@shows("debug.attach")
def test_a_breakpoint_holds_in_function_app_py_and_the_call_goes_on(server: Server, app: Path) -> None:
    with debug_client(_port(server)) as client:
        client.attach(app / "function_app.py", _LINE)
        assert _stops_and_goes_on(client, server, _LINE, "total") == ("5", "the sum is 5")
    assert _call(server, "add", first=1, second=1) == "the sum is 2", "nobody is attached any more"


@shows("debug.attach")
def test_after_a_reload_the_editor_is_told_to_attach_again_and_the_breakpoint_holds(server: Server, app: Path) -> None:
    with debug_client(_port(server)) as client:
        client.attach(app / "function_app.py", _LINE)
        write(app / "function_app.py", _CODE.replace("the sum", "now it"))
        server.wait_for("Loaded in")
        assert client.event("terminated") == {"restart": True}
        with debug_client(_port(server)) as again:
            again.attach(app / "function_app.py", _LINE)
            assert _stops_and_goes_on(again, server, _LINE, "first") == ("2", "now it is 5")


@shows("debug.attach")
def test_an_editor_that_attaches_while_the_app_is_broken_gets_the_mended_one(server: Server, app: Path) -> None:
    write(app / "function_app.py", "def broken(:\n")
    server.wait_for("could not be loaded")
    with debug_client(_port(server)) as client, ThreadPoolExecutor() as background:
        attached = background.submit(client.attach, app / "function_app.py", _LINE)
        write(app / "function_app.py", _CODE)
        attached.result(30)
        assert _stops_and_goes_on(client, server, _LINE, "second") == ("3", "the sum is 5")


@shows("debug.closed")
def test_a_web_page_cannot_speak_to_the_debugger(running: tuple[Server, Path]) -> None:
    with socket.create_connection(("127.0.0.1", _port(running[0])), timeout=30) as connection:
        connection.sendall(
            b'POST / HTTP/1.1\r\nContent-Length: 70\r\n\r\n{"seq": 1, "type": "request", "command": "initialize"}'
        )
        assert connection.recv(1) == b""


@shows("start.port")
def test_a_debug_port_that_is_taken_is_said(tmp_path: Path) -> None:
    app = write_app(tmp_path / "app", _CODE)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(app, "--debug", str(port), storage=None, data=tmp_path)
    assert said == (
        f"Port {port} is unavailable.\nClose the process using that port, or specify another port using --debug.\n"
    )


@shows("debug.closed")
def test_without_debug_nothing_listens_for_a_debugger(tmp_path: Path) -> None:
    code = BEGIN + "import sys\n" + tool("loaded", "x").replace('"x"', 'str("debugpy" in sys.modules)')
    app = write_app(tmp_path / "app", code)
    with running_server(app, storage=None, data=tmp_path) as server:
        assert _call(server, "loaded") == "False"
