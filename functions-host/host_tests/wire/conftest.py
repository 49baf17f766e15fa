"""What the wire tests share."""

import json
from pathlib import Path
from uuid import uuid4

import anyio
import pytest
from functions_host import npm_package
from functions_host.console import Console
from functions_host.inspector import PACKAGE

from host_tests.servers import CACHE, SharedServers, Target
from host_tests.wire.clients import Connect, connect_sse, connect_streamable_http

_DECLARATIONS = Path(__file__).parent.parent / "apps" / "declarations"


@pytest.fixture(params=[connect_streamable_http, connect_sse], ids=["streamable-http", "sse"])
def connect(request: pytest.FixtureRequest) -> Connect:
    """How to connect a client: each test runs over both transports."""
    return request.param


@pytest.fixture
def name() -> str:
    """A snippet name that no other test and no earlier run has used."""
    return f"test-{uuid4()}"


@pytest.fixture(scope="session")
def declarations(storage: str, shared_server: SharedServers) -> Target:
    """A server of the app in apps/declarations, which has every kind of tool, resource and prompt."""
    return shared_server(_DECLARATIONS, storage=storage).target


@pytest.fixture(scope="session")
def inspector() -> Path:
    """The script that `npx @modelcontextprotocol/inspector` runs."""
    modules = anyio.run(npm_package.install, PACKAGE, CACHE, Console())
    package = modules / "@modelcontextprotocol" / "inspector"
    scripts = json.loads((package / "package.json").read_text(encoding="utf-8"))["bin"]
    return package / scripts["mcp-inspector"]
