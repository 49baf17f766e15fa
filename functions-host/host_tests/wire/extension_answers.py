"""What the MCP extension may answer to a body, whatever it is: its rules, read a second time and apart from the host.

Microsoft.Azure.Functions.Extensions.Mcp 1.6.0 and the C# SDK 0.4.0-preview.3 that it is built on
(src/ModelContextProtocol.Core/Protocol). Written with the standard library alone, and without a look at how the host
does it. Where the sources leave more than one answer open, each of them passes.
"""

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

_LISTS = {
    "tools/list": "tools",
    "prompts/list": "prompts",
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
}
_EMPTY_RESULTS = ("ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe")
_METHODS = (*_LISTS, *_EMPTY_RESULTS, "initialize", "tools/call", "prompts/get", "resources/read")
_LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
_CAPABILITIES = ("experimental", "roots", "sampling", "elicitation")
_DEEPEST = 64
_FAILED = (-32603, "An error occurred.")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_OUTSIDE_OF_WIRE_ASCII = re.compile(rb"[^\x20-\x7e]|['<>&+`]")


class Kind(Enum):
    """What a body is to the extension."""

    MALFORMED = "no JSON-RPC message"
    NULL = "the JSON literal null"
    SILENT = "a notification or a response, which is not answered"
    REQUEST = "a request"


@dataclass(frozen=True)
class Asked:
    """A body as the extension reads it."""

    kind: Kind
    id: Any = None
    method: str | None = ""
    params: Any = None
    certain: bool = True
    """False where a string is half of a surrogate pair: what happens depends on who reads it."""


@dataclass(frozen=True)
class Content:
    """What the app behind the extension has, with the required arguments of tools and prompts."""

    tools: dict[str, list[str]]
    prompts: dict[str, list[str]]
    resources: list[str]
    template: str
    """A regular expression of the URIs that its one template takes."""


def read(body: bytes) -> Asked:
    """Returns what `body` is."""
    try:
        text = body.decode("utf-8-sig")
        message = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return Asked(Kind.MALFORMED)
    if message is None:
        return Asked(Kind.NULL)
    if not isinstance(message, dict) or _depth(message) > _DEEPEST or message.get("jsonrpc") != "2.0":
        return Asked(Kind.MALFORMED)
    certain = not _LONE_SURROGATE.search(json.dumps(message, ensure_ascii=False))
    kind = _kind(message)
    return Asked(kind, message.get("id"), message.get("method", ""), message.get("params"), certain)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _depth(value: object) -> int:
    deepest, level = 0, [value]
    while level:
        level = [each for each in level if isinstance(each, dict | list)]
        deepest += bool(level)
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return deepest


def _kind(message: dict[str, Any]) -> Kind:
    if "id" in message and not _is_id(message["id"]):
        return Kind.MALFORMED
    if "method" in message:
        if not isinstance(message["method"], str | None):
            return Kind.MALFORMED
        return Kind.REQUEST if "id" in message else Kind.SILENT
    if "id" not in message:
        return Kind.MALFORMED
    if message.get("error") is not None:
        return Kind.SILENT if _is_error(message["error"]) else Kind.MALFORMED
    return Kind.SILENT if "result" in message or "error" in message else Kind.MALFORMED


def _is_id(value: object) -> bool:
    return isinstance(value, str) or (type(value) is int and -(2**63) <= value < 2**63)


def _is_error(value: object) -> bool:
    # JsonRpcErrorDetail: code and message are required.
    if not isinstance(value, dict) or not isinstance(value.get("message"), str | None):
        return False
    return "message" in value and type(value.get("code")) is int and -(2**31) <= value["code"] < 2**31


def check_response(asked: Asked, response: bytes, content: Content) -> None:
    """Fails if `response`, the JSON of a JSON-RPC response, is none that the extension gives to the request `asked`."""
    assert not _OUTSIDE_OF_WIRE_ASCII.search(response), response
    answer = json.loads(response)
    kind = "error" if "error" in answer else "result"
    assert list(answer) == [kind, "id", "jsonrpc"], response
    assert answer["jsonrpc"] == "2.0"
    assert (answer["id"], type(answer["id"])) == (asked.id, type(asked.id))
    if kind == "error":
        assert list(answer["error"]) == ["code", "message"], response
        given = (answer["error"]["code"], answer["error"]["message"])
    else:
        given = "result"
        _check_result(asked, answer["result"])
    if asked.certain:
        assert given in _possible(asked, content), (given, _possible(asked, content))


type _Outcome = str | tuple[int, str]


def _possible(asked: Asked, content: Content) -> list[_Outcome]:
    """Returns the outcomes that a request may have: 'result', or code and message of an error."""
    method, params = asked.method, asked.params
    if method is None:
        return [_FAILED]
    if method not in _METHODS:
        return [(-32601, f"Method '{method}' is not available.")]
    if method == "ping":
        return ["result"]
    if not _is_object_or_null(params) or not _is_object_or_null((params or {}).get("_meta")):
        return [_FAILED]
    match method:
        case "tools/call":
            return _call(params, "tool", "tool properties", content.tools)
        case "prompts/get":
            return _call(params, "prompt", "prompt arguments", content.prompts)
        case "resources/read":
            return _read(params, content)
        case "logging/setLevel":
            return _set_level(params)
        case "initialize":
            return _initialize(params)
        case _:
            text = (params or {}).get("cursor" if method in _LISTS else "uri")
            return ["result"] if isinstance(text, str | None) else [_FAILED]


