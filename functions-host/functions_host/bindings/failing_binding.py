"""A binding that the host takes when the app is loaded, and that then fails every call."""

import msgspec

from functions_host.bindings.binding import BindingContext
from functions_host.errors import BindingError
from functions_host.worker_process.messages import Value


class FailingBinding(msgspec.Struct, frozen=True):
    """An input or output that cannot be made: the host makes bindings beside the trigger in the call."""

    name: str
    reason: str

    async def read(self, context: BindingContext) -> Value:
        raise BindingError(self.reason)

    async def write(self, context: BindingContext, value: Value) -> None:
        raise BindingError(self.reason)
