"""A merchant's days: when they begin, in the merchant's time zone. All that time brings happens at their midnights."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

A_DAY = timedelta(days=1)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment (UTC) at which the local day begins.

    Where clocks go forward at midnight it is the first moment after the gap; where midnight comes twice, the first of
    the two. A day that a zone left out begins with the next one.
    """
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def first_midnight(at: datetime, zone: ZoneInfo) -> datetime:
    """The first local midnight at or after `at`."""
    day = at.astimezone(zone).date()
    while (begins := midnight(day, zone)) < at:
        day += A_DAY
    return begins


def months_after(day: date, months: int) -> date:
    """The same day so many months later (earlier, if negative), or the last of a month that has no such day: one month
    after 31 January is 28 February, or 29.
    """
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
