"""Ways to call a pool, and to see what it leaves behind."""

import gc
import os
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import anyio
import httpx2
from functions_host.console import Console
from functions_host.pool.environment import Environment
from functions_host.pool.kernel import Kernel
from functions_host.pool.pool import PoolOptions, SessionPool

from host_tests.servers import NO_PACKAGES

RUN_PYTHON = "runPythonCodeInRemoteEnvironment"
RUN_SHELL = "runShellCommandInRemoteEnvironment"
_SECONDS = 60
_numbers = count(1)


@dataclass
class PoolClient:
    """Speaks to a pool as its clients do."""

    pool: SessionPool
    http: httpx2.AsyncClient

    async def post(self, message: Any, key: str | None = None) -> httpx2.Response:
        """Posts a message with the pool's key, or another."""
        return await self.http.post(
            self.pool.endpoint, json=message, headers={"x-ms-apikey": self.pool.key if key is None else key}
        )

    async def ask(self, method: str, params: object = None) -> Any:
        """Sends a request and returns the answer's JSON."""
        message = {"jsonrpc": "2.0", "id": 1, "method": method} | ({} if params is None else {"params": params})
        return (await self.post(message)).json()

    async def call(self, tool: str, **arguments: object) -> httpx2.Response:
        params = {"name": tool, "arguments": arguments}
        return await self.post({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})

    async def result(self, tool: str, **arguments: object) -> Any:
        """Calls a tool and returns its result. Fails if there is none."""
        answer = (await self.call(tool, **arguments)).json()
        assert "result" in answer, answer
        return answer["result"]

    async def launch(self) -> str:
        return (await self.result("launchShell"))["structuredContent"]["environmentId"]

    async def python(self, environment: str, code: str) -> Any:
        """Runs code and returns the structured content of the result."""
        result = await self.result(RUN_PYTHON, environmentId=environment, pythonCode=code)
        assert result["isError"] is False, result
        return result["structuredContent"]

    async def shell(self, environment: str, command: str | list[str]) -> Any:
        """Runs a command and returns the structured content of the result."""
        argument = "shellCommand" if isinstance(command, str) else "execCommandAndArgs"
        result = await self.result(RUN_SHELL, environmentId=environment, **{argument: command})
        return result["structuredContent"]

    async def arm(self, method: str, action: str = "", version: str = "2025-10-02-preview") -> httpx2.Response:
        """Calls Azure Resource Manager as someone with a token."""
        url = f"{self.pool.arm_endpoint}{self.pool.resource_id}{action}"
        headers = {"Authorization": "Bearer token"}
        return await self.http.request(method, url, params={"api-version": version}, headers=headers)


@asynccontextmanager
async def running_pool(
    options: PoolOptions, console: Console | None = None, *, spare: bool = False
) -> AsyncGenerator[PoolClient]:
    """Runs a pool, and a client of it. A spare environment, which most tests would make in vain, is kept on request.

    Its environments have no packages but what runs the code, unless the options name some.
    """
    options = replace(options, keeps_spare=spare, packages=options.packages or NO_PACKAGES)
    pool = SessionPool(options, console or Console())
    await pool.start()
    try:
        async with httpx2.AsyncClient(timeout=_SECONDS, verify=False) as http:  # a pool here speaks no TLS
            yield PoolClient(pool, http)
    finally:
        await pool.stop()


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Waits until something holds. Fails if it does not come to that."""
    with anyio.fail_after(seconds):
        while not condition():  # noqa: ASYNC110  (what is waited for knows nothing of us)
            await anyio.sleep(0.01)


def new_id() -> str:
    """Returns an identifier that no test has used."""
    return f"test-{next(_numbers)}"


def processes_of(folder: Path) -> set[int]:
    """Returns the processes that name a pool's folder."""
    return {process_id for process_id, (_, command) in _processes() if str(folder).encode() in command}


def own_processes() -> set[int]:
    """Returns the processes that descend from this one."""
    parents = {process_id: parent for process_id, (parent, _) in _processes()}
    own = {os.getpid()}
    while more := {child for child, parent in parents.items() if parent in own} - own:
        own |= more
    return own - {os.getpid()}


def _processes() -> Iterator[tuple[int, tuple[int, bytes]]]:
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            state, parent = Path(f"/proc/{name}/stat").read_bytes().rpartition(b")")[2].split()[:2]
            command = Path(f"/proc/{name}/cmdline").read_bytes()
        except OSError:
            continue
        if state != b"Z":
            yield int(name), (int(parent), command)


def left_in_memory() -> list[object]:
    """Returns the environments and kernels that still exist as objects."""
    gc.collect()
    return [each for each in gc.get_objects() if isinstance(each, (Environment, Kernel))]


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))
