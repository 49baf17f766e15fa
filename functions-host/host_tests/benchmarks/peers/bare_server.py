"""The floor: a Starlette route that reads JSON and answers JSON, and knows nothing of MCP but three answers."""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from host_tests.benchmarks.calls import GREETING, PROTOCOL_VERSION
from host_tests.benchmarks.peers.tools import listing

_RESULTS = {
    "initialize": {
        "protocolVersion": PROTOCOL_VERSION,
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "benchmark", "version": "1"},
    },
    "tools/list": {"tools": listing()},
    "tools/call": {"content": [{"type": "text", "text": GREETING}]},
}


async def answer(request: Request) -> JSONResponse:
    """Answers every call as if it were one of hello."""
    message = await request.json()
    return JSONResponse({"result": _RESULTS[message["method"]], "id": message["id"], "jsonrpc": "2.0"})


if __name__ == "__main__":
    app = Starlette(routes=[Route("/mcp", answer, methods=["POST"])])
    uvicorn.run(app, port=int(sys.argv[1]), http="httptools", access_log=False, log_level="warning")
