"""The MCP server: each function below is one tool.

Two traps of this programming model, so that you need not find them yourself:
- `from __future__ import annotations` in this file would turn every type into text and break the bindings.
- binding and argument names may hold letters and digits only: the host refuses an underscore.
"""

import json
import logging

import azure.functions as func

import snippets
import tool_results

app = func.FunctionApp()

# One blob for each snippet. The host fills in the argument before the function runs.
_SNIPPET_BLOB = "snippets/{mcptoolargs.snippetname}.json"
_STORAGE = "AzureWebJobsStorage"


def _text_argument(name: str, description: str) -> dict[str, object]:
    """Describes one required text argument, in the words of the `toolProperties` of an mcpToolTrigger."""
    return {"propertyName": name, "propertyType": "string", "description": description, "isRequired": True}


def _arguments(context: str) -> dict[str, object]:
    """Reads the arguments of a tool call out of the trigger's JSON."""
    return json.loads(context).get("arguments", {})


@app.mcp_tool_trigger(
    arg_name="context",
    tool_name="hello",
    description="Say hello. Takes no arguments; use it to check that this server is reachable.",
    tool_properties="[]",
)
def hello(context: str) -> str:
    return "Hello I am MCPTool!"


@app.mcp_tool_trigger(
    arg_name="context",
    tool_name="getsnippet",
    description="Retrieve a snippet by name. Returns exactly the text that savesnippet stored under that name.",
    tool_properties=json.dumps([_text_argument("snippetname", snippets.NAME_DESCRIPTION)]),
    use_result_schema=True,
)
@app.blob_input(arg_name="file", path=_SNIPPET_BLOB, connection=_STORAGE, data_type=func.DataType.BINARY)
def get_snippet(context: str, file: func.InputStream) -> str:
    # `file` is None where there is no such blob, but the worker takes no annotation that says so.
    try:
        name = snippets.checked_name(_arguments(context)["snippetname"])
        text = snippets.checked_blob(name, file and file.read())
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
@app.blob_output(arg_name="file", path=_SNIPPET_BLOB, connection=_STORAGE)
def save_snippet(context: str, file: func.Out[str]) -> str:
    arguments = _arguments(context)
    try:
        name = snippets.checked_name(arguments["snippetname"])
        text = snippets.checked_text(arguments["snippet"])
    except snippets.SnippetError as error:
        return tool_results.failure(str(error))
    file.set(text)  # the host writes the blob after this function has returned
    logging.info("Saving snippet %r: %d characters", name, len(text))
    return tool_results.success(f"Snippet '{name}' saved successfully")
