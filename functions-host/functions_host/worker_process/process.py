"""The child process that runs the app, on the worker library that Azure itself runs.

The parent is worker/worker.py, and boot.py starts it; nothing else enters here. The order of the first steps is that of
Azure's proxy worker: append the app's folder to sys.path (the current folder already is that folder), start the thread
pool, load the app.

The calls into `azure_functions_runtime` are those of its `handle_event` module, which are the same for every trigger.
"""

import asyncio
import logging
import os
import socket
import sys
import threading
import traceback
from types import SimpleNamespace
from typing import cast

import azure_functions_runtime as runtime  # pyright: ignore[reportMissingTypeStubs]

from . import protos
from .http_messages import http_answer, http_request
from .memory import keep_freed_memory
from .messages import (
    Completed,
    DebuggerListens,
    Failed,
    FrameReader,
    FrameWriter,
    FunctionMetadata,
    Indexed,
    IndexFailed,
    Invoke,
    Log,
    Message,
    Retry,
    Stop,
    Value,
    frame,
)
from .watchdog import Watchdog

# Azure's proxy worker treats the records of these loggers as its own, and the console of `func` does not show them.
_SYSTEM_LOGGERS = ("azure.functions", "azure_functions_runtime")


class WorkerProcess(asyncio.BufferedProtocol):
    """Answers the host's messages for as long as the socket is open."""

    def __init__(self) -> None:
        self._frames_in = FrameReader()
        self._frames_out: FrameWriter | None = None
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._calls: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()
        self.latest_call: str | None = None
        """The invocation that began last, under way or over."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._frames_out = FrameWriter(cast("asyncio.WriteTransport", transport))

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._frames_in.space()

    def buffer_updated(self, nbytes: int) -> None:
        for message in self._frames_in.received(nbytes):
            match message:
                case Invoke():
                    call = asyncio.Task(self._run(message), loop=self._loop, eager_start=True)
                    if not call.done():
                        self._calls.add(call)
                        call.add_done_callback(self._calls.discard)
                case Stop():
                    self._stop.set()
                case _:
                    raise AssertionError(f"the host sent {type(message).__name__}")

    def connection_lost(self, exc: Exception | None) -> None:
        # The host is gone. Threads of the app may still be busy, and must not keep this process alive.
        os._exit(0)

    def send(self, message: Message) -> None:
        """Sends `message` to the host; may be called from any thread."""
        data = frame(message)
        assert self._frames_out is not None
        if threading.get_ident() == self._loop_thread:
            self._frames_out.send(*data)
        else:
            self._loop.call_soon_threadsafe(self._frames_out.send, *data)

    async def finished(self) -> None:
        """Waits for the host to say stop, then for the calls under way."""
        await self._stop.wait()
        await asyncio.gather(*self._calls)

    async def _run(self, call: Invoke) -> None:
        self.latest_call = call.invocation_id
        try:
            answer = await _invoke(call)
            data = frame(answer)
        # BaseException, because SystemExit and CancelledError pass through the worker library. In Azure they end the
        # worker process, which is then started again; the client sees a failed call either way.
        except BaseException as error:  # noqa: BLE001
            message, stack = f"{type(error).__name__}: {error}", traceback.format_exc()
            data = frame(Failed(call.invocation_id, _encodable(message), _encodable(stack)))
        assert self._frames_out is not None
        self._frames_out.send(*data)


class _HostLog(logging.Handler):
    """Sends the records of the app's loggers to the host, each with the invocation it belongs to."""

    def __init__(self, process: WorkerProcess) -> None:
        super().__init__()
        self._process = process

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
            # A thread that the app has started carries no invocation: as in the proxy worker, the latest is taken.
            invocation_id = runtime.invocation_id_cv.get() or self._process.latest_call
            self._process.send(Log(record.levelno, record.name, text, invocation_id))
        except Exception:  # noqa: BLE001  (as every handler of the logging module does)
            self.handleError(record)


async def load_app(app_directory: str) -> Indexed | IndexFailed:
    """Imports and indexes the app in `app_directory`; call it once a process, the library cannot do it twice."""
    runtime.start_threadpool_executor()
    init = SimpleNamespace(function_app_directory=app_directory, capabilities={})
    try:
        from .containers import Containers, what_there_is  # on the app's own azure-functions
    except ImportError as error:
        return IndexFailed(f"ImportError: azure-functions cannot be used: {error}", traceback.format_exc())
    containers = Containers(app_directory)
    with containers:
        started: protos.WorkerInitResponse = await runtime.worker_init_request(
            SimpleNamespace(
                request=SimpleNamespace(worker_init_request=init),
                properties={"protos": protos, "host": "127.0.0.1"},
            )
        )
    if started.result.status == protos.StatusResult.Failure:
        exception = started.result.exception
        return IndexFailed(exception.message, exception.stack_trace, what_there_is(exception.message))
    metadata: protos.FunctionMetadataResponse = await runtime.functions_metadata_request(SimpleNamespace())
    functions = metadata.function_metadata_results or []  # None where there is no function_app.py, or no function in it
    found = [FunctionMetadata(each.name, each.function_id, each.raw_bindings, _retry(each)) for each in functions]
    http_uri = started.capabilities.get("HttpUri")
    return Indexed(found, http_uri, containers.left_out(), containers.imported_files())


