# pyright: basic
"""Blobs in every shape in which a function can take or give them."""

import json
from typing import List

import azure.functions as func
import azurefunctions.extensions.bindings.blob as blob

app = func.FunctionApp()

_KEY = json.dumps([{"propertyName": "key", "propertyType": "string", "description": "Name of the blob."}])
_SAVE = json.dumps(
    [
        {"propertyName": "key", "propertyType": "string", "description": "Name of the blob."},
        {"propertyName": "value", "propertyType": "string", "description": "What to keep."},
    ]
)
_PATH = "notes/{mcptoolargs.key}.txt"
_CONNECTION = "AzureWebJobsStorage"


@app.generic_trigger(
    arg_name="context", type="mcpToolTrigger", toolName="save", description="Keeps a text.", toolProperties=_SAVE
)
@app.generic_output_binding(arg_name="file", type="blob", connection=_CONNECTION, path=_PATH)
def save(file: func.Out[str], context) -> str:
    file.set(json.loads(context)["arguments"]["value"])
    return "kept"


@app.generic_trigger(
    arg_name="context", type="mcpToolTrigger", toolName="load", description="Reads a text.", toolProperties=_KEY
)
@app.generic_input_binding(arg_name="file", type="blob", connection=_CONNECTION, path=_PATH)
def load(file: func.InputStream, context) -> str:
    return file.read().decode("utf-8")


@app.mcp_tool()
@app.blob_output(arg_name="file", path=_PATH, connection=_CONNECTION)
def save_bytes(key: str, value: str, file: func.Out[bytes]) -> str:
    """Keeps bytes, given as hexadecimal text."""
    file.set(bytes.fromhex(value))
    return "kept"


@app.mcp_tool()
@app.blob_input(arg_name="file", path=_PATH, connection=_CONNECTION)
def load_text(key: str, file: str) -> str:
    """Reads a blob as text, None if there is none."""
    return repr(file)


@app.mcp_tool()
@app.blob_input(arg_name="file", path=_PATH, connection=_CONNECTION, data_type=func.DataType.BINARY)
def load_bytes(key: str, file: bytes) -> str:
    """Reads a blob as bytes."""
    return file.hex()


@app.mcp_tool_trigger(arg_name="context", tool_name="save_returned", description="Keeps it.", tool_properties=_SAVE)
@app.blob_output(arg_name="$return", path=_PATH, connection=_CONNECTION)
def save_returned(context: str) -> str:
    return json.loads(context)["arguments"]["value"]


@app.mcp_tool()
@app.blob_input(arg_name="_blob_client", path=_PATH, connection=_CONNECTION)
def look(key: str, _blob_client: blob.BlobClient) -> str:
    """Says where a blob is and whether it exists."""
    return f"{_blob_client.container_name}/{_blob_client.blob_name} {_blob_client.exists()}"


@app.mcp_tool()
@app.blob_input(arg_name="container", path="notes", connection=_CONNECTION)
def names(container: blob.ContainerClient) -> str:
    """Lists the blobs."""
    return json.dumps(sorted(container.list_blob_names()))


@app.mcp_tool()
@app.blob_input(arg_name="stream", path=_PATH, connection=_CONNECTION)
def stream(key: str, stream: blob.StorageStreamDownloader) -> str:
    """Reads a blob piece by piece."""
    return b"".join(stream.chunks()).decode()


@app.generic_input_binding(
    arg_name="key", type="mcpToolProperty", propertyName="key", propertyType="string", description="", isRequired=False
)
@app.blob_output(arg_name="copy", path="notes/{mcptoolargs.key}.copy", connection=_CONNECTION)
@app.mcp_tool_trigger(arg_name="context", tool_name="save_member", description="Keeps it.", tool_properties=_KEY)
def save_member(context: str, key: str, copy: func.Out[str]) -> dict:
    return {"copy": f"copy of {key}"}


@app.mcp_tool()
@app.queue_output(arg_name="message", queue_name="%QUEUE_PREFIX%-{mcptoolargs.queue}", connection=_CONNECTION)
def send(queue: str, text: str, message: func.Out[str]) -> str:
    """Sends a message, or with text that is a JSON array one for each element."""
    message.set(text)
    return "sent"


@app.mcp_tool()
@app.queue_output(arg_name="messages", queue_name="%QUEUE_PREFIX%-{mcptoolargs.queue}", connection=_CONNECTION)
def send_several(queue: str, texts: list[str], messages: func.Out[List[str]]) -> str:
    """Sends several messages."""
    messages.set(texts)
    return "sent"
