"""Shell commands: a process of its own for each, in the folder of the environment.

On the platform too a command is a fresh `/bin/bash -lc`: files stay, variables and the working directory do not
(inferred for PythonLTS pools from how Shell pools run theirs). Here it is no login shell: without isolation it would
read /etc/profile, which on many systems puts another Python first.
"""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from functions_host.pool.executions import BoundedText, Execution, with_end
from functions_host.pool.processes import exited, read_bounded
from functions_host.pool.sandbox import Sandbox

_DRAIN_SECONDS = 1
_POLL_SECONDS = 0.05
_TIMED_OUT = -1  # as the platform's shell image reports it


async def run_shell(sandbox: Sandbox, folder: Path, command: Sequence[str], seconds: float, limit: int) -> Execution:
    """Runs a command for at most `seconds`; keeps `limit` characters of each stream.

    What the command leaves running in the background ends with it. (On the platform it would stay until the container
    goes, which is inferred; a process that is started from Python does so here too.)
    """
    began = time.monotonic()
    process = await sandbox.start(
        command,
        folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    stdout, stderr = BoundedText(limit), BoundedText(limit)
    assert process.stdout is not None
    assert process.stderr is not None
    readers = [
        asyncio.create_task(read_bounded(process.stdout, stdout)),
        asyncio.create_task(read_bounded(process.stderr, stderr)),
    ]
    try:
        code = await _exit_code(process, seconds)
    finally:
        sandbox.kill(process)
        await asyncio.wait(readers, timeout=_DRAIN_SECONDS)
        for reader in readers:
            reader.cancel()
    milliseconds = round((time.monotonic() - began) * 1000)
    if code is None:
        remark = f"Execution timed out after {seconds:g} seconds."
        text = with_end(stderr.text, remark, limit)
        return Execution(stdout.text, text, milliseconds, exit_code=_TIMED_OUT, failure="timeout")
    text = with_end(stderr.text, sandbox.excess_of(process), limit)
    return Execution(stdout.text, text, milliseconds, exit_code=code)


def shell_command(text: str) -> list[str]:
    """Returns the arguments that run `text` in a shell."""
    if sys.platform == "win32":
        return [os.environ.get("COMSPEC", "cmd.exe"), "/d", "/c", text]
    return [_shell(), "-c", text]


def exec_command(arguments: Sequence[str]) -> list[str]:
    """Returns the arguments that run a program with its arguments as they are."""
    if sys.platform == "win32":
        return list(arguments)
    # By way of the shell, so that a program that does not exist is exit code 127 rather than a failure of the sandbox.
    return [_shell(), "-c", 'exec "$@"', "exec", *arguments]


def _shell() -> str:
    return "/bin/bash" if Path("/bin/bash").exists() else "/bin/sh"


async def _exit_code(process: asyncio.subprocess.Process, seconds: float) -> int | None:
    try:
        return await asyncio.wait_for(exited(process, _POLL_SECONDS), seconds)
    except TimeoutError:
        return None
