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

from host_tests.servers import CACHE, NO_PACKAGES, SAMPLES, Target, azurite_connection_string, free_port, running_server

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
def storage() -> str:
    """The connection string of an Azurite that is this run's own, so that it can run beside `uv run start`."""
    return azurite_connection_string(free_port())


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest, storage: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The server that the wire tests speak to: one with the samples, or the one that --target names.

    That has `hello`, `getsnippet` and `savesnippet` too, which answer the same, as the template's do.
    """
    url: str | None = request.config.getoption("--target")
    if url:
        key: str | None = request.config.getoption("--key") or os.environ.get("MCP_EXTENSION_KEY")
        yield Target.named(url, key)
        return
    folder = tmp_path_factory.mktemp("azurite")
    with running_server(SAMPLES, storage=storage, data=folder, session_pool=True) as server:
        yield server.target


@pytest.fixture(scope="session")
def local_target(target: Target) -> Target:
    """The same, for what holds on one machine and not in Azure, where a client's state is encrypted."""
    return target
