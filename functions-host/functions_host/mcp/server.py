"""The MCP server of an app: its protocol as long as it loads, and why it does not where it does not."""

from functions_host.host.host import FunctionsHost
from functions_host.host.served_app import ServedApp
from functions_host.mcp.messages import INTERNAL_ERROR, Request, error_response, result_response
from functions_host.mcp.protocol import McpProtocol
from functions_host.triggers.calls import McpClient
from functions_host.wire_json import to_json

_RUN_FUNCTIONS = ("tools/call", "prompts/get", "resources/read")


class McpServer:
    """Answers clients with the app as it is now."""

    def __init__(self, app: ServedApp) -> None:
        self._app = app
        self._protocol = McpProtocol(app.host)

    async def answer(self, request: Request, client: McpClient) -> bytes:
        """Returns the answer to a request, as JSON. While the app is loaded, requests wait."""
        why_not = await self._app.why_not()
        if why_not and request.method in _RUN_FUNCTIONS:
            return _refusal(request, why_not)
        with self._app.version as host:
            return await self._protocol_of(host).answer(request, client)

    def _protocol_of(self, host: FunctionsHost) -> McpProtocol:
        if self._protocol.host is not host:  # the app was loaded again
            self._protocol = McpProtocol(host)
        return self._protocol


def _refusal(request: Request, text: str) -> bytes:
    """Answers a request whose function cannot run: a tool's answer is text for the model, others have only errors."""
    if request.method != "tools/call":
        return error_response(request.id, INTERNAL_ERROR, text)
    return result_response(request.id, to_json({"content": [{"type": "text", "text": text}], "isError": True}))
