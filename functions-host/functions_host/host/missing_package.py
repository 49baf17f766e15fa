"""An import that an app's requirements do not bring: it fails here as in Azure, and the package is named."""

import re

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
_SHARED = ("azure", "azurefunctions", "google", "opentelemetry")  # names that many packages share


def missing_module(text: str) -> str | None:
    """Returns the module that an error says is missing, or None if it is another error."""
    found = _MISSING.search(text)
    return found[1] if found else None


def add_package(module: str, requirements: str) -> str:
    """Returns what to do about a missing module; `requirements` is how the person names their file."""
    return f"Add {_package_of(module)} to {requirements} and save it; if '{module}' is a file of yours, mend its name."


def _package_of(module: str) -> str:
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        known = _PACKAGES.get(".".join(parts[:length]))
        if known:
            return known
    if parts[0] in _SHARED and len(parts) > 1:
        return "-".join(parts).replace("_", "-")  # azure.storage.blob is in azure-storage-blob
    return parts[0].replace("_", "-")
