"""The package as people get it: its wheel alone, in an empty environment, far from any checkout."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import uv

from host_tests.requirements import shows
from host_tests.servers import Server
from host_tests.wire.raw_http import call, post
from host_tests.wire.small_app import BEGIN, tool, write_app

_PACKAGE = Path(__file__).resolve().parents[2]
_WAITING = Path(__file__).parent.parent / "apps" / "waiting"

pytestmark = pytest.mark.timeout(300)  # its dependencies are installed


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of the wheel, installed with what it depends on and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    _uv("build", "--wheel", "--out-dir", str(folder), str(_PACKAGE), folder=folder)
    (wheel,) = folder.glob("*.whl")
    _uv("venv", "--no-project", "--python", sys.executable, str(folder / "environment"), folder=folder)
    python = folder / "environment" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    _uv("pip", "install", "--python", str(python), str(wheel), folder=folder)
    return python.with_name("functions-host.exe" if sys.platform == "win32" else "functions-host")


def _uv(*arguments: str, folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(
        [uv.find_uv_bin(), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _running(command: Path, folder: Path, data: Path) -> Iterator[Server]:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        [command, "--port", "0", "--no-session-pool", "--data", data],
        cwd=folder, env=environment, text=True, encoding="utf-8",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    server = Server(process)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.interrupt()


@shows("start.package")
def test_it_runs_an_app_in_the_folder_of_the_app_and_one_in_its_parents_src(command: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(_WAITING, tmp_path / "own"))
    (own / "local.settings.json").unlink()  # names a storage that this test does not need
    parent = tmp_path / "parent"
    parent.mkdir()
    write_app(parent / "src", BEGIN + tool("hello", "from src"))
    for folder, said in ((own, "hello"), (parent, "from src")):
        for server in _running(command, folder, tmp_path / "data"):
            assert post(server.target, call("hello")).event["result"]["content"][0]["text"] == said
