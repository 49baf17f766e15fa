"""The identity that the app has towards Azure."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported when first used
    from azure.identity.aio import DefaultAzureCredential


def managed_identity(client_id: str | None = None) -> "DefaultAzureCredential":
    """Returns the identity of the app; on a developer's machine, that of `az login`.

    `client_id` chooses among the app's identities, AZURE_CLIENT_ID where none is given.
    """
    from azure.identity.aio import DefaultAzureCredential

    return DefaultAzureCredential(managed_identity_client_id=client_id or os.environ.get("AZURE_CLIENT_ID"))
