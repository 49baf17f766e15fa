"""How the processes of an environment are started and ended, and what they may use.

Here without isolation; bubblewrap.py and seatbelt.py bring it, and isolation.py chooses what this machine has.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from functions_host.pool.limits import Limits, ProcessTable, Watch
from functions_host.python_environment import PythonEnvironment

PACKAGES = ".packages"
"""Where in an environment's folder its own packages are installed."""
PROBE_SECONDS = 10
"""For the program that shows whether a kind of isolation works here."""

_NOT_ISOLATED = "NOT isolated: code that tools run can read and change whatever you can"


class Sandbox:
    """Starts the processes of environments without isolation: clean variables, own folder and group, limits.

    The code can read what the person can. Limits do not hold on Windows, which has no `resource` module.
    """

    isolated = False
    has_network = True
    is_worth_a_warning = True
    """Whether its description says of something that a person may not expect."""
    description = f"{_NOT_ISOLATED}. Install bubblewrap."

    def __init__(self, environment: PythonEnvironment, limits: Limits, *, asked_for: bool = False) -> None:
        self._environment = environment
        self._limits = limits
        self._processes = ProcessTable()
        self._watches: dict[Path, Watch] = {}
        self._excesses: WeakKeyDictionary[asyncio.subprocess.Process, str] = WeakKeyDictionary()
        if asked_for:
            self.description = f"{_NOT_ISOLATED}, as --isolation none asks."

    @property
    def python(self) -> str:
        """The interpreter that has the packages of environments."""
        return str(self._environment.python)

    def inside(self, folder: Path) -> str:
        """Returns the path of an environment's folder as its processes see it."""
        return str(folder)

    async def start(
        self, argv: Sequence[str], folder: Path, *, stdin: Any = None, stdout: Any = None, stderr: Any = None
    ) -> asyncio.subprocess.Process:
        """Starts a program in an environment's folder. Ask `kill` to end it and what it started."""
        group: dict[str, Any] = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
            if sys.platform == "win32"
            else {"start_new_session": True}  # without the person's terminal, too, into which code could type
        )
        temporary_folder(folder).mkdir(exist_ok=True)
        options = group | {"cwd": folder, "stdin": stdin, "stdout": stdout, "stderr": stderr}
        starting = asyncio.create_task(self._spawn(argv, folder, options))
        try:
            process = await asyncio.shield(starting)
        except asyncio.CancelledError:
            # asyncio can wait for ever where it is cancelled before it has connected the pipes of a process, so the
            # start comes to its end first.
            self.kill(await starting)
            raise
        if folder not in self._watches:
            own = [folder, temporary_folder(folder)]
            self._watches[folder] = Watch(own, self._limits, self._processes, self._end_excess)
        self._watches[folder].add(process)
        return process

    def excess_of(self, process: asyncio.subprocess.Process) -> str:
        """Returns a sentence on the limit for which a process was ended, or an empty string."""
        return self._excesses.get(process, "")

    def _end_excess(self, process: asyncio.subprocess.Process, sentence: str) -> None:
        self._excesses[process] = sentence
        self.kill(process)

    async def close(self, folder: Path) -> None:
        """Gives back what an environment had beside its folder, whose processes have ended."""
        self._watches.pop(folder, None)

    def kill(self, process: asyncio.subprocess.Process) -> None:
        """Ends a process and everything it started."""
        with contextlib.suppress(ProcessLookupError):
            process.terminate()  # its launcher then ends all that descend from it

    async def _spawn(self, argv: Sequence[str], folder: Path, options: dict[str, Any]) -> asyncio.subprocess.Process:
        command = list(argv) if sys.platform == "win32" else self._launch(str(os.getpid()), argv)
        return await asyncio.create_subprocess_exec(*command, env=self._variables(folder), **options)

    def _launch(self, role: str, argv: Sequence[str]) -> list[str]:
        return [self.python, "-I", "-S", "-c", _launcher(), role, self._limits.for_launcher(), *argv]

    def _temporary(self, folder: Path) -> str:
        return str(temporary_folder(folder))

    def _variables(self, folder: Path) -> dict[str, str]:
        home = self.inside(folder)
        variables = {"HOME": home, "LANG": "C.UTF-8", "PATH": self._path(), "PYTHONDONTWRITEBYTECODE": "1"}
        variables |= {"TMPDIR": self._temporary(folder)}
        # `%pip install` goes into the environment: what is below is everybody's.
        packages = f"{home}/{PACKAGES}"
        variables |= {"PIP_TARGET": packages, "PIP_NO_CACHE_DIR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        variables |= {"PIP_PROGRESS_BAR": "off"}
        variables |= {"PYTHONPATH": packages, "NO_COLOR": "1", "TERM": "dumb"}
        if sys.platform == "win32":
            variables |= {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP") if name in os.environ}
        return variables

    def _path(self) -> str:
        return os.pathsep.join([str(self._environment.python.parent), "/usr/local/bin", "/usr/bin", "/bin"])


def temporary_folder(folder: Path) -> Path:
    """Returns where the temporary files of an environment are: beside its folder, out of reach of code that would put a
    link in its place.
    """
    return folder.with_name(f"{folder.name}.tmp")


def base_python() -> str:
    """Returns the interpreter behind that of an environment, which every sandbox shows."""
    return getattr(sys, "_base_executable", sys.executable)


@cache
def _launcher() -> str:
    return Path(__file__).with_name("launcher.py").read_text(encoding="utf-8")
