"""Deletes what outlives the resource group: the role that the templates made, and the Entra app that a hook made."""

import os
from collections.abc import Mapping

import entra_app
import key_reader_role
from azd import Azure, HookError, run


def clean_up(environment: Mapping[str, str], azure: Azure) -> None:
    """Deletes them, or says how to, since the resources are gone either way."""
    _delete_roles(environment, azure)
    _delete_entra_app(environment, azure)


def _delete_roles(environment: Mapping[str, str], azure: Azure) -> None:
    roles = [role for role in environment.get("ROLES_TO_DELETE", "").split(",") if role]
    left: list[str] = []
    for role in roles:
        try:
            reason = key_reader_role.delete(role, azure)
        except HookError as error:
            reason = str(error)
        if reason:
            left.append(role)
            print(
                f"The role that let the app fetch the session pool's key is still there: {reason}\n"
                "`azd down` tries again, or delete it yourself: "
                f"az role definition delete --name {role.rsplit('/', 1)[-1]}"
            )
    if roles != left:
        azure.set(environment, "ROLES_TO_DELETE", ",".join(left))


def _delete_entra_app(environment: Mapping[str, str], azure: Azure) -> None:
    try:
        entra_app.delete(environment, azure)
    except HookError as error:
        print(error)


if __name__ == "__main__":
    run(lambda: clean_up(os.environ, Azure(os.environ.get("AZURE_TENANT_ID"))))
