"""The calls of Azure Resource Manager that lead to a pool's MCP endpoint and its key.

https://github.com/Azure/azure-rest-api-specs/tree/main/specification/app/resource-manager/Microsoft.App/ContainerApps
Names of actions are read without regard to case, since documentation and specification write them differently.
"""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from functions_host.pool.credentials import Credentials
from functions_host.pool.mcp_answers import json_response
from functions_host.pool.quirks import Quirks

# Both were published without the property, which later previews have again.
_VERSIONS_WITHOUT_MCP = ("2026-01-01", "2026-07-01")


@dataclass(frozen=True)
class PoolResource:
    """What ARM knows of the pool."""

    resource_id: str
    name: str
    management_endpoint: str
    max_concurrent_sessions: int
    cool_down_seconds: float
    egress: bool

    @property
    def mcp_endpoint(self) -> str:
        return f"{self.management_endpoint}/mcp"


class Arm:
    """Answers calls on the pool's resource."""

    def __init__(self, resource: PoolResource, credentials: Credentials) -> None:
        self._resource = resource
        self._credentials = credentials

    def respond(self, method: str, action: str | None, api_version: str | None, quirks: Quirks) -> Response:
        """Returns the answer to a call by someone who has a token; any token will do here."""
        if not api_version:
            return arm_error(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            )
        if action is None:
            if method != "GET":
                return arm_error(405, "MethodNotAllowed", "Only reading the pool is modelled here.")
            return json_response(self._document(api_version, quirks))
        if method != "POST":
            return arm_error(405, "MethodNotAllowed", f"'{action}' is called with POST.")
        return self._act(action.lower(), quirks)

    def _act(self, action: str, quirks: Quirks) -> Response:
        if action == "fetchmcpservercredentials" and quirks.mcp_is_off:
            message = f"Session pool '{self._resource.name}' does not have MCP Server enabled."
            return arm_error(400, "SessionMCPServerNotEnabled", message)
        if action == "fetchmcpservercredentials":
            return json_response({"apiKey": self._credentials.key})
        if action == "rotatemcpservercredentials" and not quirks.rotate_is_unknown:
            self._credentials.rotate()
            return json_response({"apiKey": self._credentials.key})
        if action == "regeneratecredentials":
            # The key is fetched afterwards (https://learn.microsoft.com/azure/container-apps/mcp-authentication); what
            # this call itself answers is not public.
            self._credentials.rotate()
            return json_response({})
        return arm_error(404, "InvalidResourceType", f"The action '{action}' could not be found for 'sessionPools'.")

    def _document(self, api_version: str, quirks: Quirks) -> dict[str, Any]:
        resource = self._resource
        properties: dict[str, Any] = {
            "provisioningState": "Succeeded",
            "poolManagementType": "Dynamic",
            "containerType": "PythonLTS",
            "scaleConfiguration": {"maxConcurrentSessions": resource.max_concurrent_sessions},
            "dynamicPoolConfiguration": {
                "lifecycleConfiguration": {
                    "lifecycleType": "Timed",
                    "cooldownPeriodInSeconds": resource.cool_down_seconds,
                }
            },
            "sessionNetworkConfiguration": {"status": "EgressEnabled" if resource.egress else "EgressDisabled"},
            "poolManagementEndpoint": resource.management_endpoint,
        }
        if quirks.mcp_is_off:
            properties["mcpServerSettings"] = None
        elif api_version not in _VERSIONS_WITHOUT_MCP:
            properties["mcpServerSettings"] = {
                quirks.key_casing: True,
                "mcpServerEndpoint": resource.mcp_endpoint,
            }
        return {
            "id": resource.resource_id,
            "name": resource.name,
            "type": "Microsoft.App/sessionPools",
            "location": "local",
            "properties": properties,
        }


def arm_error(status: int, code: str, message: str) -> Response:
    """Returns an error in the manner of ARM."""
    return json_response({"error": {"code": code, "message": message}}, status)
