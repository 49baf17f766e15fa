"""What a person enters into their MCP client to use this server: never with a key in it."""

import json
from collections.abc import Iterator
from urllib.parse import quote

_NAME = "local-mcp-function"
_KEY_INPUT = {"type": "promptString", "id": "mcp-key", "description": "x-functions-key", "password": True}


def client_entries(url: str, *, asks_for_key: bool) -> Iterator[tuple[str, str]]:
    """Yields a client and what to click, run or paste there; `url` is the endpoint, such as http://127.0.0.1:7071/...

    The link is that of https://code.visualstudio.com/api/extension-guides/ai/mcp#create-an-mcp-installation-url.
    """
    server: dict[str, object] = {"type": "http", "url": url}
    asked = {"headers": {"x-functions-key": "${input:mcp-key}"}, "inputs": [_KEY_INPUT]} if asks_for_key else {}
    link = json.dumps({"name": _NAME, **server, **asked}, separators=(",", ":"))
    yield "VS Code", f"vscode:mcp/install?{quote(link, safe='')}"
    header = ' --header "x-functions-key: KEY"' if asks_for_key else ""
    yield "Claude Code", f"claude mcp add --transport http {_NAME} {url}{header}"
    if asks_for_key:
        server["headers"] = {"x-functions-key": "KEY"}
    yield "Others", json.dumps({"mcpServers": {_NAME: server}})
