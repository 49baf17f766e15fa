"""Says so when Azure made the session pool without its MCP server, which it does without an error."""

import os
from collections.abc import Mapping

from azd import Azure, HookError, is_on, run


def check(environment: Mapping[str, str], azure: Azure) -> None:
    """Raises HookError if the tools that run code could not work."""
    role = environment.get("SESSION_POOL_CUSTOM_ROLE_ID")
    if role:
        # `azd down` removes outputs from the environment before its hook can read them.
        azure.set(environment, "ROLE_TO_DELETE", role)
    if is_on(environment, "SESSION_POOL_ENABLED", True) and not environment.get("SESSION_POOL_MCP_ENDPOINT"):
        raise HookError(
            "The session pool was made, but Azure gave it no MCP server: the preview is not on in this subscription "
            "or region. Turn it on, which takes up to half an hour, and run `azd up` again:\n"
            "  az feature register --namespace Microsoft.App --name SessionPoolsSupportMCP\n"
            "  az provider register --namespace Microsoft.App --wait\n"
            "Or go without the tools that run code: azd env set SESSION_POOL_ENABLED false"
        )


if __name__ == "__main__":
    run(lambda: check(os.environ, Azure(os.environ.get("AZURE_TENANT_ID"))))
