"""When points lapse: never, so many months later, on fixed dates, or so long after the member was last seen."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from wallet.midnights import A_DAY, first_midnight, midnight, months_after
from wallet.rules.reading import Reading

DATES_MAX = 12
MONTHS_MAX = 120
LEAST_DAYS_MAX = 365

MONTH_DAY = re.compile(r"(\d\d)-(\d\d)", re.ASCII)

A_COMMON_YEAR = 2001


@dataclass(frozen=True, slots=True, order=True)
class MonthDay:
    """A day that every year has, so any but 29 February. Written like 12-31."""

    month: int
    day: int

    def __str__(self) -> str:
        return f"{self.month:02}-{self.day:02}"

    def in_year(self, year: int) -> date:
        return date(year, self.month, self.day)


def months_later(start: datetime, months: int, *, to_month_end: bool, zone: ZoneInfo) -> datetime:
    """The first local midnight at or after the same day and time so many calendar months after `start`, where a month
    that has no such day gives its last.

    To the month's end: the midnight that ends the month in which that day lies.
    """
    local, at = _local(start, zone)
    day = months_after(local, months)
    if to_month_end:
        return midnight(months_after(day.replace(day=1), 1), zone)
    return first_midnight(datetime.combine(day, at, zone), zone)


def next_of(dates: Sequence[MonthDay], start: datetime, *, least_days: int, zone: ZoneInfo) -> datetime:
    """The midnight that ends the first of the dates on which `start` is past and at least so many days ago."""
    day, at = _local(start, zone)
    lived = datetime.combine(day, at) + timedelta(days=least_days)
    ends = (each.in_year(year) + A_DAY for year in range(lived.year - 1, lived.year + 2) for each in sorted(dates))
    return next(midnight(end, zone) for end in ends if datetime.combine(end, time.min) >= lived and end > day)


def _local(moment: datetime, zone: ZoneInfo) -> tuple[date, time]:
    """The local day and time. A day begins at 0:00, also where clocks go forward then and show another hour."""
    local = moment.astimezone(zone)
    if moment == midnight(local.date(), zone):
        return local.date(), time.min
    return local.date(), local.time()


def read_dates(read: Reading) -> tuple[MonthDay, ...]:
    """The dates, in the order of the year."""
    dates = set[MonthDay]()
    for at, said in enumerate(read.items("expiry_dates", most=DATES_MAX)):
        found = _read(said) if isinstance(said, str) else None
        if found is None:
            read.wrong(f"expiry_dates[{at}]", "not_a_month_and_day")
        elif found in dates:
            read.wrong(f"expiry_dates[{at}]", "repeated")
        else:
            dates.add(found)
    return tuple(sorted(dates))


def _read(said: str) -> MonthDay | None:
    parts = MONTH_DAY.fullmatch(said)
    if parts is None:
        return None
    month, day = int(parts[1]), int(parts[2])
    try:
        date(A_COMMON_YEAR, month, day)
    except ValueError:
        return None
    return MonthDay(month, day)
