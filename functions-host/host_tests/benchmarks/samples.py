"""What is kept of each measurement, and how rounds become ratios."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

type Measure = Literal["requests_per_second", "p50_ms", "p99_ms", "cpu_ms", "memory_mib"]
MEASURES: tuple[Measure, ...] = ("requests_per_second", "p50_ms", "p99_ms", "cpu_ms", "memory_mib")


@dataclass(frozen=True)
class Sample:
    """One measurement of one contender in one round. What takes time once has that as its `p50_ms`."""

    work: str
    callers: int | None
    contender: str
    round: int
    measures: dict[Measure, float]
    errors: int = 0
    first_error: str | None = None


@dataclass(frozen=True)
class Spread:
    """A median with the smallest and the largest value."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Returns the spread of at least one value."""
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Row:
    """All rounds of one contender at one kind of work."""

    work: str
    callers: int | None
    contender: str
    is_ours: bool
    values: dict[Measure, Spread]
    ours_to_this: dict[Measure, Spread]
    """Ours divided by this, within each round: absolute numbers wander from minute to minute, what was measured side by
    side can be compared."""
    errors: int


def rows_of(samples: Sequence[Sample]) -> list[Row]:
    """Returns a row for each kind of work, number of callers and contender, in the order of the samples."""
    works = dict.fromkeys((sample.work, sample.callers) for sample in samples)
    return [row for work in works for row in _rows([each for each in samples if (each.work, each.callers) == work])]


def _rows(samples: Sequence[Sample]) -> list[Row]:
    ours = samples[0].contender
    by_round = {sample.round: sample for sample in samples if sample.contender == ours}
    contenders = dict.fromkeys(sample.contender for sample in samples)
    return [
        _row([each for each in samples if each.contender == contender], by_round, contender == ours)
        for contender in contenders
    ]


def _row(samples: Sequence[Sample], ours: dict[int, Sample], is_ours: bool) -> Row:
    values: dict[Measure, Spread] = {}
    ratios: dict[Measure, Spread] = {}
    for measure in MEASURES:
        measured = [(each.measures[measure], each.round) for each in samples if measure in each.measures]
        pairs = [(ours[number].measures.get(measure), value) for value, number in measured if number in ours]
        compared = [mine / value for mine, value in pairs if mine is not None and value]
        if measured:
            values[measure] = Spread.of([value for value, _ in measured])
        if compared:
            ratios[measure] = Spread.of(compared)
    last = samples[-1]
    errors = sum(sample.errors for sample in samples)
    return Row(last.work, last.callers, last.contender, is_ours, values, {} if is_ours else ratios, errors)
