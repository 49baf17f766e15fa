"""A tool that reads a blob, writes to a queue, and knows who calls."""

import json

import azure.functions as func

from tool import ToolCall, tool
from tool_results import ToolError

app = func.FunctionApp()


@app.queue_output(arg_name="queue", queue_name="orders", connection="AzureWebJobsStorage")
@app.blob_input(arg_name="prices", path="shop/prices.json", connection="AzureWebJobsStorage")
@tool(app)
def order(article: str, prices: str, queue: func.Out[str], caller: ToolCall) -> str:
    """Order an article."""
    if article not in json.loads(prices):
        raise ToolError(f"There is no article '{article}'.")
    queue.set(json.dumps({"article": article, "session": caller.session}))
    return f"Ordered {article}."
