"""The host: loads an app, and runs its functions with their bindings. It knows no socket.

https://learn.microsoft.com/azure/azure-functions/functions-host describes the original; its order of work in a call is
resolve every input, run the function, write the outputs, and fail the call if any of it fails.
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from local.errors import InvocationError
from local.functions_host.app_advice import advice
from local.functions_host.blob_store import BlobStore
from local.functions_host.functions import Function, FunctionApp, load_functions
from local.functions_host.settings import Settings
from local.functions_host.tool_results import tool_result
from local.functions_host.tool_trigger import ToolCall
from local.functions_host.worker_messages import Completed, FunctionMetadata, Invoke, Value


class FunctionRunner(Protocol):
    """Runs functions; worker.Worker does, and a test may."""

    async def start(self) -> list[FunctionMetadata]:
        """Loads the app and returns its functions."""
        ...

    async def invoke(self, call: Invoke, timeout: float | None) -> Completed:
        """Runs a function. Raises WorkerError."""
        ...

    def retire(self) -> None:
        """Lets calls under way go on, but starts nothing again that ends."""
        ...

    async def stop(self) -> None:
        """Ends whatever `start` started."""
        ...


@dataclass(frozen=True)
class Execution:
    """One call as it is logged: never what was said in it."""

    function: Function
    invocation_id: str
    milliseconds: float
    error: str | None
    """Why it failed, None if it succeeded."""


@dataclass
class FunctionsHost:
    """Runs one app. `on_executed` hears of every call after it ended."""

    settings: Settings
    worker: FunctionRunner
    blobs: BlobStore
    on_executed: Callable[[Execution], None]
    app: FunctionApp = field(default_factory=lambda: FunctionApp(()))
    executing: dict[str, Function] = field(default_factory=dict[str, Function])
    """The calls under way, by invocation id."""
    advice: tuple[str, ...] = ()
    """What the person should know of an app that loads, and yet does not do what was meant."""
    _preparing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Loads the app. Raises AppLoadError if it does not load, PersonError where the real host would not start."""
        indexed = await self.worker.start()
        self.app = load_functions(indexed, self.settings.configuration)
        self.advice = advice(self.settings.app_directory, indexed)
        if any(function.inputs or function.outputs for function in self.app.functions):
            self._preparing = asyncio.create_task(self.blobs.prepare())

    def retire(self) -> None:
        """Lets calls under way go on, for a stop that follows them."""
        self.worker.retire()

    async def stop(self) -> None:
        """Ends the worker and closes the storage."""
        await self.worker.stop()
        await self.blobs.close()

    async def call_tool(self, function: Function, call: ToolCall) -> bytes:
        """Runs a tool and returns its result as JSON. Raises InvocationError, which is already reported then."""
        # No secret, so unique is enough; drawn from the system's source it would cost twice the call's log line.
        invocation_id = str(UUID(int=random.getrandbits(128), version=4))
        started = time.perf_counter()
        error: str | None = None
        self.executing[invocation_id] = function
        try:
            value = await self._run(function, call, invocation_id)
            return tool_result(value, use_result_schema=function.trigger.use_result_schema)
        except InvocationError as failure:
            error = str(failure)
            raise
        except asyncio.CancelledError:
            error = "The call was cancelled."
            raise
        finally:
            del self.executing[invocation_id]
            self.on_executed(Execution(function, invocation_id, (time.perf_counter() - started) * 1000, error))

    async def _run(self, function: Function, call: ToolCall, invocation_id: str) -> Value:
        trigger = Value("string", call.trigger_json().decode())
        inputs = [(function.trigger.binding_name, trigger), *await self._read_inputs(function, call)]
        invocation = Invoke(invocation_id, function.function_id, inputs)
        completed = await self.worker.invoke(invocation, self.settings.function_timeout)
        await self._write_outputs(function, call, invocation_id, dict(completed.outputs))
        return completed.return_value

    async def _read_inputs(self, function: Function, call: ToolCall) -> list[tuple[str, Value]]:
        if not function.inputs:
            return []
        data = call.binding_data()
        reads = [binding.read(self.blobs, binding.resolve(data, function.name)) for binding in function.inputs]
        values = await asyncio.gather(*reads)
        return [(binding.name, value) for binding, value in zip(function.inputs, values, strict=True)]

    async def _write_outputs(
        self, function: Function, call: ToolCall, invocation_id: str, outputs: dict[str, Value]
    ) -> None:
        for binding in function.outputs:
            value = outputs.get(binding.name)
            if value is not None:
                path = binding.resolve(call.binding_data(), function.name)
                await binding.write(self.blobs, path, value, invocation_id)
