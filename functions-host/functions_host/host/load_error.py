"""An app that does not load, explained to the person who wrote it: their own lines, one sentence, what to do."""

import os
import re
from itertools import takewhile
from pathlib import Path

from functions_host.errors import PersonError
from functions_host.host.declarations import declared_at
from functions_host.host.missing_package import mend_import, mend_slip, missing_module, packages_shown
from functions_host.host.remedies import Frame, missing_import, remedy_for
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
    place = main
    frame = None if _HAS_PLACE.search(message) else _frame(lines)
    if frame:
        place = f"{_shown(frame.file, app_directory)} line {frame.line}"
        message = _PLACE_OF_SYNTAX.sub("", message)
    elif named := _OF_FUNCTION.match(message):
        place = f"{app_directory.name}/{declared_at(app_directory, named[1])}"
    remedy = missing_import(message, app_directory, frame) if frame else None
    if remedy is None:  # else Python may mean another name: for tool it takes bool
        message = _with_suggestion(message, error.stack)
        remedy = remedy_for(message, app_directory, frame, error.there_are)
    message = message.replace(f"{app_directory}{os.sep}", f"{app_directory.name}/")
    return PersonError(f"{place} could not be loaded: {message}", remedy, lines)


def _explain_missing(module: str, lines: str, app_directory: Path) -> PersonError:
    importing = _FRAME.findall(lines)
    file, number = importing[-1][:2] if importing else (str(app_directory / "function_app.py"), "1")
    place = f"{_shown(file, app_directory)} line {number}"
    if mend := mend_slip(module, app_directory):
        return PersonError(f"{place} imports '{module}', which is not there.", mend, lines)
    return PersonError(
        f"{place} needs '{module}', which nothing in {packages_shown(app_directory)} brings.",
        mend_import(module, app_directory),
        lines,
    )


def _frame(lines: str) -> Frame | None:
    """Returns the frame to name: the innermost, unless that only raises.

    A file of the app that refuses what another one declares, as tool.py does, is not where the mistake is.
    """
    frames = [Frame(*each) for each in _FRAME.findall(lines)]
    if frames and frames[-1].source.startswith("raise"):
        frames = [each for each in frames if each.function == "<module>"] or frames
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
