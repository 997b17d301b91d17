"""The programs under which the grocer's year is sold, as JSON, as a merchant would say them, and their rewards.

Each uses every kind of rule. Of what excludes each other (points per month's end, after inactivity, or on fixed dates;
stamps by item or by visit; a carry or none; a debt or none) each has another, so the three together have all.
"""

from dataclasses import dataclass
from typing import Any

ZONE = "America/New_York"
OTHER_ZONE = "America/Chicago"
"""Of every third store: its days are not the merchant's."""

TOBACCO = ["CIGARETTES", "CIGARS", "TOBACCO OTHER"]
MILK, BREAD = "FLUID MILK PRODUCTS", "BAKED BREAD/BUNS/ROLLS"
BANANAS = "1082185"
GASOLINE = "6534178"

KINDS = {
    "BOTTLE DEPOSITS": "DEPOSIT",
    "PREPAID WIRELESS&ACCESSORIES": "GIFT_CARD_SALE",
    "TICKETS": "FEE",
    "POSTAL CENTER": "FEE",
}
"""What a line is, by its category; all else is an ITEM."""


@dataclass(frozen=True, slots=True)
class RewardSaid:
    """A reward as the merchant says it."""

    slug: str
    kind: str
    cost_points: int = 0
    cost_stamps: int = 0
    amount_minor: int | None = None
    percent: int | None = None
    ceiling_minor: int | None = None
    categories: tuple[str, ...] = ()
    stock: int | None = None
    per_member: int | None = None
    tiers: tuple[str, ...] = ()
    from_day: str | None = None
    until_day: str | None = None
    elsewhere: bool = False
    """Only in some stores: every third."""
    voucher_days: int = 60


def is_elsewhere(store: int) -> bool:
    """Whether a reward of some stores only can be had in this one."""
    return store % 3 == 1


def zone_of(store: int) -> str:
    return OTHER_ZONE if store % 3 == 0 else ZONE


@dataclass(frozen=True, slots=True)
class Program:
    name: str
    rules: dict[str, Any]
    rewards: tuple[RewardSaid, ...]


LEVELS = ("Silver", "Gold", "Platinum")


def _levels(*least: int) -> list[dict[str, Any]]:
    hundredths = (110, 125, 150)
    return [
        {"name": name, "least": least[at], "hundredths": hundredths[at], "perks": ["A free bag"] * (at > 0)}
        for at, name in enumerate(LEVELS)
    ]


def _multipliers(tuesdays: int) -> list[dict[str, Any]]:
    return [
        {"name": "Double Tuesdays", "hundredths": tuesdays, "weekdays": [2]},
        {"name": "Fresh", "hundredths": 130, "categories": ["SALAD MIX", "APPLES", "TOMATOES", "ONIONS", "POTATOES"]},
        {"name": "Bananas", "hundredths": 300, "skus": [BANANAS]},
        {"name": "Night owls", "hundredths": 150, "weekdays": [5, 6], "from_hour": 22, "until_hour": 2},
        {"name": "Golden mornings", "hundredths": 175, "tiers": ["Gold", "Platinum"], "from_hour": 7, "until_hour": 10},
        {"name": "Welcome", "hundredths": 220, "first_purchase": True},
        {"name": "Birthday", "hundredths": 333, "birthday": True},
    ]


def _rewards(*, scale: int) -> tuple[RewardSaid, ...]:
    """Some of every kind; prices in points times `scale`."""
    return (
        RewardSaid("five-off", "AMOUNT_OFF", cost_points=120 * scale, amount_minor=500, stock=4_000),
        RewardSaid("tenth-off", "PERCENT_OFF", cost_points=40 * scale, percent=10, ceiling_minor=1_200, per_member=9),
        RewardSaid("bread-for-less", "PERCENT_OFF", cost_points=9 * scale, percent=33, categories=(BREAD,),
                   elsewhere=True, voucher_days=10),
        RewardSaid("loaf", "FREE_ITEM", cost_points=25 * scale, categories=(BREAD,), voucher_days=21),
        RewardSaid("milk", "FREE_ITEM", cost_stamps=3, categories=(MILK,), ceiling_minor=350, voucher_days=30),
        RewardSaid("punch-card", "FREE_ITEM", cost_stamps=50, categories=(MILK, BREAD, "CHEESE"), voucher_days=45),
        RewardSaid("tasting", "PERK", cost_points=30 * scale, tiers=("Gold", "Platinum"), stock=300),
        RewardSaid("summer-fair", "PERK", cost_stamps=2, from_day="2017-06-01", until_day="2017-09-01"),
    )  # fmt: skip


