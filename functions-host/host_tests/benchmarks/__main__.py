"""`uv run --group bench python -m host_tests.benchmarks`: this server beside others, on the same core, in turns."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from host_tests.benchmarks import rounds, start_up
from host_tests.benchmarks.comparisons import PHASES, Phase
from host_tests.benchmarks.cores import Cores, choose_cores, stay_on
from host_tests.benchmarks.dependencies import dependencies, listing
from host_tests.benchmarks.measurement import ROOT, MeasurementError
from host_tests.benchmarks.programs import Folders, StartError
from host_tests.benchmarks.report import write_json
from host_tests.benchmarks.rounds import Length
from host_tests.benchmarks.samples import Sample, rows_of
from host_tests.benchmarks.start_up import START_UPS, StartUp
from host_tests.benchmarks.table import table
from host_tests.benchmarks.targets import verdicts

_FOLDER = ROOT / "artifacts"
_JSON, _PLOT, _LOGS = _FOLDER / "benchmarks.json", _FOLDER / "benchmarks.svg", _FOLDER / "benchmarks-logs"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, reports, and ends the process with exit code 1 if calls failed; a target that is missed is no error."""
    options = _parser().parse_args(arguments)
    phases, start_ups = _chosen(options.only)
    if not phases and not start_ups:
        sys.exit(f"Nothing that is compared has '{options.only}' in its name.")
    cores = choose_cores()
    stay_on(cores.load)  # what this process does between turns is no work of a server
    try:
        samples = list(_samples(phases, start_ups, cores, Length(options.rounds, options.seconds)))
    except (StartError, MeasurementError) as error:
        sys.exit(str(error))
    _report(samples, cores, options)
    failed = [each for each in samples if each.errors]
    for each in failed:
        _say(f"{each.contender} failed '{each.work}' in round {each.round}: {each.first_error}")
    logs = _LOGS.relative_to(ROOT)
    sys.exit(f"Calls failed, so these numbers mean little. What the servers said is in {logs}." if failed else 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measures MCP servers side by side.")
    parser.add_argument("--only", default="", metavar="TEXT", help="only what has this in its name, such as getsnippet")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="turns of each contender (default: 3)")
    parser.add_argument("--seconds", type=float, default=0.25, metavar="S", help="length of a turn (default: 0.25)")
    return parser


def _chosen(text: str) -> tuple[list[Phase], tuple[StartUp, ...]]:
    phases = [
        replace(phase, comparisons=tuple(each for each in phase.comparisons if text in each.work)) for phase in PHASES
    ]
    return [phase for phase in phases if phase.comparisons], tuple(each for each in START_UPS if text in each.work)


def _samples(phases: Sequence[Phase], start_ups: tuple[StartUp, ...], cores: Cores, length: Length) -> Iterator[Sample]:
    shutil.rmtree(_LOGS, ignore_errors=True)  # those of an earlier run
    _LOGS.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="benchmarks-", ignore_cleanup_errors=True) as data:
        folders = Folders(Path(data), _LOGS)
        yield from start_up.samples_of(start_ups, cores, length.rounds, folders, _say)
        if phases:
            yield from rounds.samples_of(phases, cores, length, folders, _say)


def _report(samples: Sequence[Sample], cores: Cores, options: argparse.Namespace) -> None:
    from host_tests.benchmarks.plot import write_plot  # a second, which is not to fall into the first turn

    rows = rows_of(samples)
    found = verdicts(rows)
    deployed = dependencies(ROOT / "src" / "requirements.txt")
    write_json(_JSON, str(cores), rows, samples, found, deployed)
    write_plot(_PLOT, rows)
    does = {each.work: each.does for phase in PHASES for each in phase.comparisons}
    _say(f"\n{table(rows, does)}\n")
    if not options.only:
        _say(f"{listing(deployed)}\n")
    if found:
        judged_by = (
            "one round, which may be chance" if options.rounds == 1 else f"the median of {options.rounds} rounds"
        )
        _say("\n".join([f"Targets, by {judged_by}:", *(each.sentence for each in found), ""]))
    _say(f"Also in {_JSON.relative_to(ROOT)} and {_PLOT.relative_to(ROOT)}; {cores}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
