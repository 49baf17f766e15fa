"""What the server says of itself before an agent chooses a tool: `instructions` in src/host.json."""

import json
import re
from pathlib import Path

from function_app import app
from tests.in_process import tools_of

_HOST_JSON = Path(__file__).parents[1] / "src" / "host.json"
_SAMPLES = {
    "hello", "getsnippet", "savesnippet", "listsnippets", "deletesnippet", "launchShell", "runPythonCode",
    "runShellCommand", "readFile", "writeFile",
}  # fmt: skip


def test_agents_are_told_of_no_sample_that_has_been_removed() -> None:
    settings = json.loads(_HOST_JSON.read_text(encoding="utf-8"))["extensions"]["mcp"]
    named = _SAMPLES & set(re.findall(r"\w+", settings.get("instructions", "")))
    assert named <= set(tools_of(app)), "mend `instructions` in src/host.json"
