"""What we want the ratios to be, and whether they are."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass

from host_tests.benchmarks.samples import Measure, Row, Spread

_NEAR = 1.3
_FASTMCP, _FASTMCP_FAST, _FASTMCP_EVENT = "FastMCP default", "FastMCP stateless JSON", "FastMCP stateless event"
_NAMES: dict[Measure, str] = {
    "requests_per_second": "requests/s",
    "p50_ms": "p50",
    "p99_ms": "p99",
    "cpu_ms": "CPU time",
    "memory_mib": "memory",
}


@dataclass(frozen=True)
class Target:
    """A limit for the ratio of ours to one contender; for our own milliseconds where there is no contender."""

    work: str
    contender: str | None
    measure: Measure
    limit: float
    at_least: bool = False
    callers: tuple[int, ...] = ()
    """Which numbers of callers are meant: all, if none is named."""


def _near(work: str, contender: str, limit: float = _NEAR) -> tuple[Target, Target]:
    return (
        Target(work, contender, "requests_per_second", 1 / limit, at_least=True),
        Target(work, contender, "p50_ms", limit),
    )


_SNIPPETS = (
    "savesnippet 1 KB, replaced",
    "savesnippet 1 KB, replaced, SSE",
    "savesnippet 1 KB, new name",
    "getsnippet 1 KB",
    "getsnippet 1 KB, SSE",
    "getsnippet 100 KB",
    "getsnippet 100 KB, SSE",
    "getsnippet 1 MB",
    "getsnippet 1 MB, SSE",
)
_FASTMCP_READS = (("getsnippet 1 KB", 1.4), ("getsnippet 100 KB", 1.5), ("getsnippet 1 MB", 1.2))
_PRINTS = {
    "print(1), warm environment": 1.25,
    "print(1), 32 warm environments": _NEAR,
    "print(1), new environment": _NEAR,
}
_HELLO, _TARGET_CALLERS = "tools/call hello", (8, 32)

TARGETS = (
    Target(_HELLO, _FASTMCP, "requests_per_second", 5, at_least=True, callers=_TARGET_CALLERS),
    Target(_HELLO, _FASTMCP_FAST, "requests_per_second", 4, at_least=True, callers=_TARGET_CALLERS),
    Target(_HELLO, "bare Starlette", "requests_per_second", 0.4, at_least=True, callers=_TARGET_CALLERS),
    Target("HTTP hello", "bare Starlette", "requests_per_second", 0.4, at_least=True, callers=(32,)),
    Target(_HELLO, _FASTMCP, "p99_ms", 1, callers=_TARGET_CALLERS),
    Target(_HELLO, _FASTMCP_FAST, "p99_ms", 1, callers=_TARGET_CALLERS),
    Target(_HELLO, _FASTMCP, "memory_mib", 1, callers=_TARGET_CALLERS),
    Target(_HELLO, _FASTMCP_FAST, "memory_mib", 1, callers=_TARGET_CALLERS),
    *(target for work in _SNIPPETS for target in _near(work, "storage SDK directly")),
    *(Target(work, _FASTMCP_EVENT, "requests_per_second", limit, at_least=True) for work, limit in _FASTMCP_READS),
    Target("getsnippet 1 MB", _FASTMCP_EVENT, "memory_mib", 1, callers=(128,)),
    *(target for work, limit in _PRINTS.items() for target in _near(work, "pool directly", limit)),
    Target("start to first answer", None, "p50_ms", 3000),
    Target("start to first answer", "FastMCP stateless JSON", "p50_ms", 0.4),
    Target("start to first answer, session pool", None, "p50_ms", 3000),
    Target("import the app", "import azure.functions", "p50_ms", 1.1),
)


@dataclass(frozen=True)
class Verdict:
    """Whether a target is met, and the sentence that says so."""

    is_met: bool
    sentence: str


def verdicts(rows: Sequence[Row], targets: Sequence[Target] = TARGETS) -> list[Verdict]:
    """Returns a verdict for every target that was measured, by the number of callers that is farthest from it."""
    found: list[Verdict] = []
    for target in targets:
        meant = [row for row in rows if _is_meant(row, target) and target.measure in _values(row, target)]
        if meant:
            found.append(_verdict(meant, target))
    return found


def _is_meant(row: Row, target: Target) -> bool:
    if row.work != target.work or (target.callers and row.callers not in target.callers):
        return False
    return row.is_ours if target.contender is None else row.contender == target.contender


def _values(row: Row, target: Target) -> dict[Measure, Spread]:
    return row.values if target.contender is None else row.ours_to_this


def _verdict(rows: Sequence[Row], target: Target) -> Verdict:
    values = [(_values(row, target)[target.measure].median, row.callers) for row in rows]
    value, callers = (
        min(values, key=operator.itemgetter(0)) if target.at_least else max(values, key=operator.itemgetter(0))
    )
    # Equal memory is no gain, and equal speed at the limit is: only limits of 1 are to be beaten.
    is_met = value >= target.limit if target.at_least else value < target.limit
    return Verdict(is_met, f"{'met   ' if is_met else 'MISSED'}  {_sentence(target, value, callers)}")


def _sentence(target: Target, value: float, callers: int | None) -> str:
    bound = "at least" if target.at_least else "less than"
    if target.contender is None:
        return f"{target.work}: {value:,.0f} ms; wanted {bound} {target.limit:,.0f} ms."
    at = f" at {callers} {'caller' if callers == 1 else 'callers'}" if callers else ""
    return (
        f"{target.work}: {value:.2f} times the {_NAMES[target.measure]} of {target.contender}{at}; "
        f"wanted {bound} {target.limit:.2f}."
    )
