"""Which files in the folder of an app are its own."""

from collections.abc import Iterator
from pathlib import Path

_OTHERS_CODE = {"__pycache__", "venv", "env", "node_modules", "site-packages"}


def is_own(file: Path) -> bool:
    """Whether a file, named from the app's folder, is its own: no package of a .venv, no draft of an editor."""
    return not any(part.startswith(".") or part in _OTHERS_CODE for part in file.parts)


def own_modules(app_directory: Path) -> Iterator[Path]:
    """Yields the app's own .py files."""
    for folder, folders, files in app_directory.walk():
        folders[:] = sorted(name for name in folders if is_own(Path(name)))
        yield from (folder / name for name in sorted(files) if name.endswith(".py") and is_own(Path(name)))
