"""A pool that the tests of a module share."""

from collections.abc import AsyncGenerator

import pytest
from functions_host.pool.pool import PoolOptions

from host_tests.pool.clients import PoolClient, new_id, running_pool

EXECUTION_SECONDS = 30


@pytest.fixture(scope="module")
async def pool(anyio_backend: str) -> AsyncGenerator[PoolClient]:
    """A pool with room for all tests of a module."""
    options = PoolOptions(port=0, max_concurrent_sessions=50, execution_seconds=EXECUTION_SECONDS)
    async with running_pool(options) as client:
        yield client


@pytest.fixture(scope="module")
def shared() -> str:
    """An environment for tests that do not care what is in it."""
    return new_id()
