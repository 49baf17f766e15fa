"""What is below /admin: the host's state and its keys, and its functions, to be run by hand. All else is refused.

azure-functions-host, Controllers/HostController.cs, KeysController.cs and FunctionsController.cs. With keys
required, the master key opens it.
"""

import platform
import time
from collections.abc import Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from functions_host.host.served_app import ServedApp
from functions_host.http.admin_functions import AdminFunctions
from functions_host.http.keys import KeyGuard


class Admin:
    """The ASGI endpoint of everything below /admin but the ping."""

    def __init__(self, app: ServedApp, instance_id: str, guard: KeyGuard, problem: Callable[[str], None]) -> None:
        self._app = app
        self._instance_id = instance_id
        self._guard = guard
        self._functions = AdminFunctions(app, problem)
        self._started = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        refusal = self._guard.refuse_admin(request)
        if refusal is not None:
            return Response(status_code=refusal)
        path: str = request.scope["path"].rstrip("/").lower()
        parts = path.split("/")[2:]
        if parts[0] == "functions" and len(parts) < 4:
            return await self._functions.respond(request, parts[1:])
        if request.method == "GET":
            match parts:
                case ["host", "status"]:
                    return _json(self._status())
                case ["host", "keys" | "functionkeys" | "systemkeys" as scope]:
                    keys = [{"name": name, "value": value} for name, value in self._keys(scope).items()]
                    return _json({"keys": keys, "links": []})
                case ["host", "keys" | "functionkeys" | "systemkeys" as scope, name]:
                    return self._key(scope, name)
                case _:
                    pass
        text = f"{request.method} {path} is not modelled by this host; func and Azure may answer it."
        return PlainTextResponse(text, 501)

    def _status(self) -> dict[str, Any]:
        load_error = self._app.load_error
        return {
            "id": self._app.settings.app_directory.name.lower(),
            "state": self._app.state,
            "version": "4.0.0-local",
            "versionDetails": "local stand-in of the Functions host",
            "platformVersion": "",
            "instanceId": self._instance_id,
            "computerName": platform.node(),
            "processUptime": int((time.monotonic() - self._started) * 1000),
            "functionAppContentEditingState": "NotAllowed",
            "errors": [load_error.sentence] if load_error else list(self._app.host.app.errors),
        }

    def _keys(self, scope: str) -> dict[str, str]:
        keys = self._guard.keys
        return {"mcp_extension": keys.mcp_extension} if scope == "systemkeys" else {"default": keys.default}

    def _key(self, scope: str, name: str) -> Response:
        # The master key is listed nowhere, and found by its name.
        keys = {**self._keys(scope), "_master": self._guard.keys.master}
        return _json({"name": name, "value": keys[name], "links": []}) if name in keys else Response(status_code=404)


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
