"""The calls of Azure Resource Manager: the pool's properties, its key, and rotation."""

import pytest
from functions_host.pool.pool import PoolOptions

from host_tests.pool.clients import PoolClient, running_pool, until

pytestmark = pytest.mark.anyio

_INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "initialize"}


async def test_the_pool_shows_what_the_tutorial_deploys() -> None:
    async with running_pool(PoolOptions(port=0, egress="host")) as pool:
        document = (await pool.arm("GET")).json()
        assert document["id"] == pool.pool.resource_id
        properties = document["properties"]
        assert properties["containerType"] == "PythonLTS"
        assert properties["scaleConfiguration"] == {"maxConcurrentSessions": 5}
        assert properties["sessionNetworkConfiguration"] == {"status": "EgressEnabled"}
        assert properties["dynamicPoolConfiguration"]["lifecycleConfiguration"] == {
            "lifecycleType": "Timed",
            "cooldownPeriodInSeconds": 300,
        }
        assert properties["mcpServerSettings"] == {
            "isMCPServerEnabled": True,
            "mcpServerEndpoint": pool.pool.endpoint,
        }


async def test_the_api_version_of_2026_01_01_does_not_know_of_mcp(pool: PoolClient) -> None:
    assert "mcpServerSettings" not in (await pool.arm("GET", version="2026-01-01")).json()["properties"]
    assert (await pool.arm("GET", version="")).status_code == 400


@pytest.mark.parametrize(
    "action", ["fetchMCPServerCredentials", "fetchMcpServerCredentials", "FETCHMCPSERVERCREDENTIALS"]
)
async def test_the_key_is_fetched_whatever_the_case_of_the_action(pool: PoolClient, action: str) -> None:
    assert (await pool.arm("POST", f"/{action}")).json() == {"apiKey": pool.pool.key}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer"}, {"Authorization": "Basic abc"}])
async def test_whoever_has_no_token_gets_nothing(pool: PoolClient, headers: dict[str, str]) -> None:
    for action in ("", "/fetchMCPServerCredentials", "/rotateMCPServerCredentials"):
        url = f"{pool.pool.arm_endpoint}{pool.pool.resource_id}{action}?api-version=2025-10-02-preview"
        answer = await pool.http.post(url, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "AuthenticationFailed")


async def test_other_pools_and_actions_do_not_exist(pool: PoolClient) -> None:
    assert (await pool.arm("POST", "/stop")).status_code == 404
    assert (await pool.arm("GET", "/fetchMCPServerCredentials")).status_code == 405
    assert (await pool.arm("DELETE")).status_code == 405
    other = f"{pool.pool.arm_endpoint}{pool.pool.resource_id[:-5]}other?api-version=2025-10-02-preview"
    answer = await pool.http.get(other, headers={"Authorization": "Bearer token"})
    assert answer.json()["error"]["code"] == "ResourceNotFound"


@pytest.mark.parametrize("action", ["rotateMCPServerCredentials", "regenerateCredentials"])
async def test_after_a_rotation_only_the_new_key_opens_the_pool(action: str) -> None:
    async with running_pool(PoolOptions(port=0)) as pool:
        old = pool.pool.key
        rotated = (await pool.arm("POST", f"/{action}")).json()
        new = (await pool.arm("POST", "/fetchMCPServerCredentials")).json()["apiKey"]
        assert new == pool.pool.key != old
        assert rotated == ({"apiKey": new} if action.startswith("rotate") else {})
        assert (await pool.post(_INITIALIZE, old)).status_code == 401
        assert (await pool.post(_INITIALIZE, new)).status_code == 200


async def test_the_old_key_stays_valid_for_as_long_as_the_pool_was_told() -> None:
    async with running_pool(PoolOptions(port=0, old_key_seconds=0.5)) as pool:
        old = pool.pool.key
        await pool.arm("POST", "/rotateMCPServerCredentials")
        assert (await pool.post(_INITIALIZE, old)).status_code == 200
        assert (await pool.post(_INITIALIZE, pool.pool.key)).status_code == 200
        statuses: list[int] = []
        while 401 not in statuses:
            statuses.append((await pool.post(_INITIALIZE, old)).status_code)
        await until(lambda: set(statuses) == {200, 401})


async def test_environments_outlive_a_rotation() -> None:
    async with running_pool(PoolOptions(port=0)) as pool:
        await pool.python("kept", "x = 1")
        await pool.arm("POST", "/rotateMCPServerCredentials")
        assert (await pool.python("kept", "x"))["executionResult"] == 1
