from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.midnights import first_midnight, midnight, months_after

KOLKATA = ZoneInfo("Asia/Kolkata")
NEW_YORK = ZoneInfo("America/New_York")
APIA = ZoneInfo("Pacific/Apia")
HAVANA = ZoneInfo("America/Havana")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")

ZONES = st.sampled_from([KOLKATA, NEW_YORK, APIA, HAVANA, SAO_PAULO, ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu")])
MOMENTS = st.integers(0, 55 * 365 * 24 * 60).map(
    lambda minutes: datetime(2005, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@pytest.mark.parametrize(
    ("day", "zone", "begins"),
    [
        (date(2026, 11, 22), KOLKATA, datetime(2026, 11, 21, 18, 30, tzinfo=UTC)),
        (date(2026, 3, 8), NEW_YORK, datetime(2026, 3, 8, 5, tzinfo=UTC)),
        (date(2026, 3, 9), NEW_YORK, datetime(2026, 3, 9, 4, tzinfo=UTC)),
        # clocks went from midnight to one o'clock: the day began at one
        (date(2018, 11, 4), SAO_PAULO, datetime(2018, 11, 4, 3, tzinfo=UTC)),
        # clocks went from one o'clock back to midnight: the day began at the first of the two
        (date(2026, 11, 1), HAVANA, datetime(2026, 11, 1, 4, tzinfo=UTC)),
        # there was no 30 December 2011 in Samoa
        (date(2011, 12, 30), APIA, datetime(2011, 12, 30, 10, tzinfo=UTC)),
        (date(2011, 12, 31), APIA, datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ],
)
def test_day_begins_when_the_place_says(day: date, zone: ZoneInfo, begins: datetime) -> None:
    assert midnight(day, zone) == begins


@given(at=MOMENTS, zone=ZONES)
def test_first_midnight_is_never_before_and_never_more_than_a_day_away(at: datetime, zone: ZoneInfo) -> None:
    found = first_midnight(at, zone)
    assert at <= found <= at + timedelta(hours=25)
    # it is one, and there is none between
    day = found.astimezone(zone).date()
    assert midnight(day, zone) == found
    assert midnight(day - timedelta(days=1), zone) < at
    assert first_midnight(found, zone) == found


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 11, 22), 12, date(2027, 11, 22)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 15), -12, date(2025, 1, 15)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
    ],
)
def test_months_are_those_of_the_calendar(day: date, months: int, after: date) -> None:
    assert months_after(day, months) == after
