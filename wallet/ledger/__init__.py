"""The ledger: the only place that changes a balance.

Double entry: a transfer takes from one account and gives to another, so the sum over all accounts is always 0. What a
customer reads is an entry: a change of the card, numbered without gaps, with what stood on the card after it. What
carries the dates is a lot: points from one earning. Nothing here is ever edited; giving back is a new entry that names
the old one and restores the lots it came from.

Every function takes a card that `lock_cards` returned in the same transaction and returns the card as it is after.
"""

from wallet.ledger.accounts import open_card_accounts, open_program_accounts
from wallet.ledger.cards import LockedCard, set_carry
from wallet.ledger.gifts import Reserved, release_gift, reserve_for_gift, settle_gift
from wallet.ledger.locking import lock_cards
from wallet.ledger.maturity import cards_due
from wallet.ledger.points import TakenBack, earn, take_back
from wallet.ledger.posting import Cause, Posted

__all__ = [
    "Cause",
    "LockedCard",
    "Posted",
    "Reserved",
    "TakenBack",
    "cards_due",
    "earn",
    "lock_cards",
    "open_card_accounts",
    "open_program_accounts",
    "release_gift",
    "reserve_for_gift",
    "set_carry",
    "settle_gift",
    "take_back",
]
