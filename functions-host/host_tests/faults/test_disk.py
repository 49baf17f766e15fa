"""The disk is full while snippets are saved, and has room again."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from host_tests.faults.ledger import Ledger, writing
from host_tests.requirements import shows
from host_tests.servers import SAMPLES, azurite_connection_string, free_port, running_server
from host_tests.wire.raw_http import call, post

_KIB = 1024
_LEFT = (0, 300 * _KIB, 8 * _KIB, 2000 * _KIB, 60 * _KIB)
"""Room that is left: for the texts and not for the journal, for none of both, for short texts only."""


@pytest.fixture
def small_disk(tmp_path: Path, fault_rounds: int) -> Iterator[Path]:
    """A file system of its own, in memory. Skips the test where this person may not mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={256 + 16 * fault_rounds}m", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("needs mount")
    if mounted.returncode != 0:
        pytest.skip(f"needs the right to mount a file system: {mounted.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@shows("storage.full")
def test_a_full_disk_fails_what_cannot_be_saved_and_keeps_what_was_and_more_once_there_is_room(
    small_disk: Path, fault_rounds: int, ledger: Ledger
) -> None:
    storage = azurite_connection_string(free_port())
    filler = small_disk / "filler"
    with ExitStack() as stack:
        server = stack.enter_context(running_server(SAMPLES, storage=storage, data=small_disk / "data"))
        for number in range(fault_rounds):
            with writing(server.target, ledger):
                ledger.wait_for_more(3)
                _fill(filler, _LEFT[number % len(_LEFT)])
                ledger.wait_for_more_failed(5)
            server.wait_for("no space left on device")
            assert post(server.target, call("hello")).status == 200
            ledger.check(storage, server.target)
            if number % 2:  # it ends while the disk is full
                assert server.interrupt() == 0
                filler.unlink()
                server = stack.enter_context(running_server(SAMPLES, storage=storage, data=small_disk / "data"))
            else:
                filler.unlink()
            with writing(server.target, ledger):
                ledger.wait_for_more(3)
            ledger.check(storage, server.target)
        server.interrupt()
        server = stack.enter_context(running_server(SAMPLES, storage=storage, data=small_disk / "data"))
        ledger.check_all(storage, server.target)


def _fill(filler: Path, left: int) -> None:
    """Makes a file of all the room there is, but for so many bytes; others write at the same time."""
    with filler.open("wb") as file, contextlib.suppress(OSError):  # they had the last of it
        while (room := _room(filler) - left) > 0:
            os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, min(room, 8 * _KIB * _KIB))


def _room(file: Path) -> int:
    disk = os.statvfs(file)
    return disk.f_bavail * disk.f_frsize
