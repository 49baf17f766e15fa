"""What a tool answers, in the envelope that the MCP extension reads when a trigger sets `useResultSchema`.

Built by hand because importing the `mcp` package would add more than a second to every cold start.
"""

import json


def success(text: str, structured: dict[str, object] | None = None) -> str:
    """Returns the envelope of a call that did its work: `text` is for a model, `structured` for a program."""
    result: dict[str, object] = {"content": [{"type": "text", "text": text}]}
    return _call_tool_result(result if structured is None else {**result, "structuredContent": structured})


def failure(text: str) -> str:
    """Returns the envelope of a call that did not: `text` says what happened and what to try."""
    return _call_tool_result({"content": [{"type": "text", "text": text}], "isError": True})


def _call_tool_result(result: dict[str, object]) -> str:
    # `call_tool_result` is the one type of the envelope that can carry isError; its content is JSON inside a string.
    content = json.dumps(result, ensure_ascii=False)  # escapes would be escaped again, and double the size
    return json.dumps({"type": "call_tool_result", "content": content}, ensure_ascii=False)
