"""What an app does that loads, here and in Azure, and then does not do what its author meant.

Read off the source, since the worker library says nothing of it: it sees the functions after the decorators have run.
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from functions_host.app.files import own_modules
from functions_host.host import tool_traps
from functions_host.host.declarations import parsed
from functions_host.worker_process.messages import FunctionMetadata

# What the clients of today take; the extension itself takes every name.
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_EXPRESSION = re.compile(r"\{([^{}:]+)[^{}]*\}")
_FROM_CALLERS = {"mcptooltrigger", "mcpresourcetrigger", "mcpprompttrigger", "httptrigger"}
# What the host itself fills in: no caller does.
_NOT_CHOSEN = ("rand-guid", "datetime", "sys.", "transport.name")
_NAMES_OF_BINDINGS = ("arg_name", "client_name")  # the latter of a Durable client
_RETRIED = {"timertrigger", "eventhubtrigger", "kafkatrigger", "cosmosdbtrigger"}
_DECORATOR = re.compile(r"mcp_.+|.+_(input|output|trigger)|route|function_name|schedule")


def advice(app_directory: Path, functions: Iterable[FunctionMetadata]) -> tuple[str, ...]:
    """Returns one line for each such thing: what is meant, what happens, what to do."""
    functions = list(functions)
    of_files = (_of_file(file, file.relative_to(app_directory).as_posix()) for file in own_modules(app_directory))
    return (*chain.from_iterable(of_files), *_of_bindings(functions), *_of_blobs_that_callers_choose(functions))


def _of_bindings(functions: Iterable[FunctionMetadata]) -> Iterator[str]:
    for function in functions:
        kinds = [str(json.loads(raw).get("type")) for raw in function.raw_bindings]
        if function.retry and not _RETRIED.intersection(map(str.lower, kinds)):
            yield (
                f"@app.retry of the function '{function.name}' does nothing, here and in Azure: it is heeded for "
                "timers, Event Hubs, Kafka and Cosmos DB alone."
            )
        for raw in function.raw_bindings:
            binding: dict[str, Any] = json.loads(raw)
            kind = str(binding.get("type")).lower()
            name = binding.get("toolName")
            if kind == "mcptooltrigger" and isinstance(name, str) and not _TOOL_NAME.fullmatch(name):
                yield (
                    f"The tool name '{name}' of the function '{function.name}' works here and in Azure, but many "
                    "clients refuse it: use letters, digits, _ and -, at most 64 of them."
                )
            if kind == "mcptooltrigger":
                yield from tool_traps.of_trigger(function.name, binding)
            is_input = str(binding.get("direction")).lower() == "in"
            if kind == "blob" and is_input and str(binding.get("dataType")).lower() == "stream":
                yield (
                    f"The blob '{binding.get('name')}' of the function '{function.name}' has the dataType STREAM, "
                    "with which the host sends nothing, so that it is always None: use BINARY."
                )


def _of_blobs_that_callers_choose(functions: list[FunctionMetadata]) -> Iterator[str]:
    """Yields one line for all paths that a name from outside can lead anywhere."""
    found: list[str] = []
    for function in functions:
        bindings: list[dict[str, Any]] = [json.loads(raw) for raw in function.raw_bindings]
        kinds = [str(binding.get("type")).lower() for binding in bindings]
        if not _FROM_CALLERS.intersection(kinds):
            continue
        for binding, kind in zip(bindings, kinds, strict=True):
            path = str(binding.get("path"))
            if kind == "blob" and any(_is_chosen(name, kinds) for name in _EXPRESSION.findall(path)):
                found.append(f"'{binding.get('name')}' of '{function.name}' ({path})")
    if found:
        yield (
            f"Who calls chooses the blob of {', '.join(found)}, in every container of the account: a name such as "
            "../other/secret leaves the one in the path, here and in Azure. Check the name in the function, and open "
            "the blob there with the storage SDK."
        )


def _is_chosen(name: str, kinds: list[str]) -> bool:
    is_tools_name = name.lower() == "name" and "mcpresourcetrigger" not in kinds and "httptrigger" not in kinds
    return not (is_tools_name or name.lower().startswith(_NOT_CHOSEN))


def _of_file(file: Path, shown: str) -> Iterator[str]:
    module = parsed(file)
    if module is None:
        return  # a file that the app does not import; it would not have loaded otherwise
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    declared = [function for function in functions if any(map(_name, function.decorator_list))]
    for line, said in tool_traps.of_import(module) if declared else ():
        yield f"{shown} line {line}: {said}"
    # The worker library resolves the types of all other functions, which text therefore does no harm.
    tools = [each for each in declared if "mcp_tool" in map(_name, each.decorator_list) and _reads_types(each)]
    for node in module.body if tools else ():
        if isinstance(node, ast.ImportFrom) and node.module == "__future__" and _imports(node, "annotations"):
            yield (
                f"{shown} line {node.lineno}: `from __future__ import annotations` turns every type into text, so that "
                "@app.mcp_tool lists every argument as a string and sees no type that is returned. Remove it."
            )
    for function in declared:
        for line in _of_function(function):
            yield f"{shown} line {function.lineno}: {line}"


def _of_function(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    names = [_name(decorator) for decorator in function.decorator_list]
    for decorator, name in zip(function.decorator_list, names, strict=True):
        if name and not isinstance(decorator, ast.Call):
            yield (
                f"@{ast.unparse(decorator)} of '{function.name}' has no parentheses, so that there is no such "
                f"function for the host. Write @{ast.unparse(decorator)}()."
            )
    if "mcp_tool" not in names:
        parameters = None
    else:
        parameters = {each.arg for each in (*function.args.args, *function.args.kwonlyargs)}
        for name in names[: names.index("mcp_tool")]:
            if name == "mcp_tool_property":
                yield (
                    f"@app.{name} stands above @app.mcp_tool of '{function.name}' and is ignored. "
                    "Write @app.mcp_tool() above all other decorators."
                )
        yield from tool_traps.of_mcp_tool(function, set(_bound(function)))
    yield from tool_traps.of_envelope(function)
    yield from tool_traps.of_context(function)
    yield from tool_traps.of_data(function)
    for decorator, name in zip(function.decorator_list, names, strict=True):
        if name and isinstance(decorator, ast.Call):
            yield from _of_binding(function, parameters, name, decorator)


def _imports(statement: ast.ImportFrom, name: str) -> bool:
    return any(alias.name == name for alias in statement.names)


def _reads_types(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the programming model reads the types: it does not below a decorator of the app's own, such as @tool."""
    return all(
        isinstance(each.func if isinstance(each, ast.Call) else each, ast.Attribute) for each in function.decorator_list
    )


