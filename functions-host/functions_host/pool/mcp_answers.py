"""What the MCP endpoint of a pool answers: bodies and how they are carried.

Only `environmentId`, `stdout` and `stderr` of a result are attested; what else is here is inferred from the layers
below, and quirks.py has the variants.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from starlette.responses import Response

from functions_host.mcp.messages import MalformedMessageError, Request, RequestId, parse_message
from functions_host.pool.executions import Execution
from functions_host.pool.quirks import Quirks

# https://learn.microsoft.com/azure/container-apps/sessions-tutorial-python-mcp; the version is inferred, since no
# official client takes an answer without one. The protocol is older than `structuredContent`, which results have.
INITIALIZED: dict[str, Any] = {
    "protocolVersion": "2025-03-26",
    "serverInfo": {"name": "Microsoft Container Apps MCP Server", "version": "1.0.0"},
    "capabilities": {"tools": {"call": True, "list": True}},
}

PARSE_ERROR = -32700
SERVER_ERROR = -32000


@dataclass(frozen=True)
class PlatformError:
    """An error as the platform names it."""

    code: str
    message: str


def json_response(value: Any, status: int = 200) -> Response:
    """Returns `value` as the body of an answer."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def result_answer(request_id: RequestId | None, result: Any) -> Response:
    """Returns the answer to a request that went well."""
    return json_response({"jsonrpc": "2.0", "id": request_id, "result": result})


def error_answer(request_id: RequestId | None, code: int, message: str, status: int = 200) -> Response:
    """Returns a JSON-RPC error."""
    error = {"code": code, "message": message}
    return json_response({"jsonrpc": "2.0", "id": request_id, "error": error}, status)


def refusal(request_id: RequestId | None, carrier: str, error: PlatformError, code: int = SERVER_ERROR) -> Response:
    """Returns `error` in the way that `carrier` names; see Quirks."""
    text = f"{error.code}: {error.message}"
    match carrier.split("-"):
        case ["json", "rpc"]:
            return error_answer(request_id, code, text)
        case ["is", "error"]:
            return result_answer(request_id, {"content": [{"type": "text", "text": text}], "isError": True})
        case ["http", status, "wrapped"]:
            return json_response({"error": asdict(error)}, int(status))
        case ["http", status, "empty"]:
            return Response(status_code=int(status))
        case ["http", status]:
            return json_response(asdict(error), int(status))
        case _:
            raise AssertionError(carrier)


def run_result(execution: Execution, quirks: Quirks) -> dict[str, Any]:
    """Returns the result of a run tool."""
    fields: dict[str, Any] = {"stdout": execution.stdout, "stderr": execution.stderr}
    if execution.exit_code is None:
        fields["executionResult"] = execution.result
    else:
        fields["exitCode"] = execution.exit_code
    if execution.picture and quirks.pictures == "value":
        fields["executionResult"] = {"type": "image", "format": "png", "base64_data": execution.picture}
    fields["executionTimeInMilliseconds"] = execution.milliseconds
    raised = execution.failure == "exception"
    if execution.failure and (not raised or quirks.exception == "status"):
        fields["status"] = "Failed"
    return tool_result(fields, quirks, is_error=raised and quirks.exception == "is-error")


def tool_result(fields: dict[str, Any], quirks: Quirks, *, is_error: bool = False) -> dict[str, Any]:
    """Returns the result of a tool that answers `fields`."""
    text = json.dumps(fields, ensure_ascii=False) if quirks.content == "json" else fields.get("stdout", "")
    result: dict[str, Any] = {"content": [{"type": "text", "text": text}]}
    if quirks.content == "missing":
        del result["content"]
    if quirks.structured_content != "missing":
        result["structuredContent"] = fields if quirks.structured_content == "flat" else {"result": fields}
    return result | {"isError": is_error}


def id_of(body: bytes) -> RequestId | None:
    """Returns the id of the request in `body`, for those that are refused before anybody looks at them."""
    try:
        message = parse_message(body)
    except MalformedMessageError:
        return None
    return message.id if isinstance(message, Request) else None


def as_event(response: Response) -> Response:
    """Returns a JSON answer as one server-sent event."""
    if response.media_type != "application/json" or response.status_code != 200:
        return response
    return Response(b"event: message\ndata: " + bytes(response.body) + b"\n\n", media_type="text/event-stream")
