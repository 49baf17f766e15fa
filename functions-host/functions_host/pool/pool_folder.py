"""The folder that holds the folders of a pool's environments, and what is left of pools that could not tidy up."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from filelock import FileLock, Timeout

_PREFIX = "mcp-pool-"


class PoolFolder:
    """A new folder among the temporary ones, locked for as long as the pool runs.

    Short, because the path of a kernel's socket has at most some 100 characters.
    """

    def __init__(self) -> None:
        parent = Path(tempfile.gettempdir()).resolve()
        _remove_abandoned(parent)
        self._root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        self._lock = _lock(self._root)
        self._lock.acquire(blocking=False)
        self.environments = self._root / "e"
        self.environments.mkdir()

    def remove(self) -> None:
        """Removes it with all that is in it."""
        self._lock.release()
        remove_folder(self._root)


def _remove_abandoned(parent: Path) -> None:
    """Removes what pools have left behind that were killed: their locks went with them."""
    for root in parent.glob(f"{_PREFIX}*"):
        # What another person owns cannot be locked, or not removed, and stays. Links are not followed.
        with contextlib.suppress(Timeout, OSError):
            if root.is_symlink() or not (root / "lock").is_file():
                continue  # one is being made, or it is none of ours
            with _lock(root).acquire(blocking=False):
                remove_folder(root / "e")
            remove_folder(root)


def remove_folder(folder: Path) -> None:
    """Removes a folder that code may have written into."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        # The code may have taken away its own permissions.
        for path, names, _ in os.walk(folder):
            for name in names:
                directory = Path(path, name)
                if not directory.is_symlink():
                    directory.chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)


def _lock(root: Path) -> FileLock:
    return FileLock(root / "lock")
