"""What a timer remembers between starts, and the zone whose clock it follows."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from functions_host.app.settings import Configuration
from functions_host.app.time_zone import seconds_between, time_zone, time_zone_notice
from functions_host.bindings.raw_binding import RawBinding
from functions_host.errors import BindingError, WorkerError
from functions_host.host.by_hand import call_by_hand
from functions_host.host.host import FunctionsHost
from functions_host.host.listeners import Listeners
from functions_host.host.served_app import AppVersion
from functions_host.storage.blob_store import BlobPath, BlobStore
from functions_host.triggers.timer_trigger import TimerCall, read_timer_trigger
from functions_host.worker_process.messages import Completed, FunctionMetadata, Indexed, Invoke, Retry, Value

from host_tests.host.conftest import raw
from host_tests.requirements import shows

_HOURLY = "0 0 * * * *"


class _MemoryBlobs(BlobStore):
    """A storage account that is a dict."""

    def __init__(self) -> None:
        super().__init__(Configuration({}))
        self.blobs: dict[str, bytes] = {}

    async def read(self, connection: str, path: BlobPath) -> bytes | None:
        return self.blobs.get(str(path))

    async def write(self, connection: str, path: BlobPath, content: bytes, metadata: dict[str, str]) -> None:
        self.blobs[str(path)] = content


class _TimerWorker:
    """One timer; each run says that it is past due, or not."""

    def __init__(self, schedule: str, retry: Retry | None = None, fails: int = 0, **members: object) -> None:
        self._binding = raw("timerTrigger", name="timer", schedule=schedule, **members)
        self._retry = retry
        self._fails = fails
        self.runs: list[dict[str, Any]] = []
        self.tries: list[tuple[int, int]] = []

    async def start(self) -> Indexed:
        return Indexed([FunctionMetadata("tick", "tick", [self._binding], self._retry)])

    async def invoke(self, call: Invoke, timeout: float | None) -> Completed:
        self.runs.append(json.loads(dict(call.inputs)["timer"].value))
        self.tries.append((call.retry_count, call.max_retry_count))
        if len(self.runs) <= self._fails:
            raise WorkerError("not yet")
        return Completed(call.invocation_id, Value(), [])

    def retire(self) -> None:
        pass

    async def stop(self, seconds: float = 2) -> None:
        pass


async def _ran(host: Any, worker: _TimerWorker, blobs: _MemoryBlobs) -> list[bool]:
    """Lets the timer listen for a moment, and returns whether each run was past due."""
    timer_host = FunctionsHost(host.host.settings, worker, blobs, lambda execution: None)
    await timer_host.start()
    version = AppVersion(timer_host)
    listeners = Listeners(timer_host, version.work, pytest.fail)
    listeners.start()
    for _ in range(100):  # turns of the loop: until it is due, nothing here waits for anything else
        await asyncio.sleep(0)
    listeners.stop()
    await version.stop()
    return [each["IsPastDue"] for each in worker.runs]


def _status(last: datetime, next_run: datetime) -> bytes:
    return json.dumps(
        {"Last": last.isoformat(), "Next": next_run.isoformat(), "LastUpdated": last.isoformat()}
    ).encode()


@pytest.mark.anyio
@shows("timers.missed")
async def test_the_first_start_remembers_the_next_run_and_later_ones_make_up_for_one(host: Any) -> None:
    blobs = _MemoryBlobs()
    assert await _ran(host, _TimerWorker(_HOURLY), blobs) == []
    ((path, content),) = blobs.blobs.items()
    assert path.startswith("azure-webjobs-hosts/timers/")
    assert json.loads(content)["Last"] == "0001-01-01T00:00:00"
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    blobs.blobs[path] = _status(hour - timedelta(hours=5), hour - timedelta(hours=4))
    assert await _ran(host, _TimerWorker(_HOURLY), blobs) == [True]
    assert datetime.fromisoformat(json.loads(blobs.blobs[path])["Next"]) == hour + timedelta(hours=1)
    assert await _ran(host, _TimerWorker(_HOURLY), blobs) == []


@pytest.mark.anyio
@shows("timers.missed")
async def test_a_schedule_that_was_changed_is_not_past_due_and_a_frequent_one_not_remembered(host: Any) -> None:
    blobs = _MemoryBlobs()
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    await _ran(host, _TimerWorker(_HOURLY), blobs)
    (path,) = blobs.blobs
    blobs.blobs[path] = _status(hour - timedelta(hours=5), hour - timedelta(hours=4, minutes=30))
    assert await _ran(host, _TimerWorker(_HOURLY), blobs) == []
    blobs.blobs.clear()
    assert await _ran(host, _TimerWorker("0 0 0 1 1 *", useMonitor=False, runOnStartup=True), blobs) == [False]
    assert await _ran(host, _TimerWorker("59 59 23 31 12 *", runOnStartup="true"), blobs) == [False]
    assert len(blobs.blobs) == 1


@pytest.mark.anyio
@shows("timers.retry")
@pytest.mark.parametrize(
    ("most", "fails", "tries"),
    [(2, 9, [(0, 2), (1, 2), (2, 2)]), (2, 1, [(0, 2), (1, 2)]), (-1, 2, [(0, -1), (1, -1), (2, -1)])],
)
async def test_a_timer_that_fails_is_tried_again(
    host: Any, most: int, fails: int, tries: list[tuple[int, int]]
) -> None:
    worker = _TimerWorker("59 59 23 31 12 *", Retry(most, True, 0, 0), fails, runOnStartup=True)
    await _ran(host, worker, _MemoryBlobs())
    assert worker.tries == tries


@pytest.mark.anyio
@shows("timers.by-hand")
async def test_a_run_by_hand_is_told_what_is_remembered(host: Any) -> None:
    blobs = _MemoryBlobs()
    await _ran(host, _TimerWorker(_HOURLY), blobs)
    timer_host = FunctionsHost(host.host.settings, _TimerWorker(_HOURLY), blobs, lambda execution: None)
    await timer_host.start()
    call = await call_by_hand(timer_host, timer_host.app.functions[0], "")
    assert isinstance(call, TimerCall)
    assert call.status


@shows("timers.zone")
def test_the_zone_is_that_of_the_settings_and_one_that_is_none_is_said() -> None:
    berlin = Configuration({"WEBSITE_TIME_ZONE": "Europe/Berlin"})
    assert time_zone(berlin) == ZoneInfo("Europe/Berlin")
    assert time_zone_notice(berlin) is None
    windows = Configuration({"WEBSITE_TIME_ZONE": "W. Europe Standard Time"})
    assert time_zone(windows) is UTC
    assert "no zone of the tz database" in (time_zone_notice(windows) or "")


@shows("timers.zone")
def test_the_hours_of_a_change_to_summer_time_are_counted() -> None:
    zone = ZoneInfo("Europe/Berlin")
    assert seconds_between(datetime(2026, 3, 29, 1, 0), datetime(2026, 3, 29, 4, 0), zone) == 2 * 3600
    assert seconds_between(datetime(2026, 10, 25, 1, 0), datetime(2026, 10, 25, 4, 0), zone) == 4 * 3600


@shows("timers.schedule")
@pytest.mark.parametrize("schedule", ["00:00:00", "-00:05:00", "every day", "0 0 0 30 2 *", "%NOPE%"])
def test_a_schedule_that_is_none_or_never_ends_is_an_error_of_its_function(schedule: str) -> None:
    with pytest.raises(BindingError):
        read_timer_trigger(RawBinding(raw("timerTrigger", name="timer", schedule=schedule)), Configuration({}))
