"""How a pool may answer otherwise than by default: variants for the tests of its clients.

No raw capture of a pool's errors and tool list is public, and what is known differs between pools and months. So a
client has to read them all, and a test switches them on one by one. `uv run start` offers none of them.
"""

from dataclasses import dataclass
from typing import Literal

type ToolSet = Literal["launchShell", "launchPythonEnvironment", "launchShellEnvironment", "four"]
type Carrier = Literal["http-400", "http-401", "http-404", "http-429", "http-500", "json-rpc", "is-error"]


@dataclass(frozen=True)
class Quirks:
    """One variant of each answer; the first of each is the default, and inferred unless a source stands beside it."""

    tool_set: ToolSet = "launchShell"
    """By its launch tool. `launchShell`: launchShell and both run tools
    (https://learn.microsoft.com/azure/container-apps/sessions-tutorial-python-mcp). `launchPythonEnvironment`: that and
    Python only, as live PythonLTS pools listed in 2026. `four`: both launch and both run tools."""
    content: Literal["json", "stdout", "missing"] = "json"
    """What a result's `content` holds: the JSON of its structured content, the plain stdout, or it is left out."""
    structured_content: Literal["flat", "nested", "missing"] = "flat"
    """Where stdout and its like stand: in `structuredContent`, in its `result`, or nowhere."""
    pictures: Literal["lost", "value"] = "lost"
    """What becomes of a figure that is shown: nothing but its text, or it is the value of the last expression, in the
    words of the REST API (`{"type": "image", "format": ..., "base64_data": ...}`)."""
    exception: Literal["stderr", "is-error", "status"] = "stderr"
    """How code that raised is told: by its traceback alone, by `isError` too, or by `status: Failed` too."""
    timeout: Literal["status", "http-504"] = "status"
    """How a call that ran out of time is told: `status: Failed` or HTTP 504."""
    expired: Literal["new", "json-rpc", "invalid-params", "is-error", "http-404"] = "new"
    """What a call gets whose environment is destroyed: silently a new one, or an error by one of four carriers."""
    bad_id: Carrier = "is-error"
    """`is-error`, `http-400` or `json-rpc`."""
    capacity: Carrier | Literal["http-429-wrapped"] = "http-429"
    """Bare `{code, message}` as the data plane answers, the same in `{"error": ...}`, or another carrier."""
    refused_key: Literal["http-401", "http-401-wrapped", "http-401-empty", "json-rpc"] = "http-401"
    """HTTP 401 with JSON or empty, or a JSON-RPC error with HTTP 200: the documentation names both."""
    sse_reply: bool = False
    """Answers are one server-sent event."""
    key_casing: Literal["isMCPServerEnabled", "isMcpServerEnabled"] = "isMCPServerEnabled"
    """How ARM spells the property: the documentation's way, or the specification's."""
    rotate_is_unknown: bool = False
    """Only regenerateCredentials exists, as the documentation has it; rotateMcpServerCredentials is a 404."""
    mcp_is_off: bool = False
    """The pool was made where the preview is not on: ARM knows no endpoint of its MCP server, and gives out no key."""
    fault: "Fault | None" = None


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong with calls."""

    status: int | None = None
    """Answer this HTTP status, such as 404, 429, 500 or 503."""
    garbage: bool = False
    """Answer 200 with a body that is no JSON."""
    hang: bool = False
    """Never answer."""
    delay_seconds: float = 0
    """Answer this much later."""
    method: str = "tools/call"
    """The JSON-RPC method that it strikes; `*` for all."""
    after_running: bool = False
    """Strike when the work is done rather than before it: what a retry then repeats, it repeats."""
    times: int | None = None
    """How many calls it strikes since it was switched on; None for all."""
