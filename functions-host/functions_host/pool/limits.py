"""What the processes of one environment may use, and the watch over what the system cannot hold them to.

The system limits one process: its address space, the size of a file, its open files. It does not limit an environment
where no control group is ours to make: how much memory and how many processes and threads in all, how much disk. These
the watch counts several times a second, less often where nothing runs, and kills the environment that has too much; a
little more can be used until then. All watches look at the same moments, so that they read the processes of this
machine once and not each for itself. Where there is no /proc, as on macOS, it counts the disk only.
"""

import asyncio
import contextlib
import itertools
import os
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

_MIB = 1024 * 1024
_INTERVAL = 0.1  # a fork bomb of one core makes some hundred processes meanwhile
_IDLE_INTERVAL = 0.5  # where nothing has run since the last look: environments that wait should not warm a laptop
_SHARE = 0.1  # ... but no more than this part of a core goes into counting
_SAME_MOMENT = 0.05  # for a table of processes that several watches share
_ENTRY = 4096  # what a file counts beside its blocks, so that empty ones have an end too
_PAGE = os.sysconf("SC_PAGE_SIZE") if sys.platform != "win32" else 4096


@dataclass(frozen=True)
class Limits:
    """In bytes, where it is no count. The platform does not say its own."""

    address_space: int = 2048 * _MIB
    """Of one process: a MemoryError in Python."""
    memory: int = 2048 * _MIB
    """Resident, of all processes together."""
    tasks: int = 256
    """Processes and threads. NumPy starts a thread a core."""
    file_size: int = 512 * _MIB
    disk: int = 1024 * _MIB
    """The environment's folder, its /tmp, and files that are open without a name."""
    open_files: int = 1024

    def for_launcher(self) -> str:
        """Returns the limits of one process as launcher.py reads them."""
        system = {"AS": self.address_space, "CORE": 0, "FSIZE": self.file_size, "NOFILE": self.open_files}
        return ",".join(f"{name}={value}" for name, value in system.items())


class Row(NamedTuple):
    """What /proc says of a process."""

    parent: int
    tasks: int
    resident: int
    processor_time: int
    """In ticks, so that one that has run for less seems not to have run."""


class ProcessTable:
    """The processes of this machine, read once for all who ask at the same moment, from whichever thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: Mapping[int, Row] = {}
        self._is_old_at = 0.0

    def rows(self) -> Mapping[int, Row]:
        """Returns each by its id; nothing where there is no /proc."""
        with self._lock:
            if time.monotonic() > self._is_old_at:
                self._rows = dict(_read_processes())
                self._is_old_at = time.monotonic() + _SAME_MOMENT
            return self._rows


class Watch:
    """Counts what the processes of one environment use, for as long as any of them runs.

    Where the disk was full once, what filled it may stay, so that a command can run that removes it; up to twice the
    limit.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        limits: Limits,
        processes: ProcessTable,
        on_excess: Callable[[asyncio.subprocess.Process, str], None],
    ) -> None:
        self._folders = folders
        self._processes = processes
        self._limits = limits
        self._on_excess = on_excess
        self._running: set[asyncio.subprocess.Process] = set()
        self._task: asyncio.Task[None] | None = None
        self._disk = limits.disk

    def add(self, process: asyncio.subprocess.Process) -> None:
        """Watches a process too."""
        self._running.add(process)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        pause, before = _INTERVAL, dict[int, Row]()
        while running := self._still_running():
            began = loop.time()
            tree, excess = await asyncio.to_thread(self._look, [each.pid for each in running])
            if excess:
                for process in self._still_running():
                    self._on_excess(process, excess)
            # Without /proc nobody knows whether something ran.
            pause = min(2 * pause, _IDLE_INTERVAL) if tree and tree == before else _INTERVAL
            before = tree
            step = max(pause, (loop.time() - began) / _SHARE)
            await asyncio.sleep(step - loop.time() % step)  # to the moment at which the others look too

    def _look(self, roots: Iterable[int]) -> tuple[dict[int, Row], str]:
        """Returns the processes that run, and a sentence on the limit that they exceed, or an empty string."""
        tree = family(roots, self._processes.rows())
        return tree, self._excess(tree)

    def _excess(self, tree: dict[int, Row]) -> str:
        limits = self._limits
        if sum(row.tasks for row in tree.values()) > limits.tasks:
            return f"It was ended, because more than {limits.tasks} processes and threads ran at once."
        if sum(row.resident for row in tree.values()) > limits.memory:
            return f"It was ended, because more than {limits.memory // _MIB} MiB of memory were in use."
        used = _nameless_files(tree)
        for size in itertools.chain.from_iterable(map(_sizes, self._folders)):
            used += size
            if used > self._disk:
                self._disk = max(self._disk, 2 * limits.disk)
                return (
                    f"It was ended, because more than {limits.disk // _MIB} MiB of disk were in use. Remove files, or "
                    "go on in a new environment."
                )
        return ""

    def _still_running(self) -> set[asyncio.subprocess.Process]:
        self._running = {process for process in self._running if process.returncode is None}
        return self._running


def family(roots: Iterable[int], table: Mapping[int, Row]) -> dict[int, Row]:
    """Returns these processes and all that descend from them."""
    found = {root for root in roots if root in table}
    while more := {process_id for process_id, row in table.items() if row.parent in found} - found:
        found |= more
    return {process_id: table[process_id] for process_id in found}


def _read_processes() -> Iterator[tuple[int, Row]]:
    with contextlib.suppress(OSError):
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                # man 5 proc_pid_stat; the second field may hold spaces and brackets
                with open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
                used = int(fields[11]) + int(fields[12])
                yield int(name), Row(int(fields[1]), int(fields[17]), int(fields[21]) * _PAGE, used)


def _nameless_files(process_ids: Iterable[int]) -> int:
    """Returns the size of open files that no folder shows: deleted ones, and memory made with memfd_create."""
    sizes: dict[tuple[int, int], int] = {}
    for process_id in process_ids:
        with contextlib.suppress(OSError):
            for descriptor in os.listdir(f"/proc/{process_id}/fd"):
                with contextlib.suppress(OSError):
                    found = os.stat(f"/proc/{process_id}/fd/{descriptor}")
                    if stat.S_ISREG(found.st_mode) and not found.st_nlink:
                        sizes[found.st_dev, found.st_ino] = found.st_blocks * 512
    return sum(sizes.values())


def _sizes(folder: Path | str) -> Iterator[int]:
    """Yields the size of each entry below a folder, following no link."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                found = entry.stat(follow_symlinks=False)
                yield _ENTRY + (found.st_size if sys.platform == "win32" else found.st_blocks * 512)
                if entry.is_dir(follow_symlinks=False):
                    yield from _sizes(entry.path)
