"""Makes the Entra app registration that clients sign in to, for `azd env set MCP_AUTH_CLIENT_ID create`.

Through Microsoft Graph and not Bicep: the identifier `api://<client id>` holds an id that Graph gives out only when
the app exists, and most who deploy have no right in Graph and need none. Every step can be taken again: a run that was
stopped is made up for by the next.
"""

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from azd import Answer, Azure, HookError

CREATE = "create"
_CLIENT_ID = "MCP_AUTH_CLIENT_ID"
# Set before the app is made, so that `azd down` deletes it whatever has become of the run and of the client id.
_MADE = "ENTRA_APP_NAME"
_VISUAL_STUDIO_CODE = "aebc6443-996d-45c2-90f0-388ff96faa56"


def provide(environment: Mapping[str, str], azure: Azure) -> None:
    """Makes the app if that is asked for, and brings one that it made before up to date.

    Raises HookError if it cannot be made.
    """
    client_id = environment.get(_CLIENT_ID, "")
    if client_id == CREATE:
        name = _name(environment)
        azure.set(environment, _MADE, name)
        client_id = _make(name, environment, azure)
        azure.set(environment, _CLIENT_ID, client_id)
    elif client_id and environment.get(_MADE):
        try:
            _update(environment[_MADE], client_id, environment, azure)
        except HookError as error:  # the app itself is there, and lets in whom it let in before
            print(f"Warning: the Entra app was left as it is. {error}")


def delete(environment: Mapping[str, str], azure: Azure) -> None:
    """Deletes the app that was made for this environment, if there is one. Raises HookError if it cannot."""
    name = environment.get(_MADE)
    if not name and environment.get(_CLIENT_ID) and environment.get("AZURE_SUBSCRIPTION_ID"):
        name = _name(environment)  # a pipeline that was told to create one left no trace here
    if not name:
        return
    found = azure.call("GET", f"{_url(name, azure)}?$select=id,appId")
    if not found.ok and not environment.get(_MADE) and environment.get(_CLIENT_ID) != CREATE:
        return  # somebody brought their app, and the answer is their tenant's business
    if found.status != 404:
        _deleted(found)
        object_id, client_id = found.body["id"], found.body["appId"]
        if environment.get(_CLIENT_ID) == client_id:
            # Before it is gone: whenever this ends, the next `azd up` makes another, or finds this one.
            azure.set(environment, _CLIENT_ID, CREATE)
        _deleted(azure.call("DELETE", f"{azure.graph}/v1.0/applications/{object_id}"))
        _purge(object_id, azure)
    if environment.get(_MADE):
        azure.set(environment, _MADE, "")


def _purge(object_id: str, azure: Azure) -> None:
    """Deletes it from the deleted ones too, where its name would be taken for 30 days."""
    url = f"{azure.graph}/v1.0/directory/deletedItems/{object_id}"
    answer = azure.until(lambda: azure.send("DELETE", url), lambda answer: answer.status != 404)
    if not answer.ok:
        print(
            f"The Entra app is deleted, and stays among the deleted ones for 30 days: {answer.message}\n"
            f"An Application Administrator can end that: az rest --method DELETE --url {url}"
        )


def _name(environment: Mapping[str, str]) -> str:
    """Returns what the app is known by: unique in a tenant, since subscriptions are."""
    subscription = environment.get("AZURE_SUBSCRIPTION_ID")
    if not subscription:  # when `azd up` is the first command, azd asks for it only later
        raise HookError(
            f"{_CLIENT_ID} {CREATE} needs to know the subscription. Set it: azd env set AZURE_SUBSCRIPTION_ID ID"
        )
    return f"remote-mcp-{environment['AZURE_ENV_NAME']}-{subscription}"


def _url(name: str, azure: Azure) -> str:
    return f"{azure.graph}/v1.0/applications(uniqueName='{quote(name)}')"


def _make(name: str, environment: Mapping[str, str], azure: Azure) -> str:
    """Makes the app, or finds the one that was made before, and returns its client id."""
    found = azure.call("GET", _to_read(name, azure))
    if found.status == 404:
        shape = {
            "displayName": _display_name(environment),
            "signInAudience": "AzureADMyOrg",
            **_service(environment),
            "api": {"requestedAccessTokenVersion": 2, "oauth2PermissionScopes": [_scope(name)]},
        }
        made = azure.call("PATCH", _url(name, azure), shape, {"Prefer": "create-if-missing"})
        if _is_taken(made):
            _restore(name, environment, azure)
        else:
            _checked(made)
        # What was made in one place of the directory is not yet known in the others.
        found = azure.until(lambda: azure.send("GET", _to_read(name, azure)), lambda answer: answer.status != 404)
        if found.status == 404 and _is_taken(made):
            raise _taken(made, environment)
    app = _checked(found).body
    _complete(name, app, environment, azure)
    _make_enterprise_application(azure, app["appId"])
    return app["appId"]


def _is_taken(answer: Answer) -> bool:
    """Returns whether the name belongs to an app that is deleted, or not yet known here: Graph says 400 of both."""
    return answer.status == 400 and "uniqueName" in answer.message


def _restore(name: str, environment: Mapping[str, str], azure: Azure) -> None:
    """Takes the app back from the deleted ones, where it holds its name for 30 days, if it is there."""
    called = quote(f"displayName eq '{_display_name(environment)}'")
    deleted = f"{azure.graph}/v1.0/directory/deletedItems"
    listed = azure.call("GET", f"{deleted}/microsoft.graph.application?$select=id,uniqueName&$filter={called}")
    found = [one["id"] for one in listed.body["value"] if one.get("uniqueName") == name] if listed.ok else []
    for object_id in found:
        restored = azure.call("POST", f"{deleted}/{object_id}/restore", {})
        if not restored.ok:
            raise _taken(restored, environment)


