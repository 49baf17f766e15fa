"""FastMCP in four ways: as it is by default, as fast as it gets by its own options, with an event as the extension
answers, and over legacy SSE.
"""

import sys

import uvicorn
from fastmcp import FastMCP  # pyright: ignore[reportMissingImports]  (only the group `bench` has it)

from host_tests.benchmarks.peers.tools import TOOLS

if __name__ == "__main__":
    port, way = int(sys.argv[1]), sys.argv[2]
    server = FastMCP("benchmark")
    is_stateless = way in ("json", "event")
    for tool in TOOLS:
        # Without a schema of its output, a text is not sent a second time as structured content.
        server.tool(tool, output_schema=None) if is_stateless else server.tool(tool)
    app = server.http_app(
        transport="sse" if way == "sse" else "http",
        stateless_http=is_stateless or None,  # None is what it is by default
        json_response=way == "json" or None,
    )
    uvicorn.run(app, port=port, http="httptools", access_log=False, log_level="warning")
