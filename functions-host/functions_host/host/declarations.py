"""Where a function is declared: the file and line to name to the person who wrote it."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from functions_host.app.files import own_modules

_APPS = ("FunctionApp", "DFApp", "AsgiFunctionApp", "WsgiFunctionApp")


def declared_at(app_directory: Path, function: str, only: str | None = None) -> str:
    """Returns such as `blueprints/pages.py line 12`, and function_app.py where it cannot be found.

    `only` is the one file to look in, named from the app's folder, where that is known.
    """
    return next(declarations(app_directory, function, only), only or "function_app.py")


def declarations(app_directory: Path, function: str, only: str | None = None) -> Iterator[str]:
    """Yields each place where a function of this name is declared, as declared_at returns the first."""
    for file in [app_directory / only] if only else own_modules(app_directory):
        module = parsed(file)
        for node in ast.walk(module) if module else ():
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not node.decorator_list:
                continue
            if _name(node).lower() == function.lower():
                yield f"{file.relative_to(app_directory).as_posix()} line {node.lineno}"


class Container(NamedTuple):
    """A FunctionApp or a Blueprint as it is made in a module, and the line of that."""

    is_app: bool
    line: int


def containers_of(module: ast.Module) -> dict[str, Container]:
    """Returns the variables that a module makes a FunctionApp or a Blueprint."""
    found: dict[str, Container] = {}
    for node in module.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Call):
            continue
        made = ast.unparse(node.value.func).rpartition(".")[2]
        # Flask has Blueprints too, which are given their names.
        if made in _APPS or (made == "Blueprint" and not node.value.args):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            container = Container(made in _APPS, node.lineno)
            found |= {each.id: container for each in targets if isinstance(each, ast.Name)}
    return found


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
