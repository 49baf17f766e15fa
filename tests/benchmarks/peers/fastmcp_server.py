"""FastMCP in three ways: as it is by default, as fast as it gets by its own options, and over legacy SSE."""

import sys

import uvicorn
from fastmcp import FastMCP  # pyright: ignore[reportMissingImports]  (only the group `bench` has it)

from tests.benchmarks.peers.tools import TOOLS

_OPTIONS = {
    "default": {"transport": "http"},
    "stateless": {"transport": "http", "stateless_http": True, "json_response": True},
    "sse": {"transport": "sse"},
}

if __name__ == "__main__":
    port, way = int(sys.argv[1]), sys.argv[2]
    server = FastMCP("benchmark")
    for tool in TOOLS:
        # Without a schema of its output, a text is not sent a second time as structured content.
        server.tool(tool, output_schema=None) if way == "stateless" else server.tool(tool)
    app = server.http_app(**_OPTIONS[way])
    uvicorn.run(app, port=port, http="httptools", access_log=False, log_level="warning")
