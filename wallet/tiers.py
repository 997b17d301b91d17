"""Tiers: how far a member has come in a program, for how long that is kept, and what is missing to the next.

Pure: whoever calls has read what the member's sales of a window count, the tier input. How many points or how much
money counts for a tier is what sales still keep after refunds, pending points included.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from wallet.midnights import midnight, months_after
from wallet.rules import TierLevel, TierRules
from wallet.rules.expiry import months_later

AN_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """A card's tier, None below the first level.

    `since`: when it was reached, or fallen back to.
    `until`: a local midnight; before it the tier cannot be lost.
    `review_at`: the local midnight, the days of grace after `until`, at which it is kept or falls by one level.
    """

    tier: str | None
    since: datetime | None
    until: datetime | None
    review_at: datetime | None


NO_TIER = Standing(None, None, None, None)


@dataclass(frozen=True, slots=True)
class Progress:
    """What a member is told of the tier.

    `name` is None below the first level, `next_name` and `to_next` at the last one. `to_next` is points or, where the
    program counts what is spent, money in the minor unit. `at_risk`: the day is near at which the tier falls, and what
    will count on that day is not enough yet.
    """

    name: str | None
    perks: tuple[str, ...]
    next_name: str | None
    to_next: int | None
    keep_until: datetime | None
    at_risk: bool


def level_of(tiers: TierRules, counted: int) -> TierLevel | None:
    """The highest level that this much reaches; None below the first."""
    return next((level for level in reversed(tiers.levels) if counted >= level.least), None)


def window_start(tiers: TierRules, at: datetime, zone: ZoneInfo) -> datetime:
    """From when on sales count for a tier at `at`: a local midnight.

    Rolling: of the day so many months before, or of the last of a month that has no such day. Calendar: of 1 January.
    """
    day = at.astimezone(zone).date()
    if tiers.window == "calendar":
        return midnight(date(day.year, 1, 1), zone)
    return midnight(months_after(day, -tiers.months), zone)


def review_window_start(tiers: TierRules, standing: Standing, zone: ZoneInfo) -> datetime:
    """From when on sales count at the review of the standing.

    Rolling: as at any moment. Calendar: from the first day of the year that the tier was kept for, so that the days
    of grace count as days more of that year.
    """
    assert standing.until is not None
    assert standing.review_at is not None
    if tiers.window == "calendar":
        return window_start(tiers, standing.until - AN_INSTANT, zone)
    return window_start(tiers, standing.review_at, zone)


def raised(tiers: TierRules, standing: Standing, *, counted: int, at: datetime, zone: ZoneInfo) -> Standing | None:
    """The standing after `counted` in the window that ends at `at`, if it is a higher level than now; else None.

    It neither begins before the tier that stands nor ends before that: `at` may be earlier than what raised that one,
    where a till tells late of a sale.
    """
    level = level_of(tiers, counted)
    if level is None or tiers.levels.index(level) <= _index(tiers, standing.tier):
        return None
    until = _first_until(tiers, at, zone)
    review_at = _review_at(tiers, until, zone)
    if standing.since is None or standing.until is None or standing.review_at is None:
        return Standing(level.name, at, until, review_at)
    return Standing(
        tier=level.name,
        since=max(at, standing.since),
        until=max(until, standing.until),
        review_at=max(review_at, standing.review_at),
    )


def reviewed(tiers: TierRules, standing: Standing, *, counted: int, zone: ZoneInfo) -> Standing:
    """The standing after its review: kept for one window more if `counted` (of the review's window) still reaches the
    level, else one level lower, for one window more.

    A tier that the rules do not know any more becomes the level that the input reaches.
    """
    assert standing.since is not None
    assert standing.review_at is not None
    at, until = standing.review_at, _further(tiers, standing, zone)
    index = _index(tiers, standing.tier)
    if index < 0:
        reached = level_of(tiers, counted)
        return _held(tiers, reached, since=at, until=until, zone=zone) if reached else NO_TIER
    if counted >= tiers.levels[index].least:
        return _held(tiers, tiers.levels[index], since=standing.since, until=until, zone=zone)
    return _held(tiers, tiers.levels[index - 1], since=at, until=until, zone=zone) if index else NO_TIER


def progress(
    tiers: TierRules, standing: Standing, *, counted: int, counted_at_review: int, at: datetime, zone: ZoneInfo
) -> Progress:
    """What the member is told at `at`.

    `counted` is that of the window that ends at `at`; `counted_at_review` what of it will still count at the review.
    """
    index = _index(tiers, standing.tier)
    level = tiers.levels[index] if index >= 0 else None
    upper = tiers.levels[index + 1] if index + 1 < len(tiers.levels) else None
    at_risk = False
    if level is not None and standing.until is not None:
        warned_from = midnight(standing.until.astimezone(zone).date() - timedelta(days=tiers.at_risk_days), zone)
        at_risk = at >= warned_from and counted_at_review < level.least
    return Progress(
        name=level.name if level else None,
        perks=tuple(level.perks) if level else (),
        next_name=upper.name if upper else None,
        to_next=max(0, upper.least - counted) if upper else None,
        keep_until=standing.until,
        at_risk=at_risk,
    )


def _index(tiers: TierRules, name: str | None) -> int:
    """Where the tier stands among the levels; -1 for none, and for one that the rules do not know."""
    return next((at for at, level in enumerate(tiers.levels) if level.name == name), -1)


def _held(tiers: TierRules, level: TierLevel, *, since: datetime, until: datetime, zone: ZoneInfo) -> Standing:
    return Standing(level.name, since, until, _review_at(tiers, until, zone))


def _review_at(tiers: TierRules, until: datetime, zone: ZoneInfo) -> datetime:
    """The days of grace after the tier's time."""
    return midnight(until.astimezone(zone).date() + timedelta(days=tiers.grace_days), zone)


def _first_until(tiers: TierRules, at: datetime, zone: ZoneInfo) -> datetime:
    """Rolling: the first midnight so many months later. Calendar: the rest of this year and all of the next."""
    if tiers.window == "calendar":
        return midnight(date(at.astimezone(zone).year + 2, 1, 1), zone)
    return months_later(at, tiers.months, to_month_end=False, zone=zone)


def _further(tiers: TierRules, standing: Standing, zone: ZoneInfo) -> datetime:
    """One window after the time of the standing; as many more as it takes, where the days of grace are longer."""
    assert standing.until is not None
    assert standing.review_at is not None
    months = 12 if tiers.window == "calendar" else tiers.months
    until = standing.until
    while until <= standing.review_at:
        until = midnight(months_after(until.astimezone(zone).date(), months), zone)
    return until
