"""The programs that are measured side by side, and those that they need: how each is started, weighed and stopped."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil  # pyright: ignore[reportMissingModuleSource]  (only the group `bench` has it)

from host_tests.benchmarks.cores import staying_on
from host_tests.benchmarks.measurement import ROOT
from host_tests.servers import free_port

_START_SECONDS = 240  # the first start of a fresh clone installs Azurite
_STOP_SECONDS = 20
_MIB = 2**20


@dataclass(frozen=True)
class Program:
    """A server. `arguments` are for Python; {port} and {data} are filled in."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Folders:
    """Where programs keep what they store, and where what they write on the terminal goes."""

    data: Path
    logs: Path


class StartError(Exception):
    """A program did not start. The message has the end of what it wrote."""


class ProcessTree:
    """A process with all that it has started."""

    def __init__(self, process_id: int) -> None:
        self._root = psutil.Process(process_id)

    def memory(self) -> float:
        """Returns the resident memory in MiB, summed over the processes."""
        return sum(self._each(lambda process: process.memory_info().rss)) / _MIB

    def cpu_seconds(self) -> float:
        """Returns how long they have kept a core busy, and those of them that have ended."""
        times = self._each(lambda process: process.cpu_times())
        ended = [getattr(each, "children_user", 0.0) + getattr(each, "children_system", 0.0) for each in times]
        return sum(each.user + each.system for each in times) + sum(ended)

    def _each[T](self, value: Callable[[psutil.Process], T]) -> list[T]:
        values: list[T] = []
        for process in (self._root, *self._root.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
                values.append(value(process))
        return values


class Server:
    """A running program that has a port."""

    def __init__(self, name: str, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.port = port
        self.tree = ProcessTree(process.pid)
        self._process = process
        self._log = log

    def wait_until_ready(self) -> None:
        """Waits until it answers HTTP, whatever it answers. Raises StartError."""
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                end = "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])
                raise StartError(f"{self.name} does not answer. The end of its output:\n{end}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Ends the process as Ctrl+C at a terminal would, or by force if that takes too long."""
        if sys.platform == "win32":
            self._process.terminate()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGINT)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=_START_SECONDS).close()
        except urllib.error.HTTPError as answer:
            answer.close()
        except OSError:
            return False
        return True


def launch(
    name: str, command: list[str], port: int, core: int | None, logs: Path, environment: Mapping[str, str]
) -> Server:
    """Starts a program on `core` with all its processes; what it writes is added to a file in `logs`."""
    log = logs / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True, preexec_fn=staying_on(core),
        )  # fmt: skip
    return Server(name, port, process, log)


@contextmanager
def running(
    program: Program, core: int | None, folders: Folders, environment: Mapping[str, str], port: int | None = None
) -> Generator[Server]:
    """Runs a program until it is not needed any more. Raises StartError."""
    port = port or free_port()
    arguments = [part.format(port=port, data=folders.data / program.name) for part in program.arguments]
    server = launch(program.name, [sys.executable, *arguments], port, core, folders.logs, environment)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()
