"""Shell commands: a process of its own for each, in the folder of the environment.

On the platform too a command is a fresh `/bin/bash -lc`: files stay, variables and the working directory do not
(inferred for PythonLTS pools from how Shell pools run theirs). Here it is no login shell: without isolation it would
read /etc/profile, which on many systems puts another Python first.
"""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from functions_host.pool.executions import BoundedText, Execution, with_end
from functions_host.pool.processes import exited, read_bounded
from functions_host.pool.sandbox import Sandbox

_DRAIN_SECONDS = 1
_POLL_SECONDS = 0.05
LONGEST_ARGUMENT = 128 * 1024 - 1
"""Bytes of one argument of a program, on Linux."""
LONGEST_ARGUMENTS = 1024 * 1024
"""Bytes of all of them: the system takes somewhat more, and the sandbox has arguments of its own."""
# Reads a command that is too long for an argument, to its end, and runs it with nothing to read, as any other.
_FROM_STDIN = 'command=$(cat; printf .); exec </dev/null; eval "${command%.}"'
_TIMED_OUT = -1  # as the platform's shell image reports it


@dataclass(frozen=True)
class Command:
    """A program and its arguments, and what it reads from its stdin."""

    argv: Sequence[str]
    given: bytes = b""


async def run_shell(sandbox: Sandbox, folder: Path, command: Command, seconds: float, limit: int) -> Execution:
    """Runs a command for at most `seconds`; keeps `limit` characters of each stream.

    What the command leaves running in the background ends with it. (On the platform it would stay until the container
    goes, which is inferred; a process that is started from Python does so here too.)
    """
    began = time.monotonic()
    process = await sandbox.start(
        command.argv,
        folder,
        stdin=asyncio.subprocess.PIPE if command.given else asyncio.subprocess.DEVNULL,
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
    giving = asyncio.create_task(_give(process, command.given))
    try:
        code = await _exit_code(process, seconds)
    finally:
        giving.cancel()
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


def shell_command(text: str) -> Command:
    """Returns what runs `text` in a shell."""
    if sys.platform == "win32":
        return Command([os.environ.get("COMSPEC", "cmd.exe"), "/d", "/c", text])
    if len(text.encode(errors="replace")) > LONGEST_ARGUMENT:
        return Command([_shell(), "-c", _FROM_STDIN], text.encode(errors="replace"))
    return Command([_shell(), "-c", text])


def exec_command(arguments: Sequence[str]) -> Command:
    """Returns what runs a program with its arguments as they are."""
    if sys.platform == "win32":
        return Command(list(arguments))
    # By way of the shell, so that a program that does not exist is exit code 127 rather than a failure of the sandbox.
    return Command([_shell(), "-c", 'exec "$@"', "exec", *arguments])


def _shell() -> str:
    return "/bin/bash" if Path("/bin/bash").exists() else "/bin/sh"


async def _give(process: asyncio.subprocess.Process, given: bytes) -> None:
    if process.stdin is None:
        return
    with contextlib.suppress(ConnectionError):  # it has ended, or closed its stdin
        process.stdin.write(given)
        await process.stdin.drain()
    process.stdin.close()


async def _exit_code(process: asyncio.subprocess.Process, seconds: float) -> int | None:
    try:
        return await asyncio.wait_for(exited(process, _POLL_SECONDS), seconds)
    except TimeoutError:
        return None
