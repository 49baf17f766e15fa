"""A server of the official MCP SDK, which knows nothing of Azure Functions."""

import os

from mcp.server import MCPServer
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse

server = MCPServer("greeter")


@server.tool()
def greet(name: str) -> str:
    """Greets somebody."""
    return f"{os.environ['GREETING']}, {name}"


@server.tool()
def crash() -> str:
    """Ends the process, as bugs do."""
    os._exit(3)


@server.custom_route("/health", methods=["GET", "PUT"])
async def health(request: Request) -> JSONResponse:
    body = await request.body()
    headers = {name: request.headers.get(name) for name in ("host", "x-a", "x-ms-invocation-id")}
    return JSONResponse({"query": request.url.query, "length": len(body), "headers": headers}, 207)


@server.custom_route("/large", methods=["GET"])
async def large(request: Request) -> StreamingResponse:
    return StreamingResponse(b"x" * 100_000 for _ in range(300))


if __name__ == "__main__":
    port = int(os.environ["FUNCTIONS_CUSTOMHANDLER_PORT"])
    print(f"listening on {port}")
    server.run(transport="streamable-http", port=port, stateless_http=True)
