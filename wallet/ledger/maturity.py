"""What time does to points: pending ones become spendable, old ones expire. Nothing else changes a card by itself."""

from dataclasses import dataclass
from datetime import datetime

from wallet.database import Conn, Row
from wallet.ledger.cards import LockedCard
from wallet.ledger.posting import Cause, Change, Move, post
from wallet.values import CardId, EntryKind, LotId, MerchantId, Phrase, Points

DUE_LOTS_SQL = """
    SELECT l.lot_id, l.remaining, l.activates_at, l.activated_at, l.expires_at, l.source_seq, l.sale_id,
           e.store_id, e.occurred_at AS earned_at
    FROM lots AS l
    JOIN entries AS e ON e.merchant_id = l.merchant_id AND e.card_id = l.card_id AND e.seq = l.source_seq
    WHERE l.merchant_id = $1 AND l.card_id = $2 AND l.remaining > 0
      AND (l.expires_at <= $3 OR (l.activated_at IS NULL AND l.activates_at <= $3))
    ORDER BY l.activates_at, l.lot_id
"""

CARDS_DUE_SQL = """
    SELECT DISTINCT d.merchant_id, d.card_id
    FROM (
        (SELECT merchant_id, card_id FROM lots
         WHERE activated_at IS NULL AND remaining > 0 AND activates_at <= $1
         ORDER BY activates_at LIMIT $2)
        UNION ALL
        (SELECT merchant_id, card_id FROM lots
         WHERE remaining > 0 AND expires_at IS NOT NULL AND expires_at <= $1
         ORDER BY expires_at LIMIT $2)
    ) AS d
"""


@dataclass(frozen=True, slots=True)
class DueCard:
    merchant_id: MerchantId
    card_id: CardId


async def cards_due(conn: Conn, *, limit: int, now: datetime) -> list[DueCard]:
    """Some of the cards on which something is due by `now`: up to `limit` for activation and as many for expiry.

    To lock such a card is to settle it.
    """
    rows = await conn.fetch(CARDS_DUE_SQL, now, limit)
    return [DueCard(row["merchant_id"], row["card_id"]) for row in rows]


async def settle_due(conn: Conn, card: LockedCard, *, now: datetime) -> LockedCard:
    """Every lot that was due by `now` is active, and every lot whose time is over by `now` is expired.

    Activation comes first, so that points that were due for both are seen to arrive before they go. One entry for each
    lot that activates, since each has its own purchase; one for all that expires at this moment.
    """
    lots = await conn.fetch(DUE_LOTS_SQL, card.merchant_id, card.card_id, now)
    for lot in lots:
        if lot["activated_at"] is None:
            card = await _activate(conn, card, lot, now=now)
    over: dict[LotId, int] = {
        lot["lot_id"]: lot["remaining"] for lot in lots if lot["expires_at"] is not None and lot["expires_at"] <= now
    }
    if over:
        card = await _expire(conn, card, over, lots, now=now)
    return card


async def _activate(conn: Conn, card: LockedCard, lot: Row, *, now: datetime) -> LockedCard:
    points = Points(lot["remaining"])
    change = Change(
        kind=EntryKind.ACTIVATED,
        moves=[Move(card.pending_account_id, card.active_account_id, points)],
        points=points,
        pending=-points,
        activated=[lot["lot_id"]],
    )
    reason = Phrase("activated", {"earned_at": lot["earned_at"].isoformat()})
    cause = Cause(occurred_at=lot["activates_at"], reasons=(reason,), store_id=lot["store_id"], sale_id=lot["sale_id"])
    return (await post(conn, card, change, cause=cause, now=now)).card


async def _expire(
    conn: Conn, card: LockedCard, over: dict[LotId, int], lots: list[Row], *, now: datetime
) -> LockedCard:
    points = Points(sum(over.values()))
    change = Change(
        kind=EntryKind.EXPIRED,
        moves=[Move(card.active_account_id, card.expired_account_id, points)],
        points=-points,
        lots={lot_id: -remaining for lot_id, remaining in over.items()},
    )
    expired = [lot for lot in lots if lot["lot_id"] in over]
    oldest = min(lot["earned_at"] for lot in expired)
    reason = Phrase("expired", {"points": points, "earned_at": oldest.isoformat()})
    cause = Cause(occurred_at=max(lot["expires_at"] for lot in expired), reasons=(reason,))
    return (await post(conn, card, change, cause=cause, now=now)).card
