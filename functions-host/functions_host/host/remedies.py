"""What to do about an app that does not load, by what Python, the worker library or the decorators say of it."""

import ast
import difflib
import re
from pathlib import Path
from typing import NamedTuple

from functions_host.app.files import own_modules
from functions_host.host.declarations import containers_of, declarations, parsed

_NO_ATTRIBUTE = re.compile(r"'(\w+)' object has no attribute '(\w+)'$")
_NO_KEYWORD = re.compile(r"(\w+)\(\) got an unexpected keyword argument")
_NO_NAME = re.compile(r"NameError: name '(\w+)' is not defined")
_NO_ARGUMENT = re.compile(r"(\w+)\(\) missing \d+ required (?:positional|keyword-only) arguments?: (.+)")
_USUAL = ("route", "mcp_tool", "mcp_tool_trigger", "mcp_resource_trigger", "mcp_prompt_trigger", "timer_trigger")


class Frame(NamedTuple):
    """A frame of a traceback, as it is written there."""

    file: str
    line: str
    function: str
    source: str


def missing_import(message: str, app_directory: Path, frame: Frame) -> str | None:
    """Returns what to do about a name that is not there and that another file of the app has, or is; else None."""
    unknown = _NO_NAME.match(message)
    if not unknown:
        return None
    name, imports = unknown[1], list[str]()
    for file in own_modules(app_directory):
        if file == Path(frame.file):
            continue
        module = ".".join(file.relative_to(app_directory).with_suffix("").parts)
        if any(getattr(node, "name", None) == name for node in getattr(parsed(file), "body", ())):
            imports.insert(0, f"from {module} import {name}")
        elif module == name:
            imports.append(f"import {name}")
    return f"Write `{imports[0]}` at the top of the file." if imports else None


def remedy_for(message: str, app_directory: Path, frame: Frame | None, there_are: list[str]) -> str:
    """Returns a sentence that says what to do.

    `there_are` are the decorators of an app, or the arguments of one, of which none is what is written in `frame`.
    """
    if there_are and (missing := _NO_ATTRIBUTE.search(message)):
        return _decorators_there_are(missing[1], missing[2], there_are, app_directory)
    if there_are and (refused := _NO_KEYWORD.search(message)):
        return f"{refused[1]} takes {_listed(there_are)}."
    return (frame and _remedy_in(frame, message, app_directory)) or _remedy_of(message, app_directory, frame)


def _remedy_in(frame: Frame, message: str, app_directory: Path) -> str | None:
    """Returns what to do where the line itself says it."""
    if missing := _NO_ARGUMENT.search(message):
        arguments = [name if name == "app" else f"{name}=..." for name in re.findall(r"'(\w+)'", missing[2])]
        decorator = re.match(r"@[\w.]+", frame.source)
        return f"Write {decorator[0] if decorator else missing[1]}({', '.join(arguments)}) there."
    if "os.environ[" in frame.source and (setting := re.match(r"KeyError: '(.+)'$", message)):
        file = f"{app_directory.name}/local.settings.json"
        return (
            f"Set {setting[1]} among the Values of {file}, and in Azure among the app settings; or use os.environ.get."
        )
    return None


def _remedy_of(message: str, app_directory: Path, frame: Frame | None) -> str:
    for pattern, remedy in _REMEDIES.items():
        found = re.search(pattern, message)
        if found:
            places = ", ".join(declarations(app_directory, found[1])) if "{places}" in remedy else ""
            apps = _apps(app_directory) if "{apps}" in remedy else ""
            return remedy.format(*found.groups(), folder=app_directory.name, places=places, apps=apps)
    return "Mend that line." if frame else "Mend it in the file."


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


def _apps(app_directory: Path) -> str:
    """Returns the FunctionApps of function_app.py with their lines; those that it imports are not among them."""
    main = parsed(app_directory / "function_app.py")
    apps = [f"'{name}' (line {each.line})" for name, each in containers_of(main).items() if each.is_app] if main else []
    return _listed(apps) if len(apps) > 1 else "them"


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


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
        "Keep one of {apps}; functions of other files go on a func.Blueprint(), which app.register_functions adds."
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
    r"name 'func' is not defined": "Write `import azure.functions as func` at the top of the file.",
    r"module '(\w+)'.* has no attribute '_function_builders'": (
        "Give the Blueprint that is in it, as in app.register_functions({0}.blueprint)."
    ),
    r"name 'Meta' is not defined": "Write `from msgspec import Meta` at the top of the file.",
    r"invalid non-type annotation": "Annotate it with a type itself, without quotes, `|` or None.",
}
