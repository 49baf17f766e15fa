"""From what was measured to what is said of it."""

from pathlib import Path

from host_tests.benchmarks.dependencies import dependencies
from host_tests.benchmarks.samples import Sample, Spread, rows_of
from host_tests.benchmarks.table import table
from host_tests.benchmarks.targets import Target, verdicts


def _sample(contender: str, round_number: int, rate: float, p50: float = 1, callers: int = 8) -> Sample:
    return Sample("hello", callers, contender, round_number, {"requests_per_second": rate, "p50_ms": p50})


# The machine is ten times slower in the second round, for all alike.
_SAMPLES = [
    _sample("ours", 1, 3000),
    _sample("theirs", 1, 1000),
    _sample("ours", 2, 300),
    _sample("theirs", 2, 50),
    _sample("ours", 3, 2000),
    _sample("theirs", 3, 1000),
]


def test_ratios_are_those_within_a_round_and_not_of_medians() -> None:
    ours, theirs = rows_of(_SAMPLES)
    assert (ours.is_ours, ours.ours_to_this) == (True, {})
    assert ours.values["requests_per_second"] == Spread(2000, 300, 3000)
    assert theirs.ours_to_this["requests_per_second"] == Spread(3, 2, 6)


def test_what_was_not_measured_has_no_ratio_and_leaves_its_place_empty() -> None:
    failed = Sample("hello", 8, "theirs", 1, {}, errors=2, first_error="no")
    ours, theirs = rows_of([_sample("ours", 1, 3000), failed])
    assert (ours.errors, theirs.errors, theirs.ours_to_this) == (0, 2, {})
    assert "theirs" in table([ours, theirs])
    assert verdicts([ours, theirs], [Target("hello", "theirs", "requests_per_second", 1)]) == []


def test_the_table_has_a_line_for_each_contender_and_number_of_callers_and_fits_a_terminal() -> None:
    more = [_sample("ours", 1, 10, callers=32), _sample("theirs", 1, 5, callers=32)]
    text = table(rows_of([*_SAMPLES, *more]))
    lines = [line.split() for line in text.splitlines()[-2:]]
    assert lines[0] == ["theirs", "8", "2,000", "1.00", "3.00", "(2.00-6.00)", "1.00"]
    assert lines[1] == ["32", "10.0", "1.00", "2.00", "1.00"]
    assert max(map(len, text.splitlines())) <= 160


def test_beside_the_ratios_stands_what_a_contender_does_and_how_long_that_took() -> None:
    text = table(rows_of(_SAMPLES), {"hello": {"theirs": "says hello", "nobody": "was not measured"}})
    assert text.endswith("  theirs: p50 1.00 ms, p99  ms (says hello)")


def test_a_target_is_judged_where_it_is_farthest_from_met() -> None:
    more = [_sample("ours", 1, 10, p50=4, callers=32), _sample("theirs", 1, 5, p50=2, callers=32)]
    rows = rows_of([*_SAMPLES, *more])
    rate = Target("hello", "theirs", "requests_per_second", 2.5, at_least=True)
    time = Target("hello", "theirs", "p50_ms", 1.3)
    at_8 = Target("hello", "theirs", "requests_per_second", 2.5, at_least=True, callers=(8,))
    assert [each.sentence for each in verdicts(rows, [rate, time, at_8])] == [
        "MISSED  hello: 2.00 times the requests/s of theirs at 32 callers; wanted at least 2.50.",
        "MISSED  hello: 2.00 times the p50 of theirs at 32 callers; wanted less than 1.30.",
        "met     hello: 3.00 times the requests/s of theirs at 8 callers; wanted at least 2.50.",
    ]


def test_our_own_time_is_judged_without_another() -> None:
    rows = rows_of(
        [Sample("start", None, "ours", number, {"p50_ms": ms}) for number, ms in enumerate((900, 1000, 9000))]
    )
    (verdict,) = verdicts(rows, [Target("start", None, "p50_ms", 3000)])
    assert verdict.is_met
    assert verdict.sentence == "met     start: 1,000 ms; wanted less than 3,000 ms."


def test_every_deployed_distribution_has_a_size_and_a_reason(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# What is deployed\nazure-storage-blob>=12  # blobs\n", encoding="utf-8")
    found = {each.name: each for each in dependencies(requirements)}
    assert found["azure-storage-blob"].reason == "blobs"
    assert found["azure-core"].reason == "needed by azure-storage-blob"
    assert [name for name, each in found.items() if not each.reason or each.mib <= 0] == []
