"""Where a function is declared: the file and line to name to the person who wrote it."""

import ast
from pathlib import Path

from functions_host.app.files import own_modules


def declared_at(app_directory: Path, function: str, only: str | None = None) -> str:
    """Returns such as `blueprints/pages.py line 12`, and function_app.py where it cannot be found.

    `only` is the one file to look in, named from the app's folder, where that is known.
    """
    for file in [app_directory / only] if only else own_modules(app_directory):
        module = parsed(file)
        if module is None:
            continue
        for node in ast.walk(module):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not node.decorator_list:
                continue
            if _name(node).lower() == function.lower():
                return f"{file.relative_to(app_directory).as_posix()} line {node.lineno}"
    return only or "function_app.py"


def parsed(file: Path) -> ast.Module | None:
    """Returns a file of Python as it is written, None for one that is no Python."""
    try:
        return ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return None


def _name(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Returns the name of the function, or the one that @app.function_name sets it apart with."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith(".function_name"):
            given = [*decorator.args, *(each.value for each in decorator.keywords if each.arg == "name")]
            if given and isinstance(given[0], ast.Constant):
                return str(given[0].value)
    return node.name
