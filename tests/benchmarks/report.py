"""From samples to the table that a person reads and the JSON that a program reads."""

import platform
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

import msgspec

from tests.benchmarks.measurement import Measurement
from tests.benchmarks.servers import Memory

_HEADINGS = (
    "call",
    "callers",
    "server",
    "requests/s (range)",
    "p50 ms",
    "p99 ms",
    "CPU ms",
    "ours/this (range)",
    "p50 ours/this",
    "MiB",
)
_ALIGNED_LEFT = 3  # columns


@dataclass(frozen=True)
class Sample:
    """One measurement of one server in one round."""

    call: str
    callers: int
    server: str
    round: int
    measurement: Measurement
    cpu_ms: float
    """Time that all processes of the server kept their core busy, for one call."""
    memory: Memory


@dataclass(frozen=True)
class Spread:
    """A median with the smallest and the largest value."""

    median: float
    least: float
    most: float

    def written(self, form: str) -> str:
        """Writes all three in a format such as '.2f'."""
        return f"{self.median:{form}} ({self.least:{form}}-{self.most:{form}})"


@dataclass(frozen=True)
class Row:
    """All rounds of one server, called in one way."""

    call: str
    callers: int
    server: str
    requests_per_second: Spread
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    ours_to_this: Spread
    """How many times as many requests per second ours answered, compared within each round."""
    p50_ours_to_this: Spread
    """How many times as long the middle one of our answers took."""
    memory: Memory
    errors: int
    is_ours: bool


def summarize(samples: Sequence[Sample]) -> list[Row]:
    """Returns one row for each way of calling and each server, in the order of the samples."""
    ways = dict.fromkeys((sample.call, sample.callers) for sample in samples)
    return [row for way in ways for row in _rows([each for each in samples if (each.call, each.callers) == way])]


def table(rows: Sequence[Row]) -> str:
    """Returns the rows as text, with a line between the ways of calling."""
    cells = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    heading, *lines = (_line(each, widths) for each in cells)
    ways = groupby(zip(rows, lines, strict=True), key=lambda pair: (pair[0].call, pair[0].callers))
    return "\n".join([heading, *("\n" + "\n".join(line for _, line in way) for _, way in ways)])


def write_json(path: Path, cores: str, rows: Sequence[Row], samples: Sequence[Sample]) -> None:
    """Writes everything that was measured, and on what."""
    machine = {"platform": platform.platform(), "python": platform.python_version(), "cores": cores}
    versions = {name: version(name) for name in ("fastmcp", "mcp", "starlette", "uvicorn")}
    report = {"machine": machine, "versions": versions, "rows": rows, "samples": samples}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")


def _rows(samples: Sequence[Sample]) -> Iterator[Row]:
    ours = {sample.round: sample.measurement for sample in samples if sample.server == samples[0].server}
    for server in dict.fromkeys(sample.server for sample in samples):
        yield _row([sample for sample in samples if sample.server == server], ours, server == samples[0].server)


def _row(samples: Sequence[Sample], ours: dict[int, Measurement], is_ours: bool) -> Row:
    def median(value: Callable[[Sample], float]) -> float:
        return statistics.median(map(value, samples))

    last = samples[-1]
    return Row(
        call=last.call,
        callers=last.callers,
        server=last.server,
        requests_per_second=_spread([sample.measurement.requests_per_second for sample in samples]),
        p50_ms=median(lambda sample: sample.measurement.p50_ms),
        p99_ms=median(lambda sample: sample.measurement.p99_ms),
        cpu_ms=median(lambda sample: sample.cpu_ms),
        # Absolute numbers wander from minute to minute; what was measured side by side can be compared.
        ours_to_this=_spread(
            [ours[sample.round].requests_per_second / sample.measurement.requests_per_second for sample in samples]
        ),
        p50_ours_to_this=_spread([ours[sample.round].p50_ms / sample.measurement.p50_ms for sample in samples]),
        memory=last.memory,
        errors=sum(sample.measurement.errors for sample in samples),
        is_ours=is_ours,
    )


def _spread(values: Sequence[float]) -> Spread:
    return Spread(statistics.median(values), min(values), max(values))


def _cells(row: Row) -> tuple[str, ...]:
    memory = f"{row.memory.server:.0f}"
    return (
        row.call,
        str(row.callers),
        row.server,
        row.requests_per_second.written(",.0f"),
        f"{row.p50_ms:.2f}",
        f"{row.p99_ms:.2f}",
        f"{row.cpu_ms:.3f}",
        "" if row.is_ours else row.ours_to_this.written(".2f"),
        "" if row.is_ours else row.p50_ours_to_this.written(".2f"),
        memory if row.memory.azurite is None else f"{memory} + {row.memory.azurite:.0f} Azurite",
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    left = [f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)][:_ALIGNED_LEFT]
    right = [f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)][_ALIGNED_LEFT:]
    return "  ".join(left + right).rstrip()