def _call(params: dict[str, Any] | None, what: str, parts: str, known: dict[str, list[str]]) -> list[_Outcome]:
    if params is None:
        return [(-32602, f"Unknown {what}: ''")]
    name, arguments = params.get("name"), params.get("arguments")
    if not isinstance(name, str | None) or not _is_object_or_null(arguments) or "name" not in params:
        return [_FAILED]
    if name is None:  # `required` lets null pass, and then it is looked up
        return ["result" if what == "tool" else _FAILED]
    required = {each.lower(): names for each, names in known.items()}.get(name.lower())
    if required is None:
        return [(-32602, f"Unknown {what}: '{name}'")]
    missing = [each for each in required if (arguments or {}).get(each) is None]
    if missing:
        return [(-32602, f"One or more required {parts} are missing values. Please provide: {', '.join(missing)}")]
    return ["result"]


def _read(params: dict[str, Any] | None, content: Content) -> list[_Outcome]:
    if params is None:
        return [(-32602, "Unknown resource: ''")]
    uri = params.get("uri")
    if not isinstance(uri, str):
        return [_FAILED]
    if uri.lower() in (each.lower() for each in content.resources):
        return ["result"]
    if re.fullmatch(content.template, uri, re.IGNORECASE):
        return ["result", _FAILED] if "{" in uri or "}" in uri else ["result"]
    unknown = (-32602, f"Unknown resource: '{uri}'")
    if re.fullmatch(r"[a-z]+://[a-z0-9/]+", uri):
        return [unknown]
    return [_FAILED] if ":" not in uri and "/" not in uri else [_FAILED, unknown]


def _set_level(params: dict[str, Any] | None) -> list[_Outcome]:
    if params is None:
        return ["result"]
    level = params.get("level")
    if isinstance(level, str):
        names = [name.strip().lower() for name in level.split(",")]
        number = re.fullmatch(r"\s*[+-]?[0-9]+\s*", level)
        return ["result"] if all(name in _LEVELS for name in names) or _is_int32(number and int(level)) else [_FAILED]
    return ["result"] if _is_int32(level) else [_FAILED]


def _is_int32(value: object) -> bool:
    return type(value) is int and -(2**31) <= value < 2**31


def _initialize(params: dict[str, Any] | None) -> list[_Outcome]:
    if params is None:
        return ["result"]
    return ["result"] if is_readable_initialize(params) else [_FAILED]


def is_readable_initialize(params: object) -> bool:
    """Whether the extension can read the params of an initialize request."""
    if params is None:
        return True
    if not isinstance(params, dict) or not _is_object_or_null(params.get("_meta")):
        return False
    if not {"protocolVersion", "clientInfo"} <= set(params) or not isinstance(params["protocolVersion"], str | None):
        return False
    if not _are_capabilities(params.get("capabilities")):
        return False
    client = params["clientInfo"]
    if client is None:
        return True
    if not isinstance(client, dict) or not {"name", "version"} <= set(client):
        return False
    return all(isinstance(client.get(name), str | None) for name in ("name", "version", "title"))


def _are_capabilities(value: object) -> bool:
    if value is None:
        return True
    return isinstance(value, dict) and all(_is_object_or_null(value.get(name)) for name in _CAPABILITIES)


def _is_object_or_null(value: object) -> bool:
    return isinstance(value, dict | None)


def _check_result(asked: Asked, result: dict[str, Any]) -> None:
    method = asked.method
    if method in _LISTS:
        assert list(result) == [_LISTS[method]]
        assert isinstance(result[_LISTS[method]], list)
    elif method in _EMPTY_RESULTS:
        assert result == {}
    elif method == "initialize":
        assert list(result) == ["protocolVersion", "capabilities", "serverInfo"]
        assert result["protocolVersion"] in ("2024-11-05", "2025-03-26", "2025-06-18")
        assert result["capabilities"] == {"logging": {}, "prompts": {}, "resources": {}, "tools": {}}
    elif method == "tools/call":
        _check_tool_result(asked, result)
    elif method == "prompts/get":
        assert [set(each) for each in result["messages"]] == [{"role", "content"}] * len(result["messages"])
    else:
        (contents,) = result["contents"]
        assert contents["uri"] == asked.params["uri"]
        assert ("text" in contents) != ("blob" in contents)


def _check_tool_result(asked: Asked, result: dict[str, Any]) -> None:
    assert set(result) <= {"content", "structuredContent", "isError", "_meta"}
    assert all("type" in block for block in result["content"])
    if result.get("isError"):
        text = f"An error occurred invoking '{asked.params['name'] or ''}'."
        assert result["content"] == [{"type": "text", "text": text}]
