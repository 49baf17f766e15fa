"""What every test can ask for, and the two options that point the wire tests at another server."""

import os
from collections.abc import Iterator

import anyio
import pytest
from hypothesis import settings

from local import npm_package
from local.azurite import PACKAGE
from local.console import Console
from tests.servers import CACHE, Target, azurite_connection_string, free_port, running_server

pytest_plugins = ["anyio"]

# What hypothesis makes up is the same in every run; --hypothesis-profile=default makes up something else.
settings.register_profile("repeatable", derandomize=True, database=None)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("target", "run the wire tests against a server that is already running")
    group.addoption(
        "--target", metavar="URL", help="its MCP endpoint, or its origin such as https://NAME.azurewebsites.net"
    )
    group.addoption("--key", metavar="KEY", help="its system key mcp_extension, or set MCP_EXTENSION_KEY")
    parser.addoption(
        "--fault-rounds", type=int, default=1, metavar="N", help="strike so often, each time at another moment"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --target only those tests stay that speak to a server, and that any server must pass."""
    if config.getoption("--target"):
        kept = [item for item in items if _is_for_any_server(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


def pytest_collection_finish(session: pytest.Session) -> None:
    """Installs Azurite in a fresh clone before the time of a test runs, which is too short for that."""
    starts_servers = any({"wire", "faults"}.intersection(item.path.parts) for item in session.items)
    if starts_servers and not (session.config.getoption("--target") or session.config.option.collectonly):
        anyio.run(npm_package.install, PACKAGE, CACHE, Console())


def _is_for_any_server(item: pytest.Item) -> bool:
    names = item.fixturenames if isinstance(item, pytest.Function) else []
    return "target" in names and "local_target" not in names


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def storage() -> str:
    """The connection string of an Azurite that is this run's own, so that it can run beside `uv run start`."""
    return azurite_connection_string(free_port())


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest, storage: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The server that the wire tests speak to: `uv run start` with the app in src, or the one that --target names."""
    url: str | None = request.config.getoption("--target")
    if url:
        key: str | None = request.config.getoption("--key") or os.environ.get("MCP_EXTENSION_KEY")
        yield Target.named(url, key)
        return
    folder = tmp_path_factory.mktemp("azurite")
    with running_server("src", storage=storage, data=folder, session_pool=True) as server:
        yield server.target


@pytest.fixture(scope="session")
def local_target(target: Target) -> Target:
    """The same, for what holds on one machine and not in Azure, where a client's state is encrypted."""
    return target
