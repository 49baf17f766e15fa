"""Reading what a session pool's MCP server answers, in every form that is known of it.

The server is in preview, and no capture of its answers is published: documentation, samples and reports disagree on the
names of its tools, on where results stand and on how errors are carried. So each fact is looked for in all the places
where it was seen. https://learn.microsoft.com/azure/container-apps/mcp-troubleshooting lists the errors.
"""

import base64
import json
import re
from typing import Any

import msgspec

from executions import Execution
from pool_failures import PoolError
from tool_results import Content, Image

type Json = dict[str, Any]

_LARGEST_EXACT = 2**53 - 1
# Not compiled here, which every cold start would pay for.
_UUID = r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_FULL = r"(?i)SessionsCountExceedsLimit|maximum active sessions|too many (?:requests|sessions)"
_NOT_ALLOCATED = r"(?i)error happened when allocating"
_GONE = (
    r"(?is)(?:environment|session)\b.{0,200}?(?:not found|not exist|could not find|expired|no longer|invalid)"
    r"|(?:could not find|no) (?:environment|session)"
)
_REFUSED = r"(?i)api[- ]?key|unauthori[sz]ed|\b401\b|forbidden|authentication"
_BAD_ID = r"(?i)InvalidLengthOfSessionIdentifier|session identifier"
_TIMED_OUT = r"(?i)timed? ?out|ExecutionTimeout|exceeded the .{0,40}time"
_UNKNOWN_TOOL = r"(?is)unknown tool|tool .{0,80}not found|no such tool"
_TRACEBACK = r"Traceback \(most recent call last\)"
_EXCEPTION = r"(?m)^\w+(?:Error|Exception|Exit)\b"


class PoolTools(msgspec.Struct, frozen=True):
    """The platform's names for what it can do; they differ between pools and months."""

    launch: str | None = "launchShell"
    python: str = "runPythonCodeInRemoteEnvironment"
    shell: str | None = "runShellCommandInRemoteEnvironment"
    shell_takes_list: bool = False


def failure_of_response(status: int, body: str) -> PoolError | None:
    """Returns why an HTTP response is a failure, or None if its body is to be read."""
    if status < 300:
        return None
    if status < 400:
        return PoolError("moved", f"HTTP {status}")
    detail = _one_line(body) or f"HTTP {status}"
    # The status alone is not enough: a full pool was seen as 404, 429 and 500.
    kind = _kind_of(detail) if detail != f"HTTP {status}" else None
    if kind is None:
        kind = {404: "missing", 429: "full", 408: "unavailable", 503: "unavailable"}.get(status, "broken")
    return PoolError("refused" if status in (401, 403) else kind, detail)


def read_message(body: str, content_type: str) -> Json:
    """Returns the JSON-RPC answer in a body that is JSON, or an event stream with one event. Raises PoolError."""
    text = body
    if "event-stream" in content_type or body.lstrip().startswith(("event:", "data:")):
        events = [line.removeprefix("data:").strip() for line in body.splitlines() if line.startswith("data:")]
        text = events[-1] if events else ""
    try:
        message = json.loads(text)
    except ValueError:
        message = None
    if not isinstance(message, dict) or not ("result" in message or "error" in message):
        raise PoolError("garbled", "its answer is not JSON-RPC")
    return message


def result_of(message: Json) -> Json:
    """Returns the result of a JSON-RPC answer. Raises PoolError if it carries an error instead."""
    error = message.get("error")
    if error is not None:
        detail = _one_line(str(error.get("message", error)) if isinstance(error, dict) else str(error))
        unknown = isinstance(error, dict) and error.get("code") == -32601
        raise PoolError(_kind_of(detail) or ("unknown tool" if unknown else "broken"), detail)
    result = message.get("result")
    if not isinstance(result, dict):
        raise PoolError("garbled", "its answer has no result")
    return result


def read_tools(result: Json) -> PoolTools:
    """Returns the tools in the result of tools/list."""
    schemas = {tool["name"]: tool.get("inputSchema") or {} for tool in result.get("tools", []) if "name" in tool}
    shell = _first(schemas, "runShell")
    properties = schemas[shell].get("properties", {}) if shell else {}
    return PoolTools(
        launch=_first(schemas, "launchPython") or _first(schemas, "launch"),
        python=_first(schemas, "runPython") or PoolTools().python,
        shell=shell,
        shell_takes_list=bool(properties) and "shellCommand" not in properties,
    )


def read_environment_id(result: Json) -> str:
    """Returns the id that a launch tool made. Raises PoolError if there is none."""
    _raise_tool_error(result, _facts(result))
    found = _facts(result).get("environmentId") or _facts(result).get("identifier")
    if isinstance(found, str):
        return found
    written = re.search(_UUID, _text(result))
    if written:
        return written.group()
    raise PoolError("garbled", "it launched an environment without telling its id")


