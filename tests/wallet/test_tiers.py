"""What a tier is worth and how long: pure, so every corner can be said."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet import tiers
from wallet.midnights import midnight
from wallet.rules import TierLevel, TierRules
from wallet.tiers import NO_TIER, Progress, Standing

KOLKATA = ZoneInfo("Asia/Kolkata")
NEW_YORK = ZoneInfo("America/New_York")
APIA = ZoneInfo("Pacific/Apia")

SILVER, GOLD, BLACK = TierLevel("Silver", 500, perks=("A coffee",)), TierLevel("Gold", 1_000), TierLevel("Black", 5_000)
LEVELS = (SILVER, GOLD, BLACK)
ROLLING = TierRules(LEVELS)
CALENDAR = TierRules(LEVELS, window="calendar")


def local(zone: ZoneInfo, year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=zone).astimezone(UTC)


def gold(rules: TierRules, at: datetime, zone: ZoneInfo = KOLKATA) -> Standing:
    """The standing of who just reached Gold."""
    standing = tiers.raised(rules, NO_TIER, counted=1_000, at=at, zone=zone)
    assert standing is not None
    return standing


@pytest.mark.parametrize(
    ("counted", "name"),
    [(0, None), (499, None), (500, "Silver"), (999, "Silver"), (1_000, "Gold"), (4_999, "Gold"), (10**9, "Black")],
)
def test_level_is_the_highest_that_is_reached(counted: int, name: str | None) -> None:
    level = tiers.level_of(ROLLING, counted)
    assert (level.name if level else None) == name


@pytest.mark.parametrize(
    ("rules", "zone", "at", "since"),
    [
        # twelve months of whole days, in the merchant's zone
        (ROLLING, KOLKATA, local(KOLKATA, 2026, 11, 22, 15), local(KOLKATA, 2025, 11, 22)),
        (ROLLING, KOLKATA, local(KOLKATA, 2026, 11, 22), local(KOLKATA, 2025, 11, 22)),
        # UTC says 21 November, Kolkata says 22
        (ROLLING, KOLKATA, datetime(2026, 11, 21, 19, tzinfo=UTC), local(KOLKATA, 2025, 11, 22)),
        # a month that has no such day
        (TierRules(LEVELS, months=1), NEW_YORK, local(NEW_YORK, 2026, 3, 31, 12), local(NEW_YORK, 2026, 2, 28)),
        # from winter time into summer time: midnight is midnight
        (TierRules(LEVELS, months=6), NEW_YORK, local(NEW_YORK, 2026, 7, 1, 12), local(NEW_YORK, 2026, 1, 1)),
        # the calendar year
        (CALENDAR, APIA, local(APIA, 2026, 12, 31, 23, 59), local(APIA, 2026, 1, 1)),
        (CALENDAR, APIA, local(APIA, 2027, 1, 1), local(APIA, 2027, 1, 1)),
    ],
)
def test_window_begins_at_a_local_midnight(rules: TierRules, zone: ZoneInfo, at: datetime, since: datetime) -> None:
    assert tiers.window_start(rules, at, zone) == since


@pytest.mark.parametrize(
    ("rules", "until", "review_at"),
    [
        (ROLLING, local(KOLKATA, 2027, 11, 23), local(KOLKATA, 2027, 11, 23)),
        (TierRules(LEVELS, grace_days=30), local(KOLKATA, 2027, 11, 23), local(KOLKATA, 2027, 12, 23)),
        (TierRules(LEVELS, months=3), local(KOLKATA, 2027, 2, 23), local(KOLKATA, 2027, 2, 23)),
        # the rest of this year, and the next
        (CALENDAR, local(KOLKATA, 2028, 1, 1), local(KOLKATA, 2028, 1, 1)),
        (TierRules(LEVELS, window="calendar", grace_days=10), local(KOLKATA, 2028, 1, 1), local(KOLKATA, 2028, 1, 11)),
    ],
)
def test_who_reaches_a_tier_keeps_it_for_a_whole_window(rules: TierRules, until: datetime, review_at: datetime) -> None:
    at = local(KOLKATA, 2026, 11, 22, 15)
    assert gold(rules, at) == Standing("Gold", at, until, review_at)


def test_tier_rises_by_as_many_levels_as_are_reached_and_never_falls_at_the_till() -> None:
    at = local(KOLKATA, 2026, 11, 22, 15)
    standing = gold(ROLLING, at)
    for counted, name in ((0, None), (700, None), (1_000, None), (4_999, None), (5_000, "Black")):
        raised = tiers.raised(ROLLING, standing, counted=counted, at=at, zone=KOLKATA)
        assert (raised.tier if raised else None) == name


def test_review_keeps_what_is_still_reached_for_one_window_more() -> None:
    standing = gold(ROLLING, local(KOLKATA, 2026, 11, 22, 15))
    kept = tiers.reviewed(ROLLING, standing, counted=1_000, zone=KOLKATA)
    until = local(KOLKATA, 2028, 11, 23)
    assert kept == Standing("Gold", standing.since, until, until)


@pytest.mark.parametrize(("tier", "counted", "after"), [("Black", 0, "Gold"), ("Gold", 999, "Silver")])
def test_review_takes_one_level_at_most(tier: str, counted: int, after: str) -> None:
    review = local(KOLKATA, 2027, 11, 23)
    standing = Standing(tier, local(KOLKATA, 2026, 11, 22), review, review)
    fallen = tiers.reviewed(ROLLING, standing, counted=counted, zone=KOLKATA)
    until = local(KOLKATA, 2028, 11, 23)
    assert fallen == Standing(after, review, until, until)


def test_below_the_lowest_level_there_is_no_tier() -> None:
    review = local(KOLKATA, 2027, 11, 23)
    standing = Standing("Silver", local(KOLKATA, 2026, 11, 22), review, review)
    assert tiers.reviewed(ROLLING, standing, counted=499, zone=KOLKATA) == NO_TIER


@pytest.mark.parametrize(("counted", "after"), [(499, None), (1_200, "Gold")])
def test_tier_that_the_rules_do_not_know_any_more_becomes_what_is_reached(counted: int, after: str | None) -> None:
    review = local(KOLKATA, 2027, 11, 23)
    standing = Standing("Bronze", local(KOLKATA, 2026, 11, 22), review, review)
    assert tiers.reviewed(ROLLING, standing, counted=counted, zone=KOLKATA).tier == after
    # and at the till it is below every level
    raised = tiers.raised(ROLLING, standing, counted=500, at=review, zone=KOLKATA)
    assert raised is not None
    assert raised.tier == "Silver"


def test_days_of_grace_are_days_more_to_reach_the_level() -> None:
    """With a rolling window they move it; with the calendar year they are added to the year."""
    at = local(KOLKATA, 2026, 11, 22, 15)
    rolling = TierRules(LEVELS, grace_days=30)
    assert tiers.review_window_start(rolling, gold(rolling, at), KOLKATA) == local(KOLKATA, 2026, 12, 23)
    calendar = TierRules(LEVELS, window="calendar", grace_days=30)
    standing = gold(calendar, at)
    assert standing.review_at == local(KOLKATA, 2028, 1, 31)
    assert tiers.review_window_start(calendar, standing, KOLKATA) == local(KOLKATA, 2027, 1, 1)


@pytest.mark.parametrize(
    ("standing", "counted", "expected"),
    [
        (NO_TIER, 120, Progress(None, (), "Silver", 380, None, at_risk=False)),
        (
            Standing("Silver", local(KOLKATA, 2026, 1, 1), local(KOLKATA, 2027, 1, 1), local(KOLKATA, 2027, 1, 1)),
            700,
            Progress("Silver", ("A coffee",), "Gold", 300, local(KOLKATA, 2027, 1, 1), at_risk=False),
        ),
        (
            Standing("Black", local(KOLKATA, 2026, 1, 1), local(KOLKATA, 2027, 1, 1), local(KOLKATA, 2027, 1, 1)),
            9_000,
            Progress("Black", (), None, None, local(KOLKATA, 2027, 1, 1), at_risk=False),
        ),
        # raised the rules meanwhile: nothing is missing, and the next purchase brings it
        (NO_TIER, 500, Progress(None, (), "Silver", 0, None, at_risk=False)),
    ],
)
def test_progress_says_what_is_missing_to_the_next_level(standing: Standing, counted: int, expected: Progress) -> None:
    at = local(KOLKATA, 2026, 6, 1)
    said = tiers.progress(ROLLING, standing, counted=counted, counted_at_review=0, at=at, zone=KOLKATA)
    assert said == expected


@pytest.mark.parametrize(
    ("at", "counted_at_review", "at_risk"),
    [
        (local(KOLKATA, 2026, 12, 1, 23, 59), 0, False),
        (local(KOLKATA, 2026, 12, 2), 0, True),
        (local(KOLKATA, 2026, 12, 2), 499, True),
        (local(KOLKATA, 2026, 12, 2), 500, False),
        # in the days of grace too
        (local(KOLKATA, 2027, 1, 5), 499, True),
        (local(KOLKATA, 2027, 1, 5), 500, False),
    ],
)
def test_risk_is_said_so_many_days_ahead_and_only_while_there_is_one(
    at: datetime, counted_at_review: int, *, at_risk: bool
) -> None:
    rules = TierRules(LEVELS, grace_days=10, at_risk_days=30)
    until, review = local(KOLKATA, 2027, 1, 1), local(KOLKATA, 2027, 1, 11)
    standing = Standing("Silver", local(KOLKATA, 2026, 1, 1), until, review)
    said = tiers.progress(rules, standing, counted=600, counted_at_review=counted_at_review, at=at, zone=KOLKATA)
    assert said.at_risk is at_risk


ZONES = st.sampled_from([KOLKATA, NEW_YORK, APIA, ZoneInfo("America/Havana"), ZoneInfo("UTC")])
RULES = st.builds(
    TierRules,
    levels=st.sampled_from([(SILVER,), (SILVER, GOLD), LEVELS]),
    window=st.sampled_from(["rolling", "calendar"]),
    months=st.integers(1, 36),
    grace_days=st.integers(0, 365),
)
MOMENTS = st.integers(0, 20 * 365 * 24 * 60).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
COUNTED = st.integers(0, 6_000)


def height(rules: TierRules, standing: Standing) -> int:
    names = [level.name for level in rules.levels]
    return names.index(standing.tier) if standing.tier else -1


def is_midnight(moment: datetime, zone: ZoneInfo) -> bool:
    return midnight(moment.astimezone(zone).date(), zone) == moment


@given(rules=RULES, zone=ZONES, at=MOMENTS, first=COUNTED, reviews=st.lists(COUNTED, max_size=12))
def test_whatever_happens_a_tier_falls_by_one_level_a_window_at_midnights_that_lie_ahead(
    rules: TierRules, zone: ZoneInfo, at: datetime, first: int, reviews: list[int]
) -> None:
    standing = tiers.raised(rules, NO_TIER, counted=first, at=at, zone=zone) or NO_TIER
    reached = tiers.level_of(rules, first)
    assert standing.tier == (reached.name if reached else None)
    for counted in reviews:
        if standing.tier is None:
            break
        assert standing.since is not None
        assert standing.until is not None
        assert standing.review_at is not None
        assert standing.since < standing.until <= standing.review_at
        assert is_midnight(standing.until, zone)
        assert is_midnight(standing.review_at, zone)
        # the window of the review ends with it and has whole days alone
        since = tiers.review_window_start(rules, standing, zone)
        assert since < standing.review_at
        assert is_midnight(since, zone)
        after = tiers.reviewed(rules, standing, counted=counted, zone=zone)
        enough = counted >= rules.levels[height(rules, standing)].least
        assert height(rules, after) == height(rules, standing) - (0 if enough else 1)
        if after.review_at is not None:
            assert after.review_at > standing.review_at
        standing = after


@given(rules=RULES, zone=ZONES, at=MOMENTS, later=st.timedeltas(timedelta(0), timedelta(days=400)))
def test_window_moves_forward_alone(rules: TierRules, zone: ZoneInfo, at: datetime, later: timedelta) -> None:
    since, then = tiers.window_start(rules, at, zone), tiers.window_start(rules, at + later, zone)
    assert since <= at
    assert since <= then
    assert is_midnight(since, zone)


def test_year_that_is_kept_for_is_the_one_after_the_one_in_which_it_was_earned() -> None:
    """Reached in 2026: good for the rest of it and for 2027, and what is bought in 2027 counts for 2028."""
    standing = gold(CALENDAR, local(APIA, 2026, 2, 3, 12), APIA)
    assert standing.until is not None
    assert standing.until.astimezone(APIA).date() == date(2028, 1, 1)
    assert tiers.review_window_start(CALENDAR, standing, APIA) == local(APIA, 2027, 1, 1)
