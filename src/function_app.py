"""The MCP server: each function below is one tool. Its name, docstring and types are what an agent lists.

An `async def` that blocks, with `requests` or `time.sleep`, holds up all calls: make such a tool a plain `def`, which
the worker runs in a thread. The tools here wait for nothing or with `await`, and a thread would only cost them time.
"""

import logging
from typing import Annotated

import azure.functions as func

import executions
import more_tools
import session_pool
import snippet_container
import snippets
from executions import Launched, Output
from tool import tool
from tool_results import Result

app = func.FunctionApp()
app.register_functions(more_tools.blueprint)  # listsnippets, deletesnippet, readFile, writeFile, snippet://{name}

# Claude Code puts a result of more than some 100,000 characters into a file, unless the tool says how long it may be.
_LONG = {"anthropic/maxResultSizeChars": 500_000}


@tool(app)
async def hello() -> str:
    """Say hello. Takes no arguments; use it to check that this server is reachable."""
    return "Hello I am MCPTool!"


SnippetName = Annotated[str, snippets.NAME_DESCRIPTION]


@tool(app, name="getsnippet", meta=_LONG)
async def get_snippet(snippetname: SnippetName) -> str:
    """Retrieve a snippet by name. Returns exactly the text that savesnippet stored under that name."""
    name = snippets.checked_name(snippetname)
    return snippets.checked_blob(name, await (await snippet_container.container()).read(name))


@tool(app, name="savesnippet")
async def save_snippet(
    snippetname: SnippetName,
    snippet: Annotated[str, "The text to save, whole and unchanged. It must not be empty."],
) -> str:
    """Save a snippet of code or text under a name, for getsnippet to retrieve later. A snippet that already has that
    name is replaced.
    """
    name, text = snippets.checked_name(snippetname), snippets.checked_text(snippet)
    await (await snippet_container.container()).write(name, text)
    logging.info("Saved snippet %r: %d characters", name, len(text))
    return f"Snippet '{name}' saved successfully"


# Code execution: these hand on to the MCP server of a session pool, which runs code in Hyper-V isolated environments.
EnvironmentId = Annotated[
    str | None,
    "The environment to run in, from launchShell or an earlier run; one that has ended since may start anew, empty. "
    "Without it a new one is made; only a few can exist at a time, so pass it to go on.",
]


@tool(app, name="launchShell")
async def launch_shell() -> Result[Launched]:
    """Launch a new, empty environment for running Python code and shell commands, and return its environmentId. It
    starts when something first runs in it; variables and files then live in it between calls, until it has been idle
    for some minutes.
    """
    environment = await session_pool.pool().launch()
    return Result(f"environmentId: {environment}", {"environmentId": environment})


@tool(app, name="runPythonCode", meta=_LONG)
async def run_python_code(
    pythonCode: Annotated[str, "The Python code to run."], environmentId: EnvironmentId = None
) -> Result[Output]:
    """Run Python code in an isolated environment and return what it prints. Works like a notebook: variables, imports
    and files stay for later calls with the same environmentId. Print what you want to see, in at most 4096 characters,
    and stay within 220 seconds a call.
    """
    code = executions.checked_code(pythonCode, "pythonCode")
    environment = executions.checked_environment_id(environmentId)
    return (await session_pool.pool().run_python(environment, code)).result


@tool(app, name="runShellCommand", meta=_LONG)
async def run_shell_command(
    shellCommand: Annotated[str, "The command line to run."], environmentId: EnvironmentId = None
) -> Result[Output]:
    """Run a shell command (bash) in an isolated environment and return what it prints and its exit code. It shares
    files with runPythonCode in the same environmentId; each command is a shell of its own. At most 4096 characters of
    output and 220 seconds a call.
    """
    command = executions.checked_code(shellCommand, "shellCommand")
    environment = executions.checked_environment_id(environmentId)
    return (await session_pool.pool().run_shell(environment, command)).result
