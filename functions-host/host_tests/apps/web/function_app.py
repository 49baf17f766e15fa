# pyright: basic, reportMissingImports=false
"""A FastAPI app with tools beside it, a WSGI app, two functions of one route, and a durable one."""

from collections.abc import Iterator

import azure.functions as func
import long_running
from fastapi import Cookie, FastAPI, Form, HTTPException, Request, UploadFile
from fastapi.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from legacy import legacy_app
from pydantic import BaseModel

web = FastAPI()


class Order(BaseModel):
    name: str
    count: int = 1


@web.get("/orders/{name}")
def read_order(name: str, request: Request, session: str | None = Cookie(default=None)) -> dict[str, object]:
    return {"name": name, "tags": request.query_params.getlist("tag"), "session": session, "url": str(request.url)}


@web.post("/orders", status_code=201)
async def add_order(order: Order) -> JSONResponse:
    answer = JSONResponse({"added": order.model_dump()}, 201, {"Location": f"/orders/{order.name}"})
    answer.set_cookie("session", "abc", httponly=True, samesite="lax")
    answer.set_cookie("theme", "dark")
    return answer


@web.post("/upload")
async def upload(file: UploadFile, note: str = Form()) -> dict[str, object]:
    return {"size": len(await file.read()), "note": note}


@web.get("/moved")
def moved() -> RedirectResponse:
    return RedirectResponse("/orders/chair", 307)


@web.get("/pieces")
def pieces() -> StreamingResponse:
    def each() -> Iterator[str]:
        for number in range(3):
            yield f"{number};"

    return StreamingResponse(each(), media_type="text/plain")


@web.get("/refused")
def refused() -> None:
    raise HTTPException(403, "not for you")


@web.get("/broken")
def broken() -> None:
    raise RuntimeError("nobody expected it")


@web.head("/only-head")
def only_head() -> Response:
    return Response(headers={"x-length": "3"})


app = func.AsgiFunctionApp(app=web, http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(long_running.blueprint)


@app.mcp_tool_trigger(arg_name="context", tool_name="beside", description="A tool beside a web app.")
def beside(context: str) -> str:
    return "a tool beside FastAPI"


@app.route(route="both", methods=["GET"])
def both_get(req: func.HttpRequest) -> str:
    return "got"


@app.route(route="both", methods=["POST"])
def both_post(req: func.HttpRequest) -> str:
    return "posted"


@app.route(route="classic/{*rest}")
def classic(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return func.WsgiMiddleware(legacy_app).handle(req, context)
