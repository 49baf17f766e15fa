"""What code can import in an environment, and what is told while that is being installed."""

import asyncio
import io
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from functions_host.console import Console
from functions_host.errors import PersonError
from functions_host.pool import mcp_endpoint, packages
from functions_host.pool.pool import PoolOptions, SessionPool

from host_tests.pool.clients import RUN_PYTHON, PoolClient, new_id, running_pool
from host_tests.wheels import wheel

pytestmark = pytest.mark.anyio
_LISTS = Path(packages.__file__).with_name("requirements")


async def test_nothing_of_the_hosts_own_packages_is_there(pool: PoolClient, shared: str) -> None:
    code = "import importlib.util as u; [n for n in ('functions_host', 'uvicorn', 'mcp', 'pytest') if u.find_spec(n)]"
    assert (await pool.python(shared, code))["executionResult"] == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs bubblewrap")
async def test_the_hosts_environment_is_not_even_seen(pool: PoolClient, shared: str) -> None:
    if not pool.pool.sandbox.isolated:
        pytest.skip("bubblewrap is not installed, or not allowed to make namespaces")
    code = f"import os; os.path.exists({sys.prefix!r} + '/lib')"
    assert (await pool.python(shared, code))["executionResult"] is False


@dataclass
class _SlowIndex:
    """An index of packages that answers when it is told to."""

    address: str
    asked: asyncio.Event
    answers: asyncio.Event


@asynccontextmanager
async def _slow_index() -> AsyncGenerator[_SlowIndex]:
    index = _SlowIndex("", asyncio.Event(), asyncio.Event())

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")  # what is left unread would have the answer thrown away with the connection
        index.asked.set()
        await index.answers.wait()
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    index.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/simple"
    try:
        yield index
    finally:
        index.answers.set()
        server.close()


async def test_a_call_that_comes_before_the_packages_waits_and_is_told_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mcp_endpoint, "_PACKAGES_SECONDS", 0.2)
    shown = io.StringIO()
    console = Console(shown)
    async with _slow_index() as index:
        listed = tmp_path / "list.txt"
        listed.write_text(f"--index-url {index.address}\nno-such-package\n", encoding="utf-8")
        options = PoolOptions(port=0, packages=listed, cache=tmp_path / "cache")
        async with running_pool(options, console) as pool:
            waiting = await pool.call(RUN_PYTHON, environmentId=new_id(), pythonCode="print(1)")
            assert waiting.status_code == 503
            assert "packages of the session pool are still being installed" in waiting.json()["error"]["message"]
            monkeypatch.setattr(mcp_endpoint, "_PACKAGES_SECONDS", 40)
            index.answers.set()
            failed = (await pool.call(RUN_PYTHON, environmentId=new_id(), pythonCode="print(1)")).json()
            assert "packages of the session pool cannot be installed" in failed["error"]["message"]
            assert "no-such-package" in failed["error"]["message"]
    console.flush()
    assert f"{RUN_PYTHON} waits for the packages" in shown.getvalue()
    assert "cannot be installed" in shown.getvalue()


async def test_a_list_of_ones_own_is_what_can_be_imported_and_the_first_call_says_that_it_waited(
    tmp_path: Path,
) -> None:
    wheel(tmp_path / "wheels", "thing", "1.0")
    listed = tmp_path / "list.txt"
    listed.write_text("./wheels/thing-1.0-py3-none-any.whl\n", encoding="utf-8")
    async with running_pool(PoolOptions(port=0, packages=listed, cache=tmp_path / "cache")) as pool:
        environment = new_id()
        first = await pool.python(environment, "import thing")
        assert re.match(r"\(This waited \d+ s for the packages", first["stderr"]), first
        assert len(first["stderr"].splitlines()) == 1
        assert not (await pool.python(environment, "import thing"))["stderr"]


async def test_a_list_that_is_not_there_is_said_at_the_start() -> None:
    with pytest.raises(PersonError, match=r"nowhere\.txt, which --session-pool-packages names, is no file"):
        await SessionPool(PoolOptions(port=0, packages=Path("nowhere.txt")), Console()).start()


def test_all_that_agents_expect_is_pinned_with_its_hashes() -> None:
    named = [re.split(r"[<>=~ ]", line)[0] for line in _read("python-lts.in").splitlines()]
    pins = re.findall(r"^([\w.-]+)==(.*)\\\n    --hash=sha256:", _read("python-lts.txt"), re.MULTILINE)
    assert {name for name, _ in pins} >= {name for name in named if name and not name.startswith("#")}
    assert len(pins) == len(re.findall(r"^\S", _read("python-lts.txt"), re.MULTILINE))


def _read(name: str) -> str:
    return (_LISTS / name).read_text(encoding="utf-8")