def read_execution(result: Json, environment_id: str) -> Execution:
    """Returns what ran and what it printed. Raises PoolError if it did not run, or did not end."""
    facts = _facts(result)
    _raise_tool_error(result, facts)
    if result.get("isError") is True and not facts:
        return Execution(environment_id, "", _text(result))
    status = facts.get("status")
    error = facts.get("error")
    timed_out = status in (-1, "-1") or (
        status == "Failed" and bool(re.search(_TIMED_OUT, f"{error} {facts.get('stderr', '')}"))
    )
    stderr = _string(facts.get("stderr"))
    if not stderr and error:
        stderr = _string(error)
    stdout = _string(facts["stdout"]) if "stdout" in facts else ("" if facts else _text(result))
    more = _more(facts)
    images = _images(more)
    return Execution(environment_id, stdout, stderr, more, images, timed_out)


def _more(facts: Json) -> Json:
    more: Json = {}
    exit_code = facts.get("exitCode", facts.get("status"))
    if isinstance(exit_code, int | str) and re.fullmatch(r"-?\d+", str(exit_code)):
        more["exitCode"] = int(exit_code)
    value = facts.get("executionResult")
    if value in (None, "") and not isinstance(facts.get("result"), dict):
        value = facts.get("result")  # the name that older versions have; as an object it is where all the rest is
    if value not in (None, ""):
        more["executionResult"] = _exact(value)
    if isinstance(facts.get("executionTimeInMilliseconds"), int | float):
        more["executionTimeInMilliseconds"] = facts["executionTimeInMilliseconds"]
    return more


def _exact(value: Any) -> Any:
    """Returns a value of JSON with integers that clients would round as text: JavaScript has none beyond 2^53."""
    if isinstance(value, dict):
        return {key: _exact(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_exact(each) for each in value]
    is_large = isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST_EXACT
    return str(value) if is_large else value


def _images(more: Json) -> list[Content]:
    """Takes the picture out that a value is, in the words of the platform's REST API; whether MCP has it is unknown."""
    value = more.get("executionResult")
    if not (isinstance(value, dict) and value.get("type") == "image" and isinstance(value.get("base64_data"), str)):
        return []
    try:
        data = base64.b64decode(value["base64_data"], validate=True)
    except ValueError:
        return []  # cut
    more["executionResult"] = f"(a picture of {len(data)} bytes)"
    return [Image(data, f"image/{value.get('format', 'png')}")]


def _raise_tool_error(result: Json, facts: Json) -> None:
    """Raises PoolError if isError means the tool; code of the caller that failed has run all the same."""
    if result.get("isError") is not True:
        return
    text = _text(result) or _string(facts.get("stderr"))
    if "stdout" in facts or "stderr" in facts or re.search(_TRACEBACK, text):
        return
    kind = _kind_of(text)
    if kind is None and re.search(_EXCEPTION, text):
        return
    raise PoolError(kind or "broken", _one_line(text) or "it told no reason")


def _facts(result: Json) -> Json:
    """Returns the members that tell of an execution: structured, as JSON in text, flat or below another member."""
    facts = result.get("structuredContent")
    if not isinstance(facts, dict):
        try:
            facts = json.loads(_text(result))
        except ValueError:
            return {}
    if not isinstance(facts, dict):
        return {}
    for name in ("properties", "result"):
        nested = facts.get(name)
        if isinstance(nested, dict):
            facts = {**facts, **nested}
    return facts


def _text(result: Json) -> str:
    content = result.get("content")
    blocks = content if isinstance(content, list) else []
    return "\n".join(str(block["text"]) for block in blocks if isinstance(block, dict) and "text" in block)


def _kind_of(text: str) -> str | None:
    kinds = (
        ("full", _FULL), ("unavailable", _NOT_ALLOCATED), ("unknown tool", _UNKNOWN_TOOL), ("bad id", _BAD_ID),
        ("refused", _REFUSED), ("timed out", _TIMED_OUT), ("gone", _GONE),
    )  # fmt: skip
    return next((kind for kind, pattern in kinds if re.search(pattern, text)), None)


def _first(names: Json, beginning: str) -> str | None:
    return next((name for name in names if name.lower().startswith(beginning.lower())), None)


def _string(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def _one_line(text: str) -> str:
    """Returns the gist of an error: the message of a JSON body, or the text itself, cut to a sentence's length."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if isinstance(body, dict):
        error = body.get("error")
        inner: Json = error if isinstance(error, dict) else body
        parts = [inner.get("code"), inner.get("message") or inner.get("title")]
        text = ": ".join(str(part) for part in parts if part is not None) or text
    return " ".join(text.split())[:300].rstrip(".")
