"""Any rules, any basket, any circumstances and any way to bring goods back, for the laws that hold for all of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from wallet.baskets import Line
from wallet.earning import Circumstances, KeptLine
from wallet.rules import (
    Bonuses,
    Caps,
    MonthDay,
    Multiplier,
    ReviewRules,
    Rules,
    StampRules,
    TierLevel,
    TierRules,
)
from wallet.values import LineKind, Minor, Points

CATEGORIES = ("coffee", "tobacco", "bread")
SKUS = ("A", "B")
TIERS = ("Silver", "Gold")
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)

amounts = st.integers(0, 5_000) | st.integers(0, 4_000_000)
kinds = st.sampled_from([LineKind.ITEM] * 5 + list(LineKind))
month_days = st.dates(MONDAY.date(), MONDAY.date() + timedelta(days=364)).map(lambda day: MonthDay(day.month, day.day))
some_kinds = st.sets(st.sampled_from([kind for kind in LineKind if kind is not LineKind.GIFT_CARD_SALE]), min_size=1)


@st.composite
def line_lists(draw: st.DrawFn, *, most: int = 4) -> list[Line]:
    return [
        Line(
            line_id=str(at),
            amount_minor=Minor(draw(amounts)),
            kind=draw(kinds),
            sku=draw(st.none() | st.sampled_from(SKUS)),
            category=draw(st.none() | st.sampled_from(CATEGORIES)),
            quantity=draw(st.integers(1, 5)),
        )
        for at in range(draw(st.integers(1, most)))
    ]


@st.composite
def payments(draw: st.DrawFn, lines: Sequence[Line]) -> list[Minor]:
    """What is paid of each line, where vouchers pay for some of them."""
    return [Minor(draw(st.just(line.amount_minor) | st.integers(0, line.amount_minor))) for line in lines]


MULTIPLIERS = (
    Multiplier("Double Tuesdays", 200, weekdays=(2,)),
    Multiplier("Happy nights", 150, from_hour=20, until_hour=4),
    Multiplier("Fresh bread", 333, categories=("bread",)),
    Multiplier("Coffee of the day", 10_000, skus=("A",), weekdays=(1, 3, 5), from_hour=6),
    Multiplier("Golden hours", 250, categories=("coffee",), tiers=("Gold",)),
    Multiplier("Welcome", 200, first_purchase=True),
    Multiplier("Birthday", 200, birthday=True),
)
LEVELS = (TierLevel("Silver", 500, 125, ("Free delivery",)), TierLevel("Gold", 2_000, 200))
STAMPS = (
    StampRules("item", 10, "free-coffee"),
    StampRules("item", 6, "free-loaf", categories=("bread",)),
    StampRules("visit", 5, "free-coffee", skus=("A",), cooldown_hours=0),
)


@st.composite
def any_caps(draw: st.DrawFn, step: int) -> Caps:
    most = st.none() | st.integers(step, 20 * step + 7).map(Points)
    return Caps(per_sale=draw(most), per_day=draw(most), per_month=draw(most))


@st.composite
def any_rules(draw: st.DrawFn, *, carry: bool | None = None) -> Rules:
    """Rules that differ in what decides how much is earned."""
    points = draw(st.integers(1, 20))
    return Rules(
        points=Points(points),
        per_minor=Minor(draw(st.integers(1, 10_000))),
        earning_kinds=frozenset(draw(some_kinds | st.just({LineKind.ITEM}))),
        minimum_minor=Minor(draw(st.just(0) | st.integers(0, 6_000))),
        carry_remainder=draw(st.booleans()) if carry is None else carry,
        excluded_categories=draw(st.sampled_from(((), ("tobacco",)))),
        excluded_skus=draw(st.sampled_from(((), ("B",)))),
        multipliers=tuple(draw(st.lists(st.sampled_from(MULTIPLIERS), max_size=3, unique=True))),
        tiers=draw(st.none() | st.just(TierRules(LEVELS))),
        bonuses=draw(st.sampled_from((Bonuses(), Bonuses(first_purchase=Points(9), visit=Points(4))))),
        caps=draw(st.just(Caps()) | any_caps(points)),
        stamps=draw(st.none() | st.sampled_from(STAMPS)),
    )


@st.composite
def whole_rules(draw: st.DrawFn) -> Rules:
    """Rules that differ in everything."""
    way = draw(st.integers(0, 3))
    return replace(
        draw(any_rules()),
        tiers=draw(any_tiers()),
        pending_days=draw(st.integers(0, 365)),
        expiry_months=draw(st.integers(1, 120)) if way == 1 else None,
        expiry_to_month_end=draw(st.booleans()) if way == 1 else False,
        expiry_dates=tuple(sorted(draw(st.sets(month_days, min_size=1, max_size=3)))) if way == 2 else (),
        expiry_least_days=draw(st.integers(0, 365)) if way == 2 else 0,
        inactivity_months=draw(st.integers(1, 120)) if way == 3 else None,
        notice_days=draw(st.integers(0, 90)),
        returns_debt=draw(st.booleans()),
        review=ReviewRules(draw(st.none() | st.integers(1, 9)), draw(st.none() | st.integers(1, 9)), Minor(5)),
    )


@st.composite
def any_tiers(draw: st.DrawFn) -> TierRules:
    return TierRules(
        basis=draw(st.sampled_from(("points", "spend"))),
        window=draw(st.sampled_from(("rolling", "calendar"))),
        months=draw(st.integers(1, 36)),
        grace_days=draw(st.integers(0, 365)),
        at_risk_days=draw(st.integers(0, 365)),
        levels=LEVELS,
    )


@st.composite
def circumstances(draw: st.DrawFn, rules: Rules) -> Circumstances:
    return Circumstances(
        local=MONDAY + timedelta(hours=draw(st.integers(0, 7 * 24 - 1))),
        tier=draw(st.none() | st.sampled_from(TIERS)),
        first_purchase=draw(st.booleans()),
        birthday=draw(st.booleans()),
        visit_bonus_due=draw(st.booleans()),
        earned_today=Points(draw(st.integers(0, 10 * rules.points))),
        earned_this_month=Points(draw(st.integers(0, 10 * rules.points))),
        carry=draw(st.integers(0, rules.step - 1)),
        stamps=draw(st.integers(-3, 9)),
        stamp_visit_due=draw(st.booleans()),
    )


@st.composite
def returns(draw: st.DrawFn, hundredths: Sequence[int], paid: Sequence[Minor]) -> list[list[KeptLine]]:
    """Several returns in turn, from all that was paid to nothing: whole lines and parts of them, in any order."""
    kept, steps = list(paid), list[list[KeptLine]]()
    while any(kept) or not steps:
        last = len(steps) >= 3
        after = [
            Minor(0) if last else Minor(draw(st.just(minor) | st.just(0) | st.integers(0, minor))) for minor in kept
        ]
        steps.append(
            [
                KeptLine(often, whole, before, left)
                for often, whole, before, left in zip(hundredths, paid, kept, after, strict=True)
            ]
        )
        kept = after
    return steps


def at_once(hundredths: Sequence[int], paid: Sequence[Minor]) -> list[KeptLine]:
    return [KeptLine(often, minor, minor, Minor(0)) for often, minor in zip(hundredths, paid, strict=True)]
