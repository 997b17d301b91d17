"""Stored money value as people have it: gift cards, what happened on them, moving it, and how long it lives.

What changes a balance is in wallet/ledger/value. Lock order: the business row, the cards, then the gift cards.
"""

from wallet.value.expiring import cards_due, expire, expires_at
from wallet.value.importing import Brought, import_cards
from wallet.value.liability import Liability, liability
from wallet.value.reading import (
    Activity,
    GiftCard,
    activities,
    find,
    find_activity,
    find_of_merchant,
    find_served,
    of_customer,
    of_members,
    of_program,
)
from wallet.value.transferring import Transferred, transfer

__all__ = [
    "Activity",
    "Brought",
    "GiftCard",
    "Liability",
    "Transferred",
    "activities",
    "cards_due",
    "expire",
    "expires_at",
    "find",
    "find_activity",
    "find_of_merchant",
    "find_served",
    "import_cards",
    "liability",
    "of_customer",
    "of_members",
    "of_program",
    "transfer",
]
