"""timerTrigger: a function that runs by the clock, and what it is told of its schedule.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer; what is stored and told is that of
Microsoft.Azure.WebJobs.Extensions, Extensions/Timers (azure-webjobs-sdk-extensions).
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any, ClassVar

import msgspec

from functions_host.app.settings import Configuration
from functions_host.app.time_zone import time_zone, wall_clock
from functions_host.bindings.expressions import BindingValue, Template
from functions_host.bindings.raw_binding import RawBinding
from functions_host.errors import BindingError
from functions_host.triggers.schedule import ConstantSchedule, Schedule, ScheduleError, read_schedule
from functions_host.worker_process.messages import Value

NEVER = datetime.min  # as .NET's default(DateTime)
_LOOKED_AT = 5
_SHORTEST_MONITORED = timedelta(minutes=1)


class ScheduleStatus(msgspec.Struct, frozen=True):
    """When a timer ran last and runs next, by the wall clock of its zone."""

    last: datetime
    next: datetime
    last_updated: datetime


class TimerTrigger(msgspec.Struct, frozen=True):
    """A function by the clock as its trigger declares it."""

    type_name: ClassVar = "timerTrigger"
    noun: ClassVar = "schedule"

    binding_name: str
    schedule: Schedule
    zone: tzinfo
    run_on_startup: bool
    is_monitored: bool
    """Whether its status is kept, so that a run that was missed is made up for."""

    @property
    def public_name(self) -> str:
        """The schedule as it is written, settings filled in."""
        return self.schedule.text

    def now(self) -> datetime:
        """Returns the time of its wall clock."""
        return wall_clock(self.zone)

    def next_run(self) -> datetime:
        """Returns when it is due next."""
        return self.schedule.next(self.now())

    def result(self, value: Value, call: object) -> None:
        """A timer is answered with nothing."""


class TimerCall(msgspec.Struct, frozen=True):
    """One run of a timer. `status` is None where it is not kept, as in Azure."""

    trigger: TimerTrigger
    status: ScheduleStatus | None
    is_past_due: bool

    def trigger_value(self) -> Value:
        """Returns the value of the trigger parameter, which azure.functions.TimerRequest reads."""
        status = status_members(self.status, self.trigger.zone) if self.status else None
        info: dict[str, Any] = {
            "Schedule": {"AdjustForDST": self.trigger.schedule.adjusts_for_dst},
            "ScheduleStatus": status,
            "IsPastDue": self.is_past_due,
        }
        return Value("json", json.dumps(info))

    def metadata(self) -> Mapping[str, Value]:
        """There is none."""
        return {}

    def binding_data(self, trigger_name: str, payload: Any, /) -> dict[str, BindingValue]:
        """Returns what binding expressions can name: {DateTime} and the like are known without."""
        return {"timertrigger": None}


def status_members(status: ScheduleStatus, zone: tzinfo) -> dict[str, str]:
    """Returns a status as the extension writes it to JSON."""
    return {
        "Last": _text(status.last, zone),
        "Next": _text(status.next, zone),
        "LastUpdated": _text(status.last_updated, zone),
    }


def read_status(members: Mapping[str, Any], zone: tzinfo) -> ScheduleStatus:
    """Reads what `status_members` wrote. Raises KeyError, TypeError, ValueError for what is no status."""
    return ScheduleStatus(*(_moment(members[name], zone) for name in ("Last", "Next", "LastUpdated")))


def read_timer_trigger(binding: RawBinding, configuration: Configuration) -> TimerTrigger:
    """Reads a raw timerTrigger. Raises BindingError."""
    text = Template(binding.required("schedule"), configuration).text
    zone = time_zone(configuration)
    try:
        schedule = read_schedule(text)
        is_monitored = _is_worth_monitoring(schedule, wall_clock(zone))
    except ScheduleError as error:
        raise BindingError(
            f"The schedule expression '{text}' was not recognized as a valid cron expression or timespan string: "
            f"{error}. Write six fields in the timerTrigger '{binding.name}', such as 0 */5 * * * *."
        ) from None
    if isinstance(schedule, ConstantSchedule) and schedule.interval <= timedelta(0):
        raise BindingError(
            f"The interval '{text}' of the timerTrigger '{binding.name}' would run it without end: give a longer one."
        )
    wants_monitor = binding.get("useMonitor") is None or binding.flag("useMonitor")
    return TimerTrigger(binding.name, schedule, zone, binding.flag("runOnStartup"), wants_monitor and is_monitored)


def _is_worth_monitoring(schedule: Schedule, now: datetime) -> bool:
    """The extension keeps no status of what runs more often than once a minute."""
    times = [now]
    for _ in range(_LOOKED_AT):
        times.append(schedule.next(times[-1]))
    return all(later - earlier >= _SHORTEST_MONITORED for earlier, later in pairwise(times[1:]))


def _text(moment: datetime, zone: tzinfo) -> str:
    return moment.isoformat() if moment == NEVER else moment.replace(tzinfo=zone).isoformat()


def _moment(text: str, zone: tzinfo) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment
