"""Runs a timer's function when it is due, and remembers that it did.

Microsoft.Azure.WebJobs.Extensions, Extensions/Timers/Listeners/TimerListener.cs and Scheduling/ScheduleMonitor.cs: the
status is a blob of the app's storage, a run that was missed is made up for once at start, and runs do not overlap. Of
the lock that keeps a second instance from running the same timer there is none: there is no second instance here. One
that fails is tried again as @app.retry says (azure-webjobs-sdk, FunctionExecutorExtensions.cs).
"""

import asyncio
import json
import random
from datetime import datetime

from functions_host.app.time_zone import seconds_between
from functions_host.errors import InvocationError
from functions_host.host.functions import Function
from functions_host.host.host import FunctionsHost
from functions_host.host.work import Work
from functions_host.storage.blob_store import BlobPath
from functions_host.triggers.timer_trigger import (
    NEVER,
    ScheduleStatus,
    TimerCall,
    TimerTrigger,
    read_status,
    status_members,
)
from functions_host.worker_process.messages import Retry

_CONTAINER = "azure-webjobs-hosts"
_LONGEST_SLEEP = 3600.0  # after which the clock is looked at again: it may have been set, or the machine have slept


class TimerListener:
    """The clock of one function. `work` runs what has to come to its end even after the listener was stopped."""

    def __init__(self, host: FunctionsHost, function: Function, trigger: TimerTrigger, work: Work) -> None:
        self._host = host
        self._function = function
        self._trigger = trigger
        self._work = work
        self._has_started = False

    async def listen(self) -> None:
        """Runs the function whenever it is due, until cancelled. Raises BindingError if its status cannot be kept."""
        trigger = self._trigger
        now = trigger.now()
        status = await self._status_at_start() if trigger.is_monitored else None
        is_past_due = status is not None and now > status.next
        status = status or ScheduleStatus(NEVER, trigger.schedule.next(now), now)
        starts = trigger.run_on_startup and not self._has_started  # it listens anew after its storage was away
        if is_past_due or starts:
            self._has_started = True
            status = await self._run(status, is_past_due=is_past_due, at_start=True)
        while True:
            await self._sleep_until_due(status)
            status = await self._run(status)

    async def _sleep_until_due(self, status: ScheduleStatus) -> None:
        while (seconds := seconds_between(self._trigger.now(), status.next, self._trigger.zone)) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(seconds, _LONGEST_SLEEP))

    async def _run(
        self, status: ScheduleStatus, *, is_past_due: bool = False, at_start: bool = False
    ) -> ScheduleStatus:
        trigger, retry = self._trigger, self._function.retry
        now = trigger.now()
        call = TimerCall(trigger, status if trigger.is_monitored else None, is_past_due)
        tries = 0
        while not await asyncio.shield(self._work(self._succeeds(call, tries))):
            if retry is None or tries == retry.most:
                break
            seconds = _pause(retry, tries)
            tries += 1
            most = f" of {retry.most}" if retry.most >= 0 else ""
            self._host.notice(f"'Functions.{self._function.name}' is tried again in {seconds:.3g} s, {tries}{most}.")
            await asyncio.sleep(seconds)
        return await asyncio.shield(self._work(self._remember_run(status, now, at_start)))

    async def _succeeds(self, call: TimerCall, tries: int) -> bool:
        try:
            await self._host.run(self._function, call, tries)
        except InvocationError:
            return False  # the terminal has it
        return True

    async def _remember_run(self, status: ScheduleStatus, now: datetime, at_start: bool) -> ScheduleStatus:
        trigger = self._trigger
        # A clock that strikes a moment early must not strike for the same time twice.
        last = now if at_start else max(now, status.next)
        status = ScheduleStatus(last, trigger.schedule.next(last), last)
        if trigger.is_monitored:
            await self._remember(status)
        return status

    async def _status_at_start(self) -> ScheduleStatus:
        """Returns what is remembered, corrected where the schedule was changed meanwhile."""
        trigger, schedule = self._trigger, self._trigger.schedule
        now = trigger.now()
        stored = await stored_status(self._host, self._function, trigger)
        if stored is None:
            status = ScheduleStatus(NEVER, schedule.next(now), now)
            await self._remember(status)
            return status
        since = next((each for each in (stored.last, stored.last_updated) if each != NEVER), now)
        expected = schedule.next(since)
        if stored.next == expected:
            return stored
        if now > expected:
            since, expected = now, schedule.next(now)
        status = ScheduleStatus(NEVER, expected, since)
        await self._remember(status)
        return status

    async def _remember(self, status: ScheduleStatus) -> None:
        text = json.dumps(status_members(status, self._trigger.zone))
        await self._host.blobs.write("AzureWebJobsStorage", _blob(self._host, self._function), text.encode(), {})


async def stored_status(host: FunctionsHost, function: Function, trigger: TimerTrigger) -> ScheduleStatus | None:
    """Returns what is remembered of a timer's runs, None if nothing is. Raises BindingError."""
    content = await host.blobs.read("AzureWebJobsStorage", _blob(host, function))
    if content is None:
        return None
    try:
        return read_status(json.loads(content), trigger.zone)
    except (KeyError, TypeError, ValueError):
        return None  # of somebody else, or of another version


def _pause(retry: Retry, tries: int) -> float:
    """Returns how many seconds pass before the next try. azure-webjobs-sdk, RandomizedExponentialBackoffStrategy.cs."""
    if retry.is_fixed or tries == 0:
        return retry.shortest
    return min(retry.shortest * (1 + random.uniform(0.8, 1.2) * 2 ** min(tries - 1, 64)), retry.longest)  # noqa: S311


def _blob(host: FunctionsHost, function: Function) -> BlobPath:
    return BlobPath(_CONTAINER, f"timers/{host.settings.host_id}/Host.Functions.{function.name}/status")
