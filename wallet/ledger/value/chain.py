"""The chain of a gift card's activities, as wallet/ledger/chain.py has it for the entries of a card.

The format is that of docs/LEDGER.md, "Money value": what changes here changes there.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet.ledger.chain import SEPARATOR, microseconds


@dataclass(frozen=True, slots=True)
class Link:
    """What of an activity is hashed, in the order in which it is."""

    seq: int
    kind: str
    amount_minor: int
    balance_after_minor: int
    occurred_at: datetime
    posted_at: datetime
    other_gift_card_id: UUID | None
    other_seq: int | None
    reverses_seq: int | None
    sale_id: UUID | None
    refund_id: UUID | None
    gift_id: UUID | None
    payment_id: UUID | None
    store_id: UUID | None
    operator_id: UUID | None
    reason: str | None
    """Alone may hold the separator, and so comes last."""


def start(*, merchant_id: UUID, gift_card_id: UUID) -> bytes:
    """The 32 bytes that the first activity of this gift card follows: no two cards begin alike."""
    return hashlib.sha256(f"regulars gift card 1|{merchant_id}|{gift_card_id}".encode()).digest()


def canonical(link: Link) -> str:
    """The activity as the one text that is hashed."""
    return SEPARATOR.join(_written(getattr(link, name)) for name in Link.__slots__)


def _written(field: str | int | UUID | datetime | None) -> str:
    if field is None:
        return ""
    return str(microseconds(field)) if isinstance(field, datetime) else str(field)
