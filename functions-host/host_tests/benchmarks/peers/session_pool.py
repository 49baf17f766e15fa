"""A session pool by itself, with room for as many environments as there are callers."""

import asyncio
import contextlib
import sys

from functions_host.console import Console
from functions_host.pool.pool import PoolOptions, SessionPool

from host_tests.benchmarks.calling import run


async def _run(port: int, environments: int, cool_down_seconds: float) -> None:
    options = PoolOptions(port, max_concurrent_sessions=environments, cool_down_seconds=cool_down_seconds)
    pool = SessionPool(options, Console())
    await pool.start()
    try:
        await pool.environments.packages.installed()
        await asyncio.Event().wait()
    finally:
        await pool.stop()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        run(_run(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
