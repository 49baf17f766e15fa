"""Python environments that hold exactly what a requirements file resolves to, made by uv and kept in the cache.

The app runs in one, the code of the session pool in another; the host has its own. Azure's remote build installs an
app's requirements.txt with pip into `.python_packages`, with nothing else beside them
(https://learn.microsoft.com/azure/azure-functions/functions-reference-python#install-python-packages).
"""

import asyncio
import contextlib
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec
import platformdirs
import uv

from functions_host.console import Console
from functions_host.errors import LocalError, PersonError

_INCLUDED = re.compile(r"^\s*(?:-r|--requirement|-c|--constraint)[\s=]*(\S+)", re.MULTILINE)
_LOCAL = re.compile(r"^\s*(?:-e\s*|--editable[\s=]*)?(\.{0,2}/\S*|\.{1,2}$|file:\S+)", re.MULTILINE)
# pip takes no notice of these behind a requirement, and uv refuses the line.
_UNHEEDED = re.compile(
    r"\s+(--pre|--prefer-binary|(?:-i|-f|--(?:index-url|extra-index-url|find-links|no-binary|only-binary|trusted-host))"
    r"[\s=]+\S+)(?=\s|$)"
)
_REQUIREMENT = re.compile(r"^[ \t]*[^\s#-][^#\n]*", re.MULTILINE)
_PRE = re.compile(r"^\s*--pre\s*$", re.MULTILINE)
_NO_NETWORK = re.compile(r"dns error|error sending request|Could not connect|network was disabled|Connection refused")
_POSITION = re.compile(r" in `([^`]+)` at position (\d+)|: ([^\s:]+):(\d+):\d+(?=\.|$)")
_UNUSED_DAYS = 30
_USED = "last-used"
# What would lead uv, or the Python of the environment, to another one.
_OURS = ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "CONDA_PREFIX")


LOCK = "uv.lock"
DEFAULT_CACHE = Path(platformdirs.user_cache_dir("functions-host", appauthor=False))


