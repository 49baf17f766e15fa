"""A tool with a choice, a bound, a default, an answer that programs can read, and an error for the model."""

from typing import Annotated, Literal, TypedDict

import azure.functions as func
from msgspec import Meta

from tool import tool
from tool_results import ToolError

app = func.FunctionApp()

_ORDERS = {"Ada": [("A-1", "open", 12.5), ("A-2", "shipped", 99.0)]}


class Order(TypedDict):
    number: str
    total: Annotated[float, "In euros, with tax."]


@tool(app)
def find_orders(
    customer: Annotated[str, "Whose orders, by the name on the invoice."],
    status: Literal["open", "shipped"] = "open",
    limit: Annotated[int, "How many at most.", Meta(ge=1, le=50)] = 10,
) -> list[Order]:
    """Find the orders of a customer, the oldest first."""
    if customer not in _ORDERS:
        raise ToolError(f"There is no customer '{customer}'. Take the name from the invoice.")
    found = [Order(number=number, total=total) for number, state, total in _ORDERS[customer] if state == status]
    return found[:limit]
