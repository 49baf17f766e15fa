"""What an input or output binding is to the host: something to read before a call, or to write after it."""

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from functions_host.bindings.expressions import BindingValue
from functions_host.storage.blob_store import BlobStore
from functions_host.storage.queue_store import QueueStore
from functions_host.worker_process.messages import Value


class BindingContext(msgspec.Struct, frozen=True):
    """All that the bindings of one call can use."""

    call: object
    """The request that is answered, for the bindings that only its kind of trigger has."""
    data: Mapping[str, BindingValue]
    """What their expressions can name, with lower-case names at the top."""
    function_name: str
    invocation_id: str
    blobs: BlobStore
    queues: QueueStore
    notice: Callable[[str], None]
    """Tells the person what they should know of this call."""
    missing: list[str] = msgspec.field(default_factory=list[str])
    """What the bindings were to read and did not find, a sentence each: told if the call then fails."""


class InputBinding(Protocol):
    """Gives the function one of its arguments."""

    @property
    def name(self) -> str:
        """The name of the parameter."""
        ...

    async def read(self, context: BindingContext) -> Value:
        """Returns what the function receives. Raises BindingError."""
        ...


class OutputBinding(Protocol):
    """Takes what the function gave to one of its Out parameters, or returned."""

    @property
    def name(self) -> str:
        """The name of the parameter, or `$return`."""
        ...

    async def write(self, context: BindingContext, value: Value) -> None:
        """Writes what the function set. Raises BindingError."""
        ...
