"""One measurement: what a load generator is asked to do, what it found, and the process in which it does so."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import msgspec

from host_tests.benchmarks.calls import Call
from host_tests.benchmarks.cores import staying_on

ROOT = Path(__file__).resolve().parents[3]
_STOP_SECONDS = 20
BEGUN = b"begun\n"

type Transport = Literal["http", "session", "sse"]


@dataclass(frozen=True)
class Load:
    """`callers` call the server at `port` for `seconds`, each one call at a time."""

    port: int
    path: str
    headers: dict[str, str]
    transport: Transport
    call: Call
    callers: int
    seconds: float


@dataclass(frozen=True)
class Measurement:
    """What came of a Load. Times and rates are None where no answer was right."""

    answers: int
    """Since it was said that it has begun; some are later than the time that counts."""
    requests_per_second: float | None
    p50_ms: float | None
    p99_ms: float | None
    errors: int
    first_error: str | None
    busy: float
    """The share of a core that the load generator used: near 1 it was the limit, and not the server."""


class MeasurementError(Exception):
    """Nothing can be measured; why is in the message."""


class LoadGenerator:
    """A process that does one load after the other: a line in, a line out. `module` is what it runs."""

    def __init__(self, module: str, core: int | None, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module], cwd=ROOT, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, preexec_fn=staying_on(core),
        )  # fmt: skip

    @property
    def process_id(self) -> int:
        """The id of the process."""
        return self._process.pid

    def measure(self, load: Load, begun: Callable[[], None]) -> Measurement:
        """Does a load; `begun` is called when all callers are at it. Raises MeasurementError if the process has ended,
        which has said why on stderr.
        """
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(msgspec.json.encode(load) + b"\n")
            self._process.stdin.flush()
            if self._process.stdout.readline() == BEGUN:
                begun()
            return msgspec.json.decode(self._process.stdout.readline(), type=Measurement)
        except (BrokenPipeError, msgspec.DecodeError):
            raise MeasurementError(f"The load generator ended during '{load.call.method}' on {load.path}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
