"""What the MCP extension itself answered, recorded, and a host that is given the same: raw bindings, returned values.

Microsoft.Azure.Functions.Extensions.Mcp 1.6.0 was run in a WebJobs host with sets of raw bindings, and asked. No Python
app is needed for it: bindings come in where the worker's index does, and values where its answers do.
"""

import base64
import gzip
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from functions_host.app.settings import Configuration, Settings
from functions_host.errors import WorkerError
from functions_host.host.functions import Function
from functions_host.host.host import Execution, FunctionsHost
from functions_host.mcp.legacy_sse import message_event
from functions_host.mcp.messages import Request, parse_message
from functions_host.mcp.protocol import McpProtocol
from functions_host.storage.blob_store import BlobPath, BlobStore
from functions_host.storage.connections import storage_connection_string
from functions_host.storage.queue_store import QueueStore
from functions_host.triggers.calls import McpClient
from functions_host.triggers.trigger_call import TriggerCall
from functions_host.worker_process.messages import Completed, FunctionMetadata, Indexed, Invoke, Value

_STORAGE = "AzureWebJobsStorage"
_RECORDED = Path(__file__).parent / "recorded"


class Returned(msgspec.Struct):
    """What a function returns: the member of TypedData that is set, and its value (base64 for bytes)."""

    kind: str
    value: Any = None


class Answer(msgspec.Struct):
    """An answer over HTTP."""

    status: int
    body: str


class Declared(msgspec.Struct):
    """A function as the worker indexes it."""

    name: str
    binding: str
    binds: list[str] = []


class RecordedSet(msgspec.Struct):
    """Functions, requests in their order, and what became of both."""

    id: str
    functions: list[Declared]
    requests: list[str]
    returns: dict[str, Returned] = {}
    settings: list[str] = []
    start: Any = None
    """Why the host does not start, None if it does."""
    notes: list[str] = []
    """Warnings and errors that were logged."""
    answers: list[Answer] = []
    bound: list[dict[str, Any]] = []


def with_bindings(recorded: RecordedSet, binds: list[str]) -> RecordedSet:
    """Returns a set of one function with other bindings beside its trigger."""
    (function,) = recorded.functions
    return msgspec.structs.replace(recorded, functions=[msgspec.structs.replace(function, binds=binds)])


def recorded_sets(name: str) -> list[RecordedSet]:
    """Returns the sets in one of the recorded files."""
    lines = gzip.decompress((_RECORDED / f"{name}.jsonl.gz").read_bytes()).splitlines()
    return [msgspec.json.decode(line, type=RecordedSet) for line in lines]


@dataclass
class RecordedWorker:
    """Indexes the functions of a set and returns what they return."""

    declared: RecordedSet
    inputs: list[dict[str, Value]] = field(default_factory=list[dict[str, Value]])

    async def start(self) -> Indexed:
        return Indexed(
            [FunctionMetadata(each.name, each.name, [*each.binds, each.binding]) for each in self.declared.functions]
        )

    async def invoke(self, call: Invoke, timeout: float | None) -> Completed:
        self.inputs.append(dict(call.inputs))
        outputs = [(json.loads(each)["name"], Value("string", "ok")) for each in self.declared.functions[0].binds]
        return Completed(call.invocation_id, _value(self.declared.returns.get(call.function_id)), outputs)

    def retire(self) -> None:
        pass

    async def stop(self, seconds: float = 2) -> None:
        pass


def _value(returned: Returned | None) -> Value:
    match returned:
        case None | Returned(kind="none"):
            return Value()
        case Returned(kind="failed"):
            raise WorkerError("The function raised.")
        case Returned(kind="bytes", value=text):
            return Value("bytes", base64.b64decode(text))
        case Returned(kind=kind, value=value):
            return Value(kind, value)  # pyright: ignore[reportArgumentType]


class RecordingBlobs(BlobStore):
    """Blobs of which only the names are kept."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__(configuration)
        self._settings = configuration
        self.named: list[str] = []

    async def read(self, connection: str, path: BlobPath) -> bytes | None:
        storage_connection_string(self._settings, connection)
        self.named.append(f"{path.container}|{path.blob}")
        return b""

    async def write(self, connection: str, path: BlobPath, content: bytes, metadata: dict[str, str]) -> None:
        await self.read(connection, path)


class RecordingQueues(QueueStore):
    """Queues of which only the names are kept."""

    def __init__(self, configuration: Configuration, named: list[str]) -> None:
        super().__init__(configuration)
        self._settings = configuration
        self._named = named

    async def send(self, connection: str, queue: str, messages: list[bytes]) -> None:
        storage_connection_string(self._settings, connection)
        self._named.append(queue)


class RecordingHost(FunctionsHost):
    """A host that keeps what its functions were called with."""

    calls: list[tuple[Function, TriggerCall]]

    def __post_init__(self) -> None:
        super().__post_init__()
        self.calls = []

    async def run(self, function: Function, call: TriggerCall, retry_count: int = 0) -> Any:
        self.calls.append((function, call))
        return await super().run(function, call)


class RecordedHost:
    """A host that serves one set. Of storage it keeps only the names that are used."""

    def __init__(self, declared: RecordedSet, settings: Settings) -> None:
        environment = {_STORAGE: "UseDevelopmentStorage=true"} | dict(each.split("=", 1) for each in declared.settings)
        configuration = Configuration(environment)
        self.worker = RecordedWorker(declared)
        self.executions: list[Execution] = []
        blobs = RecordingBlobs(configuration)
        self.named = blobs.named
        self.host = RecordingHost(
            msgspec.structs.replace(settings, configuration=configuration), self.worker, blobs, self.executions.append
        )
        self.host.queues = RecordingQueues(configuration, self.named)

    async def ask(self, body: str) -> str:
        """Returns the body of the answer to a request, as it would be sent."""
        message = parse_message(body.encode())
        assert isinstance(message, Request)
        client = McpClient("http-streamable", _headers(body))
        return message_event(await McpProtocol(self.host).answer(message, client)).decode()


def _headers(body: str) -> dict[str, str]:
    return {
        "Accept": "application/json, text/event-stream",
        "Host": "127.0.0.1:7071",
        "Content-Type": "application/json",
        "Content-Length": str(len(body.encode())),
    }


def same_answer(ours: str, recorded: str) -> bool:
    """Whether two bodies are equal, byte for byte, save for the order of members within `_meta`, which is random."""
    return ours == recorded or ("_meta" in recorded and _in_any_order(ours) == _in_any_order(recorded))


def _in_any_order(body: str) -> Any:
    event, _, data = body.partition("data: ")
    read = json.loads(
        data, parse_int=str, parse_float=str, object_pairs_hook=lambda pairs: [tuple(each) for each in pairs]
    )
    return event, _sorted_meta(read, within=False)


def _sorted_meta(value: Any, *, within: bool) -> Any:
    if isinstance(value, tuple):  # a member
        name, member = value
        return name, _sorted_meta(member, within=within or name == "_meta")
    if not isinstance(value, list):
        return value
    elements = [_sorted_meta(each, within=within) for each in value]
    return sorted(elements, key=repr) if within and any(isinstance(each, tuple) for each in elements) else elements
