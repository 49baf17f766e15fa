"""The rounds: every program in its turn, one right after the other, so that a machine that slows down slows all."""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from host_tests.benchmarks.calls import KB, snippet, stored_name
from host_tests.benchmarks.comparisons import AZURITE, Comparison, Contender, Phase
from host_tests.benchmarks.cores import Cores
from host_tests.benchmarks.measurement import Load, LoadGenerator, Measurement, MeasurementError
from host_tests.benchmarks.programs import Folders, ProcessTree, Program, Server, running
from host_tests.benchmarks.samples import Measure, Sample
from host_tests.servers import POOL_PATH, azurite_connection_string, free_port

_LOAD = "host_tests.benchmarks.load"
_DIRECT = "host_tests.benchmarks.peers.direct_snippets"
_WARM_UP_CALLERS = 8
_WARM_UP_SECONDS = 0.3
_LIMIT_OF_LOAD = 0.9

type Say = Callable[[str], None]


@dataclass(frozen=True)
class Length:
    """How long is measured: turns of each contender, and seconds of a turn."""

    rounds: int
    seconds: float


class Field:
    """All that runs during a phase."""

    def __init__(
        self,
        servers: dict[Program, Server],
        shared: Sequence[ProcessTree],
        load: LoadGenerator,
        direct: LoadGenerator | None,
    ) -> None:
        self._servers = servers
        self._shared = shared
        self._load = load
        self._direct = direct

    def measure(self, contender: Contender, callers: int, seconds: float) -> tuple[Measurement, dict[Measure, float]]:
        """Measures a contender once."""
        generator = self._load if contender.program else self._direct
        assert generator
        port = self._servers[contender.program].port if contender.program else 0
        tree = self._servers[contender.program].tree if contender.program else ProcessTree(generator.process_id)
        load = Load(port, contender.path, contender.headers, contender.transport, contender.call, callers, seconds)
        before: list[float] = []
        measured = generator.measure(load, lambda: before.append(self._cpu_seconds(tree)))
        cpu_seconds = self._cpu_seconds(tree) - before[0]
        return measured, _measures(measured, cpu_seconds, tree.memory())

    def _cpu_seconds(self, tree: ProcessTree) -> float:
        # Storage and sessions work for the one that is measured, and for nobody else.
        others = [each for each in self._shared if each is not tree]
        return sum(each.cpu_seconds() for each in (tree, *others))


def samples_of(phases: Sequence[Phase], cores: Cores, length: Length, folders: Folders, say: Say) -> Iterator[Sample]:
    """Runs the phases one after the other. Raises StartError, or MeasurementError when a contender fails its calls."""
    with _storage(cores, folders) as (azurite, connection_string):
        for phase in phases:
            with _field(phase, cores, azurite, connection_string, folders, say) as field:
                _warm_up(field, phase, say)
                yield from _rounds(field, phase, length, say)


@contextmanager
def _storage(cores: Cores, folders: Folders) -> Generator[tuple[Server, str]]:
    """Runs Azurite with the snippets in it that are read."""
    from azure.storage.blob import ContainerClient

    port = free_port()
    connection_string = azurite_connection_string(port)
    with running(AZURITE, cores.servers, folders, os.environ, port) as azurite:
        with ContainerClient.from_connection_string(connection_string, "snippets") as container:
            container.create_container()
            for size in (KB, 100 * KB, KB * KB):
                container.upload_blob(f"{stored_name(size)}.json", snippet(size))
        yield azurite, connection_string


@contextmanager
def _field(
    phase: Phase, cores: Cores, azurite: Server, connection_string: str, folders: Folders, say: Say
) -> Generator[Field]:
    contenders = [each for comparison in phase.comparisons for each in comparison.contenders]
    programs = list(dict.fromkeys(each.program for each in contenders if each.program and each.program != phase.pool))
    pool_port = free_port()
    environment = os.environ | {
        "AzureWebJobsStorage": connection_string,
        "SESSION_POOL_MCP_ENDPOINT": f"http://127.0.0.1:{pool_port}{POOL_PATH}",
        "SESSION_POOL_MCP_API_KEY": "local-dev-key",
    }
    say(f"Starting {', '.join(each.name for each in (phase.pool, *programs) if each)}; {cores}")
    with ExitStack() as stack:
        servers: dict[Program, Server] = {}
        if phase.pool:
            pool = running(phase.pool, cores.servers, folders, environment, pool_port)
            servers[phase.pool] = stack.enter_context(pool)
        shared = [azurite.tree, *(each.tree for each in servers.values())]
        for program in programs:
            servers[program] = stack.enter_context(running(program, cores.servers, folders, environment))
        load = stack.enter_context(LoadGenerator(_LOAD, cores.load, os.environ))
        direct = None
        if any(each.program is None for each in contenders):
            direct = stack.enter_context(LoadGenerator(_DIRECT, cores.servers, environment))
        yield Field(servers, shared, load, direct)


def _warm_up(field: Field, phase: Phase, say: Say) -> None:
    """Also finds out before anything is measured whether all answer as they should. Raises MeasurementError."""
    for comparison in phase.comparisons:
        for contender in comparison.contenders:
            # At a pool, every caller has an environment that must be there.
            callers = max(comparison.callers) if phase.pool else _WARM_UP_CALLERS
            measured, _ = field.measure(contender, callers, _WARM_UP_SECONDS)
            say(f"Warm-up: {_progress(comparison, contender, callers, measured)}")
            if measured.errors:
                raise MeasurementError(f"{contender.name} fails '{comparison.work}': {measured.first_error}")


def _rounds(field: Field, phase: Phase, length: Length, say: Say) -> Iterator[Sample]:
    for number in range(1, length.rounds + 1):
        for comparison in phase.comparisons:
            for callers in comparison.callers:
                for contender in comparison.contenders:
                    measured, measures = field.measure(contender, callers, length.seconds)
                    progress = _progress(comparison, contender, callers, measured)
                    say(f"Round {number} of {length.rounds}: {progress}")
                    yield Sample(
                        comparison.work,
                        callers,
                        contender.name,
                        number,
                        measures,
                        measured.errors,
                        measured.first_error,
                    )


def _measures(measured: Measurement, cpu_seconds: float, memory: float) -> dict[Measure, float]:
    found: dict[Measure, float | None] = {
        "requests_per_second": measured.requests_per_second,
        "p50_ms": measured.p50_ms,
        "p99_ms": measured.p99_ms,
        "cpu_ms": cpu_seconds / measured.answers * 1000 if measured.answers else None,
        "memory_mib": memory,
    }
    return {measure: value for measure, value in found.items() if value is not None}


def _progress(comparison: Comparison, contender: Contender, callers: int, measured: Measurement) -> str:
    line = f"{comparison.work}, {callers} {'caller' if callers == 1 else 'callers'}, {contender.name}: "
    line += "no answer" if measured.requests_per_second is None else f"{measured.requests_per_second:,.0f}/s"
    if contender.program and measured.busy > _LIMIT_OF_LOAD:
        line += f", the load generator {measured.busy:.0%} busy: the server may be faster"
    return line + (f"; {measured.errors} ERRORS, the first: {measured.first_error}" if measured.errors else "")
