"""Apps of a few lines, for a test to write, to break and to mend."""

import json
from pathlib import Path

BEGIN = "import azure.functions as func\n\napp = func.FunctionApp()\n\n\n"


def tool(name: str, says: str, function: str = "") -> str:
    """Returns the source of a tool that says the same every time."""
    trigger = f'@app.mcp_tool_trigger(arg_name="context", tool_name="{name}", description="")'
    return f'{trigger}\ndef {function or name}(context: str) -> str:\n    return "{says}"\n'


def write_app(folder: Path, code: str, host: object = None) -> Path:
    """Writes an app that needs no storage, and returns its folder."""
    folder.mkdir(exist_ok=True)
    bundle = {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"}
    write(folder / "host.json", {"version": "2.0", "extensionBundle": bundle} if host is None else host)
    write(folder / "local.settings.json", {"IsEncrypted": False, "Values": {"FUNCTIONS_WORKER_RUNTIME": "python"}})
    write(folder / "requirements.txt", "azure-functions\n")
    write(folder / "function_app.py", code)
    return folder


def write(file: Path, content: object) -> None:
    """Saves a file, as text or as JSON, the way an editor does: whole at once, by renaming another over it."""
    draft = file.with_name(f".{file.name}.draft")
    draft.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    draft.replace(file)
