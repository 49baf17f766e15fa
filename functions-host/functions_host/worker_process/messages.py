"""What the host and the worker process say to each other: MessagePack, each message behind its length.

Azure's host speaks gRPC here. The messages carry the same facts under the same names
(https://github.com/Azure/azure-functions-language-worker-protobuf), without a protobuf compiler or a port.
"""

import asyncio
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

Kind = Literal["string", "bytes", "json", "int", "double", "model_binding_data"]


class Value(msgspec.Struct, array_like=True, frozen=True):
    """A TypedData: `kind` names the member that is set, None that none is."""

    kind: Kind | None = None
    value: Any = None
    """str, bytes, int or float, as `kind` says; for model_binding_data the JSON that names a blob, as bytes."""


class Message(msgspec.Struct, array_like=True, tag=True, frozen=True):
    """Base of the messages. `tag` is the class name."""


class Invoke(Message, frozen=True):
    """Host to worker: run a function. `inputs` holds the trigger and every input binding, by name."""

    invocation_id: str
    function_id: str
    inputs: list[tuple[str, Value]]


class Stop(Message, frozen=True):
    """Host to worker: finish the calls under way and end."""


class FunctionMetadata(msgspec.Struct, array_like=True, frozen=True):
    """One function as the worker indexed it; each of `raw_bindings` is the JSON that the host reads."""

    name: str
    function_id: str
    raw_bindings: list[str]


class Indexed(Message, frozen=True):
    """Worker to host: the app is loaded, and these are its functions."""

    functions: list[FunctionMetadata]


class IndexFailed(Message, frozen=True):
    """Worker to host: the app could not be loaded."""

    message: str
    stack: str


class DebuggerListens(Message, frozen=True):
    """Worker to host: a debugger can attach to this process, on this port."""

    port: int


class Completed(Message, frozen=True):
    """Worker to host: the function returned. `outputs` holds the Out parameters that were set."""

    invocation_id: str
    return_value: Value
    outputs: list[tuple[str, Value]]


class Failed(Message, frozen=True):
    """Worker to host: the function raised."""

    invocation_id: str
    message: str
    stack: str


class Log(Message, frozen=True):
    """Worker to host: a record of the `logging` module; `invocation_id` is None outside of a call."""

    level: int
    logger: str
    text: str
    invocation_id: str | None


FROM_HOST: msgspec.msgpack.Decoder[Invoke | Stop] = msgspec.msgpack.Decoder(Invoke | Stop)
type FromWorker = Indexed | IndexFailed | DebuggerListens | Completed | Failed | Log
FROM_WORKER: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(
    Indexed | IndexFailed | DebuggerListens | Completed | Failed | Log
)

_encode = msgspec.msgpack.Encoder().encode


def frame(message: Message) -> bytes:
    """Returns `message` as it goes over the socket. Raises UnicodeEncodeError for half of a surrogate pair."""
    body = _encode(message)
    return len(body).to_bytes(4, "big") + body


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


class FrameReader[T]:
    """Puts messages together again from whatever pieces the socket delivers."""

    def __init__(self, decoder: msgspec.msgpack.Decoder[T]) -> None:
        self._decode = decoder.decode
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[T]:
        """Yields every message that `data` completes."""
        self._buffer += data
        while len(self._buffer) >= 4:
            end = 4 + int.from_bytes(self._buffer[:4], "big")
            if len(self._buffer) < end:
                return
            message = self._decode(memoryview(self._buffer)[4:end].tobytes())
            del self._buffer[:end]
            yield message
