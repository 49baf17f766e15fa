"""Client of a session pool's MCP server: JSON-RPC over HTTP/1.1, one pool of connections for the process.

https://learn.microsoft.com/azure/container-apps/mcp-overview and mcp-authentication. Nothing is connected, and no SDK
is imported, before the first call. The key is never logged.
"""

import asyncio
import json
import os
import re
import time
import weakref
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from executions import Execution, ExecutionError
from identity import managed_identity
from pool_answers import (
    Json,
    PoolError,
    PoolTools,
    failure_of_response,
    read_environment_id,
    read_execution,
    read_message,
    read_tools,
    result_of,
)

if TYPE_CHECKING:  # a second of imports, which no cold start should pay before it is needed
    from aiohttp import ClientResponse, ClientSession

_EXECUTION_SECONDS = 220  # the platform ends an execution after this
_ANSWER_SECONDS = _EXECUTION_SECONDS + 30
_CONNECT_SECONDS = 10
_TURN_SECONDS = 50  # many clients give up after a minute, and would not learn why
_PROBE_SECONDS = 10
_LARGEST_ANSWER = 16 * 1024 * 1024
_LONGEST_COMMAND = 100_000  # bytes; Linux takes 131,071 in one argument
_RETRY_PAUSES = (0.5, 1.0, 2.0)
_TOOLS_LAST_SECONDS = 600
# The two published versions that know MCP (no stable one up to 2026-07-01 does), and the one that the tutorial uses,
# whose types do not have it.
_API_VERSIONS = ("2025-10-02-preview", "2026-03-02-preview", "2025-02-02-preview")
# What Azure says of a pool that was made where the preview is not on.
_NOT_ENABLED = "SessionMCPServerNotEnabled"
_ARM = "https://management.azure.com"

# What to tell a model, by the kind of failure. {} is what the pool said.
_UNKNOWN = "so whether the code ran is unknown. Look at what it should have changed before you run it again."
_SENTENCES = {
    "full": "The session pool is full: {}. Go on in an environment you already have, or try again in a few minutes, "
    "when idle environments have been destroyed.",
    "unavailable": "The session pool could not provide an environment just now: {}. Try again in a minute.",
    "refused": "The session pool refused its key: {}. Whoever runs this server has to check the key, or the role that "
    "its identity has on the pool.",
    "no address": "SESSION_POOL_MCP_ENDPOINT is not the address of a session pool: {}. Whoever runs this server has to "
    "correct that setting.",
    "missing": "The session pool was not found, or has no MCP server: {}. Whoever runs this server has to check its "
    "settings SESSION_POOL_MCP_ENDPOINT and SESSION_POOL_RESOURCE_ID.",
    "not enabled": "The session pool has no MCP server, so no code can be run: {}. Whoever runs this server has to "
    "turn on the preview SessionPoolsSupportMCP of Microsoft.App in its subscription, and then to deploy again.",
    "gone": "That environment does not exist any more: {}. Its variables and files are lost. Call launchShell, or "
    "call again without environmentId, and start over.",
    "moved": "The address of the session pool sends on to another one ({}), which is not followed, since the key "
    "would go along. Whoever runs this server has to correct SESSION_POOL_MCP_ENDPOINT.",
    "not trusted": "Who answers at the address of the session pool cannot be trusted: {}. Nothing was sent. Whoever "
    "runs this server has to see to its certificate.",
    "too long": "The session pool's answer is longer than {} MB and was not read, " + _UNKNOWN,
    "busy": "The environment still runs an earlier call, for {} s at least; its caller may have gone. It ends after "
    f"{_EXECUTION_SECONDS} seconds at the latest. Nothing was run. Try again later, or go on in another environment.",
    "bad id": "The session pool does not take that environmentId: {}. Use one that launchShell returned, or none.",
    "timed out": f"The execution took longer than the {_EXECUTION_SECONDS} seconds that the platform allows, and was "
    "ended. Do it in smaller steps, or start it with subprocess.Popen in runPythonCode, its output in a file that a "
    "later call reads. {}",
    "no answer": "The session pool did not answer in {} seconds, " + _UNKNOWN,
    "cut off": "The connection to the session pool broke before its answer came ({}), " + _UNKNOWN,
    "unreachable": "The session pool cannot be reached: {}. Nothing was run. Try again in a minute; if it stays so, "
    "whoever runs this server has to see whether the pool is there.",
    "unknown tool": "The session pool does not have the tool that this needs: {}. Nothing was run.",
    "garbled": "The session pool's answer cannot be read ({}), " + _UNKNOWN,
    "broken": "The session pool failed ({}), " + _UNKNOWN,
}
_CANNOT_HAVE_RUN = ("unavailable", "unreachable")


