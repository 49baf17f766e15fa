"""The template and the package that runs it know each other by nothing but the package's command.

The exception is tests/pools.py, for the variants of a session pool that no command offers.
"""

import ast
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parent.parent
_POOLS = _ROOT / "tests" / "pools.py"


@pytest.mark.parametrize("folder", ["src", "tests", "infra"])
def test_nothing_of_the_template_imports_the_package(folder: str) -> None:
    importing = [
        (file.name, name)
        for file in (_ROOT / folder).rglob("*.py")
        if file != _POOLS
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for name in _imported(node)
        if name.split(".")[0] in ("functions_host", "host_tests")
    ]
    assert importing == []


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
