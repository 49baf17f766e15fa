"""What the MCP endpoint answers: methods, keys, and messages that it refuses."""

import io
from typing import Any

import pytest
from functions_host.console import Console
from functions_host.pool.pool import PoolOptions

from host_tests.pool.clients import RUN_PYTHON, RUN_SHELL, PoolClient, new_id, running_pool
from host_tests.requirements import shows

pytestmark = pytest.mark.anyio


async def test_nobody_has_to_initialize_first(pool: PoolClient) -> None:
    assert (await pool.ask("tools/list"))["result"]["tools"][0]["name"] == "launchShell"


@shows("transport.upgrade")
async def test_an_offer_of_another_protocol_is_ignored(pool: PoolClient) -> None:
    offer = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAEAAEAA"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    answer = await pool.http.post(pool.pool.endpoint, json=body, headers={"x-ms-apikey": pool.pool.key} | offer)
    assert answer.json()["result"]["tools"][0]["name"] == "launchShell"


@pytest.mark.parametrize("method", ["ping", "resources/list", "server/discover"])
async def test_other_methods_do_not_exist(pool: PoolClient, method: str) -> None:
    assert (await pool.ask(method))["error"]["code"] == -32601


async def test_a_notification_is_accepted_without_an_answer(pool: PoolClient) -> None:
    answer = await pool.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (answer.status_code, answer.content) == (202, b"")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"id": 1, "method": "initialize"}', b"\xff"])
async def test_what_is_no_message_is_a_parse_error(pool: PoolClient, body: bytes) -> None:
    answer = await pool.http.post(pool.pool.endpoint, content=body, headers={"x-ms-apikey": pool.pool.key})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == -32700


@pytest.mark.parametrize(
    ("params", "text"),
    [
        (None, "Invalid params"),
        ([], "Invalid params"),
        ({"name": "noSuchTool"}, "noSuchTool"),
        ({"name": "launchPythonEnvironment"}, "Unknown tool"),
        ({"name": RUN_PYTHON, "arguments": 1}, "Invalid params"),
        ({"name": RUN_PYTHON, "arguments": {"pythonCode": "1"}}, "environmentId"),
        ({"name": RUN_PYTHON, "arguments": {"environmentId": 7, "pythonCode": "1"}}, "environmentId"),
        ({"name": RUN_PYTHON, "arguments": {"environmentId": "abcd"}}, "pythonCode"),
        ({"name": RUN_SHELL, "arguments": {"environmentId": "abcd"}}, "shellCommand"),
        ({"name": RUN_SHELL, "arguments": {"environmentId": "abcd", "execCommandAndArgs": []}}, "execCommandAndArgs"),
        ({"name": RUN_SHELL, "arguments": {"environmentId": "abcd", "execCommandAndArgs": [1]}}, "execCommandAndArgs"),
        (
            {
                "name": RUN_SHELL,
                "arguments": {"environmentId": "abcd", "execCommandAndArgs": ["a"], "shellCommand": "a"},
            },
            "either",
        ),
    ],
)
async def test_params_that_cannot_be_are_named(pool: PoolClient, params: Any, text: str) -> None:
    error = (await pool.ask("tools/call", params))["error"]
    assert error["code"] == -32602
    assert text in error["message"]


@pytest.mark.parametrize(
    ("identifier", "code"),
    [
        ("abc", "InvalidLengthOfSessionIdentifier"),
        ("a" * 129, "InvalidLengthOfSessionIdentifier"),
        ("with space", "InvalidSessionIdentifier"),
        ("../../etc", "InvalidSessionIdentifier"),
        ("größe", "InvalidSessionIdentifier"),
        ("under_score", "InvalidSessionIdentifier"),
    ],
)
async def test_an_identifier_that_cannot_be_is_refused(pool: PoolClient, identifier: str, code: str) -> None:
    for tool, arguments in ((RUN_PYTHON, {"pythonCode": "1"}), (RUN_SHELL, {"shellCommand": "ls"})):
        result = await pool.result(tool, environmentId=identifier, **arguments)
        assert result["isError"] is True
        assert result["content"][0]["text"].startswith(f"{code}: ")


@pytest.mark.parametrize("identifier", ["abcd", "a" * 128, "|-&^%$#(){}[];<>"])
async def test_an_identifier_of_any_documented_character_works(pool: PoolClient, identifier: str) -> None:
    assert (await pool.python(identifier, "1"))["executionResult"] == 1


@pytest.mark.parametrize("key", ["", "wrong", "größer"])
async def test_a_wrong_key_is_refused_before_anything_else(pool: PoolClient, key: str) -> None:
    headers = {b"x-ms-apikey": key.encode()}
    answer = await pool.http.post(pool.pool.endpoint, content=b"{", headers=headers)
    assert answer.status_code == 401


async def test_a_token_is_no_key(pool: PoolClient) -> None:
    answer = await pool.http.post(pool.pool.endpoint, content=b"{", headers={"Authorization": "Bearer token"})
    assert answer.status_code == 401


async def test_a_message_of_more_than_32_mib_is_too_large(pool: PoolClient) -> None:
    assert (await pool.call(RUN_PYTHON, environmentId="large", pythonCode="#" * 2**25)).status_code == 413


async def test_get_is_not_allowed(pool: PoolClient) -> None:
    answer = await pool.http.get(pool.pool.endpoint, headers={"x-ms-apikey": pool.pool.key})
    assert answer.status_code == 405


async def test_another_pool_does_not_exist(pool: PoolClient) -> None:
    other = pool.pool.endpoint.replace("sessionPools/local", "sessionPools/other")
    assert (await pool.http.post(other, headers={"x-ms-apikey": pool.pool.key})).status_code == 404
    assert (await pool.http.get(pool.pool.arm_endpoint)).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"), [({"Host": "evil.example"}, 421), ({"Origin": "https://evil.example"}, 403)]
)
async def test_pages_of_other_machines_are_refused(pool: PoolClient, headers: dict[str, str], status: int) -> None:
    for url in (pool.pool.endpoint, pool.pool.arm_endpoint + pool.pool.resource_id):
        answer = await pool.http.post(url, headers=headers | {"x-ms-apikey": pool.pool.key})
        assert answer.status_code == status


async def test_each_call_is_a_line_without_code_key_or_identifier() -> None:
    written = io.StringIO()
    async with running_pool(PoolOptions(port=0, key="the-secret"), Console(written)) as pool:
        environment = f"hidden-{new_id()}"
        await pool.python(environment, "print('confidential')\n1/0")
        await pool.shell(environment, "echo confidential; exit 3")
        await pool.call(RUN_PYTHON, environmentId="x", pythonCode="confidential")
    lines = [line.partition("Session pool: ")[2] for line in written.getvalue().splitlines()]
    assert [line.rpartition(" (")[0] for line in lines] == [
        f"{RUN_PYTHON} raised an exception",
        f"{RUN_SHELL} ended with exit code 3",
        f"{RUN_PYTHON} was refused with InvalidLengthOfSessionIdentifier",
    ]
    assert not any(secret in written.getvalue() for secret in ("confidential", "hidden", "the-secret"))
