"""The time zone of an app's timers.

https://learn.microsoft.com/azure/azure-functions/functions-app-settings#website_time_zone. Python apps run on Linux in
Azure, where zones have the names of the tz database. `func` takes the zone of the machine instead.
"""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from functions_host.app.settings import Configuration

_SETTINGS = ("WEBSITE_TIME_ZONE", "TZ")


def time_zone(configuration: Configuration) -> tzinfo:
    """Returns the zone that the settings name, UTC where they name none or one that there is not."""
    for name in _SETTINGS:
        if text := configuration.get(name):
            return _zone(text) or UTC
    return UTC


def time_zone_notice(configuration: Configuration) -> str | None:
    """Returns what the person should know of a zone that there is not."""
    text = configuration.get(_SETTINGS[0])
    if not text or _zone(text):
        return None
    return (
        f"WEBSITE_TIME_ZONE is '{text}', which is no zone of the tz database, as Azure wants it for Python: write such "
        "as Europe/Berlin. Until then timers run by UTC."
    )


def wall_clock(zone: tzinfo) -> datetime:
    """Returns what a clock on the wall shows now, without its zone, as schedules want it."""
    return datetime.now(zone).replace(tzinfo=None)


def seconds_between(earlier: datetime, later: datetime, zone: tzinfo) -> float:
    """Returns the seconds that pass between two times of a wall clock, across changes to summer time too."""
    return (later.replace(tzinfo=zone).astimezone(UTC) - earlier.replace(tzinfo=zone).astimezone(UTC)).total_seconds()


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name.removeprefix(":"))
    except (ValueError, OSError, KeyError):  # no such zone, or no name of a file
        return None
