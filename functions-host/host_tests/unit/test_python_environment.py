"""Environments from requirements files: which are made, which are kept, and what is told of a file that is wrong."""

import asyncio
import hashlib
import io
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import watchfiles
from functions_host.app.packages import AppPackages, packages_file
from functions_host.console import Console
from functions_host.errors import PersonError
from functions_host.python_environment import PythonEnvironment, make_environment, run_uv, unheeded_options

from host_tests.requirements import shows
from host_tests.servers import free_port
from host_tests.wheels import wheel

pytestmark = pytest.mark.anyio


class _Files:
    """A requirements file beside some wheels, and a cache of its own."""

    def __init__(self, folder: Path) -> None:
        self.cache = folder / "cache"
        self.app = folder / "app"
        self.wheels = self.app / "wheels"
        self.app.mkdir()
        self._shown = io.StringIO()
        self._console = Console(self._shown)
        wheel(self.wheels, "thing", "1.0")
        wheel(self.wheels, "thing", "2.0")
        wheel(self.wheels, "other", "1.0", "thing<2")

    async def make(self, *lines: str) -> PythonEnvironment:
        self.write("requirements.txt", "--no-index", "--find-links ./wheels", *lines)
        return await self.again()

    async def again(self) -> PythonEnvironment:
        requirements = self.app / "requirements.txt"
        return await make_environment(requirements, self.cache, self._console, "app/requirements.txt")

    async def install(self) -> tuple[str, list[str]]:
        """Installs what Azure would, and returns the version of thing and what is told."""
        told: list[str] = []
        packages = AppPackages(self.app, self.cache, self._console, told.append, packages_file(self.app))
        return _version(await packages.install()), told

    def write(self, name: str, *lines: str) -> None:
        (self.app / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    @property
    def shown(self) -> str:
        self._console.flush()
        return self._shown.getvalue()

    @property
    def made(self) -> list[Path]:
        return [each for each in (self.cache / "environments").iterdir() if each.is_dir()]


@pytest.fixture
def files(tmp_path: Path) -> _Files:
    return _Files(tmp_path)


def _version(environment: PythonEnvironment, package: str = "thing") -> str:
    code = f"import {package}; print({package}.version)"
    done = subprocess.run([environment.python, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    return done.stdout.strip()


@contextmanager
def _serving(folder: Path) -> Generator[str]:
    """An index of one folder, until it is out of reach."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@shows("packages.exact")
async def test_an_environment_holds_what_the_file_resolves_to_and_nothing_else(files: _Files) -> None:
    environment = await files.make("other")
    assert _version(environment) == "1.0"
    assert sorted(each.name for each in environment.packages.glob("*.dist-info")) == [
        "other-1.0.dist-info", "thing-1.0.dist-info",
    ]  # fmt: skip


@shows("packages.kept")
async def test_one_that_is_there_is_used_without_a_word_and_without_its_index(files: _Files) -> None:
    first = await files.make("thing==1.0")
    said = files.shown
    assert "Installing the packages of app/requirements.txt, once" in said
    assert "Installed 1 package of app/requirements.txt in" in said
    for each in files.wheels.iterdir():
        each.unlink()
    again = await files.again()
    assert (again.folder, again.is_new, files.shown) == (first.folder, False, said)


@shows("packages.kept")
async def test_other_requirements_make_another_one(files: _Files) -> None:
    assert _version(await files.make("thing==1.0")) == "1.0"
    assert _version(await files.make("thing==2.0")) == "2.0"


async def test_a_file_that_is_included_counts_like_the_file_itself(files: _Files) -> None:
    files.write("more.txt", "thing==1.0")
    assert _version(await files.make("-r more.txt")) == "1.0"
    files.write("more.txt", "thing==2.0")
    assert _version(await files.again()) == "2.0"
    files.write("limits.txt", "thing<2")
    assert _version(await files.make("thing", "-c limits.txt")) == "1.0"


async def test_markers_and_hashes_are_as_pip_reads_them(files: _Files) -> None:
    environment = await files.make("thing==1.0; python_version >= '3'", "other; python_version < '3'")
    assert [each.name for each in environment.packages.glob("*.dist-info")] == ["thing-1.0.dist-info"]
    digest = hashlib.sha256((files.wheels / "thing-1.0-py3-none-any.whl").read_bytes()).hexdigest()
    assert _version(await files.make(f"thing==1.0 --hash=sha256:{digest}")) == "1.0"
    with pytest.raises(PersonError, match="Hash mismatch"):
        await files.make(f"thing==1.0 --hash=sha256:{'0' * 64}")


@shows("packages.pip-options")
async def test_options_behind_a_package_go_unheeded_as_by_pip_and_pre_in_a_line_of_its_own_does_not(
    files: _Files,
) -> None:
    wheel(files.wheels, "thing", "3.0b1")
    lines = ["# other --pre", "thing --pre --index-url https://nowhere.invalid/simple  # the newest"]
    assert _version(await files.make(*lines)) == "2.0"
    assert unheeded_options("\n".join(lines)) == ["--pre", "--index-url https://nowhere.invalid/simple"]
    assert _version(await files.make("--pre", "thing")) == "3.0b1"


@shows("packages.lock")
async def test_without_requirements_a_lock_names_the_packages_and_an_old_one_is_told(files: _Files) -> None:
    def depend_on(*packages: str) -> None:
        project = f'[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.13"\ndependencies = {[*packages]}'
        files.write("pyproject.toml", project, '[tool.uv]\nno-index = true\nfind-links = ["wheels"]')

    assert packages_file(files.app) is None
    depend_on("thing<2")
    await run_uv(["lock"], Console(io.StringIO()), "uv", files.app)
    assert await files.install() == ("1.0", [])
    depend_on("thing<2", "other")
    (files.app / "uv.lock").write_text((files.app / "uv.lock").read_text() + "\n")  # so that it is installed anew
    version, (warned,) = await files.install()
    assert (version, warned.startswith("app/uv.lock is not what pyproject.toml asks for")) == ("1.0", True)
    files.write("requirements.txt", "--no-index", "--find-links ./wheels", "thing")
    assert await files.install() == ("2.0", [])


async def test_an_address_of_a_wheel_is_installed_and_once_more_from_the_cache_where_it_cannot_be_reached(
    files: _Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with _serving(files.wheels) as url:
        wheel_there = f"thing @ {url}/thing-1.0-py3-none-any.whl"
        assert _version(await files.make(wheel_there)) == "1.0"
    assert _version(await files.make(wheel_there, "# another file, so another environment")) == "1.0"


async def test_a_file_that_is_missing_or_empty_names_nothing(files: _Files) -> None:
    environment = await files.again()
    assert list(environment.packages.glob("*.dist-info")) == []
    files.write("requirements.txt")
    assert list((await files.again()).packages.glob("*.dist-info")) == []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["# ö", "", "thing===bad==1"], "parse requirement in line 5 of requirements.txt: expected version to start"),
        (["thing", "--nope"], "expected '-c', '-e', '-r' or the start of a requirement in line 4 of requirements.txt."),
        (
            ["thing", "-r wrong.txt"],
            "included file in line 4 of requirements.txt: Couldn't parse requirement in line 2",
        ),
        (["nowhere-to-be-found"], "nowhere-to-be-found was not found"),
        (["thing==9"], "no version of thing==9"),
        (["other", "thing==2.0"], "other"),
        (["-r nowhere.txt"], "nowhere.txt"),
        (["-e ."], "does not appear to be a Python project"),
        (["./nowhere-1.0-py3-none-any.whl"], "nowhere-1.0-py3-none-any.whl"),
    ],
)
async def test_a_file_that_is_wrong_is_told_in_a_sentence_and_leaves_nothing_behind(
    files: _Files, lines: list[str], said: str
) -> None:
    files.write("wrong.txt", "other", "thing = 1")
    with pytest.raises(PersonError) as refused:
        await files.make(*lines)
    assert refused.value.sentence.startswith("app/requirements.txt cannot be installed: ")
    assert said in refused.value.sentence
    assert "\n" not in refused.value.sentence
    assert refused.value.remedy == "Mend app/requirements.txt and save it."
    assert files.made == []


async def test_without_a_network_the_network_is_named(files: _Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")  # uv would try again for some seconds
    files.write("requirements.txt", f"thing @ http://127.0.0.1:{free_port()}/thing-1.0-py3-none-any.whl")
    with pytest.raises(PersonError, match="cannot be installed without a network") as refused:
        await files.again()
    assert refused.value.remedy == "Connect and start again; it is needed only once."


async def test_an_install_that_was_interrupted_is_never_used(files: _Files) -> None:
    making = asyncio.create_task(files.make("thing==1.0"))
    async for changes in watchfiles.awatch(files.cache.parent, step=1, debounce=1):
        if any("making-" in path for _, path in changes):
            break
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert files.made == []
    assert _version(await files.make("thing==1.0")) == "1.0"


async def test_two_starts_at_once_make_one_and_both_have_it(files: _Files) -> None:
    files.write("requirements.txt", "--no-index", "--find-links ./wheels", "thing==1.0")
    one, two = await asyncio.gather(files.again(), files.again())
    assert one.folder == two.folder
    assert len(files.made) == 1
    assert "Another start installs the packages of app/requirements.txt: waiting for it." in files.shown


async def test_a_cache_that_cannot_be_written_is_told_in_a_sentence(files: _Files) -> None:
    files.cache.write_text("a file where a folder should be")
    with pytest.raises(PersonError, match="cannot hold packages") as refused:
        await files.make("thing")
    assert refused.value.remedy == "Name another folder with --cache."


async def test_a_uv_that_ends_at_once_is_no_failure() -> None:
    uvloop = pytest.importorskip("uvloop", reason="the host runs on it where it is")
    console = Console(io.StringIO())

    async def often() -> None:
        for _ in range(5):
            await asyncio.gather(*(run_uv(["--version"], console, "uv") for _ in range(4)))

    await asyncio.to_thread(uvloop.run, often())
