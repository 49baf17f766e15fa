"""The MCP server: each function below is one tool.

Three traps of this programming model, so that you need not find them yourself:
- an `async def` that blocks, with `requests` or `time.sleep`, holds up all calls: make such a tool a plain `def`, which
  the worker runs in a thread. The tools here wait for nothing or with `await`, and a thread would only cost them time.
- `from __future__ import annotations` in this file would turn every type into text and break the bindings.
- binding and argument names may hold letters and digits only: the host refuses an underscore.
"""

import json
import logging

import azure.functions as func

import executions
import session_pool
import snippet_container
import snippets
import tool_results

app = func.FunctionApp()


def _text_argument(name: str, description: str, *, required: bool = True) -> dict[str, object]:
    """Describes one text argument, in the words of the `toolProperties` of an mcpToolTrigger."""
    return {"propertyName": name, "propertyType": "string", "description": description, "isRequired": required}


def _arguments(context: str) -> dict[str, object]:
    """Reads the arguments of a tool call out of the trigger's JSON."""
    return json.loads(context).get("arguments", {})


@app.mcp_tool_trigger(
    arg_name="context",
    tool_name="hello",
    description="Say hello. Takes no arguments; use it to check that this server is reachable.",
    tool_properties="[]",
)
async def hello(context: str) -> str:
    return "Hello I am MCPTool!"


@app.mcp_tool_trigger(
    arg_name="context",
    tool_name="getsnippet",
    description="Retrieve a snippet by name. Returns exactly the text that savesnippet stored under that name.",
    tool_properties=json.dumps([_text_argument("snippetname", snippets.NAME_DESCRIPTION)]),
    use_result_schema=True,
)
async def get_snippet(context: str) -> str:
    try:
        name = snippets.checked_name(_arguments(context)["snippetname"])
        text = snippets.checked_blob(name, await (await snippet_container.container()).read(name))
    except snippets.SnippetError as error:
        return tool_results.failure(str(error))
    logging.info("Retrieved snippet %r: %d characters", name, len(text))
    return tool_results.success(text)


@app.mcp_tool_trigger(
    arg_name="context",
    tool_name="savesnippet",
    description="Save a snippet of code or text under a name, for getsnippet to retrieve later. "
    "A snippet that already has that name is replaced.",
    tool_properties=json.dumps(
        [
            _text_argument("snippetname", snippets.NAME_DESCRIPTION),
            _text_argument("snippet", "The text to save, whole and unchanged. It must not be empty."),
        ]
    ),
    use_result_schema=True,
)
async def save_snippet(context: str) -> str:
    arguments = _arguments(context)
    try:
        name = snippets.checked_name(arguments["snippetname"])
        text = snippets.checked_text(arguments["snippet"])
        await (await snippet_container.container()).write(name, text)
    except snippets.SnippetError as error:
        return tool_results.failure(str(error))
    logging.info("Saved snippet %r: %d characters", name, len(text))
    return tool_results.success(f"Snippet '{name}' saved successfully")


# Code execution: these functions hand on to the MCP server of a session pool, which runs code in Hyper-V isolated
# environments.

_ENVIRONMENT = _text_argument(
    "environmentId",
    "The environment to run in, from launchShell or an earlier run; one that has ended since may start anew, empty. "
    "Without it a new one is made; only a few can exist at a time, so pass it to go on.",
    required=False,
)


@app.mcp_tool_trigger(
    arg_name="context",
    tool_name="launchShell",
    description="Launch a new, empty environment for running Python code and shell commands, and return its "
    "environmentId. It starts when something first runs in it; variables and files then live in it between calls, "
    "until it has been idle for some minutes.",
    tool_properties="[]",
    use_result_schema=True,
    output_schema=json.dumps(executions.LAUNCH_SCHEMA),
)
async def launch_shell(context: str) -> str:
    try:
        environment_id = await session_pool.pool().launch()
    except executions.ExecutionError as error:
        return tool_results.failure(str(error))
    return tool_results.success(f"environmentId: {environment_id}", {"environmentId": environment_id})


@app.mcp_tool_trigger(
    arg_name="context",
    tool_name="runPythonCode",
    description="Run Python code in an isolated environment and return what it prints. Works like a notebook: "
    "variables, imports and files stay for later calls with the same environmentId. Print what you want to see, in at "
    "most 4096 characters, and stay within 220 seconds a call.",
    tool_properties=json.dumps([_text_argument("pythonCode", "The Python code to run."), _ENVIRONMENT]),
    use_result_schema=True,
    output_schema=json.dumps(executions.OUTPUT_SCHEMA),
)
async def run_python_code(context: str) -> str:
    return await _run(context, "pythonCode")


@app.mcp_tool_trigger(
    arg_name="context",
    tool_name="runShellCommand",
    description="Run a shell command (bash) in an isolated environment and return what it prints and its exit code. "
    "It shares files with runPythonCode in the same environmentId; each command is a shell of its own. At most 4096 "
    "characters of output and 220 seconds a call.",
    tool_properties=json.dumps([_text_argument("shellCommand", "The command line to run."), _ENVIRONMENT]),
    use_result_schema=True,
    output_schema=json.dumps(executions.OUTPUT_SCHEMA),
)
async def run_shell_command(context: str) -> str:
    return await _run(context, "shellCommand")


async def _run(context: str, argument: str) -> str:
    arguments = _arguments(context)
    try:
        code = executions.checked_code(arguments[argument], argument)
        environment_id = executions.checked_environment_id(arguments.get("environmentId"))
        pool = session_pool.pool()
        run = pool.run_python if argument == "pythonCode" else pool.run_shell
        execution = await run(environment_id, code)
    except executions.ExecutionError as error:
        return tool_results.failure(str(error))
    logging.info("Ran %s: %d characters of output", argument, len(execution.stdout) + len(execution.stderr))
    return tool_results.success(execution.text, execution.structured)
