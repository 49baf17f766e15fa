"""An app that does not load, explained to the person who wrote it: their own lines, one sentence, what to do."""

import ast
import difflib
import os
import re
from itertools import takewhile
from pathlib import Path

from functions_host.app.files import own_modules
from functions_host.errors import PersonError
from functions_host.host.declarations import declarations, declared_at, parsed
from functions_host.host.missing_package import file_that_is_meant, mend_import, missing_module
from functions_host.worker.connection import AppLoadError

# The worker library adds a page of advice and the whole sys.path to this error.
_MODULE_ADVICE = re.compile(r"\. Cannot find module\. Please check .*", re.DOTALL)
_FRAME = re.compile(r'^  File "([^"]+)", line (\d+)(?:, in (.+))?\n(?:    (.*))?', re.MULTILINE)
_PLACE_OF_SYNTAX = re.compile(r" \([^()]+\.py, line \d+\)$")
_HAS_PLACE = re.compile(r"\.py line \d+")
_OF_FUNCTION = re.compile(r"\w+: (?:Function|cannot load the) (\S+) ")


def explain_load_error(error: AppLoadError, app_directory: Path) -> PersonError:
    """Returns what to show for an app that did not load."""
    main = f"{app_directory.name}/function_app.py"
    if not error.stack:
        remedy = f"Run 'python function_app.py' in {app_directory} to see what it does when it is imported."
        return PersonError(f"{main} could not be loaded: {error}.", remedy)
    message = _MODULE_ADVICE.sub("", error.message.strip())
    lines = _own_lines(error.stack, app_directory)
    module = missing_module(message)
    if module:
        return _explain_missing(module, lines, app_directory)
    message = _with_suggestion(message, error.stack).replace(f"{app_directory}{os.sep}", f"{app_directory.name}/")
    place, source = main, ""
    if frame := None if _HAS_PLACE.search(message) else _frame(lines):
        file, number, _, source = frame
        place = f"{_shown(file, app_directory)} line {number}"
        message = _PLACE_OF_SYNTAX.sub("", message)
    elif named := _OF_FUNCTION.match(message):
        place = f"{app_directory.name}/{declared_at(app_directory, named[1])}"
    remedy = _remedy(message, app_directory, source, error.attributes)
    return PersonError(f"{place} could not be loaded: {message}", remedy, lines)


def _explain_missing(module: str, lines: str, app_directory: Path) -> PersonError:
    requirements = f"{app_directory.name}/requirements.txt"
    importing = _FRAME.findall(lines)
    file, number = importing[-1][:2] if importing else (str(app_directory / "function_app.py"), "1")
    place = f"{_shown(file, app_directory)} line {number}"
    if mend := file_that_is_meant(module, app_directory):
        return PersonError(f"{place} imports '{module}', which is not there.", mend, lines)
    return PersonError(
        f"{place} needs '{module}', which nothing in {requirements} brings.",
        mend_import(module, requirements, app_directory),
        lines,
    )


def _frame(lines: str) -> tuple[str, str, str, str] | None:
    """Returns file, line, function and source of the frame to name: the innermost, unless that only raises.

    A file of the app that refuses what another one declares, as tool.py does, is not where the mistake is.
    """
    frames: list[tuple[str, str, str, str]] = _FRAME.findall(lines)
    if frames and frames[-1][3].startswith("raise"):
        frames = [each for each in frames if each[2] == "<module>"] or frames
    return frames[-1] if frames else None


def _with_suggestion(message: str, stack: str) -> str:
    """Returns the message as Python itself shows it, with what it takes a name to mean where it takes it for a slip."""
    first = message.split("\n")[0]
    return next((line for line in stack.splitlines() if line.startswith(first) and "Did you" in line), message)


def _shown(file: str, app_directory: Path) -> str:
    return (Path(app_directory.name) / Path(file).relative_to(app_directory)).as_posix()


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


def _remedy(message: str, app_directory: Path, source: str, attributes: list[str]) -> str:
    if attributes and (missing := _NO_ATTRIBUTE.search(message)):
        return _decorators_there_are(missing[1], missing[2], attributes, app_directory)
    if missing := _NO_ARGUMENT.search(message):
        arguments = [name if name == "app" else f"{name}=..." for name in re.findall(r"'(\w+)'", missing[2])]
        decorator = re.match(r"@[\w.]+", source)
        return f"Write {decorator[0] if decorator else missing[1]}({', '.join(arguments)}) there."
    for pattern, remedy in _REMEDIES.items():
        found = re.search(pattern, message)
        if found:
            places = ", ".join(declarations(app_directory, found[1])) if "{places}" in remedy else ""
            return remedy.format(*found.groups(), folder=app_directory.name, places=places)
    return "Mend that line." if source else "Mend it in the file."


def _decorators_there_are(kind: str, name: str, attributes: list[str], app_directory: Path) -> str:
    """Returns those that are like the one that is missing: of the SDK, and of the app's own such as @tool(app)."""
    like = [each for each in attributes if name.lower() in each.split("_")]
    like = like or difflib.get_close_matches(name, attributes, 3) or [each for each in _USUAL if each in attributes]
    said = [f"A {kind} has {_listed([f'.{each}' for each in like])}."]
    for file in own_modules(app_directory):
        functions = (each for each in getattr(parsed(file), "body", ()) if isinstance(each, ast.FunctionDef))
        for each in functions:
            if each.name == name and [argument.arg for argument in each.args.args[:1]] == ["app"]:
                shown = file.relative_to(app_directory).as_posix()
                said.insert(0, f"Write @{name}(app), which is in {shown}.")
    return " ".join(said)


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


_NO_ATTRIBUTE = re.compile(r"'(\w+)' object has no attribute '(\w+)'")
_NO_ARGUMENT = re.compile(r"(\w+)\(\) missing \d+ required (?:positional|keyword-only) arguments?: (.+)")
_USUAL = ("route", "mcp_tool", "mcp_tool_trigger", "mcp_resource_trigger", "mcp_prompt_trigger", "timer_trigger")
# What the worker library and the decorators say, and what to do about it.
_REMEDIES = {
    r"SyntaxError|IndentationError|TabError": "Mend that line.",
    r"azure-functions cannot be used": (
        "Name azure-functions in {folder}/requirements.txt, in a recent version, and no package called azure."
    ),
    r"Could not find top level function app instances": (
        "Write `app = func.FunctionApp()` at the top level of the file, and declare the functions on it."
    ),
    r"More than one FunctionApp": (
        "Keep one; functions of other files go on a func.Blueprint(), which app.register_functions adds."
    ),
    r"Function (\S+) does not have a unique function name": (
        "Rename one of the functions '{0}' ({places}), or set it apart with @app.function_name."
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
