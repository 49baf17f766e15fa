"""What the host needs to know of whatever makes a function run, be it a request, the clock or a message."""

from collections.abc import Mapping
from typing import Any, Protocol

from functions_host.bindings.expressions import BindingValue
from functions_host.worker_process.messages import Value


class TriggerCall(Protocol):
    """One occasion to run a function."""

    def trigger_value(self) -> Value:
        """Returns the value of the trigger parameter."""
        ...

    def metadata(self) -> Mapping[str, Value]:
        """Returns what the worker is told beside it, by name."""
        ...

    def binding_data(self, trigger_name: str, payload: Any, /) -> dict[str, BindingValue]:
        """Returns what binding expressions can name, with lower-case names at the top.

        `trigger_name` is the name of the trigger's binding, `payload` what is in `trigger_value`.
        """
        ...
