"""Points of a sale that the merchant has to look at first: let go, or taken back."""

from dataclasses import dataclass, replace
from datetime import datetime

from wallet.database import Conn
from wallet.ledger.cards import LockedCard
from wallet.ledger.posting import Cause, Change, Move, post
from wallet.values import EntryKind, Points, SaleId

UNHOLD_SQL = """
    UPDATE lots SET held = FALSE
    WHERE merchant_id = $1 AND card_id = $2 AND sale_id = $3 AND held
    RETURNING lot_id, points, remaining, source_seq
"""


@dataclass(frozen=True, slots=True)
class Reversed:
    """The card without the points that it should not have earned, and how many those were."""

    card: LockedCard
    points: Points


async def release_held(conn: Conn, card: LockedCard, *, sale_id: SaleId) -> Points:
    """The held points of the sale are held no more, so many; what is due on them is for the next lock to settle."""
    lots = await conn.fetch(UNHOLD_SQL, card.merchant_id, card.card_id, sale_id)
    return Points(sum(lot["remaining"] for lot in lots))


async def reverse_earning(conn: Conn, card: LockedCard, *, sale_id: SaleId, cause: Cause, now: datetime) -> Reversed:
    """What is left of the held points of the sale is gone, as if it had never been earned. Nothing else of the card is
    touched: held points were never to be spent, so they are where they were put, but for what a refund took.

    The entry, REVERSED, names the one that earned them; it reverses that wholly if nothing had been taken before.
    """
    lots = [lot for lot in await conn.fetch(UNHOLD_SQL, card.merchant_id, card.card_id, sale_id) if lot["remaining"]]
    if not lots:
        return Reversed(card, Points(0))
    [lot] = lots
    points = Points(lot["remaining"])
    posted = await post(
        conn,
        card,
        Change(
            kind=EntryKind.REVERSED,
            moves=[Move(card.pending_account_id, card.issued_account_id, points)],
            pending=-points,
            lifetime=-points,
            lots={lot["lot_id"]: -points},
        ),
        cause=replace(cause, reverses_seq=lot["source_seq"], reverses_wholly=points == lot["points"]),
        now=now,
    )
    return Reversed(posted.card, points)
