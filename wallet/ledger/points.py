"""Earning, and taking back what was earned."""

from dataclasses import dataclass
from datetime import datetime

from wallet.database import Conn
from wallet.ledger.cards import LockedCard
from wallet.ledger.posting import Cause, Change, Move, NewLot, Posted, post
from wallet.rules import Carry
from wallet.values import EntryKind, LotId, Points, SaleId

NOTHING = Points(0)

# The sale's own lot first; then what is pending, then what is active, the soonest to expire first.
LOTS_TO_TAKE_BACK_SQL = """
    SELECT q.lot_id, q.remaining, q.pending
    FROM (
        SELECT l.lot_id, l.remaining, l.activated_at IS NULL AS pending,
               row_number() OVER ranked AS position,
               SUM(l.remaining) OVER ranked AS upto
        FROM lots AS l
        WHERE l.merchant_id = $1 AND l.card_id = $2 AND l.remaining > 0
        WINDOW ranked AS (
            ORDER BY (l.sale_id IS NOT DISTINCT FROM $3) DESC, l.activated_at IS NULL DESC,
                     l.expires_at NULLS LAST, l.lot_id
        )
    ) AS q
    WHERE q.upto - q.remaining < $4
    ORDER BY q.position
"""

EXPIRED_OF_SALE_SQL = """
    SELECT COALESCE(-SUM(m.points), 0)::bigint
    FROM lots AS l
    JOIN lot_movements AS m ON m.merchant_id = l.merchant_id AND m.lot_id = l.lot_id
    JOIN entries AS e ON e.merchant_id = m.merchant_id AND e.card_id = m.card_id AND e.seq = m.seq
    WHERE l.merchant_id = $1 AND l.card_id = $2 AND l.sale_id = $3 AND e.kind = 'EXPIRED'
"""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a refund took. `posted` is None where the card had nothing left to take."""

    card: LockedCard
    points: Points
    posted: Posted | None


async def earn(
    conn: Conn,
    card: LockedCard,
    *,
    kind: EntryKind,
    points: Points,
    activates_at: datetime,
    expires_at: datetime | None,
    carry: Carry | None = None,
    cause: Cause,
    now: datetime,
) -> Posted:
    """`points` (> 0) are on the card as one lot: spendable if `activates_at` is not after `now`, else pending."""
    assert points > 0
    active = activates_at <= now
    return await post(
        conn,
        card,
        Change(
            kind=kind,
            moves=[
                Move(
                    card.issued_account_id,
                    card.active_account_id if active else card.pending_account_id,
                    points,
                )
            ],
            points=points if active else 0,
            pending=0 if active else points,
            lifetime=points,
            new_lot=NewLot(points, activates_at, now if active else None, expires_at),
            carry=carry,
        ),
        cause=cause,
        now=now,
    )


async def take_back(
    conn: Conn,
    card: LockedCard,
    *,
    sale_id: SaleId,
    points: Points,
    untaken: Points = NOTHING,
    carry: Carry | None = None,
    cause: Cause,
    now: datetime,
) -> TakenBack:
    """Up to `points` (> 0) have left the card, as many as it had: from the sale's own lot first, then from what is
    pending, then from what is active. For those that the customer has spent or sent others go, but what the sale's own
    lot lost by expiry is gone already and is not taken a second time.

    `untaken` is how much less earlier calls for this sale took than they were asked for.
    """
    assert points > 0
    expired = await conn.fetchval(EXPIRED_OF_SALE_SQL, card.merchant_id, card.card_id, sale_id)
    wanted = points - min(points, max(0, expired - untaken))
    left, lots, pending = wanted, dict[LotId, int](), 0
    for row in await conn.fetch(LOTS_TO_TAKE_BACK_SQL, card.merchant_id, card.card_id, sale_id, wanted):
        taken = min(left, row["remaining"])
        lots[row["lot_id"]] = -taken
        pending += taken if row["pending"] else 0
        left -= taken
    taken_back = Points(wanted - left)
    if not taken_back:
        return TakenBack(card, taken_back, None)
    active = taken_back - pending
    sources = [(card.pending_account_id, pending), (card.active_account_id, active)]
    posted = await post(
        conn,
        card,
        Change(
            kind=EntryKind.REFUNDED,
            moves=[Move(account, card.issued_account_id, Points(part)) for account, part in sources if part],
            points=-active,
            pending=-pending,
            lifetime=-taken_back,
            lots=lots,
            carry=carry,
        ),
        cause=cause,
        now=now,
    )
    return TakenBack(posted.card, taken_back, posted)
