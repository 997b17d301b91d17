"""What a basket costs and earns, computed from the words of the decisions. Shares nothing with the product.

The rules are the JSON that the merchant said. Money that counts is in hundredths of a cent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from tests.baskets.programs import RewardSaid

STAMPS_A_SALE = 100


@dataclass(frozen=True, slots=True)
class Good:
    """A line of a basket."""

    line_id: str
    minor: int
    kind: str
    sku: str
    category: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who buys, when by the clock of the store, and what they have had: all that rules may ask."""

    local: datetime
    tier: str | None
    first: bool
    birthday: bool
    visit_due: bool
    stamp_due: bool
    today: int
    this_month: int
    carried: int


@dataclass(frozen=True, slots=True)
class Earned:
    points: tuple[int, ...]
    bonus: int
    visit_bonus: bool
    capped: int
    often: tuple[int, ...]
    stamps: tuple[int, ...]


def discounts(rewards: Sequence[RewardSaid], goods: Sequence[Good]) -> list[dict[int, int]]:
    """For each reward what it takes off which line: first free items, then percentages, then amounts."""
    left = [good.minor for good in goods]
    freed = [0] * len(goods)
    off: list[dict[int, int]] = [{} for _ in rewards]
    for kind in ("FREE_ITEM", "PERCENT_OFF", "AMOUNT_OFF"):
        for at, reward in enumerate(rewards):
            if reward.kind != kind:
                continue
            fitting = [i for i, good in enumerate(goods) if left[i] and _fits(reward, good)]
            if kind == "FREE_ITEM":
                off[at] = _free_unit(reward, goods, fitting, freed)
            else:
                money = sum(left[i] for i in fitting)
                wanted = (money * reward.percent + 50) // 100 if reward.percent else reward.amount_minor or 0
                wanted = min(wanted, reward.ceiling_minor or wanted, money)
                off[at] = _in_proportion(wanted, {i: left[i] for i in fitting})
            for i, minor in off[at].items():
                left[i] -= minor
    return off


def _fits(reward: RewardSaid, good: Good) -> bool:
    return good.kind == "ITEM" and (not reward.categories or good.category in reward.categories)


def _free_unit(reward: RewardSaid, goods: Sequence[Good], fitting: Sequence[int], freed: list[int]) -> dict[int, int]:
    """One unit of the dearest line. The first k of n units of a line cost k/n of it, in whole cents."""

    def upto(i: int, units: int) -> int:
        return goods[i].minor * units // goods[i].quantity

    units = {i: upto(i, freed[i] + 1) - upto(i, freed[i]) for i in fitting if freed[i] < goods[i].quantity}
    there = [i for i, minor in units.items() if minor]
    if not there:
        return {}
    dearest = max(there, key=lambda i: (Fraction(goods[i].minor, goods[i].quantity), -i))
    freed[dearest] += 1
    return {dearest: min(units[dearest], reward.ceiling_minor or units[dearest])}


def _in_proportion(money: int, among: dict[int, int]) -> dict[int, int]:
    """Whole cents that sum to the money; what rounding leaves goes to the largest remainders."""
    total = sum(among.values())
    if not total:
        return {}
    exact = {i: Fraction(money * minor, total) for i, minor in among.items()}
    parts = {i: int(part) for i, part in exact.items()}
    for i in sorted(exact, key=lambda i: (parts[i] - exact[i], i))[: money - sum(parts.values())]:
        parts[i] += 1
    return {i: part for i, part in parts.items() if part}


def earned(rules: dict[str, Any], goods: Sequence[Good], paid: Sequence[int], who: Shopper) -> Earned:
    """What the basket earns. Money counts as often as the best multiplier says, in one stream with what was carried;
    steps beyond a cap are cut off the last lines first.
    """
    often = tuple(_how_often(rules, good, who) for good in goods)
    eligible = sum(minor for minor, times in zip(paid, often, strict=True) if times)
    nothing = (0,) * len(goods)
    if eligible < max(1, rules["minimum_minor"]):
        return Earned(nothing, 0, False, 0, often, nothing)
    step = rules["per_minor"] * 100
    caps = rules["caps"]
    most = min(caps["per_sale"], caps["per_day"] - who.today, caps["per_month"] - who.this_month)
    allowed = max(0, most) // rules["points"]
    money, points, got = who.carried, [], 0
    for minor, times in zip(paid, often, strict=True):
        money += minor * times
        reached = min(money // step, allowed)
        points.append((reached - got) * rules["points"])
        got = reached
    bonuses = rules["bonuses"]
    bonus = (bonuses["first_purchase"] if who.first else 0) + (bonuses["visit"] if who.visit_due else 0)
    capped = (money // step - got) * rules["points"]
    return Earned(tuple(points), bonus, who.visit_due, capped, often, _stamps(rules["stamps"], goods, paid, often, who))


def _how_often(rules: dict[str, Any], good: Good, who: Shopper) -> int:
    """In hundredths; 0 for what is excluded."""
    excluded = good.category in rules["excluded_categories"] or good.sku in rules.get("excluded_skus", ())
    if excluded or good.kind not in rules["earning_kinds"]:
        return 0
    tiers = {level["name"]: level["hundredths"] for level in rules["tiers"]["levels"]}
    best = tiers.get(who.tier, 100) if who.tier else 100
    for each in rules["multipliers"]:
        if _holds(each, good, who):
            best = max(best, each["hundredths"])
    return best


def _holds(multiplier: dict[str, Any], good: Good, who: Shopper) -> bool:
    """All conditions that it states do."""
    begins, ends = multiplier.get("from_hour", 0), multiplier.get("until_hour", 24)
    hour, day = who.local.hour, who.local
    if begins > ends and hour < ends:
        hour, day = hour + 24, who.local - timedelta(days=1)
    if begins > ends:
        ends += 24
    some_goods = "categories" in multiplier or "skus" in multiplier
    return (
        begins <= hour < ends
        and ("weekdays" not in multiplier or day.isoweekday() in multiplier["weekdays"])
        and (
            not some_goods
            or good.category in multiplier.get("categories", ())
            or good.sku in multiplier.get("skus", ())
        )
        and ("tiers" not in multiplier or who.tier in multiplier["tiers"])
        and (who.first or not multiplier.get("first_purchase"))
        and (who.birthday or not multiplier.get("birthday"))
    )


def _stamps(
    rules: dict[str, Any], goods: Sequence[Good], paid: Sequence[int], often: Sequence[int], who: Shopper
) -> tuple[int, ...]:
    """For items that were paid for: one each, or one for the visit on the first line that has one."""
    most = STAMPS_A_SALE if rules["per"] == "item" else int(who.stamp_due)
    some_goods = "categories" in rules or "skus" in rules
    stamps = []
    for good, minor, times in zip(goods, paid, often, strict=True):
        of_these = good.category in rules.get("categories", ()) or good.sku in rules.get("skus", ())
        count = 0
        if good.kind == "ITEM" and times and (of_these or not some_goods):
            price = good.minor // good.quantity
            free = (good.minor - minor) // price if price else 0
            count = min(most, max(0, good.quantity - free)) if minor or price else 0
        most -= count
        stamps.append(count)
    return tuple(stamps)
