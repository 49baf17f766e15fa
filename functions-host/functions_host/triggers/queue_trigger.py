"""queueTrigger: a function that runs for each message of a queue, and what it is given of one.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

import msgspec

from functions_host.app.settings import Configuration
from functions_host.bindings.expressions import BindingValue, Template
from functions_host.bindings.queue_binding import check_queue_name
from functions_host.bindings.raw_binding import RawBinding
from functions_host.errors import BindingError
from functions_host.storage.queue_store import QueueMessage
from functions_host.triggers.payload_data import payload_data
from functions_host.worker_process.messages import Value


class QueueTrigger(msgspec.Struct, frozen=True):
    """A function behind a queue as its trigger declares it."""

    type_name: ClassVar = "queueTrigger"
    noun: ClassVar = "queue"

    binding_name: str
    public_name: str
    """The name of the queue."""
    connection: str
    is_binary: bool

    @property
    def poison_queue(self) -> str:
        """Where a message goes that no try could handle."""
        return f"{self.public_name}-poison"

    def result(self, value: Value, call: object) -> None:
        """A message is answered with nothing."""


class QueueCall(msgspec.Struct, frozen=True):
    """One try at a message. `content` is what was sent, decoded."""

    message: QueueMessage
    content: bytes
    is_binary: bool

    def trigger_value(self) -> Value:
        """Returns the value of the trigger parameter."""
        return Value("bytes", self.content) if self.is_binary else Value("string", self._text)

    def metadata(self) -> Mapping[str, Value]:
        """Returns what azure.functions.QueueMessage tells beside the body."""
        message = self.message
        return {
            "QueueTrigger": Value("string", self._text),
            "Id": Value("string", message.id),
            "DequeueCount": Value("json", str(message.dequeue_count)),
            "ExpirationTime": Value("json", json.dumps(_time(message.expires))),
            "InsertionTime": Value("json", json.dumps(_time(message.inserted))),
            "NextVisibleTime": Value("json", json.dumps(_time(message.next_visible))),
            "PopReceipt": Value("string", message.pop_receipt),
        }

    def binding_data(self, trigger_name: str, payload: Any, /) -> dict[str, BindingValue]:
        """Returns what binding expressions can name: the message, what is known of it, its members if it is JSON."""
        message = self.message
        return {
            "queuetrigger": self._text,
            "id": message.id,
            "dequeuecount": str(message.dequeue_count),
            "expirationtime": _time(message.expires),
            "insertiontime": _time(message.inserted),
            "nextvisibletime": _time(message.next_visible),
            "popreceipt": message.pop_receipt,
            trigger_name.lower(): self._text,
            **payload_data(self.content),
        }

    @property
    def _text(self) -> str:
        return self.content.decode("utf-8", "replace")


def read_queue_trigger(binding: RawBinding, configuration: Configuration) -> QueueTrigger:
    """Reads a raw queueTrigger. Raises BindingError."""
    template = Template(binding.required("queueName"), configuration)
    if template.has_expressions:
        raise BindingError(
            f"The queueName '{template.text}' of the queueTrigger '{binding.name}' has an expression in braces, for "
            "which a trigger has no value yet."
        )
    queue = template.text.lower()
    check_queue_name(queue)
    connection = Template(binding.text("connection") or "", configuration).text
    return QueueTrigger(binding.name, queue, connection, str(binding.get("dataType")).lower() == "binary")


def message_by_hand(text: str) -> QueueCall:
    """Returns the call for a message that was never in a queue: somebody has it run by hand."""
    now = datetime.now(UTC)
    return QueueCall(QueueMessage("", text, 1, now, now, now, ""), text.encode(), is_binary=False)


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()
