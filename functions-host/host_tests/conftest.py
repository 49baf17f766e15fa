"""What every test can ask for."""

import os
from collections.abc import Iterator

import anyio
import pytest
from functions_host import npm_package
from functions_host.console import Console
from functions_host.pool.packages import PoolPackages
from functions_host.storage.azurite import PACKAGE
from hypothesis import settings

from host_tests.servers import (
    CACHE,
    NO_PACKAGES,
    SAMPLES,
    Server,
    SharedServers,
    Target,
    azurite_connection_string,
    free_port,
    running_azurite,
)

# What hypothesis makes up is the same in every run; --hypothesis-profile=default makes up something else.
settings.register_profile("repeatable", derandomize=True, database=None)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fault-rounds", type=int, default=1, metavar="N", help="strike so often, each time at another moment"
    )


def pytest_collection_finish(session: pytest.Session) -> None:
    """Installs Azurite, and what runs code, in a fresh clone before the time of a test runs, which is too short."""
    if session.config.getoption("--target") or session.config.option.collectonly:
        return
    folders = {part for item in session.items for part in item.path.parts}
    if folders & {"wire", "faults"}:
        anyio.run(npm_package.install, PACKAGE, CACHE, Console())
    if folders & {"wire", "faults", "pool"}:
        anyio.run(PoolPackages(NO_PACKAGES, CACHE, Console()).installed)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of an Azurite that is this process's own, and runs, so that no server has to start one.

    A test that ends, fills or counts its Azurite takes one of its own: azurite_connection_string(free_port()).
    """
    port, queue_port = free_port(), free_port()
    with running_azurite(port, tmp_path_factory.mktemp("azurite"), queue_port):
        yield azurite_connection_string(port, queue_port)


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedServers]:
    """Starts a server for an app with its options once, whichever tests of whichever files ask for it.

    To start one of its own, which takes 0.7 s of a processor, a test needs a reason: it saves the app, ends the server,
    or looks at its processes.
    """
    servers = SharedServers(tmp_path_factory.mktemp("shared"))
    yield servers
    servers.stop()


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Target:
    """The server that the wire tests speak to: one with the samples, or the one that --target names.

    That has `hello`, `getsnippet` and `savesnippet` too, which answer the same, as the template's do.
    """
    url: str | None = request.config.getoption("--target")
    if url:
        key: str | None = request.config.getoption("--key") or os.environ.get("MCP_EXTENSION_KEY")
        return Target.named(url, key)
    shared_server: SharedServers = request.getfixturevalue("shared_server")
    return shared_server(SAMPLES, storage=request.getfixturevalue("storage")).target


@pytest.fixture
def samples(shared_server: SharedServers, storage: str) -> Server:
    """The same server with what it writes, for tests that are of this machine alone."""
    return shared_server(SAMPLES, storage=storage)


@pytest.fixture(scope="session")
def local_target(target: Target) -> Target:
    """The same, for what holds on one machine and not in Azure, where a client's state is encrypted."""
    return target
