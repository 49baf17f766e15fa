"""Checks what would otherwise fail many minutes later, or half-succeed, and makes the Entra app if it is asked for."""

import fnmatch
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import entra_app
from azd import Azure, HookError, group_of, is_on, run

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MAIN = Path(__file__).resolve().parent.parent / "main.bicep"
_SWITCHES = ("VNET_ENABLED", "SESSION_POOL_ENABLED", "SESSION_POOL_EGRESS_ENABLED")
# name, least, most, and one that may be
NUMBERS = (
    ("FUNCTION_MAX_INSTANCES", 1, 1000, 100),
    ("FUNCTION_HTTP_CONCURRENCY", 0, 1000, 16),
    ("LOG_DAILY_CAP_GB", 0, 1000, 1),
    ("BLOB_SOFT_DELETE_DAYS", 0, 365, 7),
    ("SESSION_POOL_MAX_SESSIONS", 5, 600, 20),
    ("SESSION_POOL_COOLDOWN_SECONDS", 300, 3600, 300),
)
# name, the parameter whose @allowed says what may be, and one of it
_CHOICES = (
    ("AZURE_LOCATION", "location", "eastus2"),
    ("AZURE_PRINCIPAL_TYPE", "userPrincipalType", "User"),
    ("FUNCTION_PYTHON_VERSION", "pythonVersion", "3.13"),
    ("FUNCTION_INSTANCE_MEMORY_MB", "instanceMemoryMB", "2048"),
)


def check(environment: Mapping[str, str], azure: Azure) -> None:
    """Raises HookError if provisioning cannot end well. Asks Azure only when the settings themselves are right."""
    problems = list(settings_problems(environment))
    if problems:
        raise HookError("\n".join(problems))
    subscription = environment.get("AZURE_SUBSCRIPTION_ID")
    if subscription:  # unset when `azd provision` is the first command: azd asks for it later
        check_rights(environment, azure, subscription)
        check_network_provider(environment, azure, subscription)
    entra_app.provide(environment, azure)


def settings_problems(environment: Mapping[str, str]) -> Iterator[str]:
    """Yields a sentence for each variable of the azd environment whose value cannot be. Empty is the default."""
    for name in _SWITCHES:
        if environment.get(name, "").lower() not in ("", "true", "false", "1", "0"):
            yield _told(environment, name, "is true or false", "true")
    for name, least, most, example in NUMBERS:
        value = environment.get(name, "")
        if value and not (_is_number(value) and least <= int(value) <= most):
            yield _told(environment, name, f"is a whole number from {least} to {most}", str(example))
    for name, parameter, example in _CHOICES:
        choices = _allowed(parameter)
        if environment.get(name) and environment[name] not in choices:
            yield _told(environment, name, f"is one of {', '.join(choices)}", example)
    yield from _name_problems(environment)
    yield from _id_problems(environment)


def _is_number(value: str) -> bool:
    # Longer than any that may be, and int() would take its time.
    return value.isascii() and value.isdigit() and len(value) < 10


def _name_problems(environment: Mapping[str, str]) -> Iterator[str]:
    name, address = environment.get("AZURE_ENV_NAME", ""), environment.get("ALERT_EMAIL", "")
    # The resource group is named after it, and its rules are narrower than azd's.
    # https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftresources
    if name and not re.fullmatch(r"[A-Za-z0-9_.()-]{0,63}[A-Za-z0-9_()-]", name):
        yield (
            f"AZURE_ENV_NAME is letters, digits and -_.() without a dot at its end, 64 at most, not '{name}', since "
            "the resource group is named after it. Make another environment: azd env new NAME"
        )
    if address and not re.fullmatch(r"[^\s@,;]+@[^\s@,;]+\.[^\s@,;.]+", address):
        yield _told(environment, "ALERT_EMAIL", "is one e-mail address, or empty", "me@example.com")


