"""Queue output bindings, as the Queues extension of the host writes them.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-output; what becomes of a value is in
FunctionBinding.BindAsyncCollectorAsync of azure-functions-host: text that is a JSON array is one message an element.
"""

import json
import re
from typing import Any

import msgspec

from functions_host.bindings.binding import BindingContext
from functions_host.bindings.dotnet_text import value_text
from functions_host.bindings.expressions import Template
from functions_host.errors import BindingError
from functions_host.worker_process.messages import Value

_QUEUE_NAME = re.compile(r"(?:[a-z0-9]|-(?=[a-z0-9]))+")


class QueueOutput(msgspec.Struct, frozen=True):
    """A queue that takes what a function set."""

    name: str
    queue_name: Template
    connection: str

    async def write(self, context: BindingContext, value: Value) -> None:
        queue = self.queue_name.resolve(context.data, context.function_name).lower()
        check_queue_name(queue)
        await context.queues.send(self.connection, queue, messages_of(value))


def check_queue_name(queue: str) -> None:
    """Raises BindingError for what no queue can be called, in the words of the host."""
    if not 3 <= len(queue) <= 63:
        raise BindingError(f'A queue name must be from 3 to 63 characters long - "{queue}"')
    if queue.startswith("-") or queue.endswith("-"):
        raise BindingError(f'The dash (-) character may not be the first or last letter - "{queue}"')
    if not _QUEUE_NAME.fullmatch(queue):
        raise BindingError(
            f'A queue name can contain only letters, numbers, and dash(-) characters - "{queue}": only letters of '
            "ASCII, and no dash beside another."
        )


def messages_of(value: Value) -> list[bytes]:
    """Returns the messages that the host makes of a value. Raises BindingError for one that is not modelled."""
    match value.kind, value.value:
        case "bytes", bytes(content):
            return [content]
        case ("string" | "json") as kind, str(text):
            if not _looks_like_json(text):
                return [text.encode()]
            try:
                parsed = json.loads(text)
            except ValueError as error:
                raise BindingError(f"A message that looks like JSON is none: {error}") from None
            elements: list[Any] = parsed if isinstance(parsed, list) else [parsed]
            if kind == "json" and any(isinstance(element, dict) for element in elements):
                raise BindingError("A func.QueueMessage as an output is not modelled by this host: give str or bytes.")
            return [_element_text(element).encode() for element in elements]
        case _:
            return [value_text(value).encode()]


def _looks_like_json(text: str) -> bool:
    stripped = text.strip()
    return stripped[:1] + stripped[-1:] in ("{}", "[]")


def _element_text(element: Any) -> str:
    if isinstance(element, str):
        return element
    return "" if element is None else value_text(Value("json", json.dumps(element)))