class UvError(LocalError):
    """uv did not do it. `reason` is a sentence of what it said."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.reason = _reason(output)
        self.is_of_the_network = bool(_NO_NETWORK.search(output))


class PackagesError(PersonError):
    """A requirements file that cannot be installed. `reason` is a sentence of what uv said."""

    def __init__(self, sentence: str, remedy: str, reason: str) -> None:
        super().__init__(sentence, remedy)
        self.reason = reason


class PythonEnvironment(msgspec.Struct, frozen=True):
    """An environment that is complete. `is_new` says that it was made just now, so that there is a network."""

    folder: Path
    is_new: bool = False

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

    @property
    def packages(self) -> Path:
        """The folder of its packages."""
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.folder / ("Lib/site-packages" if sys.platform == "win32" else f"lib/{version}/site-packages")

    def variables(self, environment: dict[str, str]) -> dict[str, str]:
        """Returns `environment` for a process that runs in here: `python` and `pip` are then those of this one."""
        inherited = {name: value for name, value in environment.items() if name not in _OURS}
        path = [str(self.python.parent), *filter(None, [environment.get("PATH")])]
        return inherited | {"VIRTUAL_ENV": str(self.folder), "PATH": os.pathsep.join(path)}


def planned_environment(requirements: Sequence[Path], cache: Path) -> PythonEnvironment:
    """Returns the environment for some requirements files, which may not have been made yet."""
    return PythonEnvironment(cache / "environments" / _key(requirements))


async def make_environment(
    requirements: Path, cache: Path, console: Console, shown: str, also: Path | None = None, *, compiled: bool = False
) -> PythonEnvironment:
    """Returns the environment for a requirements file, made now or kept from an earlier start.

    `shown` names the file to the person, `also` is a file that is installed with it, `compiled` has all packages
    compiled at once, as pip does for Azure, rather than each when it is first imported. A file that is missing is one
    that names nothing. Raises PackagesError for one that does not resolve, and PersonError for a cache that cannot be
    written. What is kept asks no network; what is half made is never used.
    """
    files = [requirements, *([also] if also else [])]
    folder = planned_environment(files, cache).folder
    if (folder / _USED).exists():
        with contextlib.suppress(OSError):  # a cache that has become read-only
            (folder / _USED).touch()
        return PythonEnvironment(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        async with _alone(folder.with_suffix(".lock"), console, shown):
            if not (folder / _USED).exists():  # another start was faster
                _remove_unused(folder.parent)
                await _make(files, folder, console, shown, compiled=compiled)
    except OSError as error:
        raise PersonError(
            f"{folder.parent} cannot hold packages: {error.strerror}.",
            "Name another folder with --cache.",
        ) from None
    return PythonEnvironment(folder, is_new=True)


def _key(requirements: Sequence[Path]) -> str:
    """Returns a name for what a file asks for, on this Python and platform."""
    # The base interpreter, since an environment is only a folder of packages beside it.
    facts = [sys.version, sys.platform, platform.machine(), getattr(sys, "_base_executable", sys.executable)]
    digest = hashlib.sha256("\0".join(facts).encode())
    for file in requirements:
        for content in _contents(file, set()):
            digest.update(b"\0" + content)
    return digest.hexdigest()[:24]


def _contents(file: Path, seen: set[Path]) -> Iterator[bytes]:
    """Yields what a requirements file says, and those it includes; of folders that it names, what they hold."""
    if file in seen or not file.is_file():
        return
    seen.add(file)
    content = file.read_bytes()
    yield content
    text = content.decode("utf-8", "replace")
    for name in _INCLUDED.findall(text):
        yield from _contents((file.parent / name).resolve(), seen)
    for name in _LOCAL.findall(text):
        path = file.parent / name.removeprefix("file:").removeprefix("//")
        # The paths make two apps that name the same folder two environments, the times notice a change.
        yield str(path.resolve()).encode()
        for each in [path, *(path.glob("*.toml") if path.is_dir() else [])]:
            yield str(each.stat().st_mtime_ns if each.exists() else 0).encode()


@contextlib.asynccontextmanager
async def _alone(lock_file: Path, console: Console, shown: str) -> AsyncGenerator[None]:
    """Waits for other starts that make the same environment."""
    from filelock import FileLock, Timeout  # not where nothing is to be made, as at most starts

    lock = FileLock(lock_file, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        console.write(f"Another start installs the packages of {shown}: waiting for it.")
        while not lock.is_locked:
            await asyncio.sleep(0.1)
            with contextlib.suppress(Timeout):
                lock.acquire(timeout=0)
    try:
        yield
    finally:
        lock.release()


async def _make(requirements: Sequence[Path], folder: Path, console: Console, shown: str, *, compiled: bool) -> None:
    began = time.monotonic()
    console.write(f"Installing the packages of {shown}, once ...")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="making-", ignore_cleanup_errors=True) as scratch:
        staging = Path(scratch) / "environment"
        base = getattr(sys, "_base_executable", sys.executable)
        await run_uv(["venv", "--no-project", "--relocatable", "--python", base, str(staging)], console, shown)
        if files := [each for each in requirements if each.is_file()]:
            await _install(files, staging, console, shown, ["--compile-bytecode"] if compiled else [])
        (staging / _USED).touch()
        # Complete or not there at all: whoever starts meanwhile must not find half of it.
        shutil.rmtree(folder, ignore_errors=True)
        staging.rename(folder)
    count = sum(1 for _ in PythonEnvironment(folder).packages.glob("*.dist-info"))
    seconds = time.monotonic() - began
    console.write(f"Installed {count} package{'' if count == 1 else 's'} of {shown} in {seconds:.1f} s.")


async def _install(
    requirements: Sequence[Path], staging: Path, console: Console, shown: str, options: Sequence[str]
) -> None:
    first, *others = requirements
    if first.name == LOCK:
        given = await _pinned(first, console, shown)
    else:
        written = first.read_text(encoding="utf-8", errors="replace")
        heeded = _REQUIREMENT.sub(lambda line: _UNHEEDED.sub("", line[0]), written)
        given = "" if heeded == written else heeded  # else the file itself, so that uv can name its lines
        if _PRE.search(written):  # which uv takes on its command line only
            options = [*options, "--prerelease", "allow"]
    named = [part for each in ("-" if given else first.name, *map(str, others)) for part in ("-r", each)]
    command = ["pip", "install", "--python", str(staging), *options, *named]
    try:
        await run_uv(command, console, shown, first.parent, given)
    except UvError as error:
        if not error.is_of_the_network:
            reason = _POSITION.sub(partial(_line, first.parent), error.reason)
            raise PackagesError(
                f"{shown} cannot be installed: {reason}", f"Mend {shown} and save it.", reason
            ) from None
        try:
            # What was installed before may do.
            await run_uv([*command, "--offline"], console, shown, first.parent, given)
        except UvError:
            raise PackagesError(
                f"The packages of {shown} cannot be installed without a network: {error.reason}",
                "Connect and start again; it is needed only once.",
                f"there is no network: {error.reason}",
            ) from None


async def _pinned(lock: Path, console: Console, shown: str) -> str:
    """Returns what a uv.lock holds, as requirements. Raises PackagesError."""
    try:
        return await run_uv(
            ["export", "--frozen", "--no-emit-project", "--no-header", "--quiet"], console, shown, lock.parent
        )
    except UvError as error:
        raise PackagesError(f"{shown} cannot be read: {error.reason}", "Run uv lock beside it.", error.reason) from None


def _line(folder: Path, position: re.Match[str]) -> str:
    """Returns a place that uv names by its distance from the beginning, or by line and column, as a line."""
    file, distance, line = position[1] or position[3], position[2], position[4]
    if distance:
        with contextlib.suppress(OSError):
            line = (folder / file).read_bytes()[: int(distance)].count(b"\n") + 1
    return f" in line {line} of {file}" if line else position[0]


def unheeded_options(text: str) -> list[str]:
    """Returns the options behind requirements of which pip takes no notice, such as --pre: alone in a line it would."""
    return [option for line in _REQUIREMENT.findall(text) for option in _UNHEEDED.findall(line)]


async def run_uv(
    arguments: list[str], console: Console, shown: str, directory: Path | None = None, given: str = ""
) -> str:
    """Runs uv with `given` as its input, and shows its newest line meanwhile, behind `shown`.

    Returns what it printed. Raises UvError.
    """
    # A session of its own: Ctrl+C at the terminal is for the host, which then ends it.
    child = await asyncio.create_subprocess_exec(
        uv.find_uv_bin(), *arguments, cwd=directory, env=_uv_environment(),
        stdin=subprocess.PIPE if given else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=sys.platform != "win32",
    )  # fmt: skip
    lines: list[str] = []
    try:
        if child.stdin is not None:
            with contextlib.suppress(OSError, RuntimeError):  # it has ended already, and says why below
                child.stdin.write(given.encode())
                child.stdin.close()
        assert child.stdout is not None
        async for line in child.stdout:
            lines.append(line.decode(errors="replace").rstrip())
            console.progress(shown, lines[-1].strip())
        await child.wait()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        raise
    finally:
        console.progress(shown, "")
    if child.returncode != 0:
        raise UvError("\n".join(lines))
    return "\n".join(lines)


def _uv_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    return kept | {"NO_COLOR": "1", "UV_NO_PROGRESS": "1"}


def _reason(output: str) -> str:
    """Returns uv's error and what it says of its causes, as one sentence."""
    said: list[str] = []
    for line in output.splitlines():
        start = re.match(r"\s*(?:error|cause):\s*(.*)", line)
        if start:
            said.append(start[1].strip())
        elif said and re.match(r"\s+\S", line) and len(said) < 3 and "[stderr]" not in line:
            said[-1] += " " + line.strip(" ^")
        elif said:
            break
    sentence = ": ".join(each.rstrip(".:") for each in said[:3] if each) or "uv said nothing"
    return f"{sentence[:500]}."


def _remove_unused(folder: Path) -> None:
    """Removes environments that no start has used for a month: each edit of a requirements file leaves one."""
    for used in folder.glob(f"*/{_USED}"):
        with contextlib.suppress(OSError):
            if time.time() - used.stat().st_mtime > _UNUSED_DAYS * 86_400:
                shutil.rmtree(used.parent, ignore_errors=True)
