"""The floor: a Starlette route that reads JSON and answers JSON, and knows nothing of MCP."""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.benchmarks.calls import GREETING


async def answer(request: Request) -> JSONResponse:
    """Answers every request as if it were a call of hello."""
    message = await request.json()
    result = {"content": [{"type": "text", "text": GREETING}]}
    return JSONResponse({"result": result, "id": message["id"], "jsonrpc": "2.0"})


if __name__ == "__main__":
    app = Starlette(routes=[Route("/mcp", answer, methods=["POST"])])
    uvicorn.run(app, port=int(sys.argv[1]), http="httptools", access_log=False, log_level="warning")
