"""Rewards: what points and stamps buy; and vouchers, which are rewards that were bought and not yet handed over.

The vouchers of a card change only under the card's lock, so none is used and cancelled at once. The stock of a reward
comes last of all that is locked: after the cards, in the order of the rewards' ids.
"""

from wallet.rewards.availability import Membership, RewardOffer, offer_to, other_reasons
from wallet.rewards.catalogue import NewReward, create, end, of_program
from wallet.rewards.claiming import Claimed, claim, give, to_give
from wallet.rewards.closing import Cancelled, cancel, hold_due, lapse, put_back
from wallet.rewards.reading import (
    find_reward,
    find_reward_of_merchant,
    find_voucher,
    find_voucher_of_merchant,
    offers,
    rewards_by_keys,
    vouchers,
)
from wallet.rewards.reward import Reward, told
from wallet.rewards.reward import from_row as reward_from_row
from wallet.rewards.stock import NONE_LEFT, put_back_stock, take_stock
from wallet.rewards.voucher import Voucher, usable_until
from wallet.rewards.voucher import from_row as voucher_from_row

__all__ = [
    "NONE_LEFT",
    "Cancelled",
    "Claimed",
    "Membership",
    "NewReward",
    "Reward",
    "RewardOffer",
    "Voucher",
    "cancel",
    "claim",
    "create",
    "end",
    "find_reward",
    "find_reward_of_merchant",
    "find_voucher",
    "find_voucher_of_merchant",
    "give",
    "hold_due",
    "lapse",
    "of_program",
    "offer_to",
    "offers",
    "other_reasons",
    "put_back",
    "put_back_stock",
    "reward_from_row",
    "rewards_by_keys",
    "take_stock",
    "to_give",
    "told",
    "usable_until",
    "voucher_from_row",
    "vouchers",
]
