"""The packages of an app: exactly what its requirements.txt, or else its uv.lock, resolves to, as in Azure.

https://learn.microsoft.com/azure/azure-functions/functions-reference-python#package-management, and for the lock the
remote build: Oryx, src/BuildScriptGenerator/Python/PythonBashBuildSnippet.sh.tpl.
"""

import re
import sys
from collections.abc import Callable
from importlib.metadata import Distribution, distributions
from pathlib import Path

from functions_host.console import Console
from functions_host.python_environment import (
    LOCK,
    PythonEnvironment,
    UvError,
    make_environment,
    run_uv,
    unheeded_options,
)

_DEPLOYED_PYTHON = "3.13"
_DEPLOYED_PLATFORM = "x86_64-manylinux_2_28"
_INDEX_OPTION = re.compile(r"^\s*(?:-i|--index-url|--extra-index-url|-f|--find-links|--no-index)\b.*$", re.MULTILINE)


class AppPackages:
    """Installs the packages of an app below `cache`. `warn` hears what Azure could not do."""

    def __init__(
        self,
        app_directory: Path,
        cache: Path,
        console: Console,
        warn: Callable[[str], None],
        file: Path | None = None,
    ) -> None:
        self._requirements = file or app_directory / "requirements.txt"
        self._shown = f"{app_directory.name}/{self._requirements.name}"
        self._cache = cache
        self._console = console
        self._warn = warn

    async def install(self) -> PythonEnvironment:
        """Returns the environment, made anew where the file has changed. Raises PersonError if it cannot be."""
        if not self._requirements.is_file():
            has_project = (self._requirements.parent / "pyproject.toml").is_file()
            mend = " For a pyproject.toml to count, run uv lock beside it." if has_project else ""
            self._warn(
                f"There is no {self._shown}: the app has azure-functions, and no other package, as in Azure.{mend}"
            )
        for option in unheeded_options(self._text()):
            self._warn(
                f"{self._shown}: pip, with which Azure installs, takes no notice of '{option}' behind a package, and "
                "nor does this host. Write it in a line of its own, or remove it."
            )
        environment = await make_environment(self._requirements, self._cache, self._console, self._shown, compiled=True)
        if environment.is_new and self._requirements.name == LOCK:
            await self._warn_of_an_old_lock()
        if environment.is_new:
            await self._warn_of_what_azure_would_compile(environment)
        return environment

    async def _warn_of_an_old_lock(self) -> None:
        try:
            await run_uv(["lock", "--check"], self._console, self._shown, self._requirements.parent)
        except UvError as error:
            if not error.is_of_the_network:
                self._warn(
                    f"{self._shown} is not what pyproject.toml asks for, so that the remote build of Azure refuses it: "
                    f"{error.reason} Run uv lock."
                )

    async def _warn_of_what_azure_would_compile(self, environment: PythonEnvironment) -> None:
        """Asks the package index whether what is not pure Python is there for the Linux of Azure."""
        compiled = [each for each in distributions(path=[str(environment.packages)]) if not _is_pure(each)]
        pins = [f"{each.name}=={each.version}" for each in compiled]
        if not pins or await self._has_wheels(pins):
            return
        for pin in pins:
            if not await self._has_wheels([pin]):
                self._warn(
                    f"{pin} has no wheel for Linux and Python {_DEPLOYED_PYTHON}, so the remote build of Azure would "
                    f"have to compile it, and has a minute: name another version in {self._shown}."
                )

    async def _has_wheels(self, pins: list[str]) -> bool:
        # With a Python named, since uv would look for one on the path, and try to download it where there is none.
        target = ["--python", sys.executable, "--python-platform", _DEPLOYED_PLATFORM]
        target += ["--python-version", _DEPLOYED_PYTHON]
        try:
            await run_uv(
                ["pip", "compile", "-", "--no-deps", "--no-header", "--only-binary", ":all:", *target],
                self._console,
                self._shown,
                self._requirements.parent,
                given="\n".join([*self._index_options(), *pins]),
            )
        except UvError as error:
            return error.is_of_the_network  # then nothing is known
        return True

    def _index_options(self) -> list[str]:
        """Returns the lines of the requirements that say where packages are."""
        return _INDEX_OPTION.findall(self._text())

    def _text(self) -> str:
        """Returns what the requirements file says; nothing where it is missing, or a lock."""
        is_read = self._requirements.is_file() and self._requirements.name != LOCK
        return self._requirements.read_text(encoding="utf-8", errors="replace") if is_read else ""


def packages_file(app_directory: Path) -> Path | None:
    """Returns the file from which Azure's remote build installs the packages of an app, None if there is none."""
    requirements, lock = app_directory / "requirements.txt", app_directory / LOCK
    if requirements.is_file():
        return requirements
    return lock if lock.is_file() and (app_directory / "pyproject.toml").is_file() else None


def _is_pure(distribution: Distribution) -> bool:
    return "root-is-purelib: true" in (distribution.read_text("WHEEL") or "").lower()
