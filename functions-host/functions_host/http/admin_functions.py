"""What is below /admin/functions: the functions of the app, whether they run, and runs by hand.

azure-functions-host, Controllers/FunctionsController.cs.
"""

import contextlib
from collections.abc import Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from functions_host.errors import BindingError, InvocationError
from functions_host.host.by_hand import call_by_hand
from functions_host.host.functions import Function, FunctionApp, NotRun
from functions_host.host.host import FunctionsHost
from functions_host.host.served_app import ServedApp


class AdminFunctions:
    """Answers for one app. `problem` hears why a run by hand did not come to be."""

    def __init__(self, app: ServedApp, problem: Callable[[str], None]) -> None:
        self._app = app
        self._problem = problem

    async def respond(self, request: Request, parts: list[str]) -> Response:
        """Answers a request; `parts` is what follows /admin/functions, in lower case."""
        why_not = await self._app.why_not()
        if why_not:
            return PlainTextResponse(why_not, 503)
        app = self._app.host.app
        match request.method, parts:
            case "GET", []:
                return _json([_members(each) for each in (*app.functions, *app.not_run)])
            case "GET", [name]:
                found = app.named(name) or _not_run(app, name)
                return _json(_members(found)) if found else Response(status_code=404)
            case "GET", [name, "status"]:
                return _status(app, name)
            case "POST", [name]:
                return await self._run(request, name)
            case _:
                return Response(status_code=404)

    async def _run(self, request: Request, name: str) -> Response:
        host = self._app.host
        if not_run := _not_run(host.app, name):
            return PlainTextResponse(_reason(not_run), 501)
        function = host.app.named(name)
        if function is None:
            return Response(status_code=404)
        body = await _body(request, host.settings.body_limit)
        text = _input(body) if body is not None else None
        if text is None:
            return Response(status_code=413 if body is None else 400)
        # The answer is given before the function has run, as in Azure.
        self._app.version.work(self._run_by_hand(host, function, text))
        return Response(status_code=202)

    async def _run_by_hand(self, host: FunctionsHost, function: Function, text: str) -> None:
        try:
            call = await call_by_hand(host, function, text)
        except BindingError as error:
            self._problem(f"'Functions.{function.name}' was not run: {error}")
            return
        with contextlib.suppress(InvocationError):  # the terminal has it
            await host.run(function, call)


def _not_run(app: FunctionApp, name: str) -> NotRun | None:
    return next((each for each in app.not_run if each.name.lower() == name.lower()), None)


def _reason(function: NotRun) -> str:
    return f"The {function.trigger} of '{function.name}' is not run here: {function.reason}."


def _members(function: Function | NotRun) -> dict[str, Any]:
    if isinstance(function, NotRun):
        binding = {"type": function.trigger, "direction": "in"}
    else:
        trigger = function.trigger
        binding = {"name": trigger.binding_name, "type": trigger.type_name, "direction": "in"}
    return {"name": function.name, "language": "python", "isDisabled": False, "config": {"bindings": [binding]}}


def _status(app: FunctionApp, name: str) -> Response:
    if not_run := _not_run(app, name):
        return _json({"errors": [_reason(not_run)]})
    errors = [each for each in app.errors if each.lower().startswith(f"the '{name}' function")]
    if errors:
        return _json({"errors": errors})
    return _json({}) if app.named(name) else Response(status_code=404)


async def _body(request: Request, limit: int) -> bytes | None:
    """Returns the body, None if it is longer than the host takes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


def _input(body: bytes) -> str | None:
    """Returns the input of a run; None for a body that is no JSON object. One that is no text stays JSON."""
    try:
        members = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    if not isinstance(members, dict):
        return None
    value = members.get("input") or ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
