"""The role that infra/session-pool.bicep makes: it outlives its resource group, and a tenant has room for 5,000."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from azd import Answer, Azure, HookError, group_of

_VERSION = "api-version=2022-04-01"
_NAME = "MCP key reader of "
# Two minutes: the assignments of a role are gone some time after the resource that they were for.
_PAUSES = (5.0, 10.0, 15.0, 30.0, 60.0)


def find(environment: Mapping[str, str], azure: Azure) -> list[str]:
    """Returns the ids of the roles made for the resource group, by whatever run and from wherever.

    By its scope and its name, since neither a failed deployment nor a pipeline leaves its id in this environment.
    Raises HookError if they cannot be read.
    """
    group = group_of(environment)
    if not group:
        return []
    only_custom = quote("type eq 'CustomRole'")
    path = f"{group}/providers/Microsoft.Authorization/roleDefinitions?{_VERSION}&$filter={only_custom}"
    answer = azure.call("GET", azure.resource_manager + path)
    if answer.status == 404:
        return []
    if not answer.ok:
        raise HookError(answer.message)
    return [role["id"] for role in answer.body["value"] if _is_for(role["properties"], group)]


def _is_for(role: Mapping[str, Any], group: str) -> bool:
    scopes = [scope.lower() for scope in role["assignableScopes"]]
    return role["roleName"].startswith(_NAME) and scopes == [group.lower()]


def delete(role: str, azure: Azure) -> str:
    """Deletes a role, and waits for its assignments to go; returns why it is still there, empty if it is not."""
    url = f"{azure.resource_manager}{role}?{_VERSION}"
    answer = azure.until(lambda: azure.send("DELETE", url), _is_settled, _PAUSES)
    return "" if answer.ok or answer.status == 404 else answer.message


def _is_settled(answer: Answer) -> bool:
    # RoleDefinitionHasAssignments has been seen with 400 and with 409.
    return answer.code != "RoleDefinitionHasAssignments" and answer.status != 409
