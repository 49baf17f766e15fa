"""One measurement: what the load generator is asked to do, and what it found."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.benchmarks.calls import Call
from tests.benchmarks.cores import staying_on

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Load:
    """`callers` call the server at `port` for `seconds`, each one call at a time."""

    port: int
    path: str
    headers: dict[str, str]
    call: Call
    callers: int
    seconds: float


@dataclass(frozen=True)
class Measurement:
    """What came of a Load."""

    requests_per_second: float
    answers: int
    """All of them, also those before and after the time that counts."""
    p50_ms: float
    p99_ms: float
    errors: int
    first_error: str | None
    load_busy: float
    """The share of its core that the load generator used: near 1 it was the limit, and not the server."""


class MeasurementError(Exception):
    """The load generator could not measure anything; it has said why on stderr."""


def measure(load: Load, core: int | None) -> Measurement:
    """Runs the load generator in a process of its own. Raises MeasurementError."""
    command = [sys.executable, "-m", "tests.benchmarks.load", msgspec.json.encode(load).decode()]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, preexec_fn=staying_on(core), check=False)
    if done.returncode != 0:
        raise MeasurementError(f"{load.callers} callers of '{load.call.name}' on {load.path} got no answer")
    return msgspec.json.decode(done.stdout, type=Measurement)
