"""How far a member has come, computed plainly: up at once, down by one at a review. Shares nothing with the product.

A tier is kept until `tier_until`, and reviewed at `tier_review`, the days of grace later.
"""

from datetime import date, datetime

from tests.baskets.plain_card import Card
from tests.baskets.plain_days import DAY, NEW_YORK, day_of, midnight, midnight_months_later, months_on


def rise(card: Card, at: datetime) -> None:
    """However many levels: what purchases of the window that ends now keep decides."""
    rules, today = card.rules["tiers"], day_of(at, NEW_YORK)
    by_year = rules["window"] == "calendar"
    since = date(today.year, 1, 1) if by_year else months_on(today, -rules["months"])
    counted = _counted(card, since, None)
    reached = [i for i, level in enumerate(rules["levels"]) if counted >= level["least"]]
    if not reached or reached[-1] <= _level(card):
        return
    if by_year:
        until = midnight(date(today.year + 2, 1, 1), NEW_YORK)
    else:
        until = midnight_months_later(at, rules["months"], NEW_YORK)
    card.tier, card.tier_since = rules["levels"][reached[-1]]["name"], at
    _keep(card, until)


def review(card: Card, at: datetime) -> None:
    """Kept for one window more if the window just past, days of grace included, still reaches it; else one down."""
    rules, level = card.rules["tiers"], _level(card)
    assert card.tier_until is not None
    last_day = day_of(card.tier_until, NEW_YORK)
    by_year = rules["window"] == "calendar"
    since = date(last_day.year - 1, 1, 1) if by_year else months_on(day_of(at, NEW_YORK), -rules["months"])
    if _counted(card, since, at) < rules["levels"][level]["least"]:
        if level == 0:
            card.tier = card.tier_since = card.tier_until = card.tier_review = None
            return
        card.tier, card.tier_since = rules["levels"][level - 1]["name"], at
    _keep(card, midnight(months_on(last_day, 12 if by_year else rules["months"]), NEW_YORK))


def _keep(card: Card, until: datetime) -> None:
    card.tier_until = until
    card.tier_review = midnight(day_of(until, NEW_YORK) + card.rules["tiers"]["grace_days"] * DAY, NEW_YORK)


def _level(card: Card) -> int:
    names = [level["name"] for level in card.rules["tiers"]["levels"]]
    return names.index(card.tier) if card.tier else -1


def _counted(card: Card, since: date, before: datetime | None) -> int:
    """What purchases of the window keep, in points or money. What is held does not count yet."""
    begins = midnight(since, NEW_YORK)
    window = [
        each
        for each in card.purchases
        if each.at >= begins and (before is None or each.at < before) and each.review in ("", "RELEASED")
    ]
    if card.rules["tiers"]["basis"] == "spend":
        return sum(each.kept_minor for each in window)
    return sum(each.kept_points for each in window)
