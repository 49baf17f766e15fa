"""The load generator: keep-alive connections that send one request after the other, each answer checked.

It reads and writes sockets itself, because an HTTP client in Python would be slower than the servers it measures.
The parent is measurement.py.
"""

import asyncio
import itertools
import statistics
import sys
import time
from typing import cast

import msgspec

from tests.benchmarks.http_answer import is_ok, whole_body
from tests.benchmarks.measurement import Load, Measurement

_HOST = "127.0.0.1"
_LEAD_IN_SECONDS = 0.2  # connections are opened and caches filled before anything counts
_LAST_ANSWER_SECONDS = 5
_SHOWN_OF_ERROR = 500
_FIRST_ID = 100_000_000  # all ids have the same length, and so have all requests


class Tally:
    """What the callers of one load share."""

    def __init__(self, load: Load) -> None:
        self.before_id, self.after_id = _request_around_id(load)
        self.expected = load.call.expected.encode()
        self.ids = (b"%d" % number for number in itertools.count(_FIRST_ID))
        self.latencies: list[float] = []
        """Of every right answer, in the order they came."""
        self.errors: list[str] = []
        self.stopped = False


class Caller(asyncio.Protocol):
    """One connection: when an answer is whole the next request goes out."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._received = b""
        self._id = b""
        self._sent_at = 0.0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        body = whole_body(self._received)
        if body is None:
            return
        self._take(body)
        if self._tally.stopped:
            self._id = b""
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._id:
            self._tally.errors.append(f"connection lost before an answer ({exc})")
        self.ended.set_result(None)

    def _send(self) -> None:
        self._received = b""
        self._id = next(self._tally.ids)
        self._sent_at = time.perf_counter()
        self._transport.write(b"%b%b%b" % (self._tally.before_id, self._id, self._tally.after_id))

    def _take(self, body: bytes) -> None:
        if is_ok(self._received) and self._id in body and self._tally.expected in body:
            self._tally.latencies.append(time.perf_counter() - self._sent_at)
        else:
            self._tally.errors.append(self._received[:_SHOWN_OF_ERROR].decode(errors="replace"))


async def generate(load: Load) -> Measurement:
    """Keeps all callers calling for as long as `load` says."""
    tally = Tally(load)
    loop = asyncio.get_running_loop()
    callers = [(await loop.create_connection(lambda: Caller(tally), _HOST, load.port))[1] for _ in range(load.callers)]
    await asyncio.sleep(_LEAD_IN_SECONDS)
    lead_in = len(tally.latencies)
    started, started_cpu = time.perf_counter(), time.process_time()
    await asyncio.sleep(load.seconds)
    seconds, busy = time.perf_counter() - started, time.process_time() - started_cpu
    latencies = tally.latencies[lead_in:]
    await _stop(tally, callers)
    return _measurement(latencies, tally, seconds, busy / seconds)


async def _stop(tally: Tally, callers: list[Caller]) -> None:
    tally.stopped = True
    _, waiting = await asyncio.wait([caller.ended for caller in callers], timeout=_LAST_ANSWER_SECONDS)
    tally.errors.extend(f"no answer within {_LAST_ANSWER_SECONDS} s" for _ in waiting)


def _measurement(latencies: list[float], tally: Tally, seconds: float, busy: float) -> Measurement:
    first_error = tally.errors[0] if tally.errors else None
    if not latencies:
        sys.exit(f"No right answer in {seconds:.1f} s; {len(tally.errors)} errors, the first: {first_error}")
    percentiles = statistics.quantiles(latencies, n=100, method="inclusive")
    return Measurement(
        requests_per_second=len(latencies) / seconds,
        answers=len(tally.latencies),
        p50_ms=percentiles[49] * 1000,
        p99_ms=percentiles[98] * 1000,
        errors=len(tally.errors),
        first_error=first_error,
        load_busy=busy,
    )


def _request_around_id(load: Load) -> tuple[bytes, bytes]:
    body = {"jsonrpc": "2.0", "method": load.call.method, "params": load.call.params, "id": _FIRST_ID}
    before, after = msgspec.json.encode(body).rsplit(b"%d" % _FIRST_ID, 1)
    length = len(before) + len(b"%d" % _FIRST_ID) + len(after)
    head = (
        f"POST {load.path} HTTP/1.1\r\nHost: {_HOST}:{load.port}\r\nAccept: application/json, text/event-stream\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n"
        + "".join(f"{name}: {value}\r\n" for name, value in load.headers.items())
        + "\r\n"
    )
    return head.encode() + before, after


def _run(load: Load) -> Measurement:
    try:
        import uvloop  # not on Windows
    except ImportError:
        return asyncio.run(generate(load))
    return uvloop.run(generate(load))


if __name__ == "__main__":
    measured = _run(msgspec.json.decode(sys.argv[1], type=Load))
    sys.stdout.buffer.write(msgspec.json.encode(measured))
