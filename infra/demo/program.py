"""What the demo's café promises its customers: rules of every kind, and rewards."""

from wallet.rewards import NewReward
from wallet.rules import Bonuses, GiftRules, Multiplier, ReviewRules, Rules, StampRules, TierLevel, TierRules
from wallet.values import Minor, Points, RewardKind

PER_BEAN = Minor(1_000)

COFFEE = "coffee"
BAKERY = "bakery"

FREE_COFFEE = "free-coffee"

RULES = Rules(
    points=Points(1),
    per_minor=PER_BEAN,
    carry_remainder=True,
    multipliers=(Multiplier("Fresh from the oven", 200, categories=(BAKERY,)),),
    bonuses=Bonuses(joining=Points(20)),
    stamps=StampRules("item", 6, FREE_COFFEE, categories=(COFFEE,)),
    tiers=TierRules(
        (
            TierLevel("Silver", 150, 125, ("The table at the window",)),
            TierLevel("Gold", 600, 150, ("The table at the window", "A seat at every tasting")),
        ),
        months=12,
        grace_days=14,
    ),
    expiry_months=12,
    expiry_to_month_end=True,
    review=ReviewRules(sales_per_day=30, amount_minor=Minor(150_000)),
    gifts=GiftRules(per_day=50, recipients_per_day=50),
)

REWARDS = (
    NewReward(
        slug=FREE_COFFEE,
        name="A free coffee",
        kind=RewardKind.FREE_ITEM,
        categories=(COFFEE,),
        cost_points=Points(25),
        voucher_days=60,
    ),
    NewReward(
        slug="25-off",
        name="₹25 off",
        kind=RewardKind.AMOUNT_OFF,
        amount_minor=Minor(2_500),
        cost_points=Points(50),
    ),
    NewReward(
        slug="tasting",
        name="An evening of tasting",
        description="Six coffees, one roaster, many questions.",
        kind=RewardKind.PERK,
        cost_points=Points(120),
        tiers=("Silver", "Gold"),
        stock=12,
        per_member=1,
    ),
)
"""Stamps give the first; the app sells all of them."""

COLOR, LOGO = "#7a3b1d", "monsoon.svg"

DESIGNS = (
    ("Rain", "rain.png", "A steaming cup of coffee on a window sill, and rain behind it."),
    ("Lanterns", "lanterns.svg", "Four paper lanterns in the evening."),
)
"""Pictures for gifts: what the owner calls them, the file, and what is told to whoever does not see them."""
