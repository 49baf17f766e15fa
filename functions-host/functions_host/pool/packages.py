"""What Python code can import in an environment: packages of its own, not those of this project.

A PythonLTS session brings hundreds; requirements/python-lts.in names those that are here, unless a person names a list
of their own. They are installed once, while all else is running already, and compiled after that.
"""

import asyncio
import contextlib
import time
from pathlib import Path

from functions_host.console import Console
from functions_host.errors import LocalError, PersonError
from functions_host.pool.bytecode import compile_kernel, compile_packages
from functions_host.python_environment import PackagesError, PythonEnvironment, make_environment, planned_environment

_FOLDER = Path(__file__).with_name("requirements")
_PYTHON_LTS = _FOLDER / "python-lts.txt"
_KERNEL = _FOLDER / "kernel.txt"
_AGAIN_SECONDS = 30  # after a failure: a client that tries four times should not start uv four times


class PackagesMissingError(LocalError):
    """No code can run, because the packages are not there, or not yet. Its text says why."""


class PoolPackages:
    """Installs a list of packages for the environments of a pool; None is that of the platform."""

    def __init__(self, listed: Path | None, cache: Path, console: Console) -> None:
        if listed is not None and not listed.is_file():
            raise PersonError(
                f"{listed}, which --session-pool-packages names, is no file.",
                "Name a requirements file, as pip takes it.",
            )
        self._listed = (listed or _PYTHON_LTS).absolute()
        self._shown = str(listed or "the session pool")
        self._cache = cache
        self._console = console
        self._installing: asyncio.Task[None] | None = None
        self._compiling: asyncio.Task[None] | None = None
        self._began = 0.0
        self.environment: PythonEnvironment = planned_environment([self._listed, _KERNEL], cache)
        """Where they are, or will be."""

    def start(self) -> None:
        """Begins to install them, where they are not there."""
        self._began = time.monotonic()
        self._installing = asyncio.create_task(self._install())

    async def stop(self) -> None:
        """Ends what is under way."""
        tasks = [task for task in (self._installing, self._compiling) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def are_there(self) -> bool:
        """Whether nobody has to wait for them."""
        task = self._installing
        return task is not None and task.done() and not task.cancelled() and task.exception() is None

    async def installed(self, seconds: float | None = None) -> None:
        """Waits until they are there, for so many seconds at most. Raises PackagesMissingError."""
        if self._installing is None or (self._failed and time.monotonic() - self._began > _AGAIN_SECONDS):
            self.start()
        assert self._installing is not None
        await asyncio.wait({self._installing}, timeout=seconds)
        if not self._installing.done():
            waited = time.monotonic() - self._began
            raise PackagesMissingError(
                f"The packages of the session pool are still being installed, for {waited:.0f} s now. That is done once"
            )
        if self._installing.cancelled():
            raise PackagesMissingError("The pool is being stopped")
        error = self._installing.exception()
        if isinstance(error, PersonError):
            raise PackagesMissingError(error.sentence.rstrip("."))
        if error:
            raise error

    @property
    def _failed(self) -> bool:
        task = self._installing
        return task is not None and task.done() and not self.are_there

    async def _install(self) -> None:
        try:
            await make_environment(self._listed, self._cache, self._console, self._shown, also=_KERNEL)
        except PackagesError as error:
            reason = f"The packages of the session pool cannot be installed: {error.reason}"
            self._console.log(f"{reason} Until they are, tools that run code say so.", "red")
            raise PersonError(reason, error.remedy) from error
        except PersonError as error:
            self._console.log(str(error), "red")
            raise
        await compile_kernel(self.environment)
        self._compiling = asyncio.create_task(self._compile())

    async def _compile(self) -> None:
        with contextlib.suppress(OSError):  # a cache that cannot be written: imports take longer
            await compile_packages(self.environment)
