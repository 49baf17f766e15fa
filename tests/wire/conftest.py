"""What the wire tests share."""

from uuid import uuid4

import pytest

from tests.servers import azurite_connection_string, free_port
from tests.wire.clients import Connect, connect_sse, connect_streamable_http


@pytest.fixture(params=[connect_streamable_http, connect_sse], ids=["streamable-http", "sse"])
def connect(request: pytest.FixtureRequest) -> Connect:
    """How to connect a client: each test runs over both transports."""
    return request.param


@pytest.fixture
def name() -> str:
    """A snippet name that no other test and no earlier run has used."""
    return f"test-{uuid4()}"


@pytest.fixture(scope="module")
def account() -> str:
    """The connection string of an Azurite, blobs and queues, for the tests of one module."""
    return azurite_connection_string(free_port(), free_port())
