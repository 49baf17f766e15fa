"""What code that runs in an environment may see, reach and use.

On the platform every session is a Hyper-V isolated container. Here it is bubblewrap where that works
(https://github.com/containers/bubblewrap), which keeps code from the person's files, processes and variables, but
shares their kernel; and else plain processes, which have the person's rights and are bounded only in what they use.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal
from weakref import WeakKeyDictionary

from functions_host.errors import PersonError
from functions_host.pool import seatbelt
from functions_host.pool.limits import Limits, ProcessTable, Watch
from functions_host.pool.network import Connector, EnvironmentNetwork, choose_connector
from functions_host.python_environment import PythonEnvironment

PACKAGES = ".packages"
"""Where in an environment's folder its own packages are installed."""

_NOT_ISOLATED = "NOT isolated: code that tools run can read and change whatever you can"
_TEMPORARY = "/tmp"  # noqa: S108  (the environment's own)
_INSIDE = "/mnt/data"  # where the sessions of the platform have their data
_PROBE_SECONDS = 10
_LIKE_A_KERNEL = """
import asyncio, hashlib, multiprocessing, os, socket, ssl, subprocess, tempfile, threading
open("file", "w").write(subprocess.run(["/bin/echo", "1"], capture_output=True, text=True, check=True).stdout)
with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
    listener.bind("k")
    listener.listen()
    client.connect("k")
asyncio.run(asyncio.sleep(0))
"""
_SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ssl",
    "/etc/fonts",
)
_NETWORK = ("/etc/hosts", "/etc/nsswitch.conf", "/etc/ca-certificates")


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


