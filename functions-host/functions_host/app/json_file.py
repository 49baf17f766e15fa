"""host.json and local.settings.json as Newtonsoft reads them for func and the host: with comments, and commas too many.

https://www.newtonsoft.com/json/help/html/ReadJson.htm
"""

import codecs
import json
import re
from pathlib import Path
from typing import Any

from functions_host.errors import PersonError

_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_LAST_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[\]}])')


def read_json_file(file: Path) -> dict[str, Any]:
    """Returns the object in a file. Raises PersonError, which names the line, if it does not hold one."""
    text = _COMMENT.sub(_blank, _text(file))
    try:
        value = json.loads(_LAST_COMMA.sub(_blank, text))
    except json.JSONDecodeError as error:
        raise PersonError(f"{file} is not valid JSON: {error}.", "Mend that line.") from None
    if not isinstance(value, dict):
        raise PersonError(f"{file} does not hold a JSON object.", "Write it between { and }.")
    return value


def _text(file: Path) -> str:
    content = file.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content[:2]:
        raise PersonError(f"{file} is written in UTF-16.", "Save it as UTF-8, which your editor calls an encoding.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PersonError(f"{file} is not written in UTF-8.", "Save it as UTF-8.") from None


def _blank(found: re.Match[str]) -> str:
    """Returns a text as it is, and spaces for anything else, so that lines and columns stay."""
    return found[1] or re.sub(r"[^\n]", " ", found[0])
