"""An app that does not load, explained to the person who wrote it: their own lines, one sentence, what to do."""

import re
from itertools import takewhile
from pathlib import Path

from local.errors import PersonError
from local.functions_host.worker_connection import AppLoadError

# The worker library adds a page of advice and the whole sys.path to this error.
_MODULE_ADVICE = re.compile(r"\. Cannot find module\. Please check .*", re.DOTALL)


def explain_load_error(error: AppLoadError, app_directory: Path) -> PersonError:
    """Returns what to show for an app that did not load."""
    where = Path(app_directory.name) / "function_app.py"
    if not error.stack:
        remedy = f"Run 'python function_app.py' in {app_directory} to see what it does when it is imported."
        return PersonError(f"{where} could not be loaded: {error}.", remedy)
    message = _MODULE_ADVICE.sub("", error.message.strip())
    lines = _own_lines(error.stack, app_directory)
    return PersonError(f"{where} could not be loaded: {message}", _remedy(message, app_directory), lines)


def _own_lines(stack: str, app_directory: Path) -> str:
    """Returns the part of a traceback that begins in the person's own files, without the exception's own line."""
    lines = stack.rstrip().splitlines()
    own = [number for number, line in enumerate(lines) if f'File "{app_directory}' in line]
    if not own:
        return ""
    # Behind the exception's own line there may be more tracebacks, of the worker library's handling of it.
    return "\n".join(takewhile(lambda line: line.startswith(" "), lines[own[0] :]))


def _remedy(message: str, app_directory: Path) -> str:
    missing = re.match(r"ModuleNotFoundError: No module named '([^']+)'", message)
    if missing:
        return f"Add the package that provides '{missing[1]}' to {app_directory.name}/requirements.txt and start again."
    return "Mend it in the file."
