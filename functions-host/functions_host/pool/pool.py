"""A session pool on this machine: put together, started and stopped."""

import asyncio
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from functions_host.console import Console
from functions_host.errors import PersonError
from functions_host.http.local_only import LocalOnly
from functions_host.listener import StopSignal, listen, serve
from functions_host.pool.arm import Arm, PoolResource
from functions_host.pool.credentials import Credentials
from functions_host.pool.environment import CallLimits
from functions_host.pool.environments import Capacity, Environments
from functions_host.pool.http_server import PoolServer
from functions_host.pool.isolation import Egress, choose_sandbox
from functions_host.pool.mcp_endpoint import McpEndpoint
from functions_host.pool.packages import PoolPackages
from functions_host.pool.quirks import Quirks
from functions_host.pool.resource import POOL, POOL_PATH, RESOURCE_ID
from functions_host.pool.sandbox import Sandbox
from functions_host.python_environment import DEFAULT_CACHE

_ADDRESS = "127.0.0.1"  # never another: whoever reaches the pool and knows the key runs code on this machine
_AZURE_VARIABLES = ("WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID")


@dataclass(frozen=True)
class PoolOptions:
    """How a pool is; the defaults are a pool of the tutorial.

    https://learn.microsoft.com/azure/container-apps/sessions-tutorial-python-mcp
    """

    port: int = 7072
    """0 for any that is free."""
    or_any_port: bool = False
    """Whether any other will do where that one is taken."""
    key: str = field(default="local-dev-key", repr=False)
    max_concurrent_sessions: int = 5
    cool_down_seconds: float = 300
    execution_seconds: float = 220
    """https://learn.microsoft.com/azure/container-apps/sessions-code-interpreter"""
    output_characters: int = 4096
    """Of stdout, and as many of stderr: the default of the platform's image. At most 65536 have an effect."""
    old_key_seconds: float = 0
    """How long a key still works after its rotation; up to 300 on the platform, which caches what it has validated."""
    keeps_spare: bool = True
    """Whether an environment that nobody has asked for yet is ready."""
    egress: Egress = "own"
    isolation: Literal["auto", "required", "none"] = "auto"
    packages: Path | None = None
    """Requirements file of what the code can import; None is what agents expect of the platform."""
    cache: Path = DEFAULT_CACHE
    quirks: Quirks = field(default_factory=Quirks)


class SessionPool:
    """Environments, and the port that leads to them."""

    def __init__(self, options: PoolOptions, console: Console, environ: Mapping[str, str] = os.environ) -> None:
        self._options = options
        self._console = console
        self._environ = environ
        self._stop = StopSignal()
        self._credentials = Credentials(options.key, options.old_key_seconds)
        self._serving: asyncio.Task[None] | None = None
        self._listener: socket.socket | None = None

    async def start(self) -> None:
        """Takes the port and answers on it. Raises PersonError for what a person has to mend."""
        if any(self._environ.get(name) for name in _AZURE_VARIABLES):
            raise PersonError(
                "The local session pool does not run in Azure: it isolates code less than a session pool does.",
                "Set SESSION_POOL_RESOURCE_ID to a session pool of Azure Container Apps.",
            )
        options = self._options
        packages = PoolPackages(options.packages, options.cache, self._console)
        self.sandbox: Sandbox = choose_sandbox(packages.environment, options.isolation, options.egress)
        listener = self.listen()
        capacity = Capacity(options.max_concurrent_sessions, options.cool_down_seconds, options.keeps_spare)
        limits = CallLimits(options.execution_seconds, options.output_characters)
        self.environments = Environments(self.sandbox, packages, capacity, limits)
        self._endpoint = McpEndpoint(self.environments, options.quirks, self._console.log)
        server = PoolServer(self._endpoint, Arm(self._resource(), self._credentials), self._credentials)
        self.environments.start()
        ready = asyncio.Event()
        self._serving = asyncio.create_task(serve(LocalOnly(server, _ADDRESS), listener, ready.set, self._stop))
        await ready.wait()

    def listen(self) -> socket.socket:
        """Takes the port, if it has not been taken: whoever connects from then on waits for `start`."""
        if self._listener is None:
            self._listener = self._free_listener()
            self._origin = f"http://{_ADDRESS}:{self._listener.getsockname()[1]}"
        return self._listener

    def _free_listener(self) -> socket.socket:
        port = self._options.port
        try:
            return listen(_ADDRESS, port)
        except PersonError:
            if self._options.or_any_port:
                return listen(_ADDRESS, 0)
            raise PersonError(
                f"Port {port}, which the session pool needs, is unavailable.",
                "Close the process using that port, give another one with --session-pool-port, or start with "
                "--no-session-pool.",
            ) from None

    async def stop(self) -> None:
        """Ends all calls, processes and folders, and gives the port back."""
        if self._serving is None:
            if self._listener:
                self._listener.close()
            return
        self._endpoint.stop()
        await self.environments.stop()
        self._stop.set()
        await self._serving
        self._serving = None

    @property
    def endpoint(self) -> str:
        """The URL of the MCP endpoint."""
        return f"{self.arm_endpoint}{POOL_PATH}/mcp"

    @property
    def arm_endpoint(self) -> str:
        """What stands here for https://management.azure.com."""
        return self._origin

    @property
    def resource_id(self) -> str:
        return RESOURCE_ID

    @property
    def key(self) -> str:
        """The key that is valid now."""
        return self._credentials.key

    @property
    def quirks(self) -> Quirks:
        """How it answers; a test may change it at any time."""
        return self._endpoint.quirks

    @quirks.setter
    def quirks(self, quirks: Quirks) -> None:
        self._endpoint.quirks = quirks

    def _resource(self) -> PoolResource:
        options = self._options
        return PoolResource(
            RESOURCE_ID,
            POOL,
            f"{self._origin}{POOL_PATH}",
            options.max_concurrent_sessions,
            options.cool_down_seconds,
            self.sandbox.has_network,
        )