def _id_problems(environment: Mapping[str, str]) -> Iterator[str]:
    client = environment.get("MCP_AUTH_CLIENT_ID", "")
    for name, wanted in (
        ("AZURE_PRINCIPAL_ID", "is the object id of who deploys, or empty"),
        ("SESSION_POOL_ROLE_ID", "is the id of a role, or empty"),
    ):
        if environment.get(name) and not _GUID.fullmatch(environment[name]):
            yield _told(environment, name, wanted, '""')
    if client and client != entra_app.CREATE and not _GUID.fullmatch(client):
        wanted = f"is the client id of an app registration, `{entra_app.CREATE}`, or empty"
        yield _told(environment, "MCP_AUTH_CLIENT_ID", wanted, entra_app.CREATE)
    listed = environment.get("MCP_AUTH_ALLOWED_CLIENT_IDS", "")
    if listed and not all(_GUID.fullmatch(each.strip()) for each in listed.split(",")):
        wanted = "holds client ids separated by commas, and nothing before, between or after them"
        yield _told(environment, "MCP_AUTH_ALLOWED_CLIENT_IDS", wanted, "ID,ID")


def _told(environment: Mapping[str, str], name: str, wanted: str, example: str) -> str:
    return f"{name} {wanted}, not '{environment[name]}'. Change it: azd env set {name} {example}"


def _allowed(parameter: str) -> list[str]:
    """Returns what main.bicep allows for a parameter, so that no second list can differ from it."""
    text = _MAIN.read_text(encoding="utf-8")
    before = text[: text.index(f"\nparam {parameter} ")]
    return re.findall(r"'?([\w.]+)'?", before[before.rindex("@allowed([") + 10 : before.rindex("])")])


def check_rights(environment: Mapping[str, str], azure: Azure, subscription: str) -> None:
    """Raises HookError if the account may not make what the templates hold; warns if it may in the group alone."""
    permissions = _permissions(azure, f"/subscriptions/{subscription}")
    if permissions is None:
        return  # it is a courtesy: where rights cannot be read, Azure itself will say
    reason = _what_is_missing(environment, permissions, subscription)
    if not reason:
        return
    group = group_of(environment)
    in_group = _permissions(azure, group) if group else None
    if in_group is None or _what_is_missing(environment, in_group, subscription):
        raise HookError(reason)
    print(
        "Warning: your account has the rights that this needs in its resource group alone. azd deploys to the "
        f"subscription, which Azure may refuse; if it does: {reason}"
    )


def _permissions(azure: Azure, scope: str) -> list[Mapping[str, Any]] | None:
    path = f"{scope}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
    answer = azure.call("GET", azure.resource_manager + path)
    return answer.body["value"] if answer.ok else None


def _what_is_missing(
    environment: Mapping[str, str], permissions: list[Mapping[str, Any]], subscription: str
) -> str | None:
    """Returns which right is missing and what to do about it."""
    if not _may(permissions, "Microsoft.Resources/deployments/write"):
        return (
            f"Your account cannot deploy to subscription {subscription}. Ask for the role Owner on it, or for "
            "Contributor and User Access Administrator, or choose another: azd env set AZURE_SUBSCRIPTION_ID ID"
        )
    if not _may(permissions, "Microsoft.Authorization/roleAssignments/write"):
        return (
            f"Your account cannot assign roles in subscription {subscription}, which the app needs to reach its "
            "storage. Ask for the role Owner on it, or for User Access Administrator beside Contributor."
        )
    custom_role = is_on(environment, "SESSION_POOL_ENABLED", True) and not environment.get("SESSION_POOL_ROLE_ID")
    if custom_role and not _may(permissions, "Microsoft.Authorization/roleDefinitions/write"):
        return (
            f"Your account cannot make a role in subscription {subscription}. Ask for User Access Administrator, or "
            "take a built-in role that may do more than fetch the pool's key: "
            "azd env set SESSION_POOL_ROLE_ID f7669afb-68b2-44b4-9c5f-6d2a47fddda0"
        )
    return None


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
