"""What a tool answers, in the envelope of `useResultSchema`."""

import json


def success(text: str) -> str:
    return _envelope({"content": [{"type": "text", "text": text}]})


def failure(text: str) -> str:
    return _envelope({"content": [{"type": "text", "text": text}], "isError": True})


def _envelope(result: dict[str, object]) -> str:
    return json.dumps({"type": "call_tool_result", "content": json.dumps(result)})
