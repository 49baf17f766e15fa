"""Notices that files of the app are saved, as the host does while it runs on a person's machine.

azure-functions-host, FileMonitoringService.cs: any .py file below the app's folder, host.json, and what host.json names
in watchFiles and watchDirectories, 300 ms after the last change. It does not notice local.settings.json; we do.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import watchfiles

from functions_host.app.files import is_own
from functions_host.app.settings import Settings

_QUIET_SECONDS = 0.3
# A load takes longer than this, so nothing is lost by hearing of changes in small batches.
_BATCH_MILLISECONDS = 50
_SETTINGS_FILES = ("host.json", "local.settings.json", "requirements.txt", "pyproject.toml", "uv.lock")


class SavedFiles:
    """Watches the folder of an app. `settings` says what is in force, since a save may change that too."""

    def __init__(self, app_directory: Path, settings: Callable[[], Settings]) -> None:
        self._folder = app_directory
        self._settings = settings

    async def watch(self, on_saved: Callable[[list[str]], None]) -> None:
        """Calls `on_saved` with names below the folder, 300 ms after the last of them was saved, until cancelled.

        Raises OSError if the system cannot watch the folder.
        """
        loop = asyncio.get_running_loop()
        names: set[str] = set()
        timer: asyncio.TimerHandle | None = None

        def quiet() -> None:
            saved = sorted(names)
            names.clear()
            on_saved(saved)

        try:
            async for changes in watchfiles.awatch(
                self._folder, watch_filter=self._is_of_interest, debounce=_BATCH_MILLISECONDS, step=_BATCH_MILLISECONDS
            ):
                names |= {Path(path).relative_to(self._folder).as_posix() for _, path in changes}
                if timer:
                    timer.cancel()
                timer = loop.call_later(_QUIET_SECONDS, quiet)
        finally:
            if timer:
                timer.cancel()

    def _is_of_interest(self, change: watchfiles.Change, path: str) -> bool:
        file = Path(path).relative_to(self._folder)
        if not is_own(file):
            return False
        if len(file.parts) == 1 and file.name in _SETTINGS_FILES:
            return True
        settings = self._settings()
        return file.suffix == ".py" or file.name in settings.watch_files or file.parts[0] in settings.watch_directories
