"""The load generator: `measurement.LoadGenerator` runs it. Every answer is checked."""

from host_tests.benchmarks.calling import Caller, run, serve_loads
from host_tests.benchmarks.http_caller import HttpCaller
from host_tests.benchmarks.measurement import Load
from host_tests.benchmarks.sse_caller import SseCaller


def make_caller(load: Load, caller: int) -> Caller:
    """Returns a caller over the transport of a load."""
    return SseCaller(load, caller) if load.transport == "sse" else HttpCaller(load, caller)


if __name__ == "__main__":
    run(serve_loads(make_caller))
