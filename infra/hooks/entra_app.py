"""Makes the Entra app registration that clients sign in to, for `azd env set MCP_AUTH_CLIENT_ID create`.

Through Microsoft Graph and not Bicep: the identifier `api://<client id>` holds an id that Graph gives out only when
the app exists, and most who deploy have no right in Graph and need none.
"""

import uuid
from collections.abc import Mapping

from azd import Answer, Azure, HookError

CREATE = "create"
_VISUAL_STUDIO_CODE = "aebc6443-996d-45c2-90f0-388ff96faa56"


def create(environment: Mapping[str, str], azure: Azure) -> str:
    """Makes the app, or finds the one it made before, and returns its client id. Raises HookError if it may not."""
    name = f"remote-mcp-{environment['AZURE_ENV_NAME']}-{environment.get('AZURE_SUBSCRIPTION_ID', '')}"
    app = f"{azure.graph}/v1.0/applications(uniqueName='{name}')"
    scope = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}/user_impersonation"))
    api: dict[str, object] = {"requestedAccessTokenVersion": 2, "oauth2PermissionScopes": [_scope(scope)]}
    shape = {"displayName": f"MCP server of {environment['AZURE_ENV_NAME']}", "signInAudience": "AzureADMyOrg"}
    _checked(azure.call("PATCH", app, {**shape, "api": api}, {"Prefer": "create-if-missing"}))
    client_id: str = _checked(azure.call("GET", f"{app}?$select=appId")).body["appId"]
    # In a second step, when its id and its scope exist.
    authorized = {"appId": _VISUAL_STUDIO_CODE, "delegatedPermissionIds": [scope]}
    api = {**api, "preAuthorizedApplications": [authorized]}
    _checked(azure.call("PATCH", app, {"identifierUris": [f"api://{client_id}"], "api": api}))
    _make_enterprise_application(azure, client_id)
    return client_id


def _make_enterprise_application(azure: Azure, client_id: str) -> None:
    """Without one in the tenant, nobody can sign in."""
    found = azure.call("GET", f"{azure.graph}/v1.0/servicePrincipals(appId='{client_id}')?$select=id")
    if found.status == 404:
        _checked(azure.call("POST", f"{azure.graph}/v1.0/servicePrincipals", {"appId": client_id}))
    else:
        _checked(found)


def _scope(scope: str) -> dict[str, object]:
    return {
        "id": scope,
        "value": "user_impersonation",
        "type": "User",
        "isEnabled": True,
        "adminConsentDisplayName": "Call the MCP server",
        "adminConsentDescription": "Call the tools of the MCP server as the signed-in user.",
        "userConsentDisplayName": "Call the MCP server",
        "userConsentDescription": "Call the tools of the MCP server as you.",
    }


def _checked(answer: Answer) -> Answer:
    if not answer.ok:
        raise HookError(
            f"The Entra app could not be made: {answer.message} Ask someone who may register applications, and set "
            "the client id that they give you: azd env set MCP_AUTH_CLIENT_ID ID"
        )
    return answer