PROGRAMS = (
    Program(
        "month-ends",
        {
            "points": 1, "per_minor": 100, "earning_kinds": ["ITEM", "FEE"], "minimum_minor": 300,
            "carry_remainder": True, "pending_days": 7,
            "excluded_categories": TOBACCO, "excluded_skus": [GASOLINE], "multipliers": _multipliers(200),
            "bonuses": {"joining": 50, "first_purchase": 25, "visit": 2, "visit_hours": 20},
            "caps": {"per_sale": 150, "per_day": 180, "per_month": 450},
            "stamps": {"per": "item", "categories": [MILK, BREAD], "needed": 6, "reward": "punch-card"},
            "tiers": {"basis": "points", "window": "rolling", "months": 3, "grace_days": 5, "at_risk_days": 14,
                      "levels": _levels(120, 350, 700)},
            "expiry_months": 3, "expiry_to_month_end": True, "notice_days": 14, "returns_debt": True,
            "review": {"sales_per_day": 3, "sales_per_hour_of_terminal": 6, "amount_minor": 20_000},
        },
        _rewards(scale=1),
    ),
    Program(
        "inactivity",
        {
            "points": 3, "per_minor": 250, "earning_kinds": ["ITEM", "DEPOSIT"], "minimum_minor": 500,
            "carry_remainder": True, "pending_days": 0,
            "excluded_categories": [*TOBACCO, "COUPON/MISC ITEMS"], "multipliers": _multipliers(250),
            "bonuses": {"joining": 30, "first_purchase": 40, "visit": 3, "visit_hours": 48},
            "caps": {"per_sale": 200, "per_day": 220, "per_month": 700},
            "stamps": {"per": "visit", "cooldown_hours": 12, "needed": 5, "reward": "punch-card"},
            "tiers": {"basis": "spend", "window": "calendar", "grace_days": 10,
                      "levels": _levels(30_000, 90_000, 180_000)},
            "inactivity_months": 1, "notice_days": 7, "returns_debt": False,
            "review": {"sales_per_day": 2, "sales_per_hour_of_terminal": 5, "amount_minor": 15_000},
        },
        _rewards(scale=1),
    ),
    Program(
        "fixed-dates",
        {
            "points": 10, "per_minor": 499, "earning_kinds": ["ITEM"], "minimum_minor": 0,
            "carry_remainder": False, "pending_days": 14,
            "excluded_categories": TOBACCO, "excluded_skus": [GASOLINE], "multipliers": _multipliers(200),
            "bonuses": {"joining": 100, "first_purchase": 50, "visit": 5, "visit_hours": 24},
            "caps": {"per_sale": 255, "per_day": 400, "per_month": 1_000},
            "stamps": {"per": "item", "categories": ["SOFT DRINKS", "CHEESE"], "skus": [BANANAS], "needed": 7,
                       "reward": "punch-card"},
            "tiers": {"basis": "spend", "window": "rolling", "months": 2, "grace_days": 0,
                      "levels": _levels(15_000, 40_000, 80_000)},
            "expiry_dates": ["03-31", "06-30", "09-30", "12-31"], "expiry_least_days": 45, "notice_days": 21,
            "returns_debt": True,
            "review": {"sales_per_day": 3, "sales_per_hour_of_terminal": 6, "amount_minor": 25_000},
        },
        _rewards(scale=2),
    ),
)  # fmt: skip