def _taken(answer: Answer, environment: Mapping[str, str]) -> HookError:
    return HookError(
        f"An app was deleted that keeps the name of this environment's for 30 days, and is not back: {answer.message} "
        f"Run azd again in a minute; if it stays so, ask an Application Administrator to restore "
        f"`{_display_name(environment)}` or to delete it for good, or take an azd environment of another name."
    )


def _display_name(environment: Mapping[str, str]) -> str:
    return f"MCP server of {environment['AZURE_ENV_NAME']}"


def _update(name: str, client_id: str, environment: Mapping[str, str], azure: Azure) -> None:
    found = azure.call("GET", _to_read(name, azure))
    if found.status != 404 and _checked(found).body["appId"] == client_id:
        _complete(name, found.body, environment, azure)
        _make_enterprise_application(azure, client_id)


def _to_read(name: str, azure: Azure) -> str:
    return f"{_url(name, azure)}?$select=appId,identifierUris,serviceManagementReference,api"


def _complete(name: str, app: Mapping[str, Any], environment: Mapping[str, str], azure: Azure) -> None:
    """Gives the app what can only be said when its id and its scope exist, unless it has it already."""
    scope = _scope(name)
    authorized = [{"appId": each, "delegatedPermissionIds": [scope["id"]]} for each in _allowed(environment)]
    uris = [f"api://{app['appId']}"]
    api: Mapping[str, Any] = app.get("api") or {}
    has = (
        app.get("identifierUris"),
        {one["appId"] for one in api.get("preAuthorizedApplications", [])},
        app.get("serviceManagementReference"),
    )
    wants = (
        uris,
        set(_allowed(environment)),
        _service(environment).get("serviceManagementReference", has[2]),
    )
    if has == wants:
        return
    whole = {
        "identifierUris": uris,
        **_service(environment),
        "api": {
            "requestedAccessTokenVersion": 2,
            "oauth2PermissionScopes": [scope],
            "preAuthorizedApplications": authorized,
        },
    }
    _checked(azure.until(lambda: azure.send("PATCH", _url(name, azure), whole), _is_known))


def _make_enterprise_application(azure: Azure, client_id: str) -> None:
    """Without one in the tenant, nobody can sign in."""
    found = azure.call("GET", f"{azure.graph}/v1.0/servicePrincipals(appId='{client_id}')?$select=id")
    if found.status != 404:
        _checked(found)
        return
    url = f"{azure.graph}/v1.0/servicePrincipals"
    made = azure.until(lambda: azure.send("POST", url, {"appId": client_id}), _is_known)
    if made.status != 409:  # made by an earlier run, and not yet known where it was looked for
        _checked(made)


def _is_known(answer: Answer) -> bool:
    """Returns whether Graph knew what was meant: of an app just made it says 404, or 400 for what refers to it."""
    return answer.status not in (400, 404)


def _allowed(environment: Mapping[str, str]) -> list[str]:
    listed = environment.get("MCP_AUTH_ALLOWED_CLIENT_IDS") or _VISUAL_STUDIO_CODE  # as main.parameters.json has it
    return [each.strip() for each in listed.split(",")]


def _service(environment: Mapping[str, str]) -> dict[str, str]:
    reference = environment.get("MCP_AUTH_SERVICE_MANAGEMENT_REFERENCE")
    return {"serviceManagementReference": reference} if reference else {}


def _scope(name: str) -> dict[str, object]:
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}/user_impersonation")),
        "value": "user_impersonation",
        "type": "User",
        "isEnabled": True,
        "adminConsentDisplayName": "Call the MCP server",
        "adminConsentDescription": "Call the tools of the MCP server as the signed-in user.",
        "userConsentDisplayName": "Call the MCP server",
        "userConsentDescription": "Call the tools of the MCP server as you.",
    }


def _checked(answer: Answer) -> Answer:
    """Returns an answer that is good, and otherwise raises a HookError with the reason that Graph gave."""
    if answer.ok:
        return answer
    if answer.status in (401, 403):
        raise HookError(
            f"The Entra app could not be made, since your account may not: {answer.message} Ask someone who may "
            f"register applications, and set the client id that they give you: azd env set {_CLIENT_ID} ID"
        )
    if answer.code == "ServiceTreeValueMissing":
        raise HookError(
            "The Entra app could not be made, since your tenant wants to know which service an app belongs to. Set its "
            "id: azd env set MCP_AUTH_SERVICE_MANAGEMENT_REFERENCE ID"
        )
    if answer.status in (0, 404, 429) or answer.status >= 500:
        raise HookError(
            f"The Entra app is not finished, since Microsoft Graph did not answer in time: {answer.message} Run azd "
            "again in a minute: it goes on from there."
        )
    raise HookError(
        f"The Entra app could not be made, since Microsoft Graph refuses it: {answer.message} If your tenant has rules "
        f"for apps, ask for one that keeps them, and set its client id: azd env set {_CLIENT_ID} ID"
    )


def _deleted(answer: Answer) -> None:
    if not answer.ok and answer.status != 404:
        raise HookError(
            f"The Entra app that a hook made could not be deleted: {answer.message} `azd down` tries again, or delete "
            "it yourself: App registrations, `MCP server of ...`, in https://entra.microsoft.com"
        )
