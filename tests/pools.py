"""A session pool in this process, whose variants a test can switch.

No command starts one: a real pool has no such switches. This is the one file of the template that imports the host.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from itertools import count

import anyio
import httpx2
from functions_host.console import Console
from functions_host.pool.pool import PoolOptions
from functions_host.pool.pool import SessionPool as Pool
from functions_host.pool.quirks import Fault, Quirks

from tests.servers import NO_PACKAGES

__all__ = ["Fault", "Pool", "Quirks", "new_id", "rotate_key", "running_pool", "until"]

_numbers = count(1)


@asynccontextmanager
async def running_pool(
    *,
    max_concurrent_sessions: int = 5,
    cool_down_seconds: float = 300,
    execution_seconds: float = 220,
) -> AsyncGenerator[Pool]:
    """Runs a pool on a free port."""
    options = PoolOptions(
        port=0, max_concurrent_sessions=max_concurrent_sessions, cool_down_seconds=cool_down_seconds, keeps_spare=False,
        execution_seconds=execution_seconds, packages=NO_PACKAGES,
    )  # fmt: skip
    pool = Pool(options, Console())
    await pool.start()
    try:
        await pool.environments.packages.installed()
        yield pool
    finally:
        await pool.stop()


async def rotate_key(pool: Pool) -> None:
    """Gives the pool another key, as Azure Resource Manager does when someone asks it to."""
    url = f"{pool.arm_endpoint}{pool.resource_id}/rotateMCPServerCredentials"
    async with httpx2.AsyncClient(headers={"Authorization": "Bearer token"}, verify=False) as http:
        (await http.post(url, params={"api-version": "2025-10-02-preview"})).raise_for_status()


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Waits until something holds. Fails if it does not come to that."""
    with anyio.fail_after(seconds):
        while not condition():  # noqa: ASYNC110  (what is waited for knows nothing of us)
            await anyio.sleep(0.01)


def new_id() -> str:
    """Returns an identifier that no test has used."""
    return f"test-{next(_numbers)}"
