"""The addresses of a pool: its MCP endpoint, and ARM beside it on the same port, since both are this machine."""

import re

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from functions_host.pool.arm import Arm, arm_error
from functions_host.pool.credentials import Credentials
from functions_host.pool.mcp_answers import PlatformError, as_event, id_of, refusal
from functions_host.pool.mcp_endpoint import McpEndpoint
from functions_host.pool.resource import POOL, RESOURCE_GROUP, SUBSCRIPTION

_MCP = re.compile(r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/sessionPools/([^/]+)/mcp/?", re.IGNORECASE)
_ARM = re.compile(
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.App/sessionPools/([^/]+)(?:/([a-z]+))?/?",
    re.IGNORECASE,
)
_LARGEST_BODY = 32 * 1024 * 1024  # the platform has a limit that is not public
_OURS = (SUBSCRIPTION, RESOURCE_GROUP, POOL)


class PoolServer:
    """The ASGI app of a pool."""

    def __init__(self, endpoint: McpEndpoint, arm: Arm, credentials: Credentials) -> None:
        self._endpoint = endpoint
        self._arm = arm
        self._credentials = credentials

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            response = Response(status_code=400)
        except HTTPException as error:
            response = Response(status_code=error.status_code, headers=error.headers)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        path = request.url.path
        if match := _MCP.fullmatch(path):
            return await self._mcp(request, match.groups())
        if match := _ARM.fullmatch(path):
            return self._resource(request, match.groups()[:3], match[4])
        return arm_error(404, "NotFound", "Nothing is found here.")

    async def _mcp(self, request: Request, pool: tuple[str, ...]) -> Response:
        quirks = self._endpoint.quirks
        if not _is_ours(pool):
            return arm_error(404, "SessionPoolNotFound", f"Session pool '{pool[2]}' does not exist.")  # inferred
        if not self._credentials.accept(request.headers.get("x-ms-apikey")):
            return await _refused_key(request, quirks.refused_key)
        if request.method != "POST":
            return Response(status_code=405, headers={"Allow": "POST"})  # inferred
        response = await self._endpoint.respond(await _body(request))
        return as_event(response) if quirks.sse_reply else response

    def _resource(self, request: Request, pool: tuple[str, ...], action: str | None) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return arm_error(
                401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
            )
        if not _is_ours(pool):
            return arm_error(
                404,
                "ResourceNotFound",
                f"The Resource 'Microsoft.App/sessionPools/{pool[2]}' under resource group '{pool[1]}' was not found.",
            )
        return self._arm.respond(request.method, action, request.query_params.get("api-version"), self._endpoint.quirks)


async def _refused_key(request: Request, carrier: str) -> Response:
    error = PlatformError("Unauthorized", "The API key in x-ms-apikey is missing or not valid.")
    return refusal(id_of(await _body(request)), carrier, error)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise HTTPException(413, headers={"Connection": "close"})
    return bytes(body)


def _is_ours(pool: tuple[str, ...]) -> bool:
    return tuple(each.lower() for each in pool) == _OURS
