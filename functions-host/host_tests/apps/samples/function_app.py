# pyright: basic, reportMissingImports=false
"""Snippets in blobs, and code in a session pool: what most tests of the host call."""

import http.client
import json
import os
import urllib.request

import azure.functions as func
import replies

app = func.FunctionApp()

_BLOB = "snippets/{mcptoolargs.snippetname}.json"
_NAME = {"propertyName": "snippetname", "propertyType": "string", "description": "Its name.", "isRequired": True}
_TEXT = {"propertyName": "snippet", "propertyType": "string", "description": "Its text.", "isRequired": True}
_CODE = {"propertyName": "pythonCode", "propertyType": "string", "description": "What to run.", "isRequired": True}
_WHERE = {"propertyName": "environmentId", "propertyType": "string", "description": "Where.", "isRequired": True}


@app.mcp_tool_trigger(arg_name="context", tool_name="hello", description="Says hello.", tool_properties="[]")
async def hello(context: str) -> str:
    return "Hello I am MCPTool!"


@app.mcp_tool_trigger(
    arg_name="context", tool_name="getsnippet", description="Reads a snippet.", tool_properties=json.dumps([_NAME]),
    use_result_schema=True,
)  # fmt: skip
@app.blob_input(arg_name="file", path=_BLOB, connection="AzureWebJobsStorage", data_type=func.DataType.BINARY)
async def get_snippet(context: str, file: func.InputStream) -> str:
    if file is None:
        return replies.failure(f"There is no snippet named '{json.loads(context)['arguments']['snippetname']}'.")
    return replies.success(file.read().decode())


@app.mcp_tool_trigger(
    arg_name="context", tool_name="savesnippet", description="Keeps a snippet.",
    tool_properties=json.dumps([_NAME, _TEXT]),
)  # fmt: skip
@app.blob_output(arg_name="file", path=_BLOB, connection="AzureWebJobsStorage")
async def save_snippet(context: str, file: func.Out[str]) -> str:
    arguments = json.loads(context)["arguments"]
    file.set(arguments["snippet"])
    return f"Snippet '{arguments['snippetname']}' saved successfully"


@app.mcp_tool_trigger(
    arg_name="context", tool_name="runPythonCode", description="Runs code in the session pool.",
    tool_properties=json.dumps([_CODE, _WHERE]), use_result_schema=True,
)  # fmt: skip
def run_python_code(context: str) -> str:
    arguments = json.loads(context)["arguments"]
    params = {"name": "runPythonCodeInRemoteEnvironment", "arguments": arguments}
    request = urllib.request.Request(
        os.environ["SESSION_POOL_MCP_ENDPOINT"],
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode(),
        {"Content-Type": "application/json", "x-ms-apikey": os.environ["SESSION_POOL_MCP_API_KEY"]},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            ran = json.load(answer)["result"]["structuredContent"]
    except (OSError, http.client.HTTPException) as error:
        return replies.failure(f"The session pool failed: {error}")
    return replies.success(ran["stdout"] + ran["stderr"])
