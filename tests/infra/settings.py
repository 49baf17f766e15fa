"""The app settings that the code in src reads."""

import ast
from pathlib import Path

# What src reads and a deployed app must not have: the key of a pool is fetched, never set.
LOCAL_ONLY = {"SESSION_POOL_MCP_API_KEY"}


def settings_read(src: Path) -> set[str]:
    """Returns the app settings that the code reads: `os.environ`, and the `connection` of bindings."""
    found: set[str] = set()
    for path in src.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("os.environ.get", "os.getenv"):
                found.add(ast.literal_eval(node.args[0]))
            elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
                found.add(ast.literal_eval(node.slice))
            elif isinstance(node, ast.keyword) and node.arg == "connection":
                value = node.value
                name = constants.get(value.id) if isinstance(value, ast.Name) else ast.literal_eval(value)
                found.add(str(name))
    return found
