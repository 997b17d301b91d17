"""When points can be spent and when they lapse: at local midnights, whatever clocks do."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wallet import drawn
from wallet.rules import MonthDay, Rules

KOLKATA = ZoneInfo("Asia/Kolkata")
BERLIN = ZoneInfo("Europe/Berlin")
SANTIAGO = ZoneInfo("America/Santiago")
"""Clocks go forward at midnight: 6 September 2026 begins at 1:00."""
APIA = ZoneInfo("Pacific/Apia")
"""Left out 30 December 2011."""

ZONES = (KOLKATA, BERLIN, SANTIAGO, ZoneInfo("America/Havana"), ZoneInfo("Pacific/Auckland"), ZoneInfo("UTC"))


def local(zone: ZoneInfo, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=zone).astimezone(UTC)  # type: ignore[arg-type,misc]  # year, month, day and the time


def dates(*said: str) -> tuple[MonthDay, ...]:
    return tuple(MonthDay(int(each[:2]), int(each[3:])) for each in said)


# --- from when


def test_points_that_do_not_wait_can_be_spent_at_once(now: datetime) -> None:
    assert Rules().activates_at(now, KOLKATA) == now


def test_points_that_wait_begin_at_the_first_local_midnight_after_their_days() -> None:
    rules = Rules(pending_days=14)
    assert rules.activates_at(local(KOLKATA, 2026, 11, 2, 15, 30), KOLKATA) == local(KOLKATA, 2026, 11, 17)
    assert rules.activates_at(local(KOLKATA, 2026, 11, 2), KOLKATA) == local(KOLKATA, 2026, 11, 16)
    assert rules.activates_at(local(KOLKATA, 2026, 11, 2, 0, 0, 1), KOLKATA) == local(KOLKATA, 2026, 11, 17)
    # 20:00 UTC is past midnight in Kochi.
    assert rules.activates_at(datetime(2026, 11, 2, 20, tzinfo=UTC), KOLKATA) == local(KOLKATA, 2026, 11, 18)


def test_a_day_of_waiting_is_twenty_four_hours_where_clocks_change() -> None:
    rules = Rules(pending_days=1)
    # Midnight of the day on which clocks go back, and 24 hours later: an hour is left to the next midnight.
    assert rules.activates_at(local(BERLIN, 2026, 10, 25), BERLIN) == local(BERLIN, 2026, 10, 26)
    # On the day on which they go forward 24 hours end an hour after midnight.
    assert rules.activates_at(local(BERLIN, 2026, 3, 29), BERLIN) == local(BERLIN, 2026, 3, 31)


def test_a_midnight_that_clocks_leave_out_is_the_moment_after_the_gap() -> None:
    begins = local(SANTIAGO, 2026, 9, 6, 1)

    assert Rules(pending_days=2).activates_at(local(SANTIAGO, 2026, 9, 3, 12), SANTIAGO) == begins
    assert begins == datetime(2026, 9, 6, 4, tzinfo=UTC)


# --- until when


def test_points_without_an_expiry_never_expire(now: datetime) -> None:
    assert Rules().expires_at(now, KOLKATA) is None


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ((2026, 1, 31, 22, 15), 1, (2026, 3, 1)),
        ((2026, 1, 31), 1, (2026, 2, 28)),
        ((2028, 1, 31), 1, (2028, 2, 29)),
        ((2028, 2, 29), 12, (2029, 2, 28)),
        ((2026, 12, 15, 0, 0, 1), 1, (2027, 1, 16)),
        ((2026, 11, 30), 24, (2028, 11, 30)),
        ((2026, 5, 31), 120, (2036, 5, 31)),
    ],
)
def test_points_expire_at_the_first_midnight_so_many_months_later(
    start: tuple[int, ...], months: int, end: tuple[int, ...]
) -> None:
    assert Rules(expiry_months=months).expires_at(local(KOLKATA, *start), KOLKATA) == local(KOLKATA, *end)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ((2020, 7, 6, 9), 12, (2021, 8, 1)),
        ((2026, 1, 31, 22, 15), 1, (2026, 3, 1)),
        ((2026, 11, 30), 1, (2027, 1, 1)),
        ((2026, 7, 1), 12, (2027, 8, 1)),
    ],
)
def test_to_the_months_end_they_last_through_its_last_day(
    start: tuple[int, ...], months: int, end: tuple[int, ...]
) -> None:
    rules = Rules(expiry_months=months, expiry_to_month_end=True)

    assert rules.expires_at(local(KOLKATA, *start), KOLKATA) == local(KOLKATA, *end)


@pytest.mark.parametrize(
    ("start", "least_days", "end"),
    [
        ((2026, 11, 22, 10), 0, (2027, 1, 1)),
        ((2026, 12, 31, 23, 59), 0, (2027, 1, 1)),
        ((2027, 1, 1), 0, (2027, 7, 1)),
        ((2026, 12, 1, 10), 30, (2027, 1, 1)),
        ((2026, 12, 2), 30, (2027, 1, 1)),
        ((2026, 12, 2, 0, 0, 1), 30, (2027, 7, 1)),
        ((2026, 12, 2), 365, (2028, 1, 1)),
    ],
)
def test_fixed_dates_are_lived_through_and_leave_the_least_days(
    start: tuple[int, ...], least_days: int, end: tuple[int, ...]
) -> None:
    rules = Rules(expiry_dates=dates("06-30", "12-31"), expiry_least_days=least_days)

    assert rules.expires_at(local(KOLKATA, *start), KOLKATA) == local(KOLKATA, *end)


def test_after_inactivity_points_lapse_so_many_months_after_the_last_that_was_seen() -> None:
    rules = Rules(inactivity_months=6)

    assert rules.expires_at(local(KOLKATA, 2026, 8, 31, 18), KOLKATA) == local(KOLKATA, 2027, 3, 1)


def test_a_day_that_begins_an_hour_late_begins_at_midnight_all_the_same() -> None:
    # Points of 6 September, which begins at 1:00, last until 6 September and not until the 7th.
    begins = local(SANTIAGO, 2026, 9, 6, 1)

    assert Rules(expiry_months=12).expires_at(begins, SANTIAGO) == local(SANTIAGO, 2027, 9, 6)
    assert Rules(expiry_months=12).expires_at(local(SANTIAGO, 2025, 9, 6), SANTIAGO) == begins


def test_a_day_that_a_zone_left_out_begins_with_the_next() -> None:
    rules = Rules(expiry_dates=dates("12-29"))

    assert rules.expires_at(local(APIA, 2011, 12, 1), APIA) == local(APIA, 2011, 12, 31)


moments = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001  # bounds are naive
    datetime(2090, 1, 1),  # noqa: DTZ001  # bounds are naive
    timezones=st.just(UTC),
)


@given(drawn.whole_rules(), moments, st.timedeltas(timedelta(0), timedelta(days=800)), st.sampled_from(ZONES))
def test_dates_are_local_midnights_and_a_later_start_is_never_sooner(
    rules: Rules, occurred_at: datetime, later: timedelta, zone: ZoneInfo
) -> None:
    active = rules.activates_at(occurred_at, zone)
    assert active >= occurred_at + timedelta(days=rules.pending_days)
    assert active == occurred_at if not rules.pending_days else is_midnight(active, zone)
    assert active - occurred_at < timedelta(days=rules.pending_days, hours=25)
    expires, expires_later = rules.expires_at(active, zone), rules.expires_at(active + later, zone)
    if expires is None or expires_later is None:
        assert not rules.lapses
    else:
        assert is_midnight(expires, zone)
        assert active < expires <= expires_later
        assert expires.utcoffset() == timedelta(0)


def is_midnight(moment: datetime, zone: ZoneInfo) -> bool:
    here = moment.astimezone(zone)
    before = (moment - timedelta(microseconds=1)).astimezone(zone)
    return here.date() > before.date() and (here.time() == time.min or here.utcoffset() != before.utcoffset())