class Token(Protocol):
    """What a credential of azure-identity returns."""

    @property
    def token(self) -> str: ...


class Credential(Protocol):
    """A credential of azure-identity."""

    async def get_token(self, *scopes: str) -> Token: ...


class PoolSettings(msgspec.Struct, frozen=True):
    """Where the pool is and how to get in; what is None is asked of Azure Resource Manager."""

    endpoint: str | None = None
    api_key: str | None = None
    resource_id: str | None = None
    """/subscriptions/.../providers/Microsoft.App/sessionPools/NAME"""
    resource_manager: str = _ARM

    @classmethod
    def from_environment(cls) -> "PoolSettings":
        """Reads the app settings. Raises ExecutionError if they name no pool."""
        settings = cls(
            os.environ.get("SESSION_POOL_MCP_ENDPOINT") or None,
            os.environ.get("SESSION_POOL_MCP_API_KEY") or None,
            os.environ.get("SESSION_POOL_RESOURCE_ID") or None,
        )
        if settings.resource_id is None and (settings.endpoint is None or settings.api_key is None):
            raise ExecutionError(
                "No session pool is configured, so no code can be run. Whoever runs this server has to set "
                "SESSION_POOL_RESOURCE_ID, or SESSION_POOL_MCP_ENDPOINT and SESSION_POOL_MCP_API_KEY."
            )
        return settings


