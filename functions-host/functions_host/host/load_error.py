"""An app that does not load, explained to the person who wrote it: their own lines, one sentence, what to do."""

import re
from itertools import takewhile
from pathlib import Path

from functions_host.errors import PersonError
from functions_host.host.missing_package import file_that_is_meant, mend_import, missing_module
from functions_host.worker.connection import AppLoadError

# The worker library adds a page of advice and the whole sys.path to this error.
_FILE_LINE = re.compile(r'File "([^"]+)", line (\d+)')
_MODULE_ADVICE = re.compile(r"\. Cannot find module\. Please check .*", re.DOTALL)


def explain_load_error(error: AppLoadError, app_directory: Path) -> PersonError:
    """Returns what to show for an app that did not load."""
    where = Path(app_directory.name) / "function_app.py"
    if not error.stack:
        remedy = f"Run 'python function_app.py' in {app_directory} to see what it does when it is imported."
        return PersonError(f"{where} could not be loaded: {error}.", remedy)
    message = _MODULE_ADVICE.sub("", error.message.strip())
    lines = _own_lines(error.stack, app_directory)
    module = missing_module(message)
    if module:
        return _explain_missing(module, lines, app_directory)
    return PersonError(f"{where} could not be loaded: {message}", _remedy(message, app_directory), lines)


def _explain_missing(module: str, lines: str, app_directory: Path) -> PersonError:
    requirements = f"{app_directory.name}/requirements.txt"
    importing = _FILE_LINE.findall(lines)
    file, number = importing[-1] if importing else (str(app_directory / "function_app.py"), "1")
    shown = (Path(app_directory.name) / Path(file).relative_to(app_directory)).as_posix()
    if mend := file_that_is_meant(module, app_directory):
        return PersonError(f"{shown} line {number} imports '{module}', which is not there.", mend, lines)
    return PersonError(
        f"{shown} line {number} needs '{module}', which nothing in {requirements} brings.",
        mend_import(module, requirements, app_directory),
        lines,
    )


def _own_lines(stack: str, app_directory: Path) -> str:
    """Returns those parts of a traceback that are in the person's own files, without the exception's own line."""
    lines = stack.rstrip().splitlines()
    first = next((number for number, line in enumerate(lines) if f'File "{app_directory}' in line), len(lines))
    own: list[str] = []
    shown = False
    # Behind the exception's own line there may be more tracebacks, of the worker library's handling of it.
    for line in takewhile(lambda line: line.startswith(" "), lines[first:]):
        if line.startswith('  File "'):
            shown = line.startswith(f'  File "{app_directory}')
        if shown:
            own.append(line)
    return "\n".join(own)


def _remedy(message: str, app_directory: Path) -> str:
    for pattern, remedy in _REMEDIES.items():
        found = re.search(pattern, message)
        if found:
            return remedy.format(*found.groups(), folder=app_directory.name)
    return "Mend it in the file."


# What the worker library and the decorators say, and what to do about it.
_REMEDIES = {
    r"SyntaxError|IndentationError|TabError": "Mend that line.",
    r"Could not find top level function app instances": (
        "Write `app = func.FunctionApp()` at the top level of the file, and declare the functions on it."
    ),
    r"More than one FunctionApp": (
        "Keep one; functions of other files go on a func.Blueprint(), which app.register_functions adds."
    ),
    r"Function (\S+) does not have a unique function name": (
        "Rename one of the functions '{0}', or set it apart with @app.function_name."
    ),
    r"Function (\S+) does not have a trigger": (
        "Give '{0}' a trigger, such as @app.mcp_tool_trigger, or remove its other decorators."
    ),
    r'"context" parameter is expected to be of type azure.functions.Context': (
        "A parameter called context gets the call's Context, unless it is the arg_name of the trigger: write "
        'arg_name="context" there, or call the parameter as the trigger does.'
    ),
    r"A trigger was already registered": "A function has one trigger: write a second function for the other one.",
    r"cannot load the (\S+) function: Extra parameters in binding definition": (
        "Give '{0}' a parameter for each arg_name; with @app.mcp_tool(), write that above all other decorators."
    ),
    r"cannot load the (\S+) function: the following parameters are declared in Python but not": (
        "Each parameter of '{0}' is the arg_name of a decorator: write it there, or remove the parameter. "
        "A decorator of your own below them needs functools.wraps."
    ),
    r'declared to have the "out" direction': "Annotate it as func.Out[str] or func.Out[bytes].",
    r'declared to have the "in" direction': "Declare it with an output decorator, such as @app.blob_output.",
    r"Can not parse str '([^']*)' to DataType": (
        "'{0}' is no dataType: write func.DataType.STRING or func.DataType.BINARY."
    ),
    r"do not match the corresponding function parameter's|does not match its Python annotation": (
        "Annotate the parameter of an MCP trigger as str, that of a blob as str, bytes or func.InputStream."
    ),
    r"name '(Annotated|Any|Literal|NotRequired|Optional|TypedDict|Union)' is not defined": (
        "Write `from typing import {0}` at the top of the file."
    ),
    r"name 'Meta' is not defined": "Write `from msgspec import Meta` at the top of the file.",
    r"invalid non-type annotation": "Annotate it with a type itself, without quotes, `|` or None.",
}
