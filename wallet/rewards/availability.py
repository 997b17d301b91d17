"""Whether a member can have a reward, and if not, why not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wallet.rewards.reward import Reward
from wallet.values import Phrase, Points, RewardId, StoreId


@dataclass(frozen=True, slots=True)
class Membership:
    """What of a card decides on rewards: what it has to spend, its tier, and how many of each reward it has had.

    A voucher that was cancelled or has lapsed was not had.
    """

    active: Points
    stamps: int
    tier: str | None
    had: Mapping[RewardId, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RewardOffer:
    """A reward, and every reason why this member cannot have it now: none if they can."""

    reward: Reward
    reasons: tuple[Phrase, ...]

    @property
    def available(self) -> bool:
        return not self.reasons

    def rank(self) -> tuple[object, ...]:
        """What the member can have comes first; then by price, stamps after points."""
        reward = self.reward
        price = (reward.cost_points is None, reward.cost_points or reward.cost_stamps or 0)
        return (not self.available, *price, reward.name, str(reward.reward_id))


def offer_to(reward: Reward, member: Membership, *, store_id: StoreId | None, now: datetime) -> RewardOffer:
    """The reward as this member is offered it: at the store, or in the app where none is named."""
    reasons = (*price_reasons(reward, member), *other_reasons(reward, member, store_id=store_id, now=now))
    return RewardOffer(reward, reasons)


def price_reasons(reward: Reward, member: Membership) -> list[Phrase]:
    """How much the member is short of its price."""
    if reward.cost_points is not None and reward.cost_points > member.active:
        return [Phrase("reward_points_missing", {"points": reward.cost_points - member.active})]
    if reward.cost_stamps is not None and reward.cost_stamps > member.stamps:
        return [Phrase("reward_stamps_missing", {"stamps": reward.cost_stamps - member.stamps})]
    return []


def other_reasons(reward: Reward, member: Membership, *, store_id: StoreId | None, now: datetime) -> list[Phrase]:
    """Why the member could not have it at any price."""
    reasons = []
    if now < reward.claimable_from:
        reasons.append(Phrase("reward_not_yet", {"from_at": reward.claimable_from.isoformat()}))
    if reward.claimable_until is not None and now >= reward.claimable_until:
        reasons.append(Phrase("reward_over", {"until_at": reward.claimable_until.isoformat()}))
    if reward.stock == 0:
        reasons.append(Phrase("reward_none_left"))
    if reward.per_member is not None and member.had.get(reward.reward_id, 0) >= reward.per_member:
        reasons.append(Phrase("reward_had", {"times": reward.per_member}))
    if reward.tiers and member.tier not in reward.tiers:
        reasons.append(Phrase("reward_of_tiers", {"tiers": ", ".join(reward.tiers)}))
    if store_id is not None and not reward.is_had_at(store_id):
        reasons.append(Phrase("reward_elsewhere"))
    return reasons
