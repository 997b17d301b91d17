"""Programs to begin with, each for one kind of shop: rules that fit together, and the rewards that go with them.

All amounts are in units of one step, the money that a small purchase comes to, so that a template is the same in every
currency. Categories are words that a till has to write in the same way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wallet.rewards import NewReward
from wallet.rules import Bonuses, GiftRules, Multiplier, Rules, StampRules, TierLevel, TierRules
from wallet.values import Minor, Points, RewardKind

TUESDAY = 2

GIFTS = GiftRules(per_recipient_per_day=10, new_account_days=7)
"""What every new program begins with: nobody's mailbox is filled, and who is new gives little."""


@dataclass(frozen=True, slots=True)
class Template:
    """`sentence` is for the owner of a shop. `rules` and `rewards` are made for a step of so much money."""

    name: str
    sentence: str
    rules: Callable[[Minor], Rules]
    rewards: Callable[[Minor], tuple[NewReward, ...]]


def _cafe_rules(step: Minor) -> Rules:
    return Rules(
        gifts=GIFTS,
        points=Points(0),
        per_minor=step,
        stamps=StampRules("item", needed=10, reward="free-coffee", categories=("coffee",)),
    )


def _cafe_rewards(step: Minor) -> tuple[NewReward, ...]:
    return (
        NewReward(
            slug="free-coffee",
            name="A free coffee",
            kind=RewardKind.FREE_ITEM,
            categories=("coffee",),
            cost_stamps=10,
            voucher_days=180,
        ),
    )


def _grocery_rules(step: Minor) -> Rules:
    return Rules(
        gifts=GIFTS,
        points=Points(1),
        per_minor=step,
        carry_remainder=True,
        excluded_categories=("tobacco", "alcohol", "lottery"),
        multipliers=(Multiplier("Double Tuesdays", 200, weekdays=(TUESDAY,)),),
        expiry_months=12,
        expiry_to_month_end=True,
        returns_debt=True,
    )


def _grocery_rewards(step: Minor) -> tuple[NewReward, ...]:
    return (
        NewReward(
            slug="money-off",
            name="Money off your basket",
            kind=RewardKind.AMOUNT_OFF,
            amount_minor=step,
            cost_points=Points(100),
        ),
        NewReward(
            slug="more-money-off",
            name="More money off your basket",
            kind=RewardKind.AMOUNT_OFF,
            amount_minor=_times(step, 6),
            cost_points=Points(500),
        ),
    )


def _pharmacy_rules(step: Minor) -> Rules:
    return Rules(
        gifts=GIFTS,
        points=Points(1),
        per_minor=step,
        carry_remainder=True,
        pending_days=14,
        excluded_categories=("prescription",),
        expiry_months=12,
        notice_days=21,
        returns_debt=True,
    )


def _pharmacy_rewards(step: Minor) -> tuple[NewReward, ...]:
    return (
        NewReward(
            slug="ten-percent-off",
            name="Ten percent off",
            kind=RewardKind.PERCENT_OFF,
            percent=10,
            ceiling_minor=_times(step, 5),
            cost_points=Points(150),
        ),
        NewReward(
            slug="blood-pressure-check",
            name="Your blood pressure taken",
            kind=RewardKind.PERK,
            cost_points=Points(50),
        ),
    )


def _restaurant_rules(step: Minor) -> Rules:
    return Rules(
        gifts=GIFTS,
        points=Points(10),
        per_minor=step,
        carry_remainder=True,
        multipliers=(Multiplier("Birthday", 200, birthday=True),),
        bonuses=Bonuses(joining=Points(50)),
        tiers=TierRules(
            (
                TierLevel("Silver", _times(step, 100), 125, ("A welcome drink",)),
                TierLevel("Gold", _times(step, 300), 150, ("A welcome drink", "The table that you like best")),
            ),
            basis="spend",
            months=12,
            grace_days=30,
        ),
        inactivity_months=18,
        returns_debt=True,
    )


def _restaurant_rewards(step: Minor) -> tuple[NewReward, ...]:
    return (
        NewReward(
            slug="free-dessert",
            name="A free dessert",
            kind=RewardKind.FREE_ITEM,
            categories=("dessert",),
            cost_points=Points(300),
        ),
        NewReward(
            slug="chefs-table",
            name="An evening at the chef's table",
            kind=RewardKind.PERK,
            cost_points=Points(3_000),
            tiers=("Gold",),
            per_member=1,
        ),
    )


def _times(step: Minor, count: int) -> Minor:
    return Minor(step * count)


TEMPLATES: Mapping[str, Template] = MappingProxyType(
    {
        template.name: template
        for template in (
            Template(
                "cafe",
                "Every coffee is a stamp, and ten stamps are a free coffee.",
                _cafe_rules,
                _cafe_rewards,
            ),
            Template(
                "grocery",
                "Points for what is spent, twice as many on Tuesdays and none on tobacco, alcohol or the lottery; they"
                " are money off the basket and last a year.",
                _grocery_rules,
                _grocery_rewards,
            ),
            Template(
                "pharmacy",
                "Points for everything but prescriptions, to be used once the fourteen days for returns are over, and"
                " within a year.",
                _pharmacy_rules,
                _pharmacy_rewards,
            ),
            Template(
                "restaurant",
                "Points for what is spent, more of them for guests who come often and on birthdays, for a dessert or an"
                " evening at the chef's table.",
                _restaurant_rules,
                _restaurant_rewards,
            ),
        )
    }
)
"""By their names."""
