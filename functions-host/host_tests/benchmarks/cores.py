"""One core for the servers and another for the load, so that neither takes time from the other."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Cores:
    """The number of each core; None where processes cannot be held to one."""

    servers: int | None = None
    load: int | None = None

    def __str__(self) -> str:
        if self.servers is None:
            return "NOT held to cores: this system has no sched_setaffinity, or one core only"
        return f"servers on core {self.servers}, load on core {self.load}"


def choose_cores() -> Cores:
    """Returns the first and the last core: in most numberings those are not two threads of one."""
    if sys.platform != "linux":
        return Cores()
    allowed = sorted(os.sched_getaffinity(0))
    return Cores(allowed[0], allowed[-1]) if len(allowed) > 1 else Cores()


def staying_on(core: int | None) -> Callable[[], None] | None:
    """Returns a `preexec_fn`: the new process, and every child that it starts, stays on `core`."""
    if sys.platform != "linux" or core is None:
        return None
    return lambda: os.sched_setaffinity(0, {core})


def stay_on(core: int | None) -> None:
    """Holds this process to `core`."""
    if sys.platform == "linux" and core is not None:
        os.sched_setaffinity(0, {core})
