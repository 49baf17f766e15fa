"""The app settings that the code in src reads."""

import ast
from collections.abc import Mapping
from pathlib import Path

# What src reads and a deployed app must not have: the key of a pool is fetched, never set.
LOCAL_ONLY = {"SESSION_POOL_MCP_API_KEY"}


def settings_read(src: Path) -> set[str]:
    """Returns the app settings that the code reads: `os.environ`, and the `connection` of bindings.

    Of a connection that is written as several settings, as NAME__blobServiceUri is, the NAME.
    """
    found: set[str] = set()
    for path in src.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            target.id: str(node.value.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        found |= {_name(each, constants) for each in _names(tree)}
    return found


def _names(tree: ast.AST) -> list[ast.expr]:
    """Returns the expressions that name a setting."""
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("os.environ.get", "os.getenv"):
            found.append(node.args[0])
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            found.append(node.slice)
        elif isinstance(node, ast.keyword) and node.arg == "connection":
            found.append(node.value)
    return found


def _name(expression: ast.expr, constants: Mapping[str, str]) -> str:
    if isinstance(expression, ast.JoinedStr):
        return _name(expression.values[0], constants)
    if isinstance(expression, ast.FormattedValue):
        return _name(expression.value, constants)
    if isinstance(expression, ast.Name):
        return constants[expression.id]
    return str(ast.literal_eval(expression)).partition("__")[0]
