"""Isolation on Linux: bubblewrap (https://github.com/containers/bubblewrap), in namespaces of Linux's kernel."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from functions_host.pool.limits import Limits
from functions_host.pool.network import Connector, EnvironmentNetwork
from functions_host.pool.sandbox import PROBE_SECONDS, Sandbox, base_python, temporary_folder
from functions_host.python_environment import PythonEnvironment

_TEMPORARY = "/tmp"  # noqa: S108  (the environment's own)
_INSIDE = "/mnt/data"  # where the sessions of the platform have their data
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
                probe = [*self._namespaces(), *self._mounts(temporary), "--", base_python(), "-I", "-S", "-c", ""]
                done = subprocess.run(probe, capture_output=True, timeout=PROBE_SECONDS, check=False)
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
