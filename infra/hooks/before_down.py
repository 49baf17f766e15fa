"""Remembers which role has to go after the resource group, as long as the group is there to look it up in."""

import os
from collections.abc import Mapping

import key_reader_role
from azd import Azure, HookError, run


def remember(environment: Mapping[str, str], azure: Azure) -> None:
    """Writes the ids into the azd environment. Never stops `azd down`."""
    try:
        roles = key_reader_role.find(environment, azure)
        if roles:  # a second `azd down` finds none, and still has to delete those of the first
            azure.set(environment, "ROLES_TO_DELETE", ",".join(roles))
    except HookError as error:
        print(
            f"Whether the templates made a role could not be seen: {error}\n"
            "After `azd down`, look for it: az role definition list --custom-role-only --query "
            "\"[?starts_with(roleName, 'MCP key reader of ')].{name:name, scopes:assignableScopes}\""
        )


if __name__ == "__main__":
    run(lambda: remember(os.environ, Azure(os.environ.get("AZURE_TENANT_ID"))))
