"""As much of server-sent events as MCP uses. https://html.spec.whatwg.org/multipage/server-sent-events.html"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """One event. Without a name it is a `message`."""

    name: bytes
    data: bytes


class EventReader:
    """Makes events of the pieces in which a stream arrives; comments and ids are passed over."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._name = b"message"
        self._data: list[bytes] = []

    def feed(self, received: bytes) -> Iterator[Event]:
        """Yields the events that `received` completes."""
        *lines, rest = received.split(b"\n")
        for line in lines:
            # Joined once a line: an answer of a megabyte is one line in many pieces.
            whole = b"".join((*self._pieces, line)).removesuffix(b"\r")
            self._pieces.clear()
            if event := self._take(whole):
                yield event
        self._pieces.append(rest)

    def _take(self, line: bytes) -> Event | None:
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
        elif name == b"event":
            self._name = value.removeprefix(b" ")
        elif not line:
            return self._dispatch()
        return None

    def _dispatch(self) -> Event | None:
        event = Event(self._name, b"\n".join(self._data)) if self._data else None
        self._name = b"message"
        self._data.clear()
        return event
