"""The host: loads an app, and runs its functions with their bindings. It knows no socket.

https://learn.microsoft.com/azure/azure-functions/functions-host describes the original; its order of work in a call is
resolve every input, run the function, write the outputs, and fail the call if any of it fails.
"""

import asyncio
import contextlib
import json
import random
import re
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any, Protocol, cast
from uuid import UUID

import msgspec

from functions_host.app.settings import Settings
from functions_host.app.time_zone import time_zone_notice
from functions_host.bindings.binding import BindingContext
from functions_host.errors import InvocationError, PersonError, WorkerError
from functions_host.host.advice import advice
from functions_host.host.functions import Function, FunctionApp, only_forwarded
from functions_host.host.indexed_functions import load_functions
from functions_host.host.missing_functions import missing_functions
from functions_host.storage.blob_store import BlobStore
from functions_host.storage.queue_store import QueueStore
from functions_host.triggers.http_trigger import HttpCall
from functions_host.triggers.timer_trigger import TimerTrigger
from functions_host.triggers.trigger_call import TriggerCall
from functions_host.worker.connection import STOP_SECONDS
from functions_host.worker.custom_handler import CustomHandlerWorker
from functions_host.worker_process.messages import Completed, Indexed, Invoke, Value

_RETURN = "$return"
_ANSWER_SECONDS = 5
_TRACE_PARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})")


class FunctionRunner(Protocol):
    """Runs functions; worker.Worker does, and a test may."""

    async def start(self) -> Indexed:
        """Loads the app and returns its functions, and what it does not have of those that it declares."""
        ...

    async def invoke(self, call: Invoke, timeout: float | None) -> Completed:
        """Runs a function. Raises WorkerError."""
        ...

    def retire(self) -> None:
        """Lets calls under way go on, but starts nothing again that ends."""
        ...

    async def stop(self, seconds: float = ...) -> None:
        """Ends whatever `start` started, by force after so many seconds."""
        ...


class Execution(msgspec.Struct, frozen=True):
    """One call as it is logged: never what was said in it."""

    function: Function
    invocation_id: str
    milliseconds: float
    error: str | None
    """Why it failed, None if it succeeded."""


class Running(msgspec.Struct, frozen=True):
    """A call under way, and when it began, by time.perf_counter."""

    function: Function
    since: float


