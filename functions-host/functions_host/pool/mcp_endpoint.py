"""The MCP server of a pool: a message comes in, its answer goes out.

It knows three methods, and each call stands for itself: there are no MCP sessions, and nobody has to shake hands first.
https://learn.microsoft.com/azure/container-apps/mcp-overview
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import msgspec
from starlette.responses import Response

from functions_host.mcp.messages import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MalformedMessageError,
    ProtocolError,
    Request,
    parse_message,
)
from functions_host.pool import mcp_answers
from functions_host.pool.environment import EnvironmentGoneError
from functions_host.pool.environments import Environments, RefusedError, check
from functions_host.pool.executions import Execution
from functions_host.pool.kernel import KernelError
from functions_host.pool.mcp_answers import PlatformError, error_answer, refusal, result_answer
from functions_host.pool.mcp_tools import RUN_PYTHON, RUN_SHELL, is_listed, tools_of
from functions_host.pool.network import NetworkError
from functions_host.pool.packages import PackagesMissingError
from functions_host.pool.quirks import Fault, Quirks
from functions_host.pool.shell import LONGEST_ARGUMENT, LONGEST_ARGUMENTS, Command, exec_command, shell_command

_PACKAGES_SECONDS = 20  # within the half minute that clients wait beyond the longest execution

type Log = Callable[[str], None]


class _CallParams(msgspec.Struct):
    name: str
    arguments: dict[str, Any] | None = None


_call_params = msgspec.json.Decoder(_CallParams).decode


class McpEndpoint:
    """Answers the messages of those who have shown the key."""

    def __init__(self, environments: Environments, quirks: Quirks, log: Log) -> None:
        self._environments = environments
        self._log = log
        self._stopped = asyncio.Event()
        self.quirks = quirks

    @property
    def quirks(self) -> Quirks:
        """How it answers; a test may change it at any time."""
        return self._quirks

    @quirks.setter
    def quirks(self, quirks: Quirks) -> None:
        self._quirks = quirks
        self._struck = 0

    def stop(self) -> None:
        """Answers those who were to wait for ever."""
        self._stopped.set()

    async def respond(self, body: bytes) -> Response:
        """Returns the answer to the body of a POST."""
        try:
            message = parse_message(body)
        except MalformedMessageError as error:
            return error_answer(None, mcp_answers.PARSE_ERROR, f"The request is {error}.", 400)
        if message is None:
            return error_answer(None, mcp_answers.PARSE_ERROR, "The request is null.", 400)
        if not isinstance(message, Request):
            return Response(status_code=202)  # inferred; every official client takes it
        fault = self._fault(message.method)
        if fault and not fault.after_running:
            return await self._struck_by(fault) or await self._answer(message)
        response = await self._answer(message)
        return (await self._struck_by(fault) if fault else None) or response

    async def _answer(self, request: Request) -> Response:
        try:
            match request.method:
                case "initialize":
                    return result_answer(request.id, mcp_answers.INITIALIZED)
                case "tools/list":
                    return result_answer(request.id, {"tools": tools_of(self._quirks.tool_set)})
                case "tools/call":
                    return await self._call(request)
                case _:
                    raise ProtocolError(METHOD_NOT_FOUND, f"The method '{request.method}' is not available.")
        except ProtocolError as error:
            return error_answer(request.id, error.code, error.message)

    async def _call(self, request: Request) -> Response:
        try:
            params = _call_params(request.params or b"null")
        except msgspec.DecodeError as error:
            raise ProtocolError(INVALID_PARAMS, f"Invalid params: {error}.") from None
        if not is_listed(params.name, self._quirks.tool_set):
            raise ProtocolError(INVALID_PARAMS, f"Unknown tool: '{params.name}'.")
        began = time.monotonic()
        response, outcome = await self._outcome(request, params.name, params.arguments or {})
        milliseconds = round((time.monotonic() - began) * 1000)
        self._log(f"Session pool: {params.name} {outcome} ({milliseconds} ms)")
        return response

    async def _outcome(self, request: Request, tool: str, arguments: dict[str, Any]) -> tuple[Response, str]:
        """Runs a tool and returns its answer, and how it went in a word or two."""
        if tool not in (RUN_PYTHON, RUN_SHELL):
            fields = {"environmentId": str(uuid4())}
            return result_answer(request.id, mcp_answers.tool_result(fields, self._quirks)), "succeeded"
        try:
            execution = await self._run(tool, arguments)
        except RefusedError as error:
            return self._refusal(request, error), f"was refused with {error.code}"
        except _GoneError as error:
            return self._gone(request, str(error)), "found its environment expired"
        except (KernelError, NetworkError, OSError) as error:
            # The text of the data plane, seen in the wild.
            text = f"Error happened when allocating pod for identifier {arguments['environmentId']} in pool local"
            return refusal(
                request.id, "http-500-wrapped", PlatformError("InternalServerError", text)
            ), f"failed: {error}"
        except (EnvironmentGoneError, PackagesMissingError) as error:
            unavailable = PlatformError("ServiceUnavailable", str(error))
            how = "was cut off" if isinstance(error, EnvironmentGoneError) else "found no packages"
            return refusal(request.id, "http-503-wrapped", unavailable), how
        if execution.failure == "timeout" and self._quirks.timeout == "http-504":
            return Response(status_code=504), "timed out"
        result = mcp_answers.run_result(execution, self._quirks)
        return result_answer(request.id, result), _word(execution)

    async def _run(self, tool: str, arguments: dict[str, Any]) -> Execution:
        identifier = _text(arguments, "environmentId")
        check(identifier)
        if self._quirks.expired != "new" and self._environments.has_expired(identifier):
            raise _GoneError(f"Environment not found: {identifier}")
        code = _text(arguments, "pythonCode") if tool == RUN_PYTHON else ""
        command = None if code else _command(arguments)
        waited = await self._packages_are_there(tool)
        async with self._environments.use(identifier) as environment:
            execution = await (environment.run_shell(command) if command else environment.run_python(code))
        return replace(execution, stderr=waited + execution.stderr) if waited else execution

    async def _packages_are_there(self, tool: str) -> str:
        """Waits for them a while and returns what to tell of that. Raises PackagesMissingError."""
        packages = self._environments.packages
        if packages.are_there:
            return ""
        self._log(f"Session pool: {tool} waits for the packages, which are installed once")
        began = time.monotonic()
        await packages.installed(_PACKAGES_SECONDS)
        waited = time.monotonic() - began
        return f"(This waited {waited:.0f} s for the packages of the session pool, which are installed once.)\n"

    def _refusal(self, request: Request, error: RefusedError) -> Response:
        is_full = error.code == "SessionsCountExceedsLimit"
        carrier = self._quirks.capacity if is_full else self._quirks.bad_id
        code = mcp_answers.SERVER_ERROR if is_full else INVALID_PARAMS
        return refusal(request.id, carrier, PlatformError(error.code, error.message), code)

    def _gone(self, request: Request, text: str) -> Response:
        carrier = self._quirks.expired
        if carrier == "invalid-params":
            return error_answer(request.id, INVALID_PARAMS, text)
        if carrier == "json-rpc":
            return error_answer(request.id, mcp_answers.SERVER_ERROR, text)
        return refusal(request.id, carrier, PlatformError("NoSessionFoundError", text))

    def _fault(self, method: str | None) -> Fault | None:
        fault = self._quirks.fault
        if fault is None or fault.method not in (method, "*") or fault.times == self._struck:
            return None
        self._struck += 1
        return fault

    async def _struck_by(self, fault: Fault) -> Response | None:
        """Returns the answer that a fault makes, if it makes one, and takes the time that it takes."""
        seconds = None if fault.hang else fault.delay_seconds
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            pass
        else:
            return Response(status_code=503)
        if fault.garbage:
            return Response(b"<html>no JSON", media_type="application/json")
        if fault.status:
            error = PlatformError("Fault", f"The pool was told to answer {fault.status}.")
            return refusal(None, f"http-{fault.status}", error)
        return None


class _GoneError(Exception):
    """The environment of a call has been destroyed, and the pool was told to say so."""


def _text(arguments: dict[str, Any], name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str) or not value:
        raise ProtocolError(INVALID_PARAMS, f"The argument '{name}' is required, and is a string that is not empty.")
    return value


def _command(arguments: dict[str, Any]) -> Command:
    """https://learn.microsoft.com/azure/container-apps/sessions-tutorial-shell-mcp names both arguments."""
    parts = arguments.get("execCommandAndArgs")
    if parts is None:
        return shell_command(_without_nul("shellCommand", _text(arguments, "shellCommand")))
    if "shellCommand" in arguments:
        raise ProtocolError(INVALID_PARAMS, "Give either 'shellCommand' or 'execCommandAndArgs'.")
    try:
        arguments_of_program = msgspec.convert(parts, list[str])
    except msgspec.ValidationError:
        arguments_of_program = []
    if not arguments_of_program:
        raise ProtocolError(INVALID_PARAMS, "'execCommandAndArgs' is a list of strings that is not empty.")
    lengths = [len(_without_nul("execCommandAndArgs", each).encode(errors="replace")) for each in arguments_of_program]
    if max(lengths) > LONGEST_ARGUMENT or sum(lengths) > LONGEST_ARGUMENTS:
        raise ProtocolError(
            INVALID_PARAMS,
            f"'execCommandAndArgs' is too long: an argument has at most {LONGEST_ARGUMENT} bytes, all of them "
            f"{LONGEST_ARGUMENTS}. Write what is longer into a file first.",
        )
    return exec_command(arguments_of_program)


def _without_nul(name: str, text: str) -> str:
    """No program can be given a NUL, which ends an argument; what the platform says of one is not public."""
    if "\0" in text:
        raise ProtocolError(INVALID_PARAMS, f"'{name}' contains a NUL character, which no command can have.")
    return text


def _word(execution: Execution) -> str:
    match execution.failure:
        case None:
            return "succeeded" if not execution.exit_code else f"ended with exit code {execution.exit_code}"
        case "exception":
            return "raised an exception"
        case "timeout":
            return "timed out"
        case "died":
            return "lost its process"
