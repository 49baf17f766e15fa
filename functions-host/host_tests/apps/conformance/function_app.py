# pyright: basic
"""The tools, resources and prompts that the official conformance suite of MCP asks a server for.

Where the suite wants a tool to speak before it answers (logging, progress, sampling, elicitation), the function says
that it cannot: a function app has no way to send a client anything but its result.
"""

import base64
import json
from typing import List, Union

import azure.functions as func
from mcp.types import AudioContent, EmbeddedResource, ImageContent, TextContent, TextResourceContents

app = func.FunctionApp()

# One red pixel as PNG, and a WAV without samples
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA="
SCHEMA_2020_12 = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {"type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"}}},
    },
    "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"}},
    "additionalProperties": False,
}


@app.mcp_tool()
def test_simple_text() -> str:
    """Returns a text."""
    return "This is a simple text response for testing."


@app.mcp_tool()
def test_image_content() -> ImageContent:
    """Returns an image."""
    return ImageContent(type="image", data=PIXEL, mime_type="image/png")


@app.mcp_tool()
def test_audio_content() -> AudioContent:
    """Returns a sound."""
    return AudioContent(type="audio", data=SILENCE, mime_type="audio/wav")


@app.mcp_tool()
def test_embedded_resource() -> EmbeddedResource:
    """Returns a resource inside its result."""
    return embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")


@app.mcp_tool()
def test_multiple_content_types() -> List[Union[TextContent, ImageContent, EmbeddedResource]]:
    """Returns a text, an image and a resource."""
    return [
        TextContent(type="text", text="Multiple content types test:"),
        ImageContent(type="image", data=PIXEL, mime_type="image/png"),
        embedded("test://mixed-content-resource", "application/json", '{"test":"data","value":123}'),
    ]


def embedded(uri: str, mime_type: str, text: str) -> EmbeddedResource:
    return EmbeddedResource(type="resource", resource=TextResourceContents(uri=uri, mime_type=mime_type, text=text))


@app.mcp_tool()
def test_error_handling() -> str:
    """Always fails."""
    raise ValueError("This tool intentionally returns an error for testing")


@app.mcp_tool_trigger(
    arg_name="context",
    tool_name="json_schema_2020_12_tool",
    description="Has a schema with keywords of JSON Schema 2020-12.",
    use_worker_input_schema=True,
    input_schema=json.dumps(SCHEMA_2020_12),
)
def json_schema_2020_12_tool(context: str) -> str:
    return "JSON Schema 2020-12"


@app.mcp_tool()
def test_tool_with_logging() -> str:
    """Would send log messages while it runs."""
    return "A function cannot send log messages to a client."


@app.mcp_tool()
def test_tool_with_progress() -> str:
    """Would report progress while it runs."""
    return "A function cannot report progress to a client."


@app.mcp_tool()
def test_sampling(prompt: str) -> str:
    """Would have the client's model answer a prompt."""
    return "A function cannot ask the client's model."


@app.mcp_tool()
def test_elicitation(message: str) -> str:
    """Would ask the person at the client."""
    return NO_ELICITATION


@app.mcp_tool()
def test_elicitation_sep1034_defaults() -> str:
    """Would ask the person at the client, with defaults."""
    return NO_ELICITATION


@app.mcp_tool()
def test_elicitation_sep1330_enums() -> str:
    """Would have the person at the client choose."""
    return NO_ELICITATION


@app.mcp_tool()
def test_reconnection() -> str:
    """Would close the client's stream before it answers."""
    return "A function cannot close the client's stream."


NO_ELICITATION = "A function cannot ask the person at the client."


@app.mcp_resource_trigger(
    arg_name="context",
    uri="test://static-text",
    resource_name="static-text",
    description="A text.",
    mime_type="text/plain",
)
def static_text(context: str) -> str:
    return "This is the content of the static text resource."


@app.mcp_resource_trigger(
    arg_name="context",
    uri="test://static-binary",
    resource_name="static-binary",
    description="An image.",
    mime_type="image/png",
)
def static_binary(context: str) -> bytes:
    return base64.b64decode(PIXEL)


@app.mcp_resource_trigger(
    arg_name="context",
    uri="test://template/{id}/data",
    resource_name="template",
    description="The data of an id.",
    mime_type="application/json",
)
def template(context: str) -> str:
    number = json.loads(context)["uri"].split("/")[3]
    return json.dumps({"id": number, "templateTest": True, "data": f"Data for ID: {number}"})


@app.mcp_resource_trigger(
    arg_name="context",
    uri="test://watched-resource",
    resource_name="watched-resource",
    description="A text that clients subscribe to.",
    mime_type="text/plain",
)
def watched_resource(context: str) -> str:
    return "Nothing has changed."


@app.mcp_prompt_trigger(arg_name="context", prompt_name="test_simple_prompt", description="A prompt.")
def test_simple_prompt(context: str) -> str:
    return "This is a simple prompt for testing."


@app.mcp_prompt_trigger(
    arg_name="context",
    prompt_name="test_prompt_with_arguments",
    description="A prompt with two arguments.",
    prompt_arguments=[
        func.PromptArgument("arg1", "First test argument", required=True),
        func.PromptArgument("arg2", "Second test argument", required=True),
    ],
)
def test_prompt_with_arguments(context: func.PromptInvocationContext) -> str:
    return f"Prompt with arguments: arg1='{context.arguments['arg1']}', arg2='{context.arguments['arg2']}'"


@app.mcp_prompt_trigger(
    arg_name="context",
    prompt_name="test_prompt_with_embedded_resource",
    description="A prompt with a resource in it.",
    prompt_arguments=[func.PromptArgument("resourceUri", "URI of the resource to embed", required=True)],
    use_result_schema=True,
)
def test_prompt_with_embedded_resource(context: func.PromptInvocationContext) -> str:
    uri = context.arguments["resourceUri"]
    resource = {"uri": uri, "mimeType": "text/plain", "text": "Embedded resource content for testing."}
    return messages(
        {"type": "resource", "resource": resource},
        {"type": "text", "text": "Please process the embedded resource above."},
    )


@app.mcp_prompt_trigger(
    arg_name="context",
    prompt_name="test_prompt_with_image",
    description="A prompt with an image in it.",
    use_result_schema=True,
)
def test_prompt_with_image(context: func.PromptInvocationContext) -> str:
    return messages(
        {"type": "image", "data": PIXEL, "mimeType": "image/png"},
        {"type": "text", "text": "Please analyze the image above."},
    )


def messages(*contents: dict) -> str:
    said = [{"role": "user", "content": content} for content in contents]
    return json.dumps({"type": "prompt_messages", "content": json.dumps(said)})
