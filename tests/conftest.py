"""What the template's tests share: a server with the app in src, or the one that --target names, and clients for it."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from mcp import ClientSession

from tests.clients import Connect, connect_sse, connect_streamable_http
from tests.in_process import Call, call_of
from tests.servers import Server, Target, azurite_connection_string, free_port, running_server

try:
    from tests.snippets_in_memory import snippets_in_memory
except ModuleNotFoundError:  # an app without snippets
    from contextlib import nullcontext as snippets_in_memory

if TYPE_CHECKING:
    from tests.pools import Pool


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def storage() -> str:
    """The connection string of an Azurite that is this run's own, so that it can run beside `uv run start`."""
    return azurite_connection_string(free_port())


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest, storage: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The server that the tests speak to: `uv run start` with the app in src, or the one that --target names."""
    url: str | None = request.config.getoption("--target")
    if url:
        key: str | None = request.config.getoption("--key") or os.environ.get("MCP_EXTENSION_KEY")
        yield Target.named(url, key)
        return
    folder = tmp_path_factory.mktemp("azurite")
    with running_server("src", storage=storage, data=folder, session_pool=True) as server:
        yield server.target


@pytest.fixture(scope="session")
def second_server(storage: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Another one, for tests that need environments of their own: a pool has five, which those of `target` all take."""
    with running_server("src", storage=storage, data=tmp_path_factory.mktemp("second"), session_pool=True) as server:
        yield server


@pytest.fixture(params=[connect_streamable_http, connect_sse], ids=["streamable-http", "sse"])
def connect(request: pytest.FixtureRequest) -> Connect:
    """How to connect a client: each test runs over both transports."""
    return request.param


@pytest.fixture
async def client(target: Target) -> AsyncIterator[ClientSession]:
    """An official MCP client of the server, for a test that needs no second transport."""
    async with connect_streamable_http(target) as session:
        yield session


@pytest.fixture
def call() -> Iterator[Call]:
    """Calls a tool of src in this process: no server, and snippets in memory."""
    from function_app import app  # here, so that a mistake in it fails the tests that need it and no others

    with snippets_in_memory():
        yield call_of(app)


@pytest.fixture
def name() -> str:
    """A snippet name that no other test and no earlier run has used."""
    return f"test-{uuid4()}"


@pytest.fixture
def with_quirks(pool: "Pool") -> Iterator[Callable[..., None]]:
    """Has the session pool of a test file answer in another of its variants, until the test ends."""
    from tests.pools import Quirks  # here, since an app without tools that run code has no such file

    def switch(**quirks: Any) -> None:
        pool.quirks = Quirks(**quirks)

    yield switch
    pool.quirks = Quirks()
