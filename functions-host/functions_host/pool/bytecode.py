"""The compiled form of what the code of an environment imports.

uv installs packages as they are, Python compiles them when they are first imported and keeps the result beside them,
and a kernel may not write there: without this, each new one would compile IPython again, for most of its start, and
each `import pandas` would take seconds.
"""

import asyncio
import os
from pathlib import Path

from functions_host.python_environment import PythonEnvironment

_KERNEL = ("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "tornado.queues", "ipykernel.debugger")
_COMPILED = "compiled"
# compileall does not run what it compiles; tests are a third of scientific packages, and nobody imports them.
_COMPILE_ALL = """
import compileall, os, sys, re
os.nice(19) if hasattr(os, "nice") else None
compileall.compile_dir(sys.argv[1], quiet=2, rx=re.compile(r"[/\\\\\\\\]tests?[/\\\\\\\\]"))
"""


async def compile_kernel(environment: PythonEnvironment) -> None:
    """Imports what a kernel imports once, where the result can be kept. Where it cannot, kernels start slower."""
    if not any((environment.packages / "ipykernel" / "__pycache__").glob("debugger.*.pyc")):
        await _run(environment, f"import {', '.join(_KERNEL)}")


async def compile_packages(environment: PythonEnvironment) -> None:
    """Compiles all packages, once, with what the processors have to spare. Raises OSError."""
    compiled = environment.folder / _COMPILED
    if not compiled.exists() and await _run(environment, _COMPILE_ALL, environment.packages) == 0:
        compiled.touch()


async def _run(environment: PythonEnvironment, code: str, *arguments: Path) -> int | None:
    variables = environment.variables(dict(os.environ))
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"):
        variables.pop(name, None)
    process = await asyncio.create_subprocess_exec(
        environment.python, "-c", code, *arguments, env=variables,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        return await process.wait()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
