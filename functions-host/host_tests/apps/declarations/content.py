# pyright: basic
"""Resources and prompts, and an MCP App: a tool with a page that shows what it returned."""

import json

import azure.functions as func

content = func.Blueprint()

PAGE = "<!doctype html><title>Clock</title>"


@content.mcp_tool(metadata=json.dumps({"ui": {"resourceUri": "ui://clock/view", "visibility": ["model", "app"]}}))
def clock() -> str:
    """Says what time it is."""
    return "noon"


@content.mcp_resource_trigger(
    arg_name="context",
    uri="ui://clock/view",
    resource_name="clock_view",
    title="Clock",
    description="Shows a clock.",
    mime_type="text/html;profile=mcp-app",
    metadata=json.dumps({"ui": {"prefersBorder": True}}),
)
def clock_view(context: str) -> str:
    return PAGE


@content.mcp_resource_trigger(arg_name="context", uri="docs://Minimal", resource_name="minimal", size=12)
def minimal(context: str) -> str:
    return json.dumps(json.loads(context), separators=(",", ":"))


@content.mcp_resource_trigger(arg_name="context", uri="docs://logo", resource_name="logo", mime_type="image/png")
def logo(context: str) -> bytes:
    return b"\x89PNG"


@content.mcp_resource_trigger(
    arg_name="context", uri="docs://envelope", resource_name="envelope", mime_type="text/plain", use_result_schema=True
)
def envelope(context: str) -> str:
    return json.dumps({"content": json.dumps({"text": "inside", "_meta": {"ui": {"domain": "example.org"}}})})


@content.mcp_resource_trigger(arg_name="context", uri="docs://other", resource_name="other", mime_type="text/plain")
def other_envelope(context: str) -> str:
    return json.dumps({"content": json.dumps({"uri": "docs://elsewhere", "mimeType": "text/csv", "blob": "YQ=="})})


@content.mcp_resource_trigger(arg_name="context", uri="docs://nothing", resource_name="nothing")
def nothing(context: str) -> None:
    return None


@content.mcp_resource_trigger(arg_name="context", uri="docs://broken", resource_name="broken")
def broken(context: str) -> str:
    raise ValueError("for the terminal only")


@content.mcp_resource_trigger(
    arg_name="context",
    uri="store://catalog/{category}items{tag}",
    resource_name="item",
    description="An item of the catalogue.",
    mime_type="application/json",
)
@content.blob_input(arg_name="file", path="catalog/{category}/{tag}.json", connection="AzureWebJobsStorage")
def item(context: str, file: str) -> str:
    return json.dumps({"asked": json.loads(context)["uri"], "file": file})


@content.mcp_prompt_trigger(
    arg_name="context",
    prompt_name="summarise",
    title="Summarise",
    description="Summarises a text.",
    prompt_arguments=[
        func.PromptArgument("text", "What to summarise.", required=True),
        func.PromptArgument("style"),
    ],
    metadata='{"team": "docs"}',
    icons=json.dumps([{"src": "https://example.org/icon.png", "mimeType": "image/png", "sizes": ["48x48"]}]),
)
def summarise(context: func.PromptInvocationContext) -> str:
    return f"Summarise in {context.arguments.get('style', 'plain')} style: {context.arguments['text']}"


@content.mcp_prompt_trigger(arg_name="context", prompt_name="bare")
def bare(context: str) -> str:
    return json.dumps({"type": "prompt_messages", "content": "[]"})


@content.mcp_prompt_trigger(arg_name="context", prompt_name="failing")
def failing(context: func.PromptInvocationContext) -> str:
    raise ValueError("for the terminal only")


@content.mcp_prompt_trigger(arg_name="context", prompt_name="conversation", use_result_schema=True)
def conversation(context: func.PromptInvocationContext) -> str:
    messages = [
        {"role": "user", "content": {"type": "text", "text": "Are you there?"}},
        {"role": "assistant", "content": {"type": "text", "text": "Yes."}},
    ]
    result = {"description": "A conversation.", "messages": messages}
    return json.dumps({"type": "get_prompt_result", "content": json.dumps(result)})


@content.generic_trigger(
    arg_name="context",
    type="mcpPromptTrigger",
    promptName="review",
    promptArguments=json.dumps([{"name": "code", "required": True}, {"name": "depth", "description": None}]),
)
@content.generic_input_binding(
    arg_name="code", type="mcpPromptArgument", argumentName="code", description="Code.", isRequired=True
)
@content.generic_input_binding(
    arg_name="depth", type="mcpPromptArgument", argumentName="depth", description="Depth.", isRequired=False
)
def review(context, code: str, depth: str) -> str:
    return f"Review {code!r}, depth {depth!r}"
