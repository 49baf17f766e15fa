"""The processes behind a `uv run start`, found by what they run."""

import os
from pathlib import Path

from host_tests.servers import Server, descendants


def worker_of(server: Server) -> int:
    """Returns the process that runs the app. Fails if there is not just one."""
    return _only(server.process.pid, "worker_process/boot.py")


def azurite_of(server: Server) -> int:
    """Returns the process that is the storage of a server. Fails if there is not just one."""
    return _only(server.process.pid, "azurite_package")


def azurite_on(port: int) -> int:
    """Returns the process of an Azurite that the test itself runs. Fails if there is not just one."""
    return _only(os.getpid(), f"--blobPort\0{port}\0")


def is_running(server: Server, text: str) -> bool:
    """Returns whether a process below a server has a text in its command line."""
    return any(text in _command(each) for each in descendants(server.process.pid))


def _only(parent: int, text: str) -> int:
    (found,) = [each for each in descendants(parent) if text in _command(each)]
    return found


def _command(process_id: int) -> str:
    try:
        return Path(f"/proc/{process_id}/cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:  # it has ended meanwhile
        return ""
