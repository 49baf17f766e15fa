"""Calls that run so long that many clients have given up by the time of their answer."""

import asyncio
import time
from collections.abc import Callable

from functions_host.host.functions import MCP_NOUNS
from functions_host.host.served_app import ServedApp

# The official TypeScript client waits 60 seconds, many that are built on it 30 or less.
_SECONDS = 30
_LOOK_SECONDS = 1


async def watch_slow_calls(app: ServedApp, tell: Callable[[str], None]) -> None:
    """Tells of each call that has been running for 30 seconds, once, until cancelled."""
    told: set[str] = set()
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        executing = app.host.executing
        told.intersection_update(executing)
        for invocation_id, running in executing.items():
            if running.function.trigger.noun not in MCP_NOUNS:
                continue  # nobody waits for a timer
            if time.perf_counter() - running.since > _SECONDS and invocation_id not in told:
                told.add(invocation_id)
                tell(
                    f"'Functions.{running.function.name}' has been running for {_SECONDS} s (Id={invocation_id}): "
                    "many clients give up by now. Return sooner, and let a second tool ask for the result."
                )
