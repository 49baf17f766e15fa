r"""The commands of Microsoft's tutorial, word for word, with the endpoint and key of a pool on this machine.

https://learn.microsoft.com/azure/container-apps/sessions-tutorial-python-mcp
"""

import asyncio
import json
import shutil
import sys
from typing import Any

import pytest

from host_tests.pool.clients import PoolClient

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        not (shutil.which("curl") and shutil.which("jq") and shutil.which("bash")), reason="needs bash, curl and jq"
    ),
]

# `az rest` sends a token of the person and asks for a member of the answer, which is what curl and jq do here.
_ENDPOINT = r"""
GROUP=$ARM/subscriptions/$SUBSCRIPTION_ID/resourceGroups/$RESOURCE_GROUP
POOL=$GROUP/providers/Microsoft.App/sessionPools/$SESSION_POOL_NAME
VERSION=api-version=2025-02-02-preview
MCP_ENDPOINT=$(curl -sS -H "Authorization: Bearer $TOKEN" "$POOL?$VERSION" \
    | jq -r ".properties.mcpServerSettings.mcpServerEndpoint")
API_KEY=$(curl -sS -X POST -H "Authorization: Bearer $TOKEN" "$POOL/fetchMCPServerCredentials?$VERSION" \
    | jq -r ".apiKey")
"""

_INITIALIZE = r"""
curl -sS -X POST "$MCP_ENDPOINT" \
    -H "Content-Type: application/json" \
    -H "x-ms-apikey: $API_KEY" \
    -d '{ "jsonrpc": "2.0", "id": "1", "method": "initialize" }'
"""

_LAUNCH = r"""
ENVIRONMENT_RESPONSE=$(curl -sS -X POST "$MCP_ENDPOINT" \
    -H "Content-Type: application/json" \
    -H "x-ms-apikey: $API_KEY" \
    -d '{ "jsonrpc": "2.0", "id": "2", "method": "tools/call", "params": { "name": "launchShell", "arguments": {} } }')

echo $ENVIRONMENT_RESPONSE
ENVIRONMENT_ID=$(echo $ENVIRONMENT_RESPONSE | jq -r '.result.structuredContent.environmentId')
echo $ENVIRONMENT_ID
"""

_VERSION = r"""
curl -sS -X POST "$MCP_ENDPOINT" \
    -H "Content-Type: application/json" \
    -H "x-ms-apikey: $API_KEY" \
    -d '{
        "jsonrpc": "2.0",
        "id": "3",
        "method": "tools/call",
        "params": {
            "name": "runPythonCodeInRemoteEnvironment",
            "arguments": {
                "environmentId": "'"$ENVIRONMENT_ID"'",
                "pythonCode": "import sys; print(f\"Python {sys.version}\")"
            }
        }
    }'
"""

_FACTORIALS = r"""
curl -sS -X POST "$MCP_ENDPOINT" \
    -H "Content-Type: application/json" \
    -H "x-ms-apikey: $API_KEY" \
    -d '{
        "jsonrpc": "2.0",
        "id": "4",
        "method": "tools/call",
        "params": {
            "name": "runPythonCodeInRemoteEnvironment",
            "arguments": {
                "environmentId": "'"$ENVIRONMENT_ID"'",
                "pythonCode": "import math\nresults = {n: math.factorial(n) for n in range(1, 11)}\nfor k, v in results.items():\n    print(f\"{k}! = {v}\")"
            }
        }
    }'
"""  # noqa: E501  (as it stands there)


async def _bash(pool: PoolClient, *steps: str) -> str:
    """Runs steps of the tutorial in one shell and returns what the last of them printed."""
    environment = {
        "ARM": pool.pool.arm_endpoint,
        "TOKEN": "any",
        "SUBSCRIPTION_ID": "00000000-0000-0000-0000-000000000000",
        "RESOURCE_GROUP": "local",
        "SESSION_POOL_NAME": "local",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
    }
    script = "\n{\n" + "\n} > /dev/null\n{\n".join(steps) + "\n}\n"
    process = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", script, env=environment, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()


async def test_the_endpoint_and_the_key_come_from_arm(pool: PoolClient) -> None:
    printed = await _bash(pool, _ENDPOINT, 'echo "$MCP_ENDPOINT $API_KEY"')
    assert printed.split() == [pool.pool.endpoint, pool.pool.key]


async def test_initialize_answers_the_documented_fields(pool: PoolClient) -> None:
    answer: Any = json.loads(await _bash(pool, _ENDPOINT, _INITIALIZE))
    assert (answer["jsonrpc"], answer["id"]) == ("2.0", "1")
    assert answer["result"]["protocolVersion"] == "2025-03-26"
    assert answer["result"]["serverInfo"]["name"] == "Microsoft Container Apps MCP Server"
    assert answer["result"]["capabilities"]["tools"] == {"call": True, "list": True}


async def test_the_environment_id_is_extracted_with_jq(pool: PoolClient) -> None:
    response, environment = (await _bash(pool, _ENDPOINT, _LAUNCH)).splitlines()
    assert json.loads(response)["result"]["structuredContent"] == {"environmentId": environment}
    assert len(environment) == 36


async def test_both_python_examples_print_what_they_should(pool: PoolClient) -> None:
    version: Any = json.loads(await _bash(pool, _ENDPOINT, _LAUNCH, _VERSION))
    assert version["result"]["structuredContent"]["stdout"] == f"Python {sys.version}\n"
    factorials: Any = json.loads(await _bash(pool, _ENDPOINT, _LAUNCH, _FACTORIALS))
    assert factorials["result"]["structuredContent"]["stdout"] == (
        "1! = 1\n2! = 2\n3! = 6\n4! = 24\n5! = 120\n6! = 720\n7! = 5040\n8! = 40320\n9! = 362880\n10! = 3628800\n"
    )
