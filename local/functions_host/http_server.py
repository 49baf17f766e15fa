"""The routes of the host, on Starlette."""

import html
import platform
import time

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from local.functions_host.host import FunctionsHost
from local.functions_host.mcp_webhook import WEBHOOK_PATH, McpWebhook


def create_app(host: FunctionsHost, webhook: McpWebhook) -> Starlette:
    """Returns the ASGI app of `host`: the webhook of its MCP extension, and the few pages beside it."""
    started = time.monotonic()

    async def homepage(request: Request) -> Response:
        return HTMLResponse(_HOMEPAGE.format(address=html.escape(request.headers["host"]), path=WEBHOOK_PATH))

    async def status(request: Request) -> Response:
        report = {
            "id": host.settings.app_directory.name.lower(),
            "state": "Running",
            "version": "4.0.0-local",
            "versionDetails": "local stand-in of the Functions host",
            "platformVersion": "",
            "instanceId": webhook.instance_id,
            "computerName": platform.node(),
            "processUptime": int((time.monotonic() - started) * 1000),
            "functionAppContentEditingState": "NotAllowed",
            "errors": list(host.app.errors),
        }
        return Response(msgspec.json.encode(report), media_type="application/json")

    return Starlette(
        routes=[
            Route("/runtime/webhooks/{extension}", webhook),
            Route("/runtime/webhooks/{extension}/{rest:path}", webhook),
            Route("/", homepage, methods=["GET"]),
            Route("/admin/host/status", status, methods=["GET"]),
            Route("/admin/host/ping", _ping, methods=["GET", "POST"]),
        ],
        exception_handlers={HTTPException: _empty_answer},
    )


_HOMEPAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Function app on this machine</title></head>
<body style="font: 16px system-ui; max-width: 40em; margin: 4em auto">
<h1>The function app is running</h1>
<p>Point an MCP client at <code>http://{address}{path}</code>, or at <code>http://{address}{path}/sse</code>
if it speaks the older SSE transport.</p>
</body></html>
"""


async def _ping(request: Request) -> Response:
    return Response(status_code=200)


async def _empty_answer(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return Response(status_code=error.status_code, headers=error.headers)