@dataclass
class FunctionsHost:
    """Runs one app. `on_executed` hears of every call after it ended."""

    settings: Settings
    worker: FunctionRunner
    blobs: BlobStore
    on_executed: Callable[[Execution], None]
    queues: QueueStore = field(init=False)
    app: FunctionApp = field(default_factory=lambda: FunctionApp(()))
    storage_listens: asyncio.Event | None = None
    """Set when the storage that is started beside the app listens; bindings wait for it. None: it is elsewhere."""
    strict: bool = False
    """Whether an app of which a function cannot run is refused."""
    notice: Callable[[str], None] = lambda text: None
    """Hears what the person should know of a call under way."""
    handler: CustomHandlerWorker | None = None
    """The program that requests are forwarded to, where the app is one; it is `worker` too."""
    http_uri: Callable[[], str | None] = lambda: None
    """Returns where the worker takes the requests of functions over HTTP itself, to stream them; None: as calls."""
    executing: dict[str, Running] = field(default_factory=dict[str, Running])
    """The calls under way, by invocation id."""
    advice: tuple[str, ...] = ()
    """What the person should know of an app that loads, and yet does not do what was meant."""

    def __post_init__(self) -> None:
        self.queues = QueueStore(self.settings.configuration, base64=self.settings.triggers.queues.is_base64)

    async def start(self) -> None:
        """Loads the app. Raises AppLoadError if it does not load, PersonError where the real host would not start."""
        indexed = await self.worker.start()
        self.app = load_functions(indexed.functions, self.settings)
        if self.settings.custom_handler:
            self.app = only_forwarded(self.app, self.settings.custom_handler)
        if self.strict:
            _refuse_functions_that_do_not_run(self.app)
        directory = self.settings.app_directory
        self.advice = (*missing_functions(directory, indexed), *self.app.caveats, *advice(directory, indexed.functions))
        has_timers = any(isinstance(each.trigger, TimerTrigger) for each in self.app.functions)
        if has_timers and (notice := time_zone_notice(self.settings.configuration)):
            self.advice += (notice,)

    def retire(self) -> None:
        """Lets calls under way go on, for a stop that follows them."""
        self.worker.retire()

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Ends the worker, by force after `seconds`, and closes the storage."""
        await self.worker.stop(seconds)
        await self.blobs.close()
        await self.queues.close()

    async def run(self, function: Function, call: TriggerCall, retry_count: int = 0) -> Any:
        """Runs a function and returns what its trigger makes of the result: JSON for MCP, an HttpAnswer over HTTP.

        `retry_count` is 0 for the first try. Raises InvocationError, which is already reported then.
        """
        with self._reported(function) as invocation_id:
            value = await self._invoke(function, call, invocation_id, retry_count)
            return function.trigger.result(value, cast("Any", call))

    async def forward(self, function: Function, request: Callable[[str, str], Awaitable[object]]) -> None:
        """Has a custom handler answer a request: `request` is given its origin and an invocation id.

        Raises InvocationError, which is already reported then.
        """
        assert self.handler is not None
        with self._reported(function) as invocation_id:
            await request(await self.handler.origin(), invocation_id)

    async def stream(
        self, function: Function, call: TriggerCall, request: Callable[[str, str], Coroutine[Any, Any, object]]
    ) -> None:
        """Has the worker answer a request over HTTP itself, which it relates to its call by the invocation id.

        Raises InvocationError, which is already reported then.
        """
        origin = self.http_uri()
        assert origin is not None
        with self._reported(function) as invocation_id:
            called = asyncio.create_task(self._invoke(function, call, invocation_id))
            requested = asyncio.create_task(request(origin, invocation_id))
            try:
                await asyncio.wait((called, requested), return_when=asyncio.FIRST_EXCEPTION)
                if called.done() and not requested.done():
                    await asyncio.wait((requested,), timeout=_ANSWER_SECONDS)  # its 500 is on the way
                for each in (called, requested):
                    if each.done():
                        each.result()
            finally:
                for each in (called, requested):
                    each.cancel()
                await asyncio.gather(called, requested, return_exceptions=True)

    @contextlib.contextmanager
    def _reported(self, function: Function) -> Generator[str]:
        """Gives a call its invocation id, and reports how it ended."""
        # No secret, so unique is enough; drawn from the system's source it would cost twice the call's log line.
        invocation_id = str(UUID(int=random.getrandbits(128), version=4))
        started = time.perf_counter()
        error: str | None = None
        self.executing[invocation_id] = Running(function, started)
        try:
            yield invocation_id
        except InvocationError as failure:
            error = str(failure)
            raise
        except asyncio.CancelledError:
            error = "The call was cancelled."
            raise
        finally:
            del self.executing[invocation_id]
            self.on_executed(Execution(function, invocation_id, (time.perf_counter() - started) * 1000, error))

    async def _invoke(self, function: Function, call: TriggerCall, invocation_id: str, retry_count: int = 0) -> Value:
        trigger = function.trigger
        value = call.trigger_value()
        inputs = [(trigger.binding_name, value)]
        context: BindingContext | None = None
        if function.inputs or function.outputs:
            if self.storage_listens:
                await self.storage_listens.wait()
            data = call.binding_data(trigger.binding_name, value.value)
            context = BindingContext(call, data, function.name, invocation_id, self.blobs, self.queues, self.notice)
            inputs += await _read_inputs(function, context)
        most = function.retry.most if function.retry else 0
        metadata = list(call.metadata().items())
        invoke = Invoke(invocation_id, function.function_id, inputs, metadata, retry_count, most, _trace_parent(call))
        try:
            completed = await self.worker.invoke(invoke, self.settings.function_timeout)
        except WorkerError:
            for each in context.missing if context else ():
                self.notice(each)
            raise
        if context:
            await _write_outputs(function, context, completed)
        if function.answer == _RETURN:
            return completed.return_value
        return dict(completed.outputs).get(function.answer, Value())


def _trace_parent(call: TriggerCall) -> str:
    """Returns a span of its own for a call, in the trace of the request over HTTP if that names one.

    azure-functions-host, ScriptInvocationContextExtensions.cs, which gives the worker the current Activity of .NET.
    """
    came = _TRACE_PARENT.fullmatch(call.headers.get("traceparent", "")) if isinstance(call, HttpCall) else None
    trace, flags = (came[1], came[2]) if came else (f"{random.getrandbits(128):032x}", "01")
    return f"00-{trace}-{random.getrandbits(64):016x}-{flags}"


def _refuse_functions_that_do_not_run(app: FunctionApp) -> None:
    for each in app.not_run:
        raise PersonError(
            f"The {each.trigger} of '{each.name}' does not run here: {each.reason}.",
            "Start without --strict to run the other functions.",
        )
    for problem in (*app.errors, *app.caveats):
        raise PersonError(problem, "Mend it, or start without --strict to run the other functions.")


async def _read_inputs(function: Function, context: BindingContext) -> list[tuple[str, Value]]:
    values = await asyncio.gather(*(binding.read(context) for binding in function.inputs))
    return [(binding.name, value) for binding, value in zip(function.inputs, values, strict=True)]


async def _write_outputs(function: Function, context: BindingContext, completed: Completed) -> None:
    outputs = dict(completed.outputs)
    if any(binding.name == _RETURN for binding in function.outputs):
        outputs[_RETURN] = completed.return_value
    else:
        outputs |= _members_of(completed.return_value)
    for binding in function.outputs:
        value = outputs.get(binding.name)
        if value is not None and value.kind is not None:
            await binding.write(context, value)


def _members_of(returned: Value) -> dict[str, Value]:
    """Returns the members of an object that a function returned: the host gives them to the outputs of their names.

    azure-functions-host, WorkerFunctionInvoker.HandleOutputDictionary.
    """
    members = json.loads(returned.value) if returned.kind == "json" else None
    if not isinstance(members, dict):
        return {}
    return {
        name: Value("string", member) if isinstance(member, str) else Value("json", json.dumps(member))
        for name, member in members.items()
        if member is not None
    }
