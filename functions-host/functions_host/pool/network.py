"""A network for each environment that reaches the internet and not this machine.

A session of the platform reaches the internet and nothing else
(https://learn.microsoft.com/azure/container-apps/sessions#network). Code that shared this machine's network would reach
every server on 127.0.0.1: Azurite, whose key is public, and this pool. So each environment has a network namespace,
connected by pasta (https://passt.top) or slirp4netns (https://github.com/rootless-containers/slirp4netns), programs
that need no rights. Both can lead back to this machine: that is turned off, and its addresses lead nowhere. What stands
beside this machine in its network can be reached, as from here.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from functions_host.errors import LocalError

_SECONDS = 15
_METADATA = "169.254.169.254"  # where virtual machines of clouds hand out their identity


class NetworkError(LocalError):
    """An environment got no network."""


@dataclass(frozen=True)
class Connector:
    """A program that connects a network namespace."""

    name: str
    argv: Sequence[str]
    """PID stands for a process in the namespace."""
    resolver: str
    """The address at which it answers what the resolver of this machine knows."""


def _pasta(program: str) -> Connector:
    # Nothing is forwarded to a port of this machine, the gateway is not this machine, and IPv6 is off. As root it would
    # become another user, who may not enter the namespace.
    user = ["--runas", "0"] if os.getuid() == 0 else []
    closed = ["-t", "none", "-u", "none", "-T", "none", "-U", "none", "--no-map-gw"]
    resolver = "169.254.1.53"
    argv = [program, "--foreground", "--quiet", *user, "--config-net", "-4", *closed, "--dns-forward", resolver, "PID"]
    return Connector("pasta", argv, resolver)


def _slirp4netns(program: str) -> Connector:
    argv = [program, "--configure", "--mtu=65520", "--disable-host-loopback", "PID", "tap0"]
    return Connector("slirp4netns", argv, "10.0.2.3")


CONNECTORS: dict[str, Callable[[str], Connector]] = {"pasta": _pasta, "slirp4netns": _slirp4netns}


def choose_connector(names: Iterable[str] = CONNECTORS) -> Connector | None:
    """Returns the first that is installed and works here; None if there is none."""
    if sys.platform != "linux" or not shutil.which("nsenter"):
        return None
    for name in names:
        connector = CONNECTORS[name]
        program = shutil.which(name)
        if program and _works(connector(program)):
            return connector(program)
    return None


def _works(connector: Connector) -> bool:
    try:
        done = subprocess.run(_holder_command(connector), stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=_SECONDS, check=False)  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.strip().isdigit()


class EnvironmentNetwork:
    """The network of one environment."""

    def __init__(self, process: asyncio.subprocess.Process, process_id: int, resolver: str) -> None:
        self._process = process
        self._process_id = process_id
        self.resolver = resolver
        """The address of its resolver of names."""

    @classmethod
    async def start(cls, connector: Connector) -> "EnvironmentNetwork":
        """Connects a network for one environment. Raises NetworkError."""
        process = await asyncio.create_subprocess_exec(
            *_holder_command(connector), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), _SECONDS)
        except TimeoutError:
            line = b""
        except BaseException:
            await _ended(process)
            raise
        if not line.strip().isdigit():
            await _ended(process)
            raise NetworkError(f"The environment got no network: {connector.name} did not connect one.")
        return cls(process, int(line), connector.resolver)

    def enter(self) -> list[str]:
        """Returns the beginning of a command that runs in this network."""
        return ["nsenter", "--target", str(self._process_id), "--user", "--net", "--preserve-credentials"]

    async def stop(self) -> None:
        """Ends it; processes that are still in it have no way out any more."""
        await _ended(self._process)


async def _ended(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.close()  # the holder then ends what it has started
    try:
        await asyncio.wait_for(process.wait(), _SECONDS)
    except TimeoutError:
        process.kill()


def _holder_command(connector: Connector) -> list[str]:
    python = getattr(sys, "_base_executable", sys.executable)
    return [python, "-I", "-S", "-c", _holder(), json.dumps(_addresses_of_this_machine()), *connector.argv]


def _addresses_of_this_machine() -> list[str]:
    addresses = [each for interface in psutil.net_if_addrs().values() for each in interface]
    return sorted({_METADATA} | {each.address for each in addresses if each.family == socket.AF_INET})


@cache
def _holder() -> str:
    return Path(__file__).with_name("network_holder.py").read_text(encoding="utf-8")
