"""Schedules of timer triggers: NCRONTAB expressions and intervals, as the Timers extension reads them.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions. What the page leaves
out is how NCrontab 3.3.3 and .NET's TimeSpan read, which is recorded in the tests: days of month and of week must both
fit, names may be cut short, ranges may run backwards, 24:00:00 is 24 days.
"""

import calendar
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec

_MONTHS = tuple(name.lower() for name in calendar.month_name[1:])
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_NUMBER = re.compile(r"[0-9]{1,9}")
_INTERVAL = re.compile(r"(-?)(?:(\d{1,8})\.)?(\d{1,8}(?::\d{1,2}){0,3})(\.\d{1,7})?")
_SAME_CALENDAR_YEARS = 400  # after so many the days of the week are as they were


class ScheduleError(Exception):
    """A text is no schedule, or one that never comes."""


class CronSchedule(msgspec.Struct, frozen=True):
    """Moments at which the fields of a clock fit. Times are those of a wall clock, without a zone."""

    text: str
    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Sunday."""
    adjusts_for_dst: bool = True

    def next(self, after: datetime) -> datetime:
        """Returns the first moment after `after`. Raises ScheduleError if there is none."""
        start = after.replace(microsecond=0) + timedelta(seconds=1)
        if self._fits(start.date()) and (time := self._time_from(start.hour, start.minute, start.second)):
            return datetime(start.year, start.month, start.day, *time)
        day = self._day_after(start.date())
        return datetime(day.year, day.month, day.day, min(self.hours), min(self.minutes), min(self.seconds))

    def _fits(self, day: date) -> bool:
        return day.month in self.months and day.day in self.days and day.isoweekday() % 7 in self.weekdays

    def _time_from(self, hour: int, minute: int, second: int) -> tuple[int, int, int] | None:
        """Returns the first time of a day that is not before the one given."""
        if hour in self.hours:
            if minute in self.minutes and (found := _first(self.seconds, second)) is not None:
                return hour, minute, found
            if (found := _first(self.minutes, minute + 1)) is not None:
                return hour, found, min(self.seconds)
        found = _first(self.hours, hour + 1)
        return None if found is None else (found, min(self.minutes), min(self.seconds))

    def _day_after(self, day: date) -> date:
        for year in range(day.year, min(day.year + _SAME_CALENDAR_YEARS, 9999) + 1):
            for month in sorted(self.months):
                for number in sorted(self.days):
                    if number > calendar.monthrange(year, month)[1]:
                        continue
                    found = date(year, month, number)
                    if found > day and self._fits(found):
                        return found
        raise ScheduleError(f"'{self.text}' names a day that never comes")

    def __str__(self) -> str:
        return f"Cron: '{self.text}'"


class ConstantSchedule(msgspec.Struct, frozen=True):
    """The same time between any two moments."""

    text: str
    interval: timedelta
    adjusts_for_dst: bool = False

    def next(self, after: datetime) -> datetime:
        """Returns the moment that follows `after`. Raises ScheduleError if no calendar has it."""
        try:
            return after + self.interval
        except OverflowError:
            raise ScheduleError(f"'{self.text}' is longer than any calendar") from None

    def __str__(self) -> str:
        return f"Constant: {self.text}"


type Schedule = CronSchedule | ConstantSchedule


def read_schedule(text: str) -> Schedule:
    """Reads an NCRONTAB expression of six fields, or of five without seconds, or an interval. Raises ScheduleError."""
    fields = text.split()
    if len(fields) == 5:
        fields = ["0", *fields]
    if len(fields) == 6:
        second, minute, hour, day, month, weekday = fields
        return CronSchedule(
            text.strip(),
            _field(second, 0, 59),
            _field(minute, 0, 59),
            _field(hour, 0, 23),
            _field(day, 1, 31),
            _field(month, 1, 12, _MONTHS),
            _field(weekday, 0, 6, _DAYS),
        )
    interval = _interval(text.strip())
    if interval is None:
        raise ScheduleError(f"'{text}' is neither an NCRONTAB expression nor an interval")
    return ConstantSchedule(text.strip(), interval)


def _first(values: frozenset[int], lowest: int) -> int | None:
    return min((value for value in values if value >= lowest), default=None)


def _field(text: str, lowest: int, highest: int, names: Sequence[str] = ()) -> frozenset[int]:
    values: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        every = _number(step, text) if slash else 1
        if span == "*":
            first, last = lowest, highest
        elif "-" in span[1:]:
            ends = [_value(end, text, lowest, highest, names) for end in span.split("-", 1)]
            first, last = min(ends), max(ends)
        else:
            first = _value(span, text, lowest, highest, names)
            last = first if every == 1 else highest  # 5/20 is 5 and every 20 from there
        values.update(range(first, last + 1, max(every, 1)))
    return frozenset(values)


def _value(text: str, field: str, lowest: int, highest: int, names: Sequence[str]) -> int:
    if text and not text[0].isdecimal():
        for number, name in enumerate(names, lowest):
            if name.startswith(text.lower()):
                return number
    number = _number(text, field)
    if not lowest <= number <= highest:
        raise ScheduleError(f"{number} in '{field}' is not between {lowest} and {highest}")
    return number


def _number(text: str, field: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ScheduleError(f"'{text}' in '{field}' is no number")
    return int(text)


def _interval(text: str) -> timedelta | None:
    """Reads [-][d.]hh:mm[:ss[.fffffff]], d:hh:mm:ss or days alone, as TimeSpan.Parse does."""
    found = _INTERVAL.fullmatch(text)
    if not found:
        return None
    sign, days, clock, fraction = found.groups()
    parts = [int(part) for part in clock.split(":")]
    counts_days = days is None and (len(parts) != 2 and (len(parts) != 3 or parts[0] > 23))
    if not counts_days:
        parts.insert(0, int(days or 0))
    if len(parts) == 2 or len(parts) > 4 or (fraction and len(parts) < 4):
        return None  # days and no hours; days twice; a fraction of what is no second
    day, hour, minute, second = (*parts, 0, 0, 0)[:4]
    if hour > 23 or minute > 59 or second > 59:
        return None
    interval = timedelta(days=day, hours=hour, minutes=minute, seconds=second + float(fraction or 0))
    return -interval if sign else interval
