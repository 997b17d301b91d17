"""What changes of a card although no points move: its stamps, its tier."""

from dataclasses import replace
from datetime import datetime

from wallet.database import Conn
from wallet.ledger.cards import LockedCard, set_carry
from wallet.ledger.posting import Cause, Change, post
from wallet.rules import Carry
from wallet.tiers import Standing
from wallet.values import EntryKind

SET_STANDING_SQL = """
    UPDATE cards SET tier = $3, tier_since = $4, tier_until = $5, tier_review_at = $6
    WHERE merchant_id = $1 AND card_id = $2
"""


async def note(
    conn: Conn,
    card: LockedCard,
    *,
    kind: EntryKind = EntryKind.CHANGED,
    carry: Carry | None = None,
    cause: Cause,
    now: datetime,
) -> LockedCard:
    """The card's revision tells of the change: there is an entry of it, which moves no points, unless this transaction
    has written another one since it held the card. With `carry` that is the card's, as by `set_carry`.
    """
    if card.revision > card.found_at:
        return await set_carry(conn, card, carry) if carry else card
    posted = await post(conn, card, Change(kind=kind, moves=(), carry=carry), cause=cause, now=now)
    return posted.card


async def set_standing(conn: Conn, card: LockedCard, standing: Standing, *, at: datetime, now: datetime) -> LockedCard:
    """The card's tier is this one since `at`."""
    if standing == card.standing:
        return card
    await conn.execute(
        SET_STANDING_SQL,
        card.merchant_id,
        card.card_id,
        standing.tier,
        standing.since,
        standing.until,
        standing.review_at,
    )
    return await note(conn, replace(card, standing=standing), cause=Cause(occurred_at=at), now=now)
