"""Prints where the MCP server is, how to read its key, and what to enter in a client.

Never the key itself: terminals and CI logs are kept.
"""

import json
import os
from collections.abc import Mapping
from urllib.parse import quote

from azd import Answer, Azure, HookError, group_of, run

_PAUSES = (5.0,) * 12
_SERVER = "remote-mcp-function"  # as in .vscode/mcp.json
_KEY_INPUT = {"type": "promptString", "id": "mcp-key", "description": "System key mcp_extension", "password": True}


def show(environment: Mapping[str, str], azure: Azure) -> None:
    """Waits up to a minute for the key, which the app makes when it first starts, and prints what to do next."""
    endpoint = environment.get("SERVICE_MCP_ENDPOINT")
    if not endpoint:
        raise HookError("There is no MCP server in this azd environment yet. Make one: azd up")
    _print(f"\nMCP server endpoint: {endpoint}\n")
    if environment.get("MCP_AUTH_CLIENT_ID"):
        _print("Clients sign in with Entra; no key is asked for.")
        _print(f"VS Code: {_link({'url': endpoint})}")
        return
    group, app = environment["AZURE_RESOURCE_GROUP"], environment["AZURE_FUNCTION_NAME"]
    _print("Clients send its key as the header x-functions-key. This reads it:")
    _print(
        f"  az functionapp keys list --resource-group {group} --name {app} "
        "--query systemKeys.mcp_extension --output tsv\n"
    )
    looked = _look_for_key(environment, azure)
    if not looked.ok:
        _print(f"Whether it has one already could not be seen: {looked.message}\n")
    elif not _key_in(looked):
        _print("The app has not started yet, so it has no key so far: read it in a minute. If there is still none,")
        _print("the app cannot start; this opens its log:")
        _print("  azd monitor --logs\n")
    _print("To connect a client, open, run or paste one of these; VS Code asks for the key:")
    headers = {"x-functions-key": "${input:mcp-key}"}
    _print(f"  VS Code:     {_link({'url': endpoint, 'headers': headers, 'inputs': [_KEY_INPUT]})}")
    _print(f'  Claude Code: claude mcp add --transport http {_SERVER} {endpoint} --header "x-functions-key: KEY"')
    others = {"type": "http", "url": endpoint, "headers": {"x-functions-key": "KEY"}}
    _print(f"  Others:      {json.dumps({'mcpServers': {_SERVER: others}})}\n")
    _print("This calls the six sample tools:")
    _print(f"  {'python3' if os.name == 'posix' else 'python'} tests/smoke.py {endpoint} --key=KEY")


def _link(server: Mapping[str, object]) -> str:
    """Returns the link by which VS Code adds a server.

    https://code.visualstudio.com/api/extension-guides/ai/mcp#create-an-mcp-installation-url
    """
    described = json.dumps({"name": _SERVER, "type": "http", **server}, separators=(",", ":"))
    return f"vscode:mcp/install?{quote(described, safe='')}"


def _look_for_key(environment: Mapping[str, str], azure: Azure) -> Answer:
    """Asks until the key is there, or may not be read, and returns the last answer."""
    site = f"{group_of(environment)}/providers/Microsoft.Web/sites/{environment['AZURE_FUNCTION_NAME']}"
    url = f"{azure.resource_manager}{site}/host/default/listKeys?api-version=2024-11-01"
    return azure.until(
        lambda: azure.send("POST", url), lambda answer: _key_in(answer) or answer.status in (401, 403), _PAUSES
    )


def _key_in(answer: Answer) -> bool:
    return answer.ok and bool(((answer.body or {}).get("systemKeys") or {}).get("mcp_extension"))


def _print(line: str) -> None:
    print(line)


if __name__ == "__main__":
    run(lambda: show(os.environ, Azure(os.environ.get("AZURE_TENANT_ID"))))
