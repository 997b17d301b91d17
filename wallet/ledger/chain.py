"""The chain of a card's entries: each carries a hash over itself and over the hash of the one before it.

The format is that of docs/LEDGER.md, which says it to a stranger: what changes here changes there. Whoever edits,
drops, inserts or swaps an entry would have to write every later one anew, and the card's end of the chain, which
customers hold in signed statements.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from wallet.values import Phrase

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SEPARATOR = "|"
"""Of the fields. Only the last one, the reasons, can hold it."""


@dataclass(frozen=True, slots=True)
class Link:
    """What of an entry is hashed, in the order in which it is: everything but whose it is, which the start says."""

    seq: int
    kind: str
    points: int
    pending_points: int
    reserved_points: int
    active_after: int
    pending_after: int
    reserved_after: int
    lifetime_after: int
    occurred_at: datetime
    posted_at: datetime
    store_id: UUID | None
    sale_id: UUID | None
    gift_id: UUID | None
    voucher_id: UUID | None
    reverses_seq: int | None
    reverses_wholly: bool
    reasons: str
    """As `reasons_text` writes them."""


def start(*, merchant_id: UUID, card_id: UUID) -> bytes:
    """The 32 bytes that the first entry of this card follows: no two cards begin alike."""
    return hashlib.sha256(f"regulars card 1|{merchant_id}|{card_id}".encode()).digest()


def follow(before: bytes, text: str) -> bytes:
    """The hash (32 bytes) of the entry with this canonical text, after the one whose hash is `before`."""
    return hashlib.sha256(before + text.encode()).digest()


def canonical(link: Link) -> str:
    """The entry as the one text that is hashed."""
    fields = (
        link.seq,
        link.kind,
        link.points,
        link.pending_points,
        link.reserved_points,
        link.active_after,
        link.pending_after,
        link.reserved_after,
        link.lifetime_after,
        microseconds(link.occurred_at),
        microseconds(link.posted_at),
        link.store_id,
        link.sale_id,
        link.gift_id,
        link.voucher_id,
        link.reverses_seq,
        int(link.reverses_wholly),
        link.reasons,
    )
    return SEPARATOR.join("" if field is None else str(field) for field in fields)


def reasons_text(reasons: Sequence[Phrase]) -> str:
    """The reasons as JSON that has one text for one value: keys sorted, no blanks, nothing escaped that need not be
    (of RFC 8785 what strings and whole numbers need). They are stored as this text, to be hashed where they stand.
    """
    said = [{"code": reason.code, "facts": dict(reason.facts)} for reason in reasons]
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def microseconds(moment: datetime) -> int:
    """Since 1970, as every moment is hashed."""
    return (moment - EPOCH) // MICROSECOND
