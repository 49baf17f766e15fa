"""A file of tools of its own, which function_app.py registers."""

import azure.functions as func

from tool import tool

blueprint = func.Blueprint()


@tool(blueprint)
def total(amounts: list[float]) -> float:
    """Add up the amounts of an invoice."""
    return sum(amounts)
