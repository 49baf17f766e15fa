"""What is called: a JSON-RPC request, and the text that every answer to it must hold."""

from dataclasses import dataclass
from typing import Any

GREETING = "Hello I am MCPTool!"


@dataclass(frozen=True)
class Call:
    """One request that all servers understand. `expected` is looked for in the JSON as it stands there."""

    name: str
    method: str
    params: dict[str, Any]
    expected: str


HELLO = Call("tools/call hello", "tools/call", {"name": "hello", "arguments": {}}, GREETING)

_CODE = {"environmentId": "benchmark", "pythonCode": "print(1)"}
PRINT_THROUGH_TOOL = Call("print(1)", "tools/call", {"name": "runPythonCode", "arguments": _CODE}, '"stdout":"1\\n"')
PRINT_AT_POOL = Call(
    "print(1)", "tools/call", {"name": "runPythonCodeInRemoteEnvironment", "arguments": _CODE}, '"stdout":"1\\n"'
)
