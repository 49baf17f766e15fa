"""The app that is being served: as it was saved last, and as it was before for as long as calls are under way in it.

When a file is saved, `func` starts its whole host anew: calls that arrive meanwhile wait, those under way are lost,
and SSE sessions with them. If the new code does not load, it goes on without any function, so that clients read
`Unknown tool`. Here it is the same but for this: calls under way end in the code that they began in; sessions stay; and
while the app does not load, lists are those of the code before, and calls are answered with the reason. Code that is no
longer in the file is never run: its answers would mislead. Clients keep lists of tools for long, and an agent that has
just edited the app can mend it from that answer.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from functions_host.app.settings import Settings
from functions_host.errors import PersonError
from functions_host.host.host import FunctionsHost
from functions_host.host.listeners import Listeners
from functions_host.host.load_error import explain_load_error
from functions_host.worker.connection import STOP_SECONDS, AppLoadError

_KIND_SECONDS = 0.5  # what an idle process needs to end by itself, and a call that does not end is given at the least
_WAIT_SECONDS = 30  # how long the host lets requests wait while it starts


class AppEvents(Protocol):
    """Who wants to hear how loading goes; terminal.HostTerminal does."""

    def loading(self, why: str) -> None:
        """The app is about to be loaded again."""
        ...

    def loaded(self, host: FunctionsHost, before: FunctionsHost, seconds: float) -> None:
        """It is loaded: `host` takes the place of `before`."""
        ...

    def not_loaded(self, error: PersonError) -> None:
        """It could not be loaded, and waits for the next save."""
        ...

    def finishing(self, calls: int) -> None:
        """So many calls are under way in the code before."""
        ...

    def problem(self, text: str) -> None:
        """Something went wrong that no call is to blame for."""
        ...


@dataclass(eq=False)
class AppVersion:
    """The app as it was at one moment. Calls run inside of `with version as host:`, which keeps its process alive."""

    host: FunctionsHost
    calls: int = 0
    retiring: bool = False
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    listeners: Listeners | None = None
    _works: set[asyncio.Task[Any]] = field(default_factory=set[asyncio.Task[Any]])
    """What listeners have begun: runs of functions, and what follows them."""

    def __enter__(self) -> FunctionsHost:
        self.calls += 1
        return self.host

    def __exit__(self, *error: object) -> None:
        self.calls -= 1
        self._look_whether_idle()

    def work[T](self, work: Coroutine[Any, Any, T], /) -> asyncio.Task[T]:
        """Runs what keeps the process alive as calls do, whatever becomes of whoever waits for it."""
        task = asyncio.create_task(work)
        self._works.add(task)
        task.add_done_callback(self._worked)
        return task

    def listen(self, problem: Callable[[str], None]) -> None:
        """Begins to run the functions that nobody calls."""
        self.listeners = Listeners(self.host, self.work, problem)
        self.listeners.start()

    def retire(self) -> None:
        """Begins nothing any more; `idle` is set as soon as all that has begun has ended."""
        self.retiring = True
        self.host.retire()
        if self.listeners:
            self.listeners.stop()
        self._look_whether_idle()

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Ends its processes, whatever they do, by force after `seconds`."""
        if self.listeners:
            self.listeners.stop()
        for task in self._works:
            task.cancel()
        await self.host.stop(seconds)

    def _worked(self, task: asyncio.Task[Any]) -> None:
        self._works.discard(task)
        self._look_whether_idle()

    def _look_whether_idle(self) -> None:
        if self.retiring and not self.calls and not self._works:
            self.idle.set()


class ServedApp:
    """The app as it is now, for whoever answers clients with it.

    `make_host` reads the settings and returns a host that is not started yet. With `reloads`, an app that does not load
    is no reason to end: it is waited for. Raises PersonError for settings that are wrong.
    """

    def __init__(self, make_host: Callable[[], FunctionsHost], events: AppEvents, *, reloads: bool) -> None:
        self._make_host = make_host
        self._events = events
        self._reloads = reloads
        self.version = AppVersion(make_host())
        """What loaded last. Enter it for a call."""
        self._ready = asyncio.Event()
        self._stopped = False
        self._stop_by: float | None = None
        self._loading: asyncio.Task[None] | None = None
        self._retiring: dict[asyncio.Task[None], AppVersion] = {}
        self.load_error: PersonError | None = None
        """Why the app as it is now does not load; None if it does."""

    @property
    def host(self) -> FunctionsHost:
        """The host of the code that loaded last, or of none if none did."""
        return self.version.host

    @property
    def settings(self) -> Settings:
        """The settings that are in force."""
        return self.host.settings

    @property
    def state(self) -> str:
        """One of the states that the Functions host gives itself."""
        if not self._ready.is_set():
            return "Starting"
        return "Error" if self.load_error else "Running"

    async def start(self) -> None:
        """Loads the app. Raises PersonError if it does not load, unless a later save can mend that."""
        _refuse_folder_without_app(self.settings)
        try:
            await _load(self.host)
        except PersonError as error:
            if not self._reloads:
                raise
            self.load_error = error
        else:
            self._listen()
        self._ready.set()

    def reload(self, why: str) -> None:
        """Begins to load the app again; a load that is under way is given up."""
        if self._stopped:
            return
        self._ready.clear()
        self._events.loading(why)
        self._loading = asyncio.create_task(self._replace(self._loading))

    def stop_listening(self) -> None:
        """Begins no more runs of functions that nobody calls: a stop is about to take their storage away."""
        self._stopped = True
        self._stop_by = time.monotonic() + STOP_SECONDS
        if self.version.listeners:
            self.version.listeners.stop()

    async def stop(self) -> None:
        """Ends every process of the app."""
        self._stopped = True
        tasks = [*self._retiring, *([self._loading] if self._loading else [])]
        versions = [self.version, *self._retiring.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # The server before may have waited for calls under way already.
        left = STOP_SECONDS if self._stop_by is None else max(self._stop_by - time.monotonic(), _KIND_SECONDS)
        await asyncio.gather(*(version.stop(left) for version in versions))

    async def why_not(self) -> str | None:
        """Returns why no function can run, None if they can. While the app is loaded, this waits."""
        if not (self._ready.is_set() or await self._wait_until_loaded()):
            return "The app is still being loaded."
        return f"{self.load_error.sentence}\n{self.load_error.remedy}" if self.load_error else None

    async def _wait_until_loaded(self) -> bool:
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._ready.wait()
        except TimeoutError:
            return False
        return True

    async def _replace(self, abandoned: asyncio.Task[None] | None) -> None:
        if abandoned:
            abandoned.cancel()
            await asyncio.gather(abandoned, return_exceptions=True)
        began = time.monotonic()
        before = self.version
        try:
            host = self._make_host()
            _refuse_folder_without_app(host.settings)
            if before.host.handler and host.handler:
                await before.stop()  # both may want the port that host.json names
            await _load(host)
        except PersonError as error:
            self.load_error = error
            self._retire(before)
            self._events.not_loaded(error)
        else:
            self.load_error = None
            self.version = AppVersion(host)
            self._listen()
            self._retire(before)
            self._events.loaded(host, before.host, time.monotonic() - began)
        self._ready.set()

    def _listen(self) -> None:
        if not self._stopped:
            self.version.listen(self._events.problem)

    def _retire(self, version: AppVersion) -> None:
        """Ends the processes of a version as soon as its calls have ended, each of which functionTimeout bounds."""
        if version.retiring:
            return
        version.retire()
        if calls := max(version.calls, len(version.host.executing)):
            self._events.finishing(calls)
        task = asyncio.create_task(_stop_when_idle(version))
        self._retiring[task] = version
        task.add_done_callback(self._retired)

    def _retired(self, task: asyncio.Task[None]) -> None:
        del self._retiring[task]
        if not task.cancelled():
            task.result()  # a bug shows itself


async def _load(host: FunctionsHost) -> None:
    """Starts a host, or stops it again. Raises PersonError."""
    try:
        await host.start()
    except BaseException as error:
        await asyncio.shield(host.stop())
        if isinstance(error, AppLoadError):
            raise explain_load_error(error, host.settings.app_directory) from None
        raise


async def _stop_when_idle(version: AppVersion) -> None:
    await version.idle.wait()
    await version.stop()


def _refuse_folder_without_app(settings: Settings) -> None:
    folder = settings.app_directory
    file = settings.configuration.get("PYTHON_SCRIPT_FILE_NAME") or "function_app.py"
    if settings.custom_handler or (folder / file).is_file():
        return
    if next(folder.glob("*/function.json"), None):
        raise PersonError(
            f"{folder} holds functions of the programming model v1, each with a function.json, which do not run here.",
            f"Declare them with decorators in {file}, as in v2.",
        )
    raise PersonError(f"There is no {file} in {folder}.", "Give the folder that holds it with --app.")
