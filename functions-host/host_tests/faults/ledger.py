"""What was sent to savesnippet and what it acknowledged, held against what is there after a fault."""

import http.client
import itertools
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from host_tests.servers import Target
from host_tests.wire.raw_http import call, post

_LENGTHS = (20, 1_000_000, 3_000, 200, 70_000)  # what is long can be torn, what is short leaves an end of what was long
_SECONDS = 60
_RETRY_SECONDS = 0.05  # what fails at once would be tried again with all of a processor
_GET_REFUSED = "There is no snippet named"


@dataclass
class _Entry:
    """One name. Only one writer has it, and waits for each answer."""

    acknowledged: int | None = None
    """The text that was acknowledged last."""
    unanswered: set[int] = field(default_factory=set[int])
    """Those sent since: any of them may be there."""


@dataclass
class Ledger:
    """Texts by their number: each is sent once, and its content says which it is."""

    name: str = field(default_factory=lambda: uuid4().hex[:8])
    """Begins every name, since another test may have written to the same storage."""
    entries: dict[str, _Entry] = field(default_factory=dict[str, _Entry])
    sent: int = 0
    acknowledged: int = 0
    failed: int = 0

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._unchecked: set[str] = set()

    def send(self, name: str) -> str:
        """Notes that a text is about to be sent, and returns it."""
        with self._changed:
            self.sent += 1
            self.entries.setdefault(name, _Entry()).unanswered.add(self.sent)
            self._unchecked.add(name)
            return text_of(name, self.sent)

    def answer(self, name: str, *, saved: bool) -> None:
        """Notes how the last text sent under a name was answered."""
        with self._changed:
            entry = self.entries[name]
            if saved:
                entry.acknowledged = max(entry.unanswered)
                entry.unanswered.clear()
                self.acknowledged += 1
            else:
                self.failed += 1
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Waits until so many texts were answered that something holds. Fails if it does not come to that."""
        with self._changed:
            assert self._changed.wait_for(condition, _SECONDS), self

    def wait_for_more(self, texts: int) -> None:
        """Waits until so many more were acknowledged."""
        wanted = self.acknowledged + texts
        self.wait_for(lambda: self.acknowledged >= wanted)

    def wait_for_more_failed(self, texts: int) -> None:
        """Waits until so many more were not."""
        wanted = self.failed + texts
        self.wait_for(lambda: self.failed >= wanted)

    def check_all(self, storage: str, target: Target) -> None:
        """Checks every name once more."""
        self._unchecked = set(self.entries)
        self.check(storage, target)

    def check(self, storage: str, target: Target) -> None:
        """Reads all names that were written since the last check, with the storage SDK and with getsnippet.

        Fails if an acknowledged text is not there, or another not whole.
        """
        from azure.storage.blob import BlobServiceClient

        names, self._unchecked = sorted(self._unchecked), set()
        with BlobServiceClient.from_connection_string(storage) as service:
            stored = {name: _stored(service, name) for name in names}
        torn = [name for name, text in stored.items() if text is not None and not self._is_whole(name, text)]
        assert torn == []
        lost = [name for name, text in stored.items() if not self._may_be(name, text)]
        assert lost == [], {name: ((stored[name] or "nothing")[:40], self.entries[name]) for name in lost}
        assert [name for name, text in stored.items() if _said(target, name) != text] == []

    def _is_whole(self, name: str, text: str) -> bool:
        return text == text_of(name, _number_of(text))

    def _may_be(self, name: str, text: str | None) -> bool:
        entry = self.entries[name]
        found = None if text is None else _number_of(text)
        return found == entry.acknowledged or found in entry.unanswered


def text_of(name: str, number: int) -> str:
    """Returns the text of a number, no two of which are alike, nor two next to each other of the same length."""
    line = f"#{number} {name}\n"
    return (line * (_LENGTHS[number % len(_LENGTHS)] // len(line) + 1)) + "end"


def _number_of(text: str) -> int:
    return int(text.partition(" ")[0].removeprefix("#") or 0)


def _stored(service: "object", name: str) -> str | None:
    from azure.core.exceptions import ResourceNotFoundError
    from azure.storage.blob import BlobServiceClient

    assert isinstance(service, BlobServiceClient)
    try:
        return service.get_blob_client("snippets", f"{name}.json").download_blob().readall().decode()
    except ResourceNotFoundError:
        return None


def _said(target: Target, name: str) -> str | None:
    result = post(target, call("getsnippet", {"snippetname": name})).event["result"]
    text: str = result["content"][0]["text"]
    if result.get("isError"):
        assert text.startswith(_GET_REFUSED), text
        return None
    return text


@contextmanager
def writing(target: Target, ledger: Ledger, writers: int = 4) -> Generator[None]:
    """Saves snippets all the time, under new names and under old ones, and notes it; until the end, or the host's."""
    stop = threading.Event()
    round_number = next(_rounds)
    threads = [
        threading.Thread(target=_write, args=(target, ledger, f"w{writer}", f"r{round_number}", stop))
        for writer in range(writers)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        deadline = time.monotonic() + _SECONDS
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0))
        assert not any(thread.is_alive() for thread in threads)


_rounds = itertools.count()


def _write(target: Target, ledger: Ledger, writer: str, round_name: str, stop: threading.Event) -> None:
    turn = 0
    while not stop.is_set():
        which = f"again-{turn % 4}" if turn % 2 else f"{round_name}-{turn}"
        name = f"{ledger.name}-{writer}-{which}"
        text = ledger.send(name)
        try:
            answer = post(target, call("savesnippet", {"snippetname": name, "snippet": text}))
            saved = answer.status == 200 and "isError" not in answer.event["result"]
        except ConnectionRefusedError:
            return  # the host has ended
        except (OSError, http.client.HTTPException, UnicodeDecodeError, ValueError):
            saved = False
        ledger.answer(name, saved=saved)
        turn += saved  # a name is tried until it is saved, so that what fails at once makes no thousands of them
        if not saved:
            stop.wait(_RETRY_SECONDS)
