"""What host.json says of triggers other than those of MCP, with the defaults of their extensions.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook, -storage-queue and -storage-blob
"""

import os
import re
from typing import Any

import msgspec

from functions_host.app.members import dig, dig_object
from functions_host.errors import PersonError

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d{1,7})?)")


class QueueOptions(msgspec.Struct, frozen=True):
    """`extensions.queues`."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    """So many messages may still be worked on when the next batch is taken."""
    max_dequeue_count: int = 5
    visibility_timeout: float = 0
    """Seconds until a message whose function failed is there again."""
    max_polling_interval: float = 2
    """Seconds between looks into a queue that stays empty, at most. In Azure a minute, in Development this."""
    is_base64: bool = True
    """Whether messages are written as base64; else as the text they are."""


class TriggerOptions(msgspec.Struct, frozen=True):
    """All of it."""

    route_prefix: str = "api"
    queues: QueueOptions = msgspec.field(default_factory=QueueOptions)
    blob_tries: int = 5
    """`extensions.blobs.poisonBlobThreshold`: how often a blob's function is tried."""
    custom_headers: tuple[tuple[bytes, bytes], ...] = ()
    """`extensions.http.customHeaders`, with lower-case names."""


def _header(name: str, value: object) -> tuple[bytes, bytes]:
    if not (_HEADER_NAME.fullmatch(name) and isinstance(value, str) and value.isprintable() and value.isascii()):
        raise PersonError(
            f"extensions.http.customHeaders in host.json has '{name}', which is no header.",
            'Write a name of letters, digits and hyphens, and a text: {"X-Content-Type-Options": "nosniff"}.',
        )
    return name.lower().encode(), value.encode()


def read_trigger_options(host: dict[str, Any]) -> TriggerOptions:
    """Reads them from host.json. Raises PersonError for what a person has to mend."""
    usual = TriggerOptions()
    prefix = dig(host, "extensions", "http", "routePrefix")
    queues = dig(host, "extensions", "queues")
    batch = _whole(queues, "batchSize", usual.queues.batch_size, 1, 32)
    blobs = dig(host, "extensions", "blobs")
    return TriggerOptions(
        usual.route_prefix if prefix is None else str(prefix),
        QueueOptions(
            batch,
            _whole(queues, "newBatchThreshold", batch // 2 * (os.cpu_count() or 1), 0, 1000),
            _whole(queues, "maxDequeueCount", usual.queues.max_dequeue_count, 1, 10_000),
            _seconds(queues, "visibilityTimeout", usual.queues.visibility_timeout),
            _seconds(queues, "maxPollingInterval", usual.queues.max_polling_interval),
            _is_base64(dig(queues, "messageEncoding")),
        ),
        _whole(blobs, "poisonBlobThreshold", usual.blob_tries, 1, 10_000, "blobs"),
        tuple(_header(*each) for each in dig_object(host, "extensions", "http", "customHeaders").items()),
    )


def time_span(text: str) -> float | None:
    """Returns the seconds of a time written as .NET writes it, such as 00:05:00 or 1.00:00:00; None if it is none."""
    found = _TIME_SPAN.fullmatch(text)
    if not found:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return days * 86_400 + hours * 3_600 + minutes * 60 + seconds


def _is_base64(value: object) -> bool:
    encoding = str(value or "base64").lower()
    if encoding in ("base64", "none"):
        return encoding == "base64"
    raise PersonError(
        f"extensions.queues.messageEncoding in host.json is '{value}'.", "Write 'base64', the default, or 'none'."
    )


def _whole(options: object, name: str, default: int, lowest: int, highest: int, section: str = "queues") -> int:
    value = dig(options, name)
    if value is None:
        return default
    if isinstance(value, int | str) and str(value).isdecimal() and lowest <= int(value) <= highest:
        return int(value)
    raise PersonError(
        f"extensions.{section}.{name} in host.json is '{value}'.", f"Write a number from {lowest} to {highest}."
    )


def _seconds(queues: object, name: str, default: float) -> float:
    value = dig(queues, name)
    if value is None:
        return default
    if isinstance(value, int):
        return value / 1000  # maxPollingInterval was once given in milliseconds, and still may be
    seconds = time_span(str(value))
    if seconds is None:
        raise PersonError(f"extensions.queues.{name} in host.json is '{value}'.", "Write it as hh:mm:ss.")
    return seconds
