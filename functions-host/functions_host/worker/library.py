"""The worker library, in a folder of its own for the path of the worker process.

In Azure, from Python 3.13 on, the worker's packages stand on sys.path behind those of the app and before the app's own
folder, so that the app's version of a package wins: azure-functions-python-worker, workers/proxy_worker/utils/
dependency.py, prioritize_customer_dependencies. Here they are copied out of the host's packages, of which the app must
see no other. Azure's folder also holds grpcio and protobuf, which an app can import there without naming them.
"""

import compileall
import contextlib
import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from functions_host.errors import PersonError

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_LIBRARY = "azure-functions-runtime"


def worker_library(cache: Path) -> Path:
    """Returns the folder, made at the first start of a version. Raises PersonError if the cache cannot be written."""
    distributions = list(_with_dependencies(_LIBRARY, set()))
    versions = " ".join(f"{each.name}=={each.version}" for each in distributions)
    folder = cache / "worker" / hashlib.sha256(versions.encode()).hexdigest()[:16]
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="making-", ignore_cleanup_errors=True) as scratch:
            staging = Path(scratch) / "library"
            for each in distributions:
                _copy(each, staging)
            compileall.compile_dir(staging, quiet=2)
            with contextlib.suppress(OSError):  # another start was faster
                staging.rename(folder)
    except OSError as error:
        raise PersonError(
            f"{folder.parent} cannot hold the worker library: {error.strerror}.", "Name another folder with --cache."
        ) from None
    return folder


def _with_dependencies(name: str, seen: set[str]) -> Iterator[Distribution]:
    key = name.lower().replace("_", "-")
    if key in seen:
        return
    seen.add(key)
    found = distribution(name)
    yield found
    for requirement in found.requires or ():
        named = _NAME.match(requirement)
        if named and "extra ==" not in requirement:
            yield from _with_dependencies(named[0], seen)


def _copy(source: Distribution, target: Path) -> None:
    for file in source.files or ():
        if ".." in file.parts or "__pycache__" in file.parts:  # scripts lie outside of the folder of packages
            continue
        copy = target / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(source.locate_file(file)), copy)