class BubblewrapSandbox(Sandbox):
    """Starts them in namespaces of their own, in which nothing of the person's exists but the environment's folder.

    With a connector each environment has a network of its own. With `shares_network` it is that of this machine,
    loopback included: code then reaches servers that listen there, this pool and Azurite among them.
    """

    isolated = True
    is_worth_a_warning = False

    def __init__(
        self,
        environment: PythonEnvironment,
        limits: Limits,
        bubblewrap: str,
        connector: Connector | None = None,
        *,
        shares_network: bool = False,
    ) -> None:
        super().__init__(environment, limits)
        self._bubblewrap = bubblewrap
        self._connector = connector
        self._shares_network = shares_network
        self._networks: dict[Path, asyncio.Task[EnvironmentNetwork]] = {}
        self._first: WeakKeyDictionary[asyncio.subprocess.Process, int] = WeakKeyDictionary()
        if shares_network:
            self.is_worth_a_warning = True
            network = "on this machine's network, as --egress host asks: code reaches all servers of this machine"
        else:
            network = f"with a network by {connector.name}" if connector else "without network"
        self.description = f"isolated by bubblewrap, {network}"

    @property
    def has_network(self) -> bool:
        return self._shares_network or self._connector is not None

    def inside(self, folder: Path) -> str:
        return _INSIDE

    def _temporary(self, folder: Path) -> str:
        return _TEMPORARY

    def kill(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is not None:
            return
        # The first process of a pid namespace takes all others along. Killing bubblewrap would do as well, but for the
        # moment before its --die-with-parent takes effect: then the rest would stay for ever.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._first.get(process, process.pid), signal.SIGKILL)

    async def close(self, folder: Path) -> None:
        await super().close(folder)
        if connecting := self._networks.pop(folder, None):
            connecting.cancel()  # nothing happens if it is connected
            (network,) = await asyncio.gather(connecting, return_exceptions=True)
            if isinstance(network, EnvironmentNetwork):
                await network.stop()

    async def _spawn(self, argv: Sequence[str], folder: Path, options: dict[str, Any]) -> asyncio.subprocess.Process:
        network = await self._network(folder)
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as told, _readable(_resolver_file(network)) as resolver:
            try:
                command = self._command(argv, folder, network, ["--info-fd", str(writing)], resolver)
                variables = self._variables(folder)
                process = await asyncio.create_subprocess_exec(
                    *command, env=variables, **options, pass_fds=[writing, *([resolver] if network else [])]
                )
            finally:
                os.close(writing)
            # JSON, written as soon as the namespaces are there; empty if they could not be made.
            if information := await asyncio.to_thread(told.read):
                self._first[process] = json.loads(information)["child-pid"]
        return process

    async def _network(self, folder: Path) -> EnvironmentNetwork | None:
        """Returns the network of an environment, connected when its first process starts. Raises NetworkError."""
        if self._connector is None:
            return None
        if folder not in self._networks or _has_failed(self._networks[folder]):
            self._networks[folder] = asyncio.create_task(EnvironmentNetwork.start(self._connector))
        return await asyncio.shield(self._networks[folder])

    def _command(
        self,
        argv: Sequence[str],
        folder: Path,
        network: EnvironmentNetwork | None,
        information: list[str],
        resolver: int,
    ) -> list[str]:
        mounts = [*self._mounts(str(temporary_folder(folder))), "--bind", str(folder), _INSIDE]
        if network:
            mounts += ["--ro-bind-data", str(resolver), "/etc/resolv.conf"]
        ready = ["--remount-ro", "/", "--chdir", _INSIDE, "--"]
        enter = network.enter() if network else []
        return [*enter, *self._namespaces(), *information, *mounts, *ready, *self._launch("exec", argv)]

    def _namespaces(self) -> list[str]:
        network = ["--share-net"] if self.has_network else []
        return [self._bubblewrap, "--unshare-all", *network, "--die-with-parent", "--cap-drop", "ALL"]

    def works(self) -> bool:
        """Whether this machine lets bubblewrap make its namespaces."""
        try:
            with tempfile.TemporaryDirectory() as temporary:
                probe = [*self._namespaces(), *self._mounts(temporary), "--", _base_python(), "-I", "-S", "-c", ""]
                done = subprocess.run(probe, capture_output=True, timeout=_PROBE_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0

    def _mounts(self, temporary: str) -> list[str]:
        """Returns a read-only system, the interpreter, and the packages of environments: none of this project's."""
        own = [sys.base_prefix, str(self._environment.folder)]
        network = (*_NETWORK, *(("/etc/resolv.conf",) if self._shares_network else ())) if self.has_network else ()
        shown = [*_SYSTEM, *network, *own]
        binds = [part for path in shown for part in ("--ro-bind-try", path, path)]
        mount = ["--bind", temporary, _TEMPORARY]
        if any(Path(path).is_relative_to(_TEMPORARY) for path in own):
            # Mount points would have to be made within it, where code may have put a link in their way. So there /tmp
            # is empty at each call.
            mount = ["--tmpfs", _TEMPORARY]
        return [*mount, *binds, "--proc", "/proc", "--dev", "/dev"]


class SeatbeltSandbox(Sandbox):
    """Starts them under macOS's Seatbelt, as other agents that run code do: sandbox-exec, with a profile of ours.

    They have the limits of the plain one, and can end no process but their own.
    """

    isolated = True
    is_worth_a_warning = True

    def __init__(self, environment: PythonEnvironment, limits: Limits, *, network: bool) -> None:
        super().__init__(environment, limits)
        self.has_network = network
        reached = "on this machine's network" if network else "without network (--egress host shares this machine's)"
        self.description = f"isolated by Seatbelt, {reached}; that it holds has not been seen on a Mac yet"

    async def _spawn(self, argv: Sequence[str], folder: Path, options: dict[str, Any]) -> asyncio.subprocess.Process:
        inside = [*self._confined([folder, temporary_folder(folder)]), *argv]
        return await super()._spawn(inside, folder, options)

    def _confined(self, own: Sequence[Path]) -> list[str]:
        shown = [Path(sys.base_prefix), self._environment.folder]
        resolved = ([path.resolve() for path in paths] for paths in (own, shown))
        return [seatbelt.SANDBOX_EXEC, "-p", seatbelt.profile(*resolved, network=self.has_network)]

    def works(self) -> bool:
        """Whether this machine runs a program so, which does what a kernel does at its start."""
        try:
            with tempfile.TemporaryDirectory() as temporary:
                probe = [*self._confined([Path(temporary)]), _base_python(), "-I", "-S", "-c", _LIKE_A_KERNEL]
                done = subprocess.run(probe, cwd=temporary, capture_output=True, timeout=_PROBE_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0


type Egress = Literal["own", "host", "none"]
"""What network code has: one of its own, this machine's, or none."""


def choose_sandbox(
    environment: PythonEnvironment,
    isolation: Literal["auto", "required", "none"],
    egress: Egress,
    limits: Limits | None = None,
) -> Sandbox:
    """Returns the best sandbox there is, with the packages of `environment`.

    Raises PersonError if isolation is required and there is none.
    """
    limits = limits or Limits()
    found = shutil.which("bwrap") if isolation != "none" and sys.platform == "linux" else None
    if found and BubblewrapSandbox(environment, limits, found).works():
        return _with_network(environment, limits, found, egress)
    if sys.platform == "darwin" and isolation != "none":
        confined = SeatbeltSandbox(environment, limits, network=egress == "host")
        if confined.works():
            return confined
    why = "it is not allowed to make its namespaces" if found else "it is not installed"
    if isolation == "required":
        raise PersonError(
            f"Code cannot be isolated here, as --isolation required asks: bubblewrap is needed, but {why}.",
            "Install the package bubblewrap (Linux only), or start with --isolation auto to run code without.",
        )
    if egress == "none":
        why = "--isolation none turns it off" if isolation == "none" else why
        raise PersonError(
            f"Code cannot be kept from the network here, as --egress none asks: bubblewrap is needed, but {why}.",
            "Install the package bubblewrap (Linux only), or start without --egress none.",
        )
    return Sandbox(environment, limits, asked_for=isolation == "none")


def _with_network(environment: PythonEnvironment, limits: Limits, bubblewrap: str, egress: Egress) -> Sandbox:
    if egress == "host":
        return BubblewrapSandbox(environment, limits, bubblewrap, shares_network=True)
    connector = choose_connector() if egress == "own" else None
    sandbox = BubblewrapSandbox(environment, limits, bubblewrap, connector)
    if egress == "own" and connector is None:
        sandbox.description += (
            ": install the package passt (or slirp4netns) for one that reaches the internet and not this machine, or "
            "start with --egress host to share this machine's"
        )
        sandbox.is_worth_a_warning = True
    return sandbox


def _resolver_file(network: EnvironmentNetwork | None) -> bytes:
    return f"nameserver {network.resolver}\n".encode() if network else b""


@contextlib.contextmanager
def _readable(content: bytes) -> Generator[int]:
    """Gives a file descriptor from which a few bytes can be read."""
    reading, writing = os.pipe()
    try:
        os.write(writing, content)
        os.close(writing)
        yield reading
    finally:
        os.close(reading)


def _has_failed(connecting: asyncio.Task[EnvironmentNetwork]) -> bool:
    return connecting.done() and (connecting.cancelled() or connecting.exception() is not None)


def temporary_folder(folder: Path) -> Path:
    """Returns where the temporary files of an environment are: beside its folder, out of reach of code that would put a
    link in its place.
    """
    return folder.with_name(f"{folder.name}.tmp")


@cache
def _launcher() -> str:
    return Path(__file__).with_name("launcher.py").read_text(encoding="utf-8")


def _base_python() -> str:
    return getattr(sys, "_base_executable", sys.executable)
