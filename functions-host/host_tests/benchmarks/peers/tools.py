"""The tools of the peers: as many as ours has, with as much to say of them. The snippets are kept as ours are."""

import inspect
import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from host_tests.benchmarks.calls import GREETING

if TYPE_CHECKING:  # only the benchmarks of snippets need it, and it would count as memory in the others
    from azure.storage.blob.aio import ContainerClient

_NOT_MEASURED = "Only tools/list shows this tool."


def hello() -> str:
    """Say hello. Takes no arguments; use it to check that this server is reachable."""
    return GREETING


async def getsnippet(snippetname: str) -> str:
    """Retrieve a snippet by name. Returns exactly the text that savesnippet stored under that name."""
    stream = await _container().download_blob(f"{snippetname}.json")
    return (await stream.readall()).decode()


async def savesnippet(snippetname: str, snippet: str) -> str:
    """Save a snippet of code or text under a name. A snippet that already has that name is replaced."""
    await _container().upload_blob(f"{snippetname}.json", snippet.encode(), overwrite=True)
    return f"Snippet '{snippetname}' saved successfully"


def launch() -> str:
    """Start a new, empty environment for running Python code and shell commands, and return its id. Variables and
    files live in it between calls, until it has been idle for some minutes.
    """
    return _NOT_MEASURED


def python(code: str, environment: str = "") -> str:
    """Run Python code in an isolated environment and return what it prints. Works like a notebook: variables, imports
    and files stay for later calls. Print what you want to see, in at most 4096 characters.
    """
    return _NOT_MEASURED


def shell(command: str, environment: str = "") -> str:
    """Run a shell command in an isolated environment and return what it prints and its exit code. It shares files with
    Python code in the same environment; each command is a shell of its own.
    """
    return _NOT_MEASURED


TOOLS: tuple[Callable[..., Any], ...] = (hello, getsnippet, savesnippet, launch, python, shell)


def listing() -> list[dict[str, Any]]:
    """Returns the tools as `tools/list` answers them."""
    return [
        {"name": tool.__name__, "description": tool.__doc__, "inputSchema": _schema(inspect.signature(tool).parameters)}
        for tool in TOOLS
    ]


def _schema(parameters: Any) -> dict[str, Any]:
    required = [name for name, parameter in parameters.items() if parameter.default is inspect.Parameter.empty]
    return {"type": "object", "properties": {name: {"type": "string"} for name in parameters}, "required": required}


@cache
def _container() -> "ContainerClient":
    from azure.storage.blob.aio import ContainerClient

    return ContainerClient.from_connection_string(os.environ["AzureWebJobsStorage"], "snippets")  # noqa: SIM112  (as Azure spells it)
