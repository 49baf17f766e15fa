"""Says so when Azure made the session pool without its MCP server, which it does without an error."""

import os
from collections.abc import Mapping

from azd import is_on, run


def check(environment: Mapping[str, str]) -> None:
    """Warns if the tools that run code cannot work. The others can, so the deployment goes on."""
    if is_on(environment, "SESSION_POOL_ENABLED", True) and not environment.get("SESSION_POOL_MCP_ENDPOINT"):
        print(
            "\nWarning: the session pool was made, but Azure gave it no MCP server: the preview is not on in this "
            "subscription or region. The tools launchShell, runPythonCode and runShellCommand will say so; the others "
            "work. Turn it on, which takes up to half an hour, and run `azd up` again:\n"
            "  az feature register --namespace Microsoft.App --name SessionPoolsSupportMCP\n"
            "  az provider register --namespace Microsoft.App --wait\n"
            "Or go without them: azd env set SESSION_POOL_ENABLED false\n"
        )


if __name__ == "__main__":
    run(lambda: check(os.environ))
