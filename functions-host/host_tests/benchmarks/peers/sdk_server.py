"""The low-level server of the official `mcp` package, as fast as it gets by its own options, or over legacy SSE."""

import sys
from typing import Any

import uvicorn
from mcp import types
from mcp.server.lowlevel.server import Server
from mcp.server.sse import SseServerTransport
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from host_tests.benchmarks.calls import GREETING
from host_tests.benchmarks.peers.tools import listing

_TOOLS = types.ListToolsResult(tools=[types.Tool.model_validate(each) for each in listing()])


async def _list_tools(context: Any, params: Any) -> types.ListToolsResult:
    return _TOOLS


async def _call_hello(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=GREETING)])


def _sse_app(server: Server[Any]) -> Starlette:
    transport = SseServerTransport("/messages/")

    async def stream(request: Request) -> Response:
        # The package documents no other way to hand `send` on.
        async with transport.connect_sse(request.scope, request.receive, request._send) as streams:  # pyright: ignore[reportPrivateUsage]
            await server.run(*streams, server.create_initialization_options())
        return Response()

    return Starlette(routes=[Route("/sse", stream), Mount("/messages/", app=transport.handle_post_message)])


if __name__ == "__main__":
    server = Server("benchmark", on_list_tools=_list_tools, on_call_tool=_call_hello)
    fastest = sys.argv[2] == "stateless"
    app = server.streamable_http_app(stateless_http=True, json_response=True) if fastest else _sse_app(server)
    uvicorn.run(app, port=int(sys.argv[1]), http="httptools", access_log=False, log_level="warning")
