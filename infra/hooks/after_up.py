"""Prints where the MCP server is and how to read its key. Never the key itself: terminals and CI logs are kept."""

import os
import time
from collections.abc import Mapping

from azd import Azure, HookError, run

_TRIES = 12
_PAUSE_SECONDS = 5.0


def show(environment: Mapping[str, str], azure: Azure, pause_seconds: float = _PAUSE_SECONDS) -> None:
    """Waits up to a minute for the key, which the app makes when it first starts, and prints what to do next."""
    endpoint = environment.get("SERVICE_MCP_ENDPOINT")
    if not endpoint:
        raise HookError("There is no MCP server in this azd environment yet. Make one: azd up")
    _print(f"\nMCP server endpoint: {endpoint}\n")
    if environment.get("MCP_AUTH_CLIENT_ID"):
        _print("Clients sign in with Entra; no key is asked for.")
        return
    group, app = environment["AZURE_RESOURCE_GROUP"], environment["AZURE_FUNCTION_NAME"]
    _print("Clients send its key as the header x-functions-key. This reads it:")
    _print(
        f"  az functionapp keys list --resource-group {group} --name {app} "
        "--query systemKeys.mcp_extension --output tsv\n"
    )
    if not _has_key(environment, azure, pause_seconds):
        _print("The app has not started yet, so it has no key so far: read it in a minute. If there is still none,")
        _print("the app cannot start; this opens its log:")
        _print("  azd monitor --logs\n")
    _print("This calls every tool once:")
    _print(f"  python tests/smoke.py {endpoint} --key KEY")


def _has_key(environment: Mapping[str, str], azure: Azure, pause_seconds: float) -> bool:
    site = (
        f"/subscriptions/{environment['AZURE_SUBSCRIPTION_ID']}/resourceGroups/{environment['AZURE_RESOURCE_GROUP']}"
        f"/providers/Microsoft.Web/sites/{environment['AZURE_FUNCTION_NAME']}"
    )
    for left in reversed(range(_TRIES)):
        answer = azure.call("POST", f"{azure.resource_manager}{site}/host/default/listKeys?api-version=2024-11-01")
        if answer.ok and (answer.body or {}).get("systemKeys", {}).get("mcp_extension"):
            return True
        if left:
            time.sleep(pause_seconds)
    return False


def _print(line: str) -> None:
    print(line)


if __name__ == "__main__":
    run(lambda: show(os.environ, Azure()))
