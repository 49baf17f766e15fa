"""Checks what would otherwise fail many minutes later, or half-succeed, and makes the Entra app if it is asked for."""

import fnmatch
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import entra_app
from azd import Azure, HookError, is_on, run

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SWITCHES = ("VNET_ENABLED", "SESSION_POOL_ENABLED", "SESSION_POOL_EGRESS_ENABLED")
_NUMBERS = {"SESSION_POOL_MAX_SESSIONS": (5, 600), "SESSION_POOL_COOLDOWN_SECONDS": (300, 3600)}
_MAIN = Path(__file__).resolve().parent.parent / "main.bicep"


def check(environment: Mapping[str, str], azure: Azure) -> None:
    """Raises HookError if provisioning cannot end well. Asks Azure only when the settings themselves are right."""
    problems = list(settings_problems(environment))
    if problems:
        raise HookError("\n".join(problems))
    subscription = environment.get("AZURE_SUBSCRIPTION_ID")
    if subscription:  # unset when `azd provision` is the first command: azd asks for it later
        check_rights(environment, azure, subscription)
        check_network_provider(environment, azure, subscription)
    if environment.get("MCP_AUTH_CLIENT_ID") == entra_app.CREATE:
        azure.set(environment, "MCP_AUTH_CLIENT_ID", entra_app.create(environment, azure))


def settings_problems(environment: Mapping[str, str]) -> Iterator[str]:
    """Yields a sentence for each variable of the azd environment whose value cannot be."""
    for name in _SWITCHES:
        if environment.get(name, "").lower() not in ("", "true", "false", "1", "0"):
            yield _told(environment, name, "is true or false", "true")
    for name, (least, most) in _NUMBERS.items():
        value = environment.get(name, "")
        if value and not (value.isascii() and value.isdigit() and least <= int(value) <= most):
            yield _told(environment, name, f"is a number from {least} to {most}", str(least))
    for name, parameter, example in (
        ("AZURE_LOCATION", "location", "eastus2"),
        ("FUNCTION_PYTHON_VERSION", "pythonVersion", "3.13"),
    ):
        choices = _allowed(parameter)
        if environment.get(name) and environment[name] not in choices:
            yield _told(environment, name, f"is one of {', '.join(choices)}", example)
    yield from _id_problems(environment)


def _id_problems(environment: Mapping[str, str]) -> Iterator[str]:
    role, client = environment.get("SESSION_POOL_ROLE_ID", ""), environment.get("MCP_AUTH_CLIENT_ID", "")
    if role and not _GUID.fullmatch(role):
        yield _told(environment, "SESSION_POOL_ROLE_ID", "is the id of a role, or empty", '""')
    if client and client != entra_app.CREATE and not _GUID.fullmatch(client):
        wanted = f"is the client id of an app registration, `{entra_app.CREATE}`, or empty"
        yield _told(environment, "MCP_AUTH_CLIENT_ID", wanted, entra_app.CREATE)
    listed = [each.strip() for each in environment.get("MCP_AUTH_ALLOWED_CLIENT_IDS", "").split(",")]
    if any(each and not _GUID.fullmatch(each) for each in listed):
        wanted = "holds client ids separated by commas"
        yield _told(environment, "MCP_AUTH_ALLOWED_CLIENT_IDS", wanted, "ID,ID")


def _told(environment: Mapping[str, str], name: str, wanted: str, example: str) -> str:
    return f"{name} {wanted}, not '{environment[name]}'. Change it: azd env set {name} {example}"


def _allowed(parameter: str) -> list[str]:
    """Returns what main.bicep allows for a parameter, so that no second list can differ from it."""
    text = _MAIN.read_text(encoding="utf-8")
    before = text[: text.index(f"\nparam {parameter} ")]
    return re.findall(r"'([^']+)'", before[before.rindex("@allowed([") : before.rindex("])")])


def check_rights(environment: Mapping[str, str], azure: Azure, subscription: str) -> None:
    """Raises HookError if the account may not make what the templates hold."""
    path = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
    answer = azure.call("GET", azure.resource_manager + path)
    if not answer.ok:
        return  # it is a courtesy: where rights cannot be read, Azure itself will say
    permissions: list[Mapping[str, Any]] = answer.body["value"]
    if not _may(permissions, "Microsoft.Resources/deployments/write"):
        raise HookError(
            f"Your account cannot deploy to subscription {subscription}. Ask for the role Owner on it, or for "
            "Contributor and User Access Administrator, or choose another: azd env set AZURE_SUBSCRIPTION_ID ID"
        )
    if not _may(permissions, "Microsoft.Authorization/roleAssignments/write"):
        raise HookError(
            f"Your account cannot assign roles in subscription {subscription}, which the app needs to reach its "
            "storage. Ask for the role Owner on it, or for User Access Administrator beside Contributor."
        )
    custom_role = is_on(environment, "SESSION_POOL_ENABLED", True) and not environment.get("SESSION_POOL_ROLE_ID")
    if custom_role and not _may(permissions, "Microsoft.Authorization/roleDefinitions/write"):
        raise HookError(
            f"Your account cannot make a role in subscription {subscription}. Ask for User Access Administrator, or "
            "take a built-in role that may do more than fetch the pool's key: "
            "azd env set SESSION_POOL_ROLE_ID f7669afb-68b2-44b4-9c5f-6d2a47fddda0"
        )


def _may(permissions: list[Mapping[str, Any]], action: str) -> bool:
    def matches(patterns: list[str]) -> bool:
        return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)

    return any(matches(one.get("actions", [])) and not matches(one.get("notActions", [])) for one in permissions)


def check_network_provider(environment: Mapping[str, str], azure: Azure, subscription: str) -> None:
    """Raises HookError if the subnet of the app could not be delegated."""
    if not is_on(environment, "VNET_ENABLED", False):
        return
    path = f"/subscriptions/{subscription}/providers/Microsoft.App?api-version=2021-04-01"
    answer = azure.call("GET", azure.resource_manager + path)
    if answer.ok and answer.body["registrationState"] != "Registered":
        raise HookError(
            "With VNET_ENABLED the subscription needs the resource provider Microsoft.App. Register it, which takes "
            "some minutes: az provider register --namespace Microsoft.App --wait"
        )


if __name__ == "__main__":
    run(lambda: check(os.environ, Azure(os.environ.get("AZURE_TENANT_ID"))))
