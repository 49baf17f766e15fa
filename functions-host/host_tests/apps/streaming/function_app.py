# pyright: basic, reportMissingImports=false
"""Functions over HTTP that stream, with the extension that Azure has for it, and a tool beside them."""

import asyncio
from collections.abc import AsyncIterator

import azure.functions as func
from azurefunctions.extensions.http.fastapi import JSONResponse, Request, StreamingResponse

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
go_on = asyncio.Event()


@app.mcp_tool_trigger(arg_name="context", tool_name="go_on", description="Lets the stream go on.")
async def let_go_on(context: str) -> str:
    go_on.set()
    return "it goes on"


@app.route(route="stream/{name}")
async def stream(req: Request) -> StreamingResponse:
    async def pieces() -> AsyncIterator[str]:
        yield f"first for {req.path_params['name']};"
        await go_on.wait()
        yield "second"

    return StreamingResponse(pieces(), media_type="text/event-stream")


@app.route(route="count", methods=["POST"])
async def count(req: Request) -> JSONResponse:
    chunks = [len(chunk) async for chunk in req.stream()]
    return JSONResponse({"bytes": sum(chunks), "query": dict(req.query_params)})


@app.route(route="broken")
async def broken(req: Request) -> JSONResponse:
    raise RuntimeError("nobody expected it")
