"""What the host and the worker process say to each other: each message marshalled, behind its length.

Azure's host speaks gRPC here. The messages carry the same facts under the same names
(https://github.com/Azure/azure-functions-language-worker-protobuf), without a protobuf compiler or a port. They are
written by `marshal`, of the standard library: any package that this process needed, an app could import here without
naming it, and would get our version of it. Both ends run on one Python, and trust each other as far as an app and
whoever starts it do.
"""

import asyncio
import marshal
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


class Retry(NamedTuple):
    """What @app.retry says: how often a function that fails is tried again, and after how many seconds."""

    most: int
    """-1: without end."""
    is_fixed: bool
    """Whether it waits for `shortest` each time, rather than longer and longer."""
    shortest: float
    longest: float


class FunctionMetadata(NamedTuple):
    """One function as the worker indexed it; each of `raw_bindings` is the JSON that the host reads."""

    name: str
    function_id: str
    raw_bindings: list[str]
    retry: Retry | None = None


class Invoke(NamedTuple):
    """Host to worker: run a function. `inputs` holds the trigger and every input binding, by name."""

    invocation_id: str
    function_id: str
    inputs: list[tuple[str, Value]]
    metadata: list[tuple[str, Value]] = []  # noqa: RUF012  (never changed)
    """What the trigger has to say beside its value, by name."""
    retry_count: int = 0
    """0 for the first try."""
    max_retry_count: int = 0
    trace_parent: str = ""
    """The `traceparent` of W3C Trace Context under which it runs."""


class Stop(NamedTuple):
    """Host to worker: finish the calls under way and end."""


class LeftOut(NamedTuple):
    """Functions that one file declares on one FunctionApp or Blueprint, and that the app does not have."""

    file: str
    """Such as `blueprints/pages.py`, from the app's folder."""
    functions: list[str]
    container: str
    """What they are declared on, such as `blueprints.pages.blueprint`; '' where no variable names it any more."""
    is_app: bool
    """Whether that is a FunctionApp, which cannot be registered."""
    registered: bool
    """Whether the app has others of it, which were declared before it was registered."""


class Indexed(NamedTuple):
    """Worker to host: the app is loaded, and these are its functions."""

    functions: list[FunctionMetadata]
    http_uri: str | None = None
    """Where the process takes the requests of functions over HTTP itself, to stream them; None: it does not."""
    left_out: list[LeftOut] = []  # noqa: RUF012  (never changed)
    imported: list[str] | None = None
    """The app's files that were imported, named from its folder; None: it is not known."""


class IndexFailed(NamedTuple):
    """Worker to host: the app could not be loaded."""

    message: str
    stack: str
    there_are: list[str] = []  # noqa: RUF012  (never changed)
    """The decorators of a FunctionApp or Blueprint, or the arguments of one, where the app wrote another."""


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
_LENGTH = 4
"""Bytes before a message, that say how many it has."""
_LARGE = 64 * 1024
_LARGEST_KEPT = 4 * 1024 * 1024
"""The buffer for what is received keeps this size after a large message, for the next one."""
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}


def frame(message: Message) -> tuple[bytes, bytes]:
    """Returns `message` as it goes over the socket: its length, then itself.

    Raises UnicodeEncodeError for half of a surrogate pair.
    """
    body = marshal.dumps((_NUMBERS[type(message)], *_plain(message)))
    return len(body).to_bytes(_LENGTH, "big"), body


def _plain(message: Message) -> tuple[Any, ...]:
    """Returns the fields of a message in tuples and lists only: marshal knows no others."""
    match message:
        case Invoke():
            inputs, metadata = ([_named(*each) for each in some] for some in (message.inputs, message.metadata))
            return message.invocation_id, message.function_id, inputs, metadata, *message[4:]
        case Completed():
            outputs = [_named(*each) for each in message.outputs]
            return message.invocation_id, _of_value(message.return_value), outputs
        case Indexed():
            functions = [(*each[:3], tuple(each.retry) if each.retry else None) for each in message.functions]
            left_out = [tuple(each) for each in message.left_out]
            return functions, message.http_uri, left_out, message.imported
        case _:
            return tuple(message)


def _named(name: str, value: Value) -> tuple[Any, ...]:
    return name, _of_value(value)


def _of_value(value: Value) -> tuple[Any, ...]:
    if isinstance(value.value, str) and not value.value.isascii():
        value.value.encode()  # marshal would carry half of a surrogate pair, and then the answer to the client fails
    return tuple(value)


def _read(body: memoryview) -> Message:
    number, *fields = marshal.loads(body)  # noqa: S302  (from whoever runs the app, and as whom it runs)
    match _KINDS[number]:
        case kind if kind is Invoke:
            return Invoke(fields[0], fields[1], _values(fields[2]), _values(fields[3]), *fields[4:])
        case kind if kind is Completed:
            return Completed(fields[0], Value(*fields[1]), _values(fields[2]))
        case kind if kind is Indexed:
            functions = [
                FunctionMetadata(name, function_id, raw_bindings, Retry(*retry) if retry else None)
                for name, function_id, raw_bindings, retry in fields[0]
            ]
            left_out = [LeftOut(*each) for each in fields[2]]
            return Indexed(functions, fields[1], left_out, fields[3])
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
        self._size = 0

    def send(self, length: bytes, body: bytes) -> None:
        """Sends what `frame` returned, after what was sent before."""
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting += (length, body)
        self._size += len(body)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        size, self._size = self._size, 0
        if self._transport.is_closing():
            return
        if size < _LARGE:
            self._transport.write(b"".join(waiting))
        else:
            self._transport.writelines(waiting)  # without a copy


class FrameReader:
    """Puts messages together again, in a buffer that the socket writes to."""

    def __init__(self) -> None:
        self._buffer = bytearray(_LARGE)
        self._filled = 0

    def space(self) -> memoryview:
        """Returns where the next bytes go."""
        return memoryview(self._buffer)[self._filled :]

    def received(self, count: int) -> list[Message]:
        """Returns every message that the `count` bytes now in `space` complete."""
        self._filled += count
        messages: list[Message] = []
        start, end = 0, self._end_of_frame(0)
        with memoryview(self._buffer) as view:
            while end <= self._filled:
                messages.append(_read(view[start + _LENGTH : end]))
                start, end = end, self._end_of_frame(end)
        self._keep(start, end - start)
        return messages

    def _end_of_frame(self, start: int) -> int:
        """Returns where the frame ends that starts there, or, as long as that is not known, where its length does."""
        body = start + _LENGTH
        if self._filled < body:
            return body
        return body + int.from_bytes(self._buffer[start:body], "big")

    def _keep(self, start: int, wanted: int) -> None:
        """Keeps what has come of an incomplete frame, in a buffer that has room for all of its `wanted` bytes."""
        fits = wanted <= len(self._buffer) and not len(self._buffer) > _LARGEST_KEPT >= wanted
        if fits and start == 0:
            return  # of a long frame only a piece comes at a time, and none is moved
        rest = self._buffer[start : self._filled]
        if not fits:
            self._buffer = bytearray(max(wanted, _LARGE))
        self._buffer[: len(rest)] = rest
        self._filled = len(rest)
