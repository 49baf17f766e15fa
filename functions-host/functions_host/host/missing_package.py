"""An import that an app's requirements do not bring: it fails here as in Azure, and the package is named."""

import difflib
import re
from pathlib import Path

from functions_host.app.files import own_modules
from functions_host.app.packages import packages_file
from functions_host.python_environment import LOCK

_MISSING = re.compile(r"ModuleNotFoundError: No module named '([^']+)'")
# Packages whose name is not that of what they bring. Others follow one of the rules below.
_PACKAGES = {
    "PIL": "pillow",
    "attr": "attrs",
    "azure.ai.ml": "azure-ai-ml",
    "azure.durable_functions": "azure-functions-durable",
    "azure.functions": "azure-functions",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "fitz": "PyMuPDF",
    "git": "GitPython",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "magic": "python-magic",
    "mcp.types": "mcp",
    "mysql": "mysql-connector-python",
    "pptx": "python-pptx",
    "psycopg2": "psycopg2-binary",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
    "zmq": "pyzmq",
}
_LIKENESS = 0.8  # of two names of which one may be a slip for the other, by difflib
_LIKENESS_OF_PACKAGES = 0.9  # opentelemetry-api and opentelemetry-sdk are two
_LOCKED_PACKAGE = re.compile(r'^name = "([^"]+)"', re.MULTILINE)
_NAMED_PACKAGE = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)", re.MULTILINE)
_SHARED = ("azure", "azurefunctions", "google", "opentelemetry")  # names that many packages share


def missing_module(text: str) -> str | None:
    """Returns the module that an error says is missing, or None if it is another error."""
    found = _MISSING.search(text)
    return found[1] if found else None


def packages_shown(app_directory: Path) -> str:
    """Returns how a person names the file that says which packages the app has."""
    file = packages_file(app_directory)
    return f"{app_directory.name}/{file.name if file else 'requirements.txt'}"


def mend_import(module: str, app_directory: Path) -> str:
    """Returns what to do about a missing module."""
    if mend := mend_slip(module, app_directory):
        return mend
    package, shown = _package_of(module), packages_shown(app_directory)
    is_locked = shown.endswith(LOCK)
    add = f"Run `uv add {package}` in {app_directory.name}" if is_locked else f"Add {package} to {shown} and save it"
    return f"{add}; if '{module}' is a file of yours, mend its name."


def mend_slip(module: str, app_directory: Path) -> str | None:
    """Returns what to do where a file of the app, or a package that it names, has such a name; None where none has.

    No other package is advised then: whoever reads that, an agent maybe, would install a stranger's.
    """
    return _file_that_is_meant(module, app_directory) or _package_that_is_meant(module, app_directory)


def _package_that_is_meant(module: str, app_directory: Path) -> str | None:
    file = packages_file(app_directory)
    text = file.read_text(encoding="utf-8", errors="replace") if file else ""
    found: list[str] = (_LOCKED_PACKAGE if file and file.name == LOCK else _NAMED_PACKAGE).findall(text)
    named = [name for name in found if name != _package_of(module)]
    near = difflib.get_close_matches(_package_of(module), named, 1, _LIKENESS_OF_PACKAGES)
    return f"{packages_shown(app_directory)} brings {near[0]}: mend the name." if near else None


def _file_that_is_meant(module: str, app_directory: Path) -> str | None:
    names: dict[str, Path] = {}
    for file in own_modules(app_directory):
        path = file.relative_to(app_directory)
        names |= {_module(each): each for each in (path, *path.parents) if each.name}
    first, _, rest = module.partition(".")
    near = [] if module in _PACKAGES else difflib.get_close_matches(module, names, 1, _LIKENESS)
    path = names.get(near[0] if near else first)
    if path is None:
        return None
    shown = f"{app_directory.name}/{path.as_posix()}"
    if not near:
        return f"{shown} has no '{rest}': mend the name."
    if not path.stem.isidentifier():
        return f"There is a {shown}, which cannot be imported by its name: rename it to {first}.py."
    return f"There is a {shown}: mend the name."


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts)


def _package_of(module: str) -> str:
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        known = _PACKAGES.get(".".join(parts[:length]))
        if known:
            return known
    if parts[0] in _SHARED and len(parts) > 1:
        return "-".join(parts).replace("_", "-")  # azure.storage.blob is in azure-storage-blob
    return parts[0].replace("_", "-")
