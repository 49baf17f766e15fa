"""Calls that run so long that many clients have given up by the time of their answer."""

import asyncio
import time
from collections.abc import Callable, Mapping

from functions_host.host.functions import MCP_NOUNS
from functions_host.host.host import Running

# The official TypeScript client waits 60 seconds, many that are built on it 30 or less.
PATIENCE_SECONDS = 30
_LOOK_SECONDS = 1


async def watch_slow_calls(
    executing: Callable[[], Mapping[str, Running]],
    tell: Callable[[str], None],
    seconds: float = PATIENCE_SECONDS,
    look_seconds: float = _LOOK_SECONDS,
) -> None:
    """Tells of each call under way that has been running for so long, once, until cancelled."""
    told: set[str] = set()
    while True:
        await asyncio.sleep(look_seconds)
        calls = executing()
        told.intersection_update(calls)
        for invocation_id, running in calls.items():
            if running.function.trigger.noun not in MCP_NOUNS:
                continue  # nobody waits for a timer
            if time.perf_counter() - running.since > seconds and invocation_id not in told:
                told.add(invocation_id)
                tell(
                    f"'Functions.{running.function.name}' has been running for {seconds:.0f} s (Id={invocation_id}): "
                    "many clients give up by now. Return sooner, and let a second tool ask for the result."
                )
