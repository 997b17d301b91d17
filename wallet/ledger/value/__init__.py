"""The ledger of money value: the only place that changes what stands on a gift card.

Double entry without a table for it: every activity is one movement of money between the card and one other side, which
its kind says (`COUNTERPARTS`, or the other card of a transfer). What a card holds is bounded and stored; what a program
sold, had spent, adjusted and let expire are sums of activities, so no row is hot. Activities are numbered without gaps,
chained by hashes, and never edited.

Every function takes a card that `lock_gift_cards` returned in the same transaction and returns the card as it is after.
"""

from wallet.ledger.value.card import LockedGiftCard, later, look_at_gift_cards
from wallet.ledger.value.closing import block, deactivate, unblock
from wallet.ledger.value.locking import lock_gift_cards
from wallet.ledger.value.moving import (
    activate,
    adjust,
    bring_back,
    import_value,
    load,
    pass_on,
    recall,
    redeem,
    redeem_all,
    refund,
    refund_anew,
    transfer,
)
from wallet.ledger.value.opening import Mint, Opened, give, open  # noqa: A004 -- what is done with a card
from wallet.ledger.value.posting import PostedActivity, ValueCause, post_activity

__all__ = [
    "LockedGiftCard",
    "Mint",
    "Opened",
    "PostedActivity",
    "ValueCause",
    "activate",
    "adjust",
    "block",
    "bring_back",
    "deactivate",
    "give",
    "import_value",
    "later",
    "load",
    "lock_gift_cards",
    "look_at_gift_cards",
    "open",
    "pass_on",
    "post_activity",
    "recall",
    "redeem",
    "redeem_all",
    "refund",
    "refund_anew",
    "transfer",
    "unblock",
]
