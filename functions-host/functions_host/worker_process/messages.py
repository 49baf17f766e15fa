"""What the host and the worker process say to each other: each message marshalled, behind its length.

Azure's host speaks gRPC here. The messages carry the same facts under the same names
(https://github.com/Azure/azure-functions-language-worker-protobuf), without a protobuf compiler or a port. They are
written by `marshal`, of the standard library: any package that this process needed, an app could import here without
naming it, and would get our version of it. Both ends run on one Python, and trust each other as far as an app and
whoever starts it do.
"""

import asyncio
import marshal
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

Kind = Literal["string", "bytes", "json", "int", "double", "http", "model_binding_data"]


class Value(NamedTuple):
    """A TypedData: `kind` names the member that is set, None that none is."""

    kind: Kind | None = None
    value: Any = None
    """str, bytes, int or float, as `kind` says; for model_binding_data the JSON that names a blob, as bytes.

    For http, to the worker: method, url, headers, query, route parameters, body. From it: status, headers, cookies (a
    dict each, of plain values), body.
    """


class FunctionMetadata(NamedTuple):
    """One function as the worker indexed it; each of `raw_bindings` is the JSON that the host reads."""

    name: str
    function_id: str
    raw_bindings: list[str]


class Invoke(NamedTuple):
    """Host to worker: run a function. `inputs` holds the trigger and every input binding, by name."""

    invocation_id: str
    function_id: str
    inputs: list[tuple[str, Value]]
    metadata: list[tuple[str, Value]] = []  # noqa: RUF012  (never changed)
    """What the trigger has to say beside its value, by name."""


class Stop(NamedTuple):
    """Host to worker: finish the calls under way and end."""


class Indexed(NamedTuple):
    """Worker to host: the app is loaded, and these are its functions."""

    functions: list[FunctionMetadata]


class IndexFailed(NamedTuple):
    """Worker to host: the app could not be loaded."""

    message: str
    stack: str


class DebuggerListens(NamedTuple):
    """Worker to host: a debugger can attach to this process, on this port."""

    port: int


class Completed(NamedTuple):
    """Worker to host: the function returned. `outputs` holds the Out parameters that were set."""

    invocation_id: str
    return_value: Value
    outputs: list[tuple[str, Value]]


class Failed(NamedTuple):
    """Worker to host: the function raised."""

    invocation_id: str
    message: str
    stack: str


class Log(NamedTuple):
    """Worker to host: a record of the `logging` module; `invocation_id` is None outside of a call."""

    level: int
    logger: str
    text: str
    invocation_id: str | None


type Message = Invoke | Stop | Indexed | IndexFailed | DebuggerListens | Completed | Failed | Log
_KINDS: tuple[type[Message], ...] = (Invoke, Stop, Indexed, IndexFailed, DebuggerListens, Completed, Failed, Log)
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}


def frame(message: Message) -> bytes:
    """Returns `message` as it goes over the socket. Raises UnicodeEncodeError for half of a surrogate pair."""
    body = marshal.dumps((_NUMBERS[type(message)], *_plain(message)))
    return len(body).to_bytes(4, "big") + body


def _plain(message: Message) -> tuple[Any, ...]:
    """Returns the fields of a message in tuples and lists only: marshal knows no others."""
    match message:
        case Invoke():
            inputs, metadata = ([_named(*each) for each in some] for some in (message.inputs, message.metadata))
            return message.invocation_id, message.function_id, inputs, metadata
        case Completed():
            outputs = [_named(*each) for each in message.outputs]
            return message.invocation_id, _of_value(message.return_value), outputs
        case Indexed():
            return ([tuple(each) for each in message.functions],)
        case _:
            return tuple(message)


def _named(name: str, value: Value) -> tuple[Any, ...]:
    return name, _of_value(value)


def _of_value(value: Value) -> tuple[Any, ...]:
    if isinstance(value.value, str):
        value.value.encode()  # marshal would carry half of a surrogate pair, and then the answer to the client fails
    return tuple(value)


def _read(body: memoryview) -> Message:
    number, *fields = marshal.loads(body)  # noqa: S302  (from whoever runs the app, and as whom it runs)
    match _KINDS[number]:
        case kind if kind is Invoke:
            return Invoke(fields[0], fields[1], _values(fields[2]), _values(fields[3]))
        case kind if kind is Completed:
            return Completed(fields[0], Value(*fields[1]), _values(fields[2]))
        case kind if kind is Indexed:
            return Indexed([FunctionMetadata(*each) for each in fields[0]])
        case kind:
            return kind(*fields)


def _values(named: list[tuple[str, Any]]) -> list[tuple[str, Value]]:
    return [(name, Value(*value)) for name, value in named]


class FrameWriter:
    """Sends messages over the socket, together those of one turn of the event loop: each write costs a wake-up."""

    def __init__(self, transport: asyncio.WriteTransport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._waiting: list[bytes] = []

    def send(self, data: bytes) -> None:
        """Sends what `frame` returned, after what was sent before."""
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(data)

    def _flush(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(b"".join(self._waiting))
        self._waiting.clear()


class FrameReader:
    """Puts messages together again from whatever pieces the socket delivers."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yields every message that `data` completes."""
        self._buffer += data
        while len(self._buffer) >= 4:
            end = 4 + int.from_bytes(self._buffer[:4], "big")
            if len(self._buffer) < end:
                return
            with memoryview(self._buffer) as view:
                message = _read(view[4:end])
            del self._buffer[:end]
            yield message
