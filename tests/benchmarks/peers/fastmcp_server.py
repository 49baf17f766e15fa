"""FastMCP as fast as it gets by its own options: no sessions, JSON answers, and uvicorn's compiled parts."""

import sys

import uvicorn
from fastmcp import FastMCP  # pyright: ignore[reportMissingImports]  (only the group `bench` has it)

from tests.benchmarks.calls import GREETING


def hello() -> str:
    """Say hello."""
    return GREETING


if __name__ == "__main__":
    server = FastMCP("hello")
    server.tool(hello)
    app = server.http_app(transport="http", stateless_http=True, json_response=True)
    uvicorn.run(app, port=int(sys.argv[1]), http="httptools", access_log=False, log_level="warning")
