"""Deletes the role that the templates made: a role outlives its resource group, and a tenant has room for 5,000."""

import os
from collections.abc import Mapping

from azd import Azure, HookError, run


def delete_role(environment: Mapping[str, str], azure: Azure) -> None:
    """Deletes the role, or says how to, since the resources are gone either way."""
    role = environment.get("ROLE_TO_DELETE")
    if not role:
        return
    try:
        answer = azure.call("DELETE", f"{azure.resource_manager}{role}?api-version=2022-04-01")
        reason = "" if answer.ok else answer.message
    except HookError as error:
        reason = str(error)
    if not reason:
        azure.set(environment, "ROLE_TO_DELETE", "")
        return
    print(
        f"The role that let the app fetch the session pool's key is still there: {reason}\n"
        f"Delete it: az role definition delete --name {role.rsplit('/', 1)[-1]}"
    )


if __name__ == "__main__":
    run(lambda: delete_role(os.environ, Azure(os.environ.get("AZURE_TENANT_ID"))))
