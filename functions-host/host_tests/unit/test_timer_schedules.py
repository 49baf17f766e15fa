"""Schedules of timers, as the Timers extension read and refused them."""

import gzip
import json
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from functions_host.app.settings import Configuration
from functions_host.bindings.expressions import Template
from functions_host.errors import BindingError
from functions_host.triggers.schedule import ConstantSchedule, ScheduleError, read_schedule

from host_tests.requirements import shows

_RECORDED = Path(__file__).parent.parent / "recorded" / "timer_schedules.jsonl.gz"
_CASES: list[dict[str, Any]] = [json.loads(line) for line in gzip.decompress(_RECORDED.read_bytes()).splitlines()]
_CONFIGURATION = Configuration({"SCHEDULE": "0 */5 * * * *"})


def _next_times(schedule: str, after: str, count: int) -> tuple[bool, list[str]]:
    read = read_schedule(Template(schedule, _CONFIGURATION).text)

    def times():
        moment = datetime.fromisoformat(after)
        while True:
            moment = read.next(moment)
            yield moment.isoformat(timespec="seconds")

    return isinstance(read, ConstantSchedule), list(islice(times(), count))


@shows("timers.schedule")
@pytest.mark.parametrize("case", _CASES, ids=[case["schedule"] for case in _CASES])
def test_a_schedule_is_read_as_the_extension_read_it(case: dict[str, Any]) -> None:
    if "refused" in case:
        with pytest.raises((ScheduleError, BindingError)):
            _next_times(case["schedule"], "2026-02-27T23:58:30", 8)
        return
    is_constant, times = _next_times(case["schedule"], case["from"], 8)
    assert (is_constant, times) == (case["kind"] == "ConstantSchedule", case["next"])
