"""`--inspect`: the web page of MCP Inspector, pinned, with this server filled in, for as long as the host runs.

https://github.com/modelcontextprotocol/inspector. It runs on the Node that Azurite runs on.
"""

import asyncio
import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import webbrowser
from collections import deque
from pathlib import Path

from functions_host import npm_package
from functions_host.console import Console
from functions_host.errors import PersonError

PACKAGE = Path(__file__).parent / "inspector_package"
_PORT = 6274  # Inspector's own; the page remembers what one has set by it
_START_SECONDS = 60
_STOP_SECONDS = 10


class Inspector:
    """One MCP Inspector on this machine. What is entered in its page is forgotten with it."""

    def __init__(self, cache: Path, console: Console) -> None:
        self._cache = cache
        self._console = console
        self._child: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="inspector-", ignore_cleanup_errors=True)
        self._last_lines: deque[str] = deque(maxlen=5)

    async def start(self, endpoint: str, key: str | None) -> None:
        """Shows the page, in a browser where there is one, with both transports of the server at `endpoint`.

        `key` is sent as x-functions-key, if there is one. Raises PersonError if Inspector cannot be installed or run.
        """
        modules = await npm_package.install(PACKAGE, self._cache, self._console)
        port, token = _free_port(), secrets.token_hex()
        catalog = Path(self._folder.name, "servers.json")  # where only this person can read it
        catalog.write_text(json.dumps({"mcpServers": servers(endpoint, key)}), encoding="utf-8")
        await self._spawn(modules, catalog, port, token)
        url = f"http://127.0.0.1:{port}/?MCP_INSPECTOR_API_TOKEN={token}"
        self._console.write(f"MCP Inspector: {url}", "green", event="inspector", url=url)
        if _has_browser():
            # In a thread that nobody waits for: some browsers are waited for until they are closed.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    async def stop(self) -> None:
        """Ends what `start` started."""
        if self._watcher:
            self._watcher.cancel()
        if self._child is not None:
            await npm_package.end(self._child, _STOP_SECONDS)
        self._folder.cleanup()

    async def _spawn(self, modules: Path, catalog: Path, port: int, token: str) -> None:
        launcher = modules / "@modelcontextprotocol" / "inspector" / "clients" / "launcher" / "build" / "index.js"
        separate = subprocess.CREATE_NEW_PROCESS_GROUP if sys.platform == "win32" else 0
        self._child = await asyncio.create_subprocess_exec(
            npm_package.node(), "--import", (PACKAGE / "until_host_ends.mjs").as_uri(), str(launcher), "--web",
            "--catalog", str(catalog),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env=os.environ | _variables(Path(self._folder.name), port, token),
            # Ctrl+C at the terminal is for the host, which then stops Inspector.
            start_new_session=sys.platform != "win32", creationflags=separate,
        )  # fmt: skip
        listening = asyncio.Event()
        self._watcher = asyncio.create_task(self._watch(self._child, listening))
        waiting = asyncio.create_task(listening.wait())
        try:
            await asyncio.wait([self._watcher, waiting], timeout=_START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if not listening.is_set():
            said = " ".join(self._last_lines) or "it said nothing."
            raise PersonError(f"MCP Inspector did not start: {said}", "Start without --inspect, or try again.")

    async def _watch(self, child: asyncio.subprocess.Process, listening: asyncio.Event) -> None:
        """Reads what Inspector says, and says when it has ended by itself."""
        assert child.stdout is not None
        async for line in child.stdout:
            self._last_lines.append(line.decode(errors="replace").strip())
            if b"up and running" in line:
                listening.set()
        code = await child.wait()
        if listening.is_set():
            self._console.log(f"MCP Inspector ended (exit code {code}). Start again to have it back.", "red")


def servers(endpoint: str, key: str | None) -> dict[str, dict[str, object]]:
    """Returns the servers that the page begins with, by name: both transports of the one at `endpoint`."""
    headers = {"x-functions-key": key} if key else {}
    return {
        "streamable-http": {"type": "streamable-http", "url": endpoint, "headers": headers},
        "legacy-sse": {"type": "sse", "url": f"{endpoint}/sse", "headers": headers},
    }


def _variables(folder: Path, port: int, token: str) -> dict[str, str]:
    return {
        "HOST": "127.0.0.1",
        "CLIENT_PORT": str(port),
        "MCP_SANDBOX_PORT": "0",
        "MCP_APP_ORIGIN_PORT": "0",
        "MCP_AUTO_OPEN_ENABLED": "false",  # a browser is opened here, where there is one
        "MCP_INSPECTOR_API_TOKEN": token,
        "DANGEROUSLY_OMIT_AUTH": "false",
        # Nothing that is entered goes into the person's keychain or home.
        "MCP_INSPECTOR_SECRET_STORE": "memory",
        "MCP_STORAGE_DIR": str(folder),
    }


def _free_port() -> int:
    """Returns Inspector's usual port, or any that is free. It must be told one, and takes no socket."""
    with socket.socket() as probe:
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", _PORT))
            return _PORT
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _has_browser() -> bool:
    """Whether a page can be shown here. Elsewhere Python would open a browser of text in the host's own terminal."""
    if sys.platform in ("win32", "darwin"):
        return True
    # BROWSER is set in dev containers and over SSH by VS Code, whose program opens the page on the person's machine.
    return any(os.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))
