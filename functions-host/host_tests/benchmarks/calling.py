"""What all callers have in common, over whatever they call: when they begin, what counts, and when they end."""

import asyncio
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Protocol

import msgspec

from host_tests.benchmarks.calls import REQUEST_NUMBER
from host_tests.benchmarks.connection import CallError
from host_tests.benchmarks.measurement import BEGUN, Load, Measurement

_LEAD_IN_SECONDS = 0.15  # caches are filled before anything counts
_LONGEST_LEAD_IN_SECONDS = 10
_LEAST_ANSWERS = 6
_ANSWERS_A_CALLER = 2  # a server that works at all calls at once answers them all together, and then none for a while
_LONGEST_SECONDS = 60
_POLL_SECONDS = 0.002


class Caller(Protocol):
    """Makes one call after the other."""

    async def open(self) -> None:
        """Gets ready. Raises CallError or OSError."""
        ...

    async def call(self, number: bytes) -> float:
        """Makes the call that has this number, and returns when it was answered. Raises CallError or OSError."""
        ...

    async def close(self) -> None:
        """Leaves nothing behind."""
        ...


type MakeCaller = Callable[[Load, int], Caller]


class Tally:
    """What the callers of one load share."""

    def __init__(self, numbers: Iterator[bytes]) -> None:
        self.numbers = numbers
        self.latencies: list[float] = []
        """Of every right answer, in the order they came."""
        self.errors: list[str] = []
        self.stopped = False


async def serve_loads(make_caller: MakeCaller) -> None:
    """Does the loads that stand on stdin, one a line, and writes what came of each on stdout."""
    numbers = (b"%d" % number for number in itertools.count(REQUEST_NUMBER + 1))
    while line := await asyncio.to_thread(sys.stdin.buffer.readline):
        load = msgspec.json.decode(line, type=Load)
        callers = [make_caller(load, index) for index in range(load.callers)]
        _write(msgspec.json.encode(await measured(load, callers, numbers, lambda: _write(BEGUN))) + b"\n")
        # After the answer: what tidying up costs the server belongs to no call.
        await asyncio.gather(*(caller.close() for caller in callers), return_exceptions=True)


def _write(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


async def measured(
    load: Load, callers: list[Caller], numbers: Iterator[bytes], begun: Callable[[], None]
) -> Measurement:
    """Keeps all callers calling for as long as `load` says, and until each could have had two answers."""
    tally = Tally(numbers)
    try:
        async with asyncio.timeout(_LONGEST_SECONDS):
            await asyncio.gather(*(caller.open() for caller in callers))
    except (CallError, OSError) as error:
        tally.errors.append(f"{type(error).__name__}: {error}")
        begun()
        return _measurement(tally, 0, [], 1, 0)
    tasks = [asyncio.create_task(_keep_calling(caller, tally)) for caller in callers]
    await _until(tally, tasks, _LEAD_IN_SECONDS, load.callers, _LONGEST_LEAD_IN_SECONDS)
    lead_in = len(tally.latencies)
    begun()
    started, started_cpu = time.perf_counter(), time.process_time()
    await _until(tally, tasks, load.seconds, max(_ANSWERS_A_CALLER * load.callers, _LEAST_ANSWERS), _LONGEST_SECONDS)
    seconds, busy = time.perf_counter() - started, time.process_time() - started_cpu
    latencies = tally.latencies[lead_in:]
    await _stop(tally, tasks)
    return _measurement(tally, len(tally.latencies) - lead_in, latencies, seconds, busy)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Runs it on the fastest event loop there is."""
    try:
        import uvloop  # not on Windows
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)


async def _keep_calling(caller: Caller, tally: Tally) -> None:
    try:
        while not tally.stopped:
            number = next(tally.numbers)
            sent_at = time.perf_counter()
            answered_at = await caller.call(number)
            tally.latencies.append(answered_at - sent_at)
    except (CallError, OSError) as error:  # one wrong answer is enough: the numbers will not be used
        tally.errors.append(f"{type(error).__name__}: {error}")


async def _until(tally: Tally, tasks: list[asyncio.Task[None]], seconds: float, answers: int, longest: float) -> None:
    """Waits so long, and for so many answers, but at most `longest` seconds for those."""
    started, wanted = time.perf_counter(), len(tally.latencies) + answers
    await asyncio.sleep(seconds)
    while len(tally.latencies) < wanted and not all(task.done() for task in tasks):
        if time.perf_counter() - started > longest:
            return
        await asyncio.sleep(_POLL_SECONDS)


async def _stop(tally: Tally, tasks: list[asyncio.Task[None]]) -> None:
    tally.stopped = True
    _, waiting = await asyncio.wait(tasks, timeout=_LONGEST_SECONDS)
    for task in waiting:
        task.cancel()
    tally.errors.extend(f"no answer within {_LONGEST_SECONDS} s" for _ in waiting)


def _measurement(tally: Tally, answers: int, latencies: list[float], seconds: float, busy: float) -> Measurement:
    found = bool(latencies)
    percentiles = statistics.quantiles(latencies, n=100, method="inclusive") if found else []
    return Measurement(
        answers=answers,
        requests_per_second=len(latencies) / seconds if found else None,
        p50_ms=statistics.median(latencies) * 1000 if found else None,
        p99_ms=percentiles[98] * 1000 if found else None,
        errors=len(tally.errors),
        first_error=tally.errors[0] if tally.errors else None,
        busy=busy / seconds,
    )