def _bound(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[object]:
    """Yields the parameters that bindings are for."""
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and _name(decorator) != "mcp_tool_property":
            named = (each.value for each in decorator.keywords if each.arg in _NAMES_OF_BINDINGS)
            yield from (each.value for each in (*decorator.args[:1], *named) if isinstance(each, ast.Constant))


def _of_binding(
    function: ast.FunctionDef | ast.AsyncFunctionDef, parameters: set[str] | None, name: str, decorator: ast.Call
) -> Iterator[str]:
    given = {each.arg: each.value for each in decorator.keywords}
    argument = given.get("arg_name")
    if not isinstance(argument, ast.Constant):
        return
    if parameters is not None and argument.value not in parameters:
        yield (
            f"@app.{name} of '{function.name}' is for the argument '{argument.value}', which the function does not "
            "have. Give it one of that name, or every call fails."
        )
    if name == "blob_input":
        annotation = next((each.annotation for each in function.args.args if each.arg == argument.value), None)
        written = ast.unparse(annotation) if annotation else ""
        binary = "BINARY" in ast.unparse(given["data_type"]).upper() if "data_type" in given else False
        if written == "bytes" and not binary:
            yield (
                f"'{argument.value}' of '{function.name}' is annotated as bytes and will be a str, because the blob "
                "has no dataType. Add data_type=func.DataType.BINARY."
            )
        if written == "str" and binary:
            yield (
                f"'{argument.value}' of '{function.name}' is annotated as str and will be bytes, because the blob "
                "has the dataType BINARY. Remove it, or annotate as bytes."
            )


def _name(decorator: ast.expr) -> str | None:
    """Returns the name of a decorator of the programming model, such as `mcp_tool` of @app.mcp_tool(), or None."""
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and _DECORATOR.fullmatch(target.attr):
        return target.attr
    return None
