"""What vouchers and rewards take off a basket, line by line. Whole minor units, no I/O.

First free items, then percentages, then amounts, each of what those before it left; so an amount off is never spent on
what is free anyway. Among those of a kind the order is the caller's. A line is never discounted below zero, and the
parts of a discount sum to it exactly (the largest remainders get what rounding leaves).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from wallet.baskets import Line
from wallet.rewards.reward import Reward
from wallet.values import LineKind, Minor, RewardKind, VoucherId

ORDER = (RewardKind.FREE_ITEM, RewardKind.PERCENT_OFF, RewardKind.AMOUNT_OFF)
"""A PERK takes nothing off: it is an event, a service, something that no line stands for."""

HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Offer:
    """A voucher to use, or, without one, a reward that is bought on the spot."""

    reward: Reward
    voucher_id: VoucherId | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """What the offer at `offer_index` takes off the line at `position`, both counted from 0. `amount_minor` > 0."""

    offer_index: int
    position: int
    amount_minor: Minor


@dataclass(slots=True)
class _Left:
    """What of a line is still to be paid, and how many of its units are not free yet."""

    line: Line
    minor: int
    freed: int = 0

    def next_unit(self) -> int:
        """What one more unit costs; the units of a line sum to its amount, however that divides."""
        line = self.line
        if self.freed == line.quantity:
            return 0
        upto = [line.amount_minor * units // line.quantity for units in (self.freed, self.freed + 1)]
        return upto[1] - upto[0]


def apply(offers: Sequence[Offer], lines: Sequence[Line]) -> tuple[Discount, ...]:
    """What each offer takes off which line, by offer and then by line; nothing for what it does not fit."""
    left = [_Left(line, line.amount_minor) for line in lines]
    taken = list[Discount]()
    for kind in ORDER:
        for index, offer in enumerate(offers):
            if offer.reward.kind is kind:
                parts = _parts(offer.reward, left)
                taken.extend(Discount(index, position, Minor(part)) for position, part in parts.items() if part)
    return tuple(sorted(taken, key=lambda discount: (discount.offer_index, discount.position)))


def fits(reward: Reward, line: Line) -> bool:
    """Whether the reward is good for this line: goods only, and of its categories or SKUs where it names any."""
    if line.kind is not LineKind.ITEM:
        return False
    anything = not reward.categories and not reward.skus
    return anything or line.category in reward.categories or line.sku in reward.skus


def _parts(reward: Reward, left: Sequence[_Left]) -> dict[int, int]:
    """What the reward takes off which line, by its position; what is left of those lines is less by as much."""
    fitting = {position: each for position, each in enumerate(left) if each.minor and fits(reward, each.line)}
    if reward.kind is RewardKind.FREE_ITEM:
        parts = _free(reward, fitting)
    else:
        parts = _spread(_off(reward, sum(each.minor for each in fitting.values())), fitting)
    for position, part in parts.items():
        left[position].minor -= part
    return parts


def _free(reward: Reward, fitting: dict[int, _Left]) -> dict[int, int]:
    """One unit of the dearest line, the first of several."""
    whole = {position: each for position, each in fitting.items() if each.next_unit()}
    if not whole:
        return {}
    dearest = max(whole, key=lambda at: (Fraction(whole[at].line.amount_minor, whole[at].line.quantity), -at))
    unit = whole[dearest].next_unit()
    whole[dearest].freed += 1
    return {dearest: _under_ceiling(reward, unit)}


def _off(reward: Reward, minor: int) -> int:
    """What the reward takes off so much money. Half a minor unit of a percentage is the customer's."""
    if reward.percent is not None:
        off = (minor * reward.percent + HUNDRED // 2) // HUNDRED
    else:
        assert reward.amount_minor is not None, "what takes an amount off says which"
        off = reward.amount_minor
    return min(minor, _under_ceiling(reward, off))


def _under_ceiling(reward: Reward, minor: int) -> int:
    return minor if reward.ceiling_minor is None else min(minor, reward.ceiling_minor)


def _spread(off: int, fitting: dict[int, _Left]) -> dict[int, int]:
    """`off` divided among the lines by what is left of each; it is not more than they have together."""
    total = sum(each.minor for each in fitting.values())
    if not total:
        return {}
    parts = {position: off * each.minor // total for position, each in fitting.items()}
    by_remainder = sorted(fitting, key=lambda at: (-(off * fitting[at].minor % total), at))
    for position in by_remainder[: off - sum(parts.values())]:
        parts[position] += 1
    return parts
