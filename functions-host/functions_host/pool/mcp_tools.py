"""The tools that a pool lists.

Names and descriptions: https://learn.microsoft.com/azure/container-apps/sessions-tutorial-python-mcp and
https://learn.microsoft.com/azure/container-apps/sessions-tutorial-shell-mcp. The schemas are inferred from the
arguments that are named there.
"""

from typing import Any

from functions_host.pool.quirks import ToolSet

RUN_PYTHON = "runPythonCodeInRemoteEnvironment"
RUN_SHELL = "runShellCommandInRemoteEnvironment"
_LAUNCH = ("launchShell", "launchPythonEnvironment", "launchShellEnvironment")
_NAMES: dict[ToolSet, tuple[str, ...]] = {
    "launchShell": ("launchShell", RUN_PYTHON, RUN_SHELL),
    "launchPythonEnvironment": ("launchPythonEnvironment", RUN_PYTHON),
    "launchShellEnvironment": ("launchShellEnvironment", RUN_PYTHON, RUN_SHELL),
    "four": ("launchShell", "launchPythonEnvironment", RUN_PYTHON, RUN_SHELL),
}

_ENVIRONMENT = {"type": "string", "description": "The environmentId that a launch returned."}


def _tool(name: str, description: str, properties: dict[str, Any], *required: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"name": name, "description": description, "inputSchema": schema}


_TOOLS = {name: _tool(name, "Creates a new environment and returns an environmentId", {}) for name in _LAUNCH} | {
    RUN_PYTHON: _tool(
        RUN_PYTHON,
        "Executes Python code in an existing environment",
        {"environmentId": _ENVIRONMENT, "pythonCode": {"type": "string", "description": "The code to execute."}},
        "environmentId",
        "pythonCode",
    ),
    RUN_SHELL: _tool(
        RUN_SHELL,
        "Executes a shell command in an existing environment",
        {
            "environmentId": _ENVIRONMENT,
            "shellCommand": {"type": "string", "description": "The command to execute in a shell."},
            "execCommandAndArgs": {
                "type": "array",
                "items": {"type": "string"},
                "description": "A program and its arguments, to execute without a shell.",
            },
        },
        "environmentId",
    ),
}


def tools_of(tool_set: ToolSet) -> list[dict[str, Any]]:
    """Returns the tools as `tools/list` answers them."""
    return [_TOOLS[name] for name in _NAMES[tool_set]]


def is_listed(name: str, tool_set: ToolSet) -> bool:
    """Whether a pool with these tools has one of this name."""
    return name in _NAMES[tool_set]
