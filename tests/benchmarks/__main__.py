"""`uv run --group bench python -m tests.benchmarks`: this server beside others, on the same core, in turns."""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks import report
from tests.benchmarks.comparisons import COMPARISONS, Comparison, Contender
from tests.benchmarks.cores import Cores, choose_cores
from tests.benchmarks.measurement import ROOT, Load, MeasurementError, measure
from tests.benchmarks.report import Sample
from tests.benchmarks.servers import Server, ServerKind, StartError, running

_JSON = ROOT / "artifacts" / "benchmarks.json"
_LIMIT_OF_LOAD = 0.9


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, reports, and ends the process with exit code 1 if anything went wrong."""
    options = _parser().parse_args(arguments)
    cores = choose_cores()
    _say(f"Starting {', '.join(kind.name for kind in _kinds())}; {cores}")
    try:
        samples = _samples(cores, options.rounds, options.seconds)
    except (StartError, MeasurementError) as error:
        sys.exit(str(error))
    rows = report.summarize(samples)
    report.write_json(_JSON, str(cores), rows, samples)
    _say(f"\n{report.table(rows)}\n\nAlso in {_JSON.relative_to(ROOT)}; {cores}")
    errors = sum(row.errors for row in rows)
    sys.exit(f"{errors} calls failed: these numbers mean nothing" if errors else 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measures MCP servers side by side.")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="turns of each server (default: 5)")
    parser.add_argument("--seconds", type=float, default=1, metavar="S", help="length of a turn (default: 1)")
    return parser


def _kinds() -> list[ServerKind]:
    return list(dict.fromkeys(each.kind for comparison in COMPARISONS for each in comparison.contenders))


def _samples(cores: Cores, rounds: int, seconds: float) -> list[Sample]:
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder, ExitStack() as stack:
        servers = {kind: stack.enter_context(running(kind, cores.servers, Path(folder))) for kind in _kinds()}
        for comparison in COMPARISONS:
            for contender in comparison.contenders:
                _warm_up(comparison, contender, servers[contender.kind], cores)
        return list(_rounds(servers, cores, rounds, seconds))


def _warm_up(comparison: Comparison, contender: Contender, server: Server, cores: Cores) -> None:
    sample = _sample(comparison, contender, server, min(8, max(comparison.callers)), 0, 1, cores)
    _say(f"Warm-up: {_progress(sample)}")
    if sample.measurement.errors:
        raise MeasurementError(
            f"{contender.name} fails calls before anything is measured: {sample.measurement.first_error}"
        )


def _rounds(servers: Mapping[ServerKind, Server], cores: Cores, rounds: int, seconds: float) -> Iterator[Sample]:
    turns = [
        (number, comparison, callers)
        for number in range(1, rounds + 1)
        for comparison in COMPARISONS
        for callers in comparison.callers
    ]
    for number, comparison, callers in turns:
        for contender in comparison.contenders:
            sample = _sample(comparison, contender, servers[contender.kind], callers, number, seconds, cores)
            _say(f"Round {number} of {rounds}: {_progress(sample)}")
            yield sample


def _sample(
    comparison: Comparison,
    contender: Contender,
    server: Server,
    callers: int,
    number: int,
    seconds: float,
    cores: Cores,
) -> Sample:
    port = server.pool_port if contender.at_pool else server.port
    load = Load(port, contender.path, contender.headers, contender.call, callers, seconds)
    cpu_seconds = server.cpu_seconds()
    measured = measure(load, cores.load)
    cpu_ms = (server.cpu_seconds() - cpu_seconds) / measured.answers * 1000
    return Sample(comparison.name, callers, contender.name, number, measured, cpu_ms, server.memory())


def _progress(sample: Sample) -> str:
    measured = sample.measurement
    line = f"{sample.call}, {sample.callers:>2} callers, {sample.server:<14} {measured.requests_per_second:>8,.0f}/s"
    line += f", {sample.cpu_ms:.3f} ms CPU a call, load generator {measured.load_busy:.0%} busy"
    if measured.load_busy > _LIMIT_OF_LOAD:
        line += " (the limit: the server may be faster)"
    return line + (f"; {measured.errors} ERRORS, the first: {measured.first_error}" if measured.errors else "")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
