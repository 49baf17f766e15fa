"""For pytest: the two options that point tests at a server that is already running."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("target", "run the tests that speak to a server against one that is already running")
    group.addoption(
        "--target", metavar="URL", help="its MCP endpoint, or its origin such as https://NAME.azurewebsites.net"
    )
    group.addoption("--key", metavar="KEY", help="its system key mcp_extension, or set MCP_EXTENSION_KEY")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --target only those tests stay that speak to a server, and that any server must pass."""
    if config.getoption("--target"):
        kept = [item for item in items if _is_for_any_server(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


def _is_for_any_server(item: pytest.Item) -> bool:
    names = item.fixturenames if isinstance(item, pytest.Function) else []
    return "target" in names and "local_target" not in names
