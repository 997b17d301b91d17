"""Days and months as a calendar on the wall has them. Shares nothing with the product."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.baskets.programs import ZONE

DAY = timedelta(days=1)

NEW_YORK = ZoneInfo(ZONE)
"""Where the merchant's midnights are."""


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When the day begins there."""
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def day_of(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def next_midnight(at: datetime, zone: ZoneInfo) -> datetime:
    """The first at or after the moment."""
    today = day_of(at, zone)
    return at if at == midnight(today, zone) else midnight(today + DAY, zone)


def months_on(day: date, months: int) -> date:
    """The same day of another month, or its last day."""
    whole = day.year * 12 + day.month - 1 + months
    year, month = whole // 12, whole % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def midnight_months_later(at: datetime, months: int, zone: ZoneInfo, *, to_month_end: bool = False) -> datetime:
    """The first midnight at or after this day and time so many months on, or the one that ends that month."""
    local = at.astimezone(zone)
    day = months_on(local.date(), months)
    if to_month_end:
        return midnight(date(day.year, day.month, monthrange(day.year, day.month)[1]) + DAY, zone)
    return midnight(day if local.time() == time(0) else day + DAY, zone)


def end_of_next(dates: list[str], at: datetime, least_days: int, zone: ZoneInfo) -> datetime:
    """The midnight that ends the first of these days (03-31) by which so many days have been lived through."""
    local = at.astimezone(zone).replace(tzinfo=None)
    day = local.date()
    while True:
        ended = day + DAY
        if f"{day:%m-%d}" in dates and datetime.combine(ended, time(0)) >= local + least_days * DAY:
            return midnight(ended, zone)
        day = ended
