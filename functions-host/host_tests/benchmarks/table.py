"""The rows as text, for a terminal of 160 columns."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from host_tests.benchmarks.samples import MEASURES, Measure, Row, Spread

_CAPTION = (
    "Our own requests/s and p50 in ms, then ratios: ours / this, within each round, as median (least-most).\n"
    "More than 1 is better for requests/s, less than 1 for all others. What happens once has its time as p50."
)
_HEADINGS = ("", "callers", "our req/s", "our p50", "requests/s", "p50", "p99", "CPU a call", "memory")


type Does = Mapping[str, Mapping[str, str]]
"""What each contender does for one call, by kind of work and contender."""


def table(rows: Sequence[Row], does: Does | None = None) -> str:
    """Returns a block for each kind of work, with a line for each contender and number of callers.

    Where `does` has something to say of it, a line for each contender follows: its own times, and what it does.
    """
    blocks = [
        [*_block(work, each := list(group)), *_times(each, (does or {}).get(work, {}))]
        for work, group in groupby(rows, key=lambda row: row.work)
    ]
    cells = [_HEADINGS, *(line for block in blocks for line in block)]
    widths = [max(len(line[column]) for line in cells if len(line) > 1) for column in range(len(_HEADINGS))]
    return "\n".join([_CAPTION, "", *(_line(each, widths) for each in cells)])


def written(spread: Spread) -> str:
    """Writes a ratio and its spread, if there is more than one value."""
    if spread.least == spread.most:
        return _number(spread.median)
    return f"{_number(spread.median)} ({_number(spread.least)}-{_number(spread.most)})"


def _block(work: str, rows: list[Row]) -> list[tuple[str, ...]]:
    ours = {row.callers: row for row in rows if row.is_ours}
    lines: list[tuple[str, ...]] = [("",), (work,)]
    for contender in dict.fromkeys(row.contender for row in rows if not row.is_ours):
        of_contender = [row for row in rows if row.contender == contender]
        for index, row in enumerate(of_contender):
            name = f"  {contender}" if index == 0 else ""
            lines.append((name, *_cells(row, ours[row.callers])))
    return lines


def _times(rows: list[Row], does: Mapping[str, str]) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = []
    for contender, work in does.items():
        of_contender = [row for row in rows if row.contender == contender]
        p50, p99 = (" / ".join(_value(row, measure) for row in of_contender) for measure in ("p50_ms", "p99_ms"))
        if p50:
            lines.append((f"  {contender}: p50 {p50} ms, p99 {p99} ms ({work})",))
    return lines


def _cells(row: Row, ours: Row) -> tuple[str, ...]:
    ratios = [written(row.ours_to_this[measure]) if measure in row.ours_to_this else "" for measure in MEASURES]
    callers = "" if row.callers is None else str(row.callers)
    return (callers, _value(ours, "requests_per_second"), _value(ours, "p50_ms"), *ratios)


def _value(row: Row, measure: Measure) -> str:
    return _number(row.values[measure].median) if measure in row.values else ""


def _number(value: float) -> str:
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    if len(cells) == 1:
        return cells[0]
    left, *right = (f"{cell:{'<' if column == 0 else '>'}{widths[column]}}" for column, cell in enumerate(cells))
    return "  ".join([left, *right]).rstrip()
