"""Runs code in a session pool, through its MCP server: one execution at a time in an environment.

https://learn.microsoft.com/azure/container-apps/mcp-overview
"""

import asyncio
import re
import time
import weakref
from collections.abc import Awaitable, Callable

import msgspec

from executions import Execution, ExecutionError
from identity import managed_identity
from pool_answers import Json, PoolTools, read_environment_id, read_execution, read_tools
from pool_connection import Credential, PoolConnection, PoolSettings, unguessable
from pool_failures import EXECUTION_SECONDS, PoolError

_ANSWER_SECONDS = EXECUTION_SECONDS + 30
_TURN_SECONDS = 50  # many clients give up after a minute, and would not learn why
_PROBE_SECONDS = 10
_LONGEST_COMMAND = 100_000  # bytes; Linux takes 131,071 in one argument
_RETRY_PAUSES = (0.5, 1.0, 2.0)
_TOOLS_LAST_SECONDS = 600


class SessionPool:
    """Runs code in the environments of one pool. Every method raises ExecutionError, whose text is for a model."""

    def __init__(
        self,
        settings: PoolSettings,
        credential: Callable[[], Credential] = managed_identity,
        answer_seconds: float = _ANSWER_SECONDS,
    ) -> None:
        self._connection = PoolConnection(settings, credential, answer_seconds)
        self._tools: PoolTools | None = None
        self._tools_until = 0.0
        self._turns: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    async def launch(self) -> str:
        """Returns the id of a new environment. The platform allocates it when something first runs in it."""
        return await self._told(self._launch)

    async def run_python(self, environment_id: str | None, code: str) -> Execution:
        """Runs Python code, in a new environment if none is named."""

        async def run(environment: str) -> Execution:
            tools = await self._discovered()
            result = await self._call(tools.python, {"environmentId": environment, "pythonCode": code})
            return read_execution(result, environment)

        return await self._told(lambda: self._in_turn(environment_id, run))

    async def run_shell(self, environment_id: str | None, command: str) -> Execution:
        """Runs a shell command, in a new environment if none is named; through Python where the pool has no shell."""

        async def run(environment: str) -> Execution:
            tools = await self._discovered()
            if tools.shell is None or len(command.encode(errors="replace")) > _LONGEST_COMMAND:
                code = _SHELL_THROUGH_PYTHON.format(command=command, marker=(marker := unguessable()))
                result = await self._call(tools.python, {"environmentId": environment, "pythonCode": code})
                return _with_exit_code(read_execution(result, environment), marker)
            line = {"execCommandAndArgs": ["/bin/bash", "-lc", command]} if tools.shell_takes_list else {}
            arguments = {"environmentId": environment, **(line or {"shellCommand": command})}
            return read_execution(await self._call(tools.shell, arguments), environment)

        return await self._told(lambda: self._in_turn(environment_id, run))

    async def close(self) -> None:
        """Closes every connection."""
        await self._connection.close()

    async def _told[T](self, action: Callable[[], Awaitable[T]]) -> T:
        """Does it, again if it cannot have run, and tells a failure in a sentence."""
        for pause in (*_RETRY_PAUSES, None):
            try:
                return await action()
            except PoolError as failure:
                if pause is None or not failure.cannot_have_run:
                    raise ExecutionError(failure.sentence) from failure
                await asyncio.sleep(pause)
        raise AssertionError("the last pause is None")

    async def _in_turn(self, environment_id: str | None, run: Callable[[str], Awaitable[Execution]]) -> Execution:
        """Runs in an environment when nothing else of ours does: it has one kernel."""
        environment = environment_id or await self._launch()
        turn = self._turns.setdefault(environment, asyncio.Lock())
        waited = await _waited_for(turn)
        try:
            execution = await run(environment)
            if execution.timed_out:
                raise ExecutionError(await self._told_of_time_out(execution))
        finally:
            turn.release()
        return msgspec.structs.replace(execution, waited=waited) if waited else execution

    async def _told_of_time_out(self, execution: Execution) -> str:
        """Returns what a model has to know after an execution that was ended: its output, and what it has lost."""
        said = PoolError("timed out", await self._what_is_left(execution.environment_id)).sentence
        return f"{said}\n\n{execution.text}"

    async def _what_is_left(self, environment: str) -> str:
        """Says whether variables live: in a kernel that was replaced, what asks is the first of its inputs."""
        tools = await self._discovered()
        code = "print('count', len(In))"  # a list that begins with an empty one
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                result = await self._call(tools.python, {"environmentId": environment, "pythonCode": code})
            count = re.search(r"count (\d+)", read_execution(result, environment).stdout)
        except (PoolError, TimeoutError):
            count = None
        if count is None:
            return "Whether its variables are lost is unknown; files stay."
        return "Its variables are kept." if int(count[1]) > 2 else "Its variables are lost; files stay."

    async def _launch(self) -> str:
        tools = await self._discovered()
        if tools.launch is None:
            return unguessable()  # an id is all that launching makes: any will do
        return read_environment_id(await self._call(tools.launch, {}))

    async def _discovered(self) -> PoolTools:
        if self._tools is None or time.monotonic() > self._tools_until:
            try:
                self._tools = read_tools(await self._connection.request("tools/list", {}))
            except PoolError as failure:
                if failure.kind not in ("unknown tool", "broken", "garbled"):
                    raise
                self._tools = PoolTools()  # a pool that cannot list its tools may have the documented ones
            self._tools_until = time.monotonic() + _TOOLS_LAST_SECONDS
        return self._tools

    async def _call(self, tool: str, arguments: Json) -> Json:
        try:
            return await self._connection.request("tools/call", {"name": tool, "arguments": arguments})
        except PoolError as failure:
            if failure.kind == "unknown tool":
                self._tools = None  # renamed since it was listed: the next call asks again
            raise


async def _waited_for(turn: asyncio.Lock) -> float:
    """Takes a turn and returns the seconds that this took. Raises PoolError where it takes too long."""
    if not turn.locked():
        await turn.acquire()
        return 0
    began = time.monotonic()
    try:
        await asyncio.wait_for(turn.acquire(), _TURN_SECONDS)
    except TimeoutError:
        raise PoolError("busy", f"{_TURN_SECONDS}") from None
    return time.monotonic() - began


_pool: SessionPool | None = None


def pool() -> SessionPool:
    """Returns the pool of this process, made on first use. Raises ExecutionError if none is configured."""
    global _pool
    if _pool is None:
        _pool = SessionPool(PoolSettings.from_environment())
    return _pool


# Prints what the command prints, then its exit code behind a marker that no command can know.
_SHELL_THROUGH_PYTHON = """\
import subprocess as _subprocess, sys as _sys
# By its stdin, which takes any length, and which the command finds empty.
_shell = ["/bin/bash", "-lc", 'command=$(cat; printf .); exec </dev/null; eval "${{command%.}}"']
_done = _subprocess.run(_shell, input={command!r}, capture_output=True, text=True, errors="replace")
_sys.stdout.write(_done.stdout); _sys.stderr.write(_done.stderr)
print("\\n{marker}", _done.returncode)
"""


def _with_exit_code(execution: Execution, marker: str) -> Execution:
    stdout, found, exit_code = execution.stdout.rpartition(f"\n{marker} ")
    if not found:  # the platform cut the output
        return execution
    return Execution(execution.environment_id, stdout, execution.stderr, {**execution.more, "exitCode": int(exit_code)})