class SessionPool:
    """Runs code in the environments of one pool. Every method raises ExecutionError, whose text is for a model."""

    def __init__(
        self,
        settings: PoolSettings,
        credential: Callable[[], Credential] = managed_identity,
        answer_seconds: float = _ANSWER_SECONDS,
    ) -> None:
        self._settings = settings
        self._make_credential = credential
        self._credential: Credential | None = None
        self._answer_seconds = answer_seconds
        self._http: ClientSession | None = None
        self._endpoint = settings.endpoint
        self._key = settings.api_key
        self._key_lock = asyncio.Lock()
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
                code = _SHELL_THROUGH_PYTHON.format(command=command, marker=(marker := _unguessable()))
                result = await self._call(tools.python, {"environmentId": environment, "pythonCode": code})
                return _with_exit_code(read_execution(result, environment), marker)
            line = {"execCommandAndArgs": ["/bin/bash", "-lc", command]} if tools.shell_takes_list else {}
            arguments = {"environmentId": environment, **(line or {"shellCommand": command})}
            return read_execution(await self._call(tools.shell, arguments), environment)

        return await self._told(lambda: self._in_turn(environment_id, run))

    async def close(self) -> None:
        """Closes every connection."""
        if self._http:
            await self._http.close()

    async def _told[T](self, action: Callable[[], Awaitable[T]]) -> T:
        """Does it, again if it cannot have run, and tells a failure in a sentence."""
        for pause in (*_RETRY_PAUSES, None):
            try:
                return await action()
            except PoolError as failure:
                if pause is None or failure.kind not in _CANNOT_HAVE_RUN:
                    raise ExecutionError(_SENTENCES[failure.kind].format(failure.detail).strip()) from failure
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
        said = _SENTENCES["timed out"].format(await self._what_is_left(execution.environment_id))
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
            return _unguessable()  # an id is all that launching makes: any will do
        return read_environment_id(await self._call(tools.launch, {}))

    async def _discovered(self) -> PoolTools:
        if self._tools is None or time.monotonic() > self._tools_until:
            try:
                self._tools = read_tools(await self._post("tools/list", {}))
            except PoolError as failure:
                if failure.kind not in ("unknown tool", "broken", "garbled"):
                    raise
                self._tools = PoolTools()  # a pool that cannot list its tools may have the documented ones
            self._tools_until = time.monotonic() + _TOOLS_LAST_SECONDS
        return self._tools

    async def _call(self, tool: str, arguments: Json) -> Json:
        try:
            return await self._post("tools/call", {"name": tool, "arguments": arguments})
        except PoolError as failure:
            if failure.kind == "unknown tool":
                self._tools = None  # renamed since it was listed: the next call asks again
            raise

    async def _post(self, method: str, params: Json) -> Json:
        """Sends a request and returns its result, with a fresh key if the pool refuses ours: it may be rotated."""
        key = self._key or await self._fetch_key(None)
        try:
            return await self._post_with(key, method, params)
        except PoolError as failure:
            if failure.kind != "refused" or self._settings.api_key is not None:
                raise
        return await self._post_with(await self._fetch_key(key), method, params)

    async def _post_with(self, key: str, method: str, params: Json) -> Json:
        endpoint = self._endpoint or await self._fetch_endpoint()
        message = {"jsonrpc": "2.0", "id": _unguessable(), "method": method, "params": params}
        headers = {"x-ms-apikey": key, "Accept": "application/json, text/event-stream"}
        status, body, content_type = await self._exchange("POST", endpoint, message, headers)
        failure = failure_of_response(status, body)
        if failure:
            raise failure
        return result_of(read_message(body, content_type))

    async def _fetch_key(self, refused: str | None) -> str:
        """Returns the key of the pool, and asks Azure for it only once when many calls find theirs refused."""
        async with self._key_lock:
            if self._key is None or self._key == refused:
                answer = await self._resource_manager("POST", "/fetchMCPServerCredentials")
                key = _find(answer, "apiKey")
                if not isinstance(key, str):
                    raise PoolError("not enabled", "Azure returned no key for it")
                self._key = key
            return self._key

    async def _fetch_endpoint(self) -> str:
        answer = await self._resource_manager("GET", "")
        endpoint = _find(_find(_find(answer, "properties"), "mcpServerSettings"), "mcpServerEndpoint")
        if not isinstance(endpoint, str):
            raise PoolError("not enabled", "Azure knows no endpoint of it")
        self._endpoint = endpoint
        return endpoint

    async def _resource_manager(self, verb: str, action: str) -> Json:
        if self._settings.resource_id is None:
            raise PoolError("missing", "SESSION_POOL_RESOURCE_ID is not set")
        headers = {"Authorization": f"Bearer {await self._token()}"}
        url = f"{self._settings.resource_manager}{self._settings.resource_id}{action}"
        status, body = 0, ""
        for version in _API_VERSIONS:
            status, body, _ = await self._exchange(verb, f"{url}?api-version={version}", None, headers)
            if status not in (400, 404) or _NOT_ENABLED in body:
                break
        failure = failure_of_response(status, body)
        if failure and _NOT_ENABLED in body:
            raise PoolError("not enabled", failure.detail)
        if failure:
            raise PoolError("refused" if status in (401, 403) else "missing", failure.detail)
        try:
            answer = json.loads(body)
        except ValueError:
            raise PoolError("garbled", "Azure Resource Manager's answer is not JSON") from None
        return answer if isinstance(answer, dict) else {}

    async def _token(self) -> str:
        if self._credential is None:
            self._credential = self._make_credential()
        from azure.core.exceptions import ClientAuthenticationError

        try:
            return (await self._credential.get_token(f"{_ARM}/.default")).token
        except ClientAuthenticationError as error:
            raise PoolError("refused", f"no identity to ask Azure with: {str(error).splitlines()[0]}") from error

    async def _exchange(
        self, verb: str, url: str, message: Json | None, headers: dict[str, str]
    ) -> tuple[int, str, str]:
        """Sends one HTTP request and returns status, body and content type. Raises PoolError if none comes."""
        import aiohttp

        if self._http is None:
            timeout = aiohttp.ClientTimeout(total=self._answer_seconds, sock_connect=_CONNECT_SECONDS)
            self._http = aiohttp.ClientSession(timeout=timeout)
        # A body of known length: the live endpoint was seen to fail on chunked ones, and on HTTP/2.
        body = None if message is None else json.dumps(message).encode()
        if body is not None:
            headers = {**headers, "Content-Type": "application/json"}
        try:
            # A redirect would take the key along, to whoever the answer names.
            async with self._http.request(verb, url, data=body, headers=headers, allow_redirects=False) as response:
                text = (await _bounded(response)).decode(errors="replace")
                return response.status, text, response.headers.get("Content-Type", "")
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise PoolError("no address", _reason(error)) from error
        except aiohttp.ClientSSLError as error:
            raise PoolError("not trusted", _reason(error)) from error
        except aiohttp.ClientConnectorError as error:
            raise PoolError("unreachable", f"nothing answers at {error.host}:{error.port}") from error
        except aiohttp.ConnectionTimeoutError as error:
            raise PoolError("unreachable", _reason(error)) from error
        except TimeoutError as error:
            raise PoolError("no answer", f"{self._answer_seconds:g}") from error
        except aiohttp.ClientError as error:
            raise PoolError("cut off", _reason(error)) from error


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


async def _bounded(response: "ClientResponse") -> bytes:
    """Returns the body of a response. Raises PoolError if it does not end in time."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(256 * 1024):
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            response.close()
            raise PoolError("too long", f"{_LARGEST_ANSWER // 2**20}")
    return bytes(body)


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


def _unguessable() -> str:
    return os.urandom(16).hex()


def _find(value: Any, name: str) -> Any:
    """Returns a member, its name in any case: Azure itself writes isMCPServerEnabled and isMcpServerEnabled."""
    members: Json = value if isinstance(value, dict) else {}
    return next((member for key, member in members.items() if key.lower() == name.lower()), None)


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
