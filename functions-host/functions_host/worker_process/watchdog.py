"""Notices in the worker process what holds up the app's start, or one call all others, and says which line does.

In Azure nothing tells: calls just take long. There is one event loop, on which @app.mcp_tool runs every function, async
or not; and a pool of threads, in which the other triggers run those that are not async.
https://learn.microsoft.com/azure/azure-functions/python-scale-performance-reference
"""

import asyncio
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from types import FrameType

from azure_functions_runtime.utils.threadpool import (  # pyright: ignore[reportMissingTypeStubs]
    get_threadpool_executor,
)

_BEAT_SECONDS = 1.0
_LOADING_SECONDS = 5.0


class Watchdog(threading.Thread):
    """Warns when the app takes long to load; then, when the loop or the pool takes a second to do nothing.

    Start it on the loop's own thread; `app_directory` tells the app's lines from those of libraries.
    """

    def __init__(self, app_directory: str) -> None:
        super().__init__(daemon=True)
        self._app_directory = app_directory
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._loaded = threading.Event()

    def app_is_loaded(self) -> None:
        """Tells it that calls come now."""
        self._loaded.set()

    def run(self) -> None:
        self._wait_for_the_app()
        waiting: Future[None] | None = None
        while True:
            self._check_loop()
            if waiting is None or waiting.done():
                waiting = self._check_pool()
            time.sleep(_BEAT_SECONDS)

    def _wait_for_the_app(self) -> None:
        if not self._loaded.wait(_LOADING_SECONDS):
            where = self._line_of_the_loop()
            if where:
                self._say(
                    f"{where} is still at work after {_LOADING_SECONDS:.0f} seconds: the app is loaded when its files "
                    "have run to their end. Do what takes long in a function."
                )
            self._loaded.wait()

    def _check_loop(self) -> None:
        turned = threading.Event()
        self._loop.call_soon_threadsafe(turned.set)
        if not turned.wait(_BEAT_SECONDS):
            where = self._line_of_the_loop()
            if where:
                self._say(
                    f"{where} holds up every other call: it blocks the worker's event loop. Await what takes long, "
                    "or leave out async: the worker runs a plain def in a thread, unless @app.mcp_tool declares it, so "
                    "use @app.mcp_tool_trigger then."
                )
            turned.wait()

    def _check_pool(self) -> "Future[None] | None":
        pool = get_threadpool_executor()
        if pool is None:
            return None
        try:
            turned: Future[None] = pool.submit(lambda: None)
        except RuntimeError:  # it was shut down since: the process is about to end
            return None
        try:
            turned.result(_BEAT_SECONDS)
        except TimeoutError:
            self._say(
                "Every thread of the worker is busy, so that calls of functions that are not async wait for one. "
                "Make those that wait for something async, or set PYTHON_THREADPOOL_THREAD_COUNT."
            )
        return turned

    def _say(self, text: str) -> None:
        # Over stderr, because messages to the host are sent by the loop that may be blocked.
        print(f"Warning: {text}", file=sys.stderr, flush=True)  # noqa: T201

    def _line_of_the_loop(self) -> str | None:
        """Returns which line of the app the loop is at, None if it is at none."""
        frame: FrameType | None = sys._current_frames().get(self._loop_thread)  # pyright: ignore[reportPrivateUsage]
        while frame is not None:
            file = Path(frame.f_code.co_filename)
            if file.is_relative_to(self._app_directory):
                name = file.relative_to(self._app_directory).as_posix()
                return f"{name} line {frame.f_lineno}, in {frame.f_code.co_name},"
            frame = frame.f_back
        return None
