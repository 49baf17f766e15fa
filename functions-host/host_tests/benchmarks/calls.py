"""What is called: a method with its parameters, and the text that every answer to it must hold."""

from dataclasses import dataclass
from typing import Any

import msgspec

GREETING = "Hello I am MCPTool!"
PROTOCOL_VERSION = "2025-06-18"

# These stand in parameters for a number that is another one in every request, or for every caller. All numbers have
# nine digits, and so all requests of a load the same length.
REQUEST_NUMBER = 100_000_000
CALLER_NUMBER = 200_000_000

KB = 1024
_LINE = "total = count * 7 - index / 2  # a line without what some servers escape in JSON\n"


@dataclass(frozen=True)
class Call:
    """One request. `expected` is looked for in the answer as it stands there, so mostly in JSON."""

    method: str
    params: dict[str, Any]
    expected: str


INITIALIZE = Call(
    "initialize",
    {
        "protocolVersion": PROTOCOL_VERSION,
        "capabilities": {},
        "clientInfo": {"name": "benchmark", "version": "1"},
    },
    f'"protocolVersion":"{PROTOCOL_VERSION}"',
)
LIST = Call("tools/list", {}, '"name":"savesnippet"')
HELLO = Call("tools/call", {"name": "hello", "arguments": {}}, GREETING)


def snippet(size: int) -> str:
    """Returns a text of `size` characters that looks like code."""
    return (_LINE * (size // len(_LINE) + 1))[:size]


def stored_name(size: int) -> str:
    """Returns the name under which a snippet of `size` characters is there from the beginning."""
    return f"benchmark-{size}"


def get_snippet(size: int) -> Call:
    """Returns the call of the tool that reads the snippet of this size."""
    arguments = {"snippetname": stored_name(size)}
    in_json = msgspec.json.encode(snippet(size)).decode()[1:-1]
    return Call("tools/call", {"name": "getsnippet", "arguments": arguments}, in_json)


def save_snippet(name: str, size: int) -> Call:
    """Returns the call of the tool that writes a snippet of this size."""
    arguments = {"snippetname": name, "snippet": snippet(size)}
    return Call("tools/call", {"name": "savesnippet", "arguments": arguments}, "saved successfully")


def download(size: int) -> Call:
    """Returns what `get_snippet` comes to without a server: one call of the storage SDK."""
    return Call("download_blob", {"blob": f"{stored_name(size)}.json"}, snippet(size))


def upload(name: str, size: int) -> Call:
    """Returns what `save_snippet` comes to without a server."""
    return Call("upload_blob", {"blob": f"{name}.json", "text": snippet(size)}, "")


def launch() -> Call:
    """Returns the call that names a new environment, of our tool and of the pool alike."""
    return Call("tools/call", {"name": "launchShell", "arguments": {}}, '"environmentId":"')


def print_through_tool(environment: str) -> Call:
    """Returns the call of our tool that runs `print(1)` in an environment."""
    return _print("runPythonCode", environment)


def print_at_pool(environment: str) -> Call:
    """Returns the call of the pool that our tool makes for it."""
    return _print("runPythonCodeInRemoteEnvironment", environment)


def _print(tool: str, environment: str) -> Call:
    arguments = {"environmentId": environment, "pythonCode": "print(1)"}
    return Call("tools/call", {"name": tool, "arguments": arguments}, '"stdout":"1\\n"')
