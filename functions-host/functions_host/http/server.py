"""The routes of the host, on Starlette."""

import html
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from functions_host.host.served_app import ServedApp
from functions_host.http.admin import Admin
from functions_host.http.functions import FunctionRoutes
from functions_host.http.keys import KeyGuard
from functions_host.http.mcp_webhook import WEBHOOK_PATH, WEBHOOKS, McpWebhook
from functions_host.http.proxy import Proxy

_ADMIN = "/admin/"


def create_app(
    app: ServedApp, webhook: McpWebhook, guard: KeyGuard, proxy: Proxy, problem: Callable[[str], None]
) -> ASGIApp:
    """Returns the ASGI app of the host: the webhook of its MCP extension, functions over HTTP, a few pages."""
    pages = Starlette(
        routes=[
            Route("/", _homepage, methods=["GET"]),
            Route("/admin/host/ping", _ping, methods=["GET", "POST"]),
            Route("/admin/{rest:path}", Admin(app, webhook.instance_id, guard, problem)),
        ],
        exception_handlers={HTTPException: _empty_answer},
    )

    functions = FunctionRoutes(app, guard, pages, proxy)

    async def routes(scope: Scope, receive: Receive, send: Send) -> None:
        # Calls go past Starlette's layers, which would take a tenth of their time.
        path: str = scope["path"]
        if path.lower().startswith(WEBHOOKS):
            await webhook(scope, receive, send)
        elif path.lower().startswith(_ADMIN):
            await pages(scope, receive, send)
        else:
            await functions(scope, receive, send)

    return routes


async def _homepage(request: Request) -> Response:
    return HTMLResponse(_HOMEPAGE.format(address=html.escape(request.headers["host"]), path=WEBHOOK_PATH))


_HOMEPAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Function app on this machine</title></head>
<body style="font: 16px system-ui; max-width: 40em; margin: 4em auto">
<h1>The function app is running</h1>
<p>Point an MCP client at <code>http://{address}{path}</code>, or at <code>http://{address}{path}/sse</code>
if it speaks the older SSE transport.</p>
</body></html>
"""


async def _ping(request: Request) -> Response:  # the one page below /admin that asks for no key
    return Response(status_code=200)


async def _empty_answer(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return Response(status_code=error.status_code, headers=error.headers)
