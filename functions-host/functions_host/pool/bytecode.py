"""The compiled form of what kernels import.

uv installs packages as they are, Python compiles them when they are first imported and keeps the result beside them,
and a kernel may not write there: without this, each new one would compile IPython again, for most of its start.
"""

import asyncio
import os
import sys
from importlib.util import cache_from_source, find_spec
from pathlib import Path

_KERNEL = ("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "tornado.queues", "ipykernel.debugger")


async def compile_kernel() -> None:
    """Imports what a kernel imports once, where the result can be kept. Where it cannot, kernels start slower."""
    package = find_spec("ipykernel")  # of a module within it, this would import the package, here and now
    assert package is not None
    assert package.origin is not None
    imported_last = Path(package.origin).with_name("debugger.py")
    if not Path(cache_from_source(imported_last)).exists():
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        importing = await asyncio.create_subprocess_exec(
            sys.executable, "-c", f"import {', '.join(_KERNEL)}", env=environment,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        await importing.wait()
