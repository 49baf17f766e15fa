"""Which session pool the setting means."""

import pytest
from functions_host.errors import PersonError
from functions_host.pool.setting import PoolSetting, is_default_pool, read_pool_setting

_PATH = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/sessionPools/local/mcp"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_address_of_this_machine_is_a_pool_to_start(host: str) -> None:
    endpoint = f"http://{host}:7100{_PATH}"
    assert read_pool_setting(endpoint) == PoolSetting(endpoint, 7100)


def test_any_other_address_is_a_pool_that_exists() -> None:
    endpoint = "https://eastus.dynamicsessions.io/subscriptions/s/resourceGroups/g/sessionPools/p/mcp"
    assert read_pool_setting(endpoint) == PoolSetting(endpoint, None)


@pytest.mark.parametrize("endpoint", [None, ""])
def test_no_setting_is_no_pool(endpoint: str | None) -> None:
    assert read_pool_setting(endpoint) is None


@pytest.mark.parametrize("endpoint", ["nonsense", "http://", "ftp://x/y", "https://host:port/mcp", "127.0.0.1:7072"])
def test_what_is_no_address_is_refused(endpoint: str) -> None:
    with pytest.raises(PersonError, match="is not the address of a session pool"):
        read_pool_setting(endpoint)


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:9/mcp", "http://127.0.0.1:7071/", f"https://localhost:1{_PATH}"]
)
def test_an_address_of_this_machine_that_the_pool_does_not_have_is_refused(endpoint: str) -> None:
    with pytest.raises(PersonError, match="does not have"):
        read_pool_setting(endpoint)


def test_only_the_address_that_templates_come_with_is_the_default() -> None:
    assert is_default_pool(f"http://127.0.0.1:7072{_PATH}")
    for other in (None, "nonsense", f"http://127.0.0.1:7100{_PATH}", f"https://eastus.dynamicsessions.io:7072{_PATH}"):
        assert not is_default_pool(other)
