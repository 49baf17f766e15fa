"""Functions that an app declares and does not have: here as in Azure they are not there, and nothing else says so."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from functions_host.app.files import own_modules
from functions_host.host.declarations import Container, containers_of, declared_at, parsed
from functions_host.worker_process.messages import Indexed, LeftOut

_TESTS = ("tests/*", "test/*", "*/tests/*", "*/test/*", "test_*.py", "*/test_*.py", "*_test.py", "conftest.py")
_MAIN = "function_app"
_SHOWN = 5


def missing_functions(app_directory: Path, indexed: Indexed) -> tuple[str, ...]:
    """Returns one line for each place: which functions are missing, and what to do."""
    left_out = [_of_container(app_directory, each) for each in indexed.left_out if _is_own(app_directory, each.file)]
    imported = indexed.imported
    return (*left_out, *(_of_files(app_directory, set(imported)) if imported is not None else ()))


def _of_container(app_directory: Path, left: LeftOut) -> str:
    is_main = left.file == f"{_MAIN}.py"
    container = left.container.removeprefix(f"{_MAIN}.")
    register = f"app.register_functions({container or 'blueprint'})"
    if left.is_app and is_main:
        how = "on another FunctionApp than the one that is served"
        mend = "Keep one `app = func.FunctionApp()` above all functions."
    elif left.is_app:
        how = "on a FunctionApp of its own, and only that of function_app.py is served"
        mend = f"Make it a func.Blueprint(), and write `{register}` in function_app.py."
    elif left.registered:
        how = "on a Blueprint that has been registered before"
        mend = f"Move `{register}` below all of its functions."
    else:
        how = "on a Blueprint that nothing registers"
        mend = f"Write `{register}` {'below it' if is_main else 'in function_app.py'}."
    place = declared_at(app_directory, left.functions[0], left.file)
    return _said(place, left.functions, f"declared {how}", mend)


def _of_files(app_directory: Path, imported: set[str]) -> Iterator[str]:
    """Yields one line for each file that declares functions and that nothing imports."""
    files = {file.relative_to(app_directory).as_posix(): file for file in own_modules(app_directory)}
    others = [name for name in files if name not in imported and _is_own(app_directory, name)]
    modules = {name: module for name in others if (module := parsed(files[name])) and _has_decorators(module)}
    if not modules:
        return  # as in most apps, before the rest is read
    read = ((name, modules.get(name) or parsed(file)) for name, file in files.items())
    containers = {name: containers_of(module) for name, module in read if module}
    for file, module in modules.items():
        declared = _declared(module, containers[file], containers)
        if not declared:
            continue
        written = file.removesuffix(".py").replace("/", ".")
        name = re.sub(r"[^\w.]", "_", written)
        own = [name for name, each in containers[file].items() if not each.is_app]
        register = f"app.register_functions({name}.{own[0] if own else 'blueprint'})"
        mend = f"write `import {name}` and `{register}` in function_app.py."
        if name != written:
            mend = f"give it a name that can be imported, {name.rpartition('.')[2]}.py, and {mend}"
        if not own:
            what = "it" if len(declared) == 1 else "them"
            mend = f"declare {what} on a `blueprint = func.Blueprint()` there, and {mend}"
        place = f"{file} line {declared[0].lineno}"
        names = [each.name for each in declared]
        yield _said(place, names, "in a file that function_app.py does not import", mend[0].upper() + mend[1:])


def _said(place: str, functions: list[str], how: str, mend: str) -> str:
    named = ", ".join(f"'{each}'" for each in functions[:_SHOWN])
    if len(functions) > _SHOWN:
        named += f" and {len(functions) - _SHOWN} more"
    is_or_are, it_or_they = ("is", "it is") if len(functions) == 1 else ("are", "they are")
    return f"{place}: {named} {is_or_are} {how}, so that {it_or_they} not there, here or in Azure. {mend}"


def _declared(
    module: ast.Module, own: dict[str, Container], containers: dict[str, dict[str, Container]]
) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Returns the functions of a module that a decorator puts on a FunctionApp or a Blueprint."""
    known = own.keys() | _imported_containers(module, containers)
    return [each for each in _functions(module) if any(_is_on(decorator, known) for decorator in each.decorator_list)]


def _has_decorators(module: ast.Module) -> bool:
    return any(each.decorator_list for each in _functions(module))


def _functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (each for each in module.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))


def _is_on(decorator: ast.expr, containers: set[str]) -> bool:
    """Whether it is such as @app.route(...), or @tool(app)."""
    if not isinstance(decorator, ast.Call):
        return False
    if isinstance(decorator.func, ast.Attribute) and ast.unparse(decorator.func.value) in containers:
        return True
    return any(ast.unparse(each) in containers for each in decorator.args[:1])


def _imported_containers(module: ast.Module, containers: dict[str, dict[str, Container]]) -> set[str]:
    """Returns how a module calls those of the app's other files."""
    found: set[str] = set()
    for node in module.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            there = containers.get(f"{node.module.replace('.', '/')}.py", {})
            found |= {each.asname or each.name for each in node.names if each.name in there}
        if isinstance(node, ast.Import):
            for each in node.names:
                there = containers.get(f"{each.name.replace('.', '/')}.py", {})
                found |= {f"{each.asname or each.name}.{name}" for name in there}
    return found


def _is_own(app_directory: Path, file: str) -> bool:
    """Whether a file is deployed as one of this app: no test, nothing that .funcignore names, no app inside of it."""
    names = [file, *(parent.as_posix() for parent in Path(file).parents if parent.name)]
    if any((app_directory / name / "host.json").is_file() for name in names[1:]):
        return False
    return not any(fnmatch(name, pattern) for name in names for pattern in (*_TESTS, *_ignored(app_directory)))


def _ignored(app_directory: Path) -> Iterator[str]:
    """Yields the patterns of .funcignore, which are those of .gitignore, as fnmatch takes them."""
    file = app_directory / ".funcignore"
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else ():
        pattern = line.strip()
        if pattern and not pattern.startswith(("#", "!")):
            rooted = pattern.strip("/")
            yield rooted
            if "/" not in pattern.rstrip("/"):
                yield f"*/{rooted}"
