"""The floors of the package: each knows only those below it, no module imports in a circle, and none imports an app."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import functions_host

_PACKAGE = Path(functions_host.__file__).parent
# From the ground up, as functions_host/__init__.py lists them from the top; modules of no floor are the ground.
_FLOORS = ("worker_process", "app", "worker", "storage", "bindings", "triggers", "host", "mcp", "http", "pool")
_TOP = (
    "cli", "start", "start_options", "app_hosts", "chosen_pool", "terminal", "missing_settings", "inspector",
    "client_entries", "__main__", "pytest_plugin",
)  # fmt: skip


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(_PACKAGE.rglob("*.py")):
        name = ".".join(file.relative_to(_PACKAGE).with_suffix("").parts)
        yield name, ast.parse(file.read_text(encoding="utf-8"))


def _imports(name: str, module: ast.Module) -> Iterator[str]:
    """Yields the modules of the package that one imports, without the package's own name."""
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield f"{name.rpartition('.')[0]}.{node.module or node.names[0].name}"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("functions_host"):
            below = (node.module or "").removeprefix("functions_host").removeprefix(".")
            is_folder = (_PACKAGE / below.replace(".", "/")).is_dir()
            yield from (f"{below}.{each.name}".strip(".") for each in node.names) if is_folder else [below]


def _height(name: str) -> int:
    first = name.split(".")[0]
    if first in _FLOORS:
        return _FLOORS.index(first)
    return len(_FLOORS) if first in _TOP else -1


def test_no_floor_knows_one_above_it() -> None:
    upwards = [
        (name, other)
        for name, module in _modules()
        for other in _imports(name, module)
        if _height(other) > _height(name)
    ]
    assert upwards == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name: set(_imports(name, module)) - {name} for name, module in _modules()}
    assert len(list(TopologicalSorter(graph).static_order())) >= len(graph)


def test_every_folder_is_a_floor() -> None:
    folders = {each.name for each in _PACKAGE.iterdir() if (each / "__init__.py").exists()}
    assert folders == set(_FLOORS)


def test_nothing_is_imported_but_the_standard_library_and_what_the_package_depends_on() -> None:
    imported = {
        alias.name.split(".")[0]
        for _, module in _modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        (node.module or "").split(".")[0]
        for _, module in _modules()
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and not node.level
    }
    # pytest imports the plug-in, jupyter_client hands out sockets of zmq, and kernel_boot.py runs beside ipykernel.
    others = imported - sys.stdlib_module_names - {"functions_host", "pytest", "zmq", "ipykernel"}
    brought_by = packages_distributions()
    project = tomllib.loads((_PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {_normal(re.split(r"[^\w-]", each)[0]) for each in project["dependencies"]}
    assert {each for each in others if not named.intersection(map(_normal, brought_by.get(each, [])))} == set()


def _normal(distribution: str) -> str:
    return distribution.replace("_", "-").lower()
