"""The ledger: the only place that changes a balance.

Double entry: a transfer takes from one account and gives to another, so the sum over all accounts is always 0. What a
customer reads is an entry: a change of the card, numbered without gaps, with what stood on the card after it. What
carries the dates is a lot: points from one earning. Nothing here is ever edited; giving back is a new entry that names
the old one and restores the lots it came from.

Every function takes a card that `lock_cards` returned in the same transaction and returns the card as it is after.
"""

from wallet.ledger.accounts import open_card_accounts, open_program_accounts
from wallet.ledger.cards import LockedCard, set_carry
from wallet.ledger.chain import start
from wallet.ledger.clawback import Earlier, TakenBack, take_back
from wallet.ledger.debt import owe, pay_debt
from wallet.ledger.gifts import Reserved, release_gift, reserve_for_gift, settle_gift
from wallet.ledger.holding import release_held, reverse_earning
from wallet.ledger.locking import lock_cards
from wallet.ledger.maturity import cards_due, raise_tier, settle_due, standing_due
from wallet.ledger.noting import note, set_standing
from wallet.ledger.points import earn
from wallet.ledger.posting import Cause, Posted
from wallet.ledger.sliding import touch, untouch
from wallet.ledger.stamps import StampMove, move_stamps
from wallet.ledger.vouchers import redeem, release_voucher, reserve_for_voucher, unredeem

__all__ = [
    "Cause",
    "Earlier",
    "LockedCard",
    "Posted",
    "Reserved",
    "StampMove",
    "TakenBack",
    "cards_due",
    "earn",
    "lock_cards",
    "move_stamps",
    "note",
    "open_card_accounts",
    "open_program_accounts",
    "owe",
    "pay_debt",
    "raise_tier",
    "redeem",
    "release_gift",
    "release_held",
    "release_voucher",
    "reserve_for_gift",
    "reserve_for_voucher",
    "reverse_earning",
    "set_carry",
    "set_standing",
    "settle_due",
    "settle_gift",
    "standing_due",
    "start",
    "take_back",
    "touch",
    "unredeem",
    "untouch",
]
