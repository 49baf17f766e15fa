# pyright: basic
"""Every way in which the Python SDK declares a tool, one function each, with resources and prompts beside them."""

import base64
import json
from dataclasses import dataclass
from typing import List, Optional, Union

import azure.functions as func
from blueprint import calculator  # pyright: ignore[reportMissingImports]
from content import content  # pyright: ignore[reportMissingImports]
from mcp.types import CallToolResult, ImageContent, TextContent

app = func.FunctionApp()
app.register_functions(calculator)
app.register_functions(content)

ORDER = json.dumps(
    [
        {"propertyName": "item", "propertyType": "string", "description": "What to order.", "isRequired": True},
        {"propertyName": "count", "propertyType": "integer", "description": "How many."},
        {"propertyName": "size", "propertyType": "string", "description": "Size.", "enumValues": ["small", "large"]},
        {"propertyName": "extras", "propertyType": "string", "description": "More.", "isArray": True},
    ]
)


@app.generic_trigger(
    arg_name="context",
    type="mcpToolTrigger",
    toolName="place_order",
    description="Places an order.",
    toolProperties=ORDER,
)
def place_order(context) -> str:
    arguments = json.loads(context)["arguments"]
    return f"{arguments.get('count', 1)} x {arguments['item']}"


@app.mcp_tool_trigger(arg_name="context", tool_name="echo", description="Returns what the host hands over.")
def echo(context: str) -> str:
    return context


@app.mcp_tool_trigger(
    arg_name="context",
    tool_name="convert",
    description="Converts a length.",
    use_worker_input_schema=True,
    input_schema='{"type":"object","properties":{"metres":{"type":"number","minimum":0}},"required":["metres"]}',
    output_schema='{"type":"object","properties":{"feet":{"type":"number"}},"required":["feet"]}',
    use_result_schema=True,
)
def convert(context: str) -> str:
    feet = json.loads(context)["arguments"]["metres"] / 0.3048
    block = {"type": "text", "text": f"{feet:.1f} feet"}
    return json.dumps(
        {"type": "text", "content": json.dumps(block), "structuredContent": json.dumps({"feet": round(feet, 1)})}
    )


@app.mcp_tool(metadata='{"ui": {"resourceUri": "ui://greeting"}, "version": 1.0}')
@app.mcp_tool_property(arg_name="name", description="Who to greet.")
def Greet(name: str, times: int = 1) -> str:
    """Greets somebody."""
    return " ".join([f"Hello {name}!"] * times)


@app.mcp_tool()
def describe(
    flag: bool, amount: float, count: int, tags: list[str], note: Optional[str] = None, other: object = None
) -> str:
    """Says what types its arguments have."""
    values = {"flag": flag, "amount": amount, "count": count, "tags": tags, "note": note, "other": other}
    return json.dumps({name: type(value).__name__ for name, value in values.items()})


@app.mcp_tool()
async def who(context: func.MCPToolContext, question: str) -> str:
    """Says through which transport it is called."""
    return f"{question} {context['transport']['name']}"


@app.mcp_tool()
def returns_a_dict() -> dict:
    """Returns a dict, of which mcp_tool makes text as Python writes it."""
    return {"a": 1}


@app.mcp_tool()
def returns_nothing() -> None:
    """Returns nothing."""


@app.mcp_tool()
def returns_text_block() -> TextContent:
    """Returns a content block of the MCP SDK."""
    return TextContent(type="text", text="from a block")


@app.mcp_tool()
def returns_blocks() -> List[Union[TextContent, ImageContent]]:
    """Returns several blocks."""
    pixel = base64.b64encode(b"pixel").decode()
    return [TextContent(type="text", text="one"), ImageContent(type="image", data=pixel, mime_type="image/png")]


@app.mcp_tool()
def returns_an_error() -> CallToolResult:
    """Returns a whole result, which alone can say that it is an error."""
    return CallToolResult(content=[TextContent(type="text", text="no such thing")], is_error=True)


@func.mcp_content
@dataclass
class Weather:
    place: str
    degrees: int


@app.mcp_tool()
def returns_a_dataclass(place: str) -> Weather:
    """Returns an object that becomes structured content."""
    return Weather(place, 21)


@app.mcp_tool(use_result_schema=True)
def returns_plain_text() -> str:
    """Promises a result schema and returns text that is no JSON."""
    return "plain"


@app.mcp_tool()
def raises() -> str:
    """Raises."""
    raise ValueError("for the terminal only")


@app.mcp_tool_trigger(arg_name="context", tool_name="returns_bytes", description="Returns bytes.")
def returns_bytes(context: str) -> bytes:
    return b"bytes"


@app.generic_input_binding(
    arg_name="colour",
    type="mcpToolProperty",
    propertyName="colour",
    propertyType="string",
    description="A colour.",
    isRequired=False,
)
@app.generic_input_binding(
    arg_name="bright",
    type="mcpToolProperty",
    propertyName="bright",
    propertyType="boolean",
    description="Whether it is bright.",
    isRequired=False,
)
@app.mcp_tool_trigger(
    arg_name="context",
    tool_name="paint",
    description="Paints.",
    tool_properties=json.dumps(
        [
            {"propertyName": "colour", "propertyType": "string", "description": "A colour."},
            {"propertyName": "bright", "propertyType": "boolean", "description": "Whether it is bright."},
        ]
    ),
)
def paint(context: str, colour: str, bright: str) -> dict:
    # A property binding is of a type that the SDK does not know: so what is returned reaches the host as JSON.
    return {"colour": colour, "bright": bright}
