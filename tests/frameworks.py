"""The same functions as tools of `@tool(app)`, of the SDK's `@app.mcp_tool` and of FastMCP: what each makes of them."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal

import azure.functions as func
from msgspec import Meta

from tests.in_process import call, functions_of, listed
from tool import tool

type Answer = Callable[[dict[str, Any]], Awaitable[str]]


class Job(Enum):
    full = "FullTime"
    part = "PartTime"


@dataclass
class Place:
    x: int
    y: float = 0.5


# A name for the table, the type of the argument n, and whether None is its default.
FUNCTIONS: dict[str, tuple[Any, bool]] = {
    "int": (int, False),
    "int | None = None": (int | None, True),
    "list[int]": (list[int], False),
    "dict[str, int]": (dict[str, int], False),
    'Literal["a", "b"]': (Literal["a", "b"], False),
    "Enum": (Job, False),
    "dataclass": (Place, False),
    'Annotated[int, "n", Meta(ge=1)]': (Annotated[int, "n", Meta(ge=1)], False),
}
ARGUMENTS: tuple[dict[str, Any], ...] = ({"n": "5"}, {}, {"n": None})


def function_of(hint: Any, *, has_default: bool) -> Callable[..., Any]:
    """Returns the function: it answers with what it has got, and raises where that is 13."""

    def t(n: Any) -> str:
        """A tool."""
        if n == 13:
            raise ValueError("the reason")
        return repr(n)

    t.__annotations__["n"] = hint
    if has_default:
        t.__defaults__ = (None,)
    return t


async def of_tool(function: Callable[..., Any]) -> tuple[Any, Answer]:
    """Returns what `@tool(app)` lists of n, and how it is called."""
    app = func.FunctionApp()
    tool(app)(function)
    schema = listed(app, "t")["inputSchema"]

    async def answer(arguments: dict[str, Any]) -> str:
        if missing := [each for each in schema["required"] if arguments.get(each) is None]:
            return _REFUSED.format(", ".join(missing))
        try:
            result = await call(app, "t", **arguments)
        except ValueError:
            return _HIDDEN
        (block,) = result.content
        return _told(bool(result.is_error), getattr(block, "text", ""))

    return schema["properties"]["n"], answer


async def of_mcp_tool(function: Callable[..., Any]) -> tuple[Any, Answer]:
    """The same of the SDK's `@app.mcp_tool`."""
    app: Any = func.FunctionApp()
    app.mcp_tool()(function)
    (built,) = functions_of(app)
    (listing,) = listed(app, "t")["toolProperties"]
    # As the extension makes a schema of a property.
    schema = {"type": listing["propertyType"], "description": listing["description"] or None}
    if listing.get("isArray"):
        schema = {"type": "array", "items": {"type": listing["propertyType"]}}

    async def answer(arguments: dict[str, Any]) -> str:
        if listing["isRequired"] and arguments.get("n") is None:
            return _REFUSED.format("n")
        try:
            return _told(False, await built.get_user_function()(context=json.dumps({"arguments": arguments})))
        except (TypeError, ValueError):
            return _HIDDEN

    return {key: value for key, value in schema.items() if value}, answer


async def of_fastmcp(function: Callable[..., Any]) -> tuple[Any, Answer]:
    """The same of FastMCP."""
    from fastmcp import Client, FastMCP  # pyright: ignore[reportMissingImports]  (only the group `bench` has it)
    from pydantic import Field

    if hasattr(function.__annotations__["n"], "__metadata__"):  # written as FastMCP wants it
        function.__annotations__["n"] = Annotated[int, Field(description="n", ge=1)]
    server: Any = FastMCP("t")
    server.tool(function)
    client: Any = Client(server)
    async with client:
        (listing,) = await client.list_tools()

    async def answer(arguments: dict[str, Any]) -> str:
        async with client:
            result = await client.call_tool("t", arguments, raise_on_error=False)
        return _told(result.is_error, result.content[0].text)

    schema = getattr(listing, "input_schema", None) or listing.inputSchema
    return schema["properties"]["n"], answer


_REFUSED = "One or more required tool properties are missing values. Please provide: {}"
_HIDDEN = "An error occurred invoking 't'."


def _told(is_error: bool, text: str) -> str:
    return f"error: {text}" if is_error else f"gets {text}"
