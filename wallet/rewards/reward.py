"""A reward: what points or stamps buy. What it gives and costs never changes; it ends by its date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wallet.database import Row
from wallet.values import MerchantId, Minor, Phrase, Points, ProgramId, RewardId, RewardKind, StoreId

TOLD_MAX = 20
"""Their names are some 320 octets each at most, and the reasons of an entry 8,192."""


@dataclass(frozen=True, slots=True)
class Reward:
    """What stands in a program's catalogue.

    `amount_minor` is of AMOUNT_OFF, `percent` (1 to 100) of PERCENT_OFF; no discount is above `ceiling_minor`. It is
    good for lines of its `categories` or `skus`, for every item where both are empty. It costs either points or stamps.
    `stock` is how many were left when it was read, `per_member` how many one member may have; None is no end to them.
    Only members of the `tiers`, at the `stores`, if any are named. It can be had from `claimable_from` until
    `claimable_until`; a voucher for it is good for `voucher_days`, to the end of the last of them.
    """

    merchant_id: MerchantId
    reward_id: RewardId
    program_id: ProgramId
    slug: str
    name: str
    description: str | None
    kind: RewardKind
    amount_minor: Minor | None
    percent: int | None
    ceiling_minor: Minor | None
    categories: frozenset[str]
    skus: frozenset[str]
    cost_points: Points | None
    cost_stamps: int | None
    stock: int | None
    per_member: int | None
    tiers: tuple[str, ...]
    stores: frozenset[StoreId]
    claimable_from: datetime
    claimable_until: datetime | None
    voucher_days: int

    def is_had_at(self, store_id: StoreId) -> bool:
        """Whether a till of this store hands it over."""
        return not self.stores or store_id in self.stores


def told(code: str, rewards: Sequence[Reward]) -> tuple[Phrase, ...]:
    """Each reward by its name, with the sentence of this code; of many the first, and how many more there are: the
    reasons of an entry have an end.
    """
    more = len(rewards) - TOLD_MAX
    named = tuple(Phrase(code, {"reward": reward.name}) for reward in rewards[:TOLD_MAX])
    return (*named, Phrase("more_rewards", {"rewards": more})) if more > 0 else named


def from_row(row: Row) -> Reward:
    return Reward(
        merchant_id=row["merchant_id"],
        reward_id=row["reward_id"],
        program_id=row["program_id"],
        slug=row["slug"],
        name=row["name"],
        description=row["description"],
        kind=RewardKind(row["kind"]),
        amount_minor=row["amount_minor"],
        percent=row["percent"],
        ceiling_minor=row["ceiling_minor"],
        categories=frozenset(row["categories"]),
        skus=frozenset(row["skus"]),
        cost_points=row["cost_points"],
        cost_stamps=row["cost_stamps"],
        stock=row["stock"],
        per_member=row["per_member"],
        tiers=tuple(row["tiers"]),
        stores=frozenset(row["store_ids"]),
        claimable_from=row["claimable_from"],
        claimable_until=row["claimable_until"],
        voucher_days=row["voucher_days"],
    )
