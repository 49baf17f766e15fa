"""Values as .NET's ToString() writes them."""

import json
import re

import msgspec

from functions_host.worker_process.messages import Value

_read_any = msgspec.json.Decoder().decode


def value_text(value: Value) -> str:
    """Returns the text of what a function returned."""
    match value.kind, value.value:
        case "string", str(text):
            return text
        case "json", str(text):
            parsed = json.loads(text)
            if isinstance(parsed, dict | list):
                return json.dumps(parsed, indent=2, ensure_ascii=False)
            return _number_text(parsed) if isinstance(parsed, float) else str(parsed)
        case "bytes", _:
            return "System.Byte[]"
        case "int", number:
            return str(int(number))  # Python's True comes as a whole number
        case _, number:
            return _number_text(number)


def element_text(raw: msgspec.Raw) -> str:
    """Returns the text of a JSON element: strings as they are, numbers as written, nothing for null."""
    text = bytes(raw).decode()
    if text[0] == '"':
        return _read_any(raw)
    if text[0] in "{[":
        return _compact(text)
    return {"true": "True", "false": "False", "null": ""}.get(text, text)


def _number_text(number: float) -> str:
    return repr(number).removesuffix(".0").replace("e", "E")


def _compact(text: str) -> str:
    return re.sub(r'("(?:[^"\\]|\\.)*")|\s+', lambda match: match.group(1) or "", text)
