"""What the start shows for clients: a link, a command and JSON, each with the address and none with a key."""

import json
import shlex
from typing import Any
from urllib.parse import unquote

from functions_host.client_entries import client_entries

from host_tests.requirements import shows

_URL = "http://127.0.0.1:7071/runtime/webhooks/mcp"


def _link(entry: str) -> dict[str, Any]:
    return json.loads(unquote(entry.removeprefix("vscode:mcp/install?")))


@shows("start.clients")
def test_each_has_the_address_in_the_words_of_its_client() -> None:
    entries = dict(client_entries(_URL, asks_for_key=False))
    assert _link(entries["VS Code"]) == {"name": "local-mcp-function", "type": "http", "url": _URL}
    command = ["claude", "mcp", "add", "--transport", "http", "local-mcp-function", _URL]
    assert shlex.split(entries["Claude Code"]) == command
    server = {"type": "http", "url": _URL}
    assert json.loads(entries["Others"]) == {"mcpServers": {"local-mcp-function": server}}


@shows("start.clients")
def test_where_a_key_is_asked_for_each_has_a_place_for_it() -> None:
    entries = dict(client_entries(_URL, asks_for_key=True))
    link = _link(entries["VS Code"])
    (asked,) = link["inputs"]
    assert link["headers"] == {"x-functions-key": f"${{input:{asked['id']}}}"}
    assert asked["password"] is True
    assert shlex.split(entries["Claude Code"])[-2:] == ["--header", "x-functions-key: KEY"]
    (server,) = json.loads(entries["Others"])["mcpServers"].values()
    assert server["headers"] == {"x-functions-key": "KEY"}


def test_the_link_has_no_character_that_ends_a_link() -> None:
    (_, link), *_ = client_entries(_URL, asks_for_key=True)
    assert link.isascii()
    assert not set(link) & set(" \"'<>()[]{}&#+")