def _retry(function: protos.RpcFunctionMetadata) -> Retry | None:
    options = function.retry_options
    if options is None:
        return None
    is_fixed = options.retry_strategy == "fixed_delay"
    shortest = options.delay_interval if is_fixed else options.minimum_interval
    longest = options.delay_interval if is_fixed else options.maximum_interval
    return Retry(options.max_retry_count, is_fixed, shortest.total_seconds(), longest.total_seconds())


async def _invoke(call: Invoke) -> Completed | Failed:
    inputs = [protos.ParameterBinding(name, _typed_data(value)) for name, value in call.inputs]
    request = SimpleNamespace(
        invocation_id=call.invocation_id,
        function_id=call.function_id,
        input_data=inputs,
        trigger_metadata={name: _typed_data(value) for name, value in call.metadata},
        trace_context=SimpleNamespace(trace_parent=call.trace_parent, trace_state="", attributes={}),
        retry_context=SimpleNamespace(
            retry_count=call.retry_count, max_retry_count=call.max_retry_count, exception=None
        ),
    )
    # The library sets this for functions that run in its thread pool; for async ones the caller has to.
    runtime.invocation_id_cv.set(call.invocation_id)  # pyright: ignore[reportArgumentType]
    response: protos.InvocationResponse = await runtime.invocation_request(
        SimpleNamespace(request=SimpleNamespace(invocation_request=request), properties={})
    )
    if response.result.status == protos.StatusResult.Failure:
        exception = response.result.exception
        return Failed(call.invocation_id, _encodable(exception.message), _encodable(exception.stack_trace))
    outputs = [(each.name, _value(each.data)) for each in response.output_data]
    return Completed(call.invocation_id, _value(response.return_value), outputs)


def _encodable(text: str) -> str:
    """Returns `text` with halves of surrogate pairs, which no message can carry, written out as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _typed_data(value: Value) -> protos.TypedData:
    if value.kind == "model_binding_data":
        model = protos.ModelBindingData(
            version="1.0", source="AzureStorageBlobs", content_type="application/json", content=value.value
        )
        return protos.TypedData(model_binding_data=model)
    if value.kind == "http":
        return protos.TypedData(http=http_request(value.value))
    return protos.TypedData(**{value.kind: value.value}) if value.kind else protos.TypedData()


def _value(data: protos.TypedData | None) -> Value:
    if data and data.kind == "http":
        return Value("http", http_answer(data.value))  # pyright: ignore[reportArgumentType]
    return Value(data.kind, data.value) if data and data.kind else Value()  # pyright: ignore[reportArgumentType]


async def main(connection: socket.socket, app_directory: str, debugpy_packages: str | None) -> None:
    """Loads the app, reports its functions, and runs calls until the host says stop."""
    loop = asyncio.get_running_loop()
    _, process = await loop.create_connection(WorkerProcess, sock=connection)
    _route_logging(process)
    if debugpy_packages:
        process.send(DebuggerListens(_listen_for_debugger(debugpy_packages)))
    watchdog = Watchdog(app_directory)
    if not debugpy_packages:  # a breakpoint would hold up everything too
        watchdog.start()
    process.send(await load_app(app_directory))
    watchdog.app_is_loaded()
    await process.finished()
    runtime.stop_threadpool_executor()
    # As in Azure, where the process is killed: what the app has left open complains at length when Python shuts down.
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def _listen_for_debugger(packages: str) -> int:
    """Lets a debugger attach to this process, and returns the port for it: any that is free, debug_port.py finds it.

    debugpy is the host's, not the app's: `packages`, the folder that it is in, is on the path for its import alone.
    """
    sys.path.insert(0, packages)
    import debugpy

    sys.path.remove(packages)
    _, port = debugpy.listen(("127.0.0.1", 0))
    return port


def _route_logging(process: WorkerProcess) -> None:
    root = logging.getLogger()
    root.addHandler(_HostLog(process))
    debug = os.environ.get("PYTHON_ENABLE_DEBUG_LOGGING", "").lower() in ("1", "true", "yes", "y", "t")
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    for name in _SYSTEM_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def _received_socket(argument: str) -> socket.socket:
    """Returns the socket that the host passed: by the number of its descriptor, or on Windows over stdin."""
    if sys.platform == "win32":
        return socket.fromshare(sys.stdin.buffer.read())
    return socket.socket(fileno=int(argument))


def run(arguments: list[str]) -> None:
    """Runs the process. Arguments: the socket, the app's folder and, to be debugged, the folder that has debugpy."""
    keep_freed_memory()
    received = _received_socket(arguments[0])
    directory = arguments[1]
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115  (an app that reads its input must not wait for ours)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # pyright: ignore[reportAttributeAccessIssue]
    sys.path.append(directory)
    asyncio.run(main(received, directory, arguments[2] if len(arguments) > 2 else None))
