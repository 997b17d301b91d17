"""Taking back what the goods of a sale had earned, when they come back.

What is taken is a function of what is due by then, of how the sale stands and of what the card has, so that any way to
split a return ends where one return of all of it does: docs/decisions/0013-refunds-of-everything.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from wallet.database import Conn
from wallet.ledger.cards import LockedCard
from wallet.ledger.debt import change_debt
from wallet.ledger.posting import Cause, Change, Move, Posted, post
from wallet.rules import Carry
from wallet.values import EntryKind, LotId, Points, SaleId

NOTHING = Points(0)

# Where points of the sale's own lot went, other than to be spent. What paid a debt names no sale.
SALE_LOT_SQL = """
    SELECT COALESCE(-SUM(m.points) FILTER (WHERE e.kind = 'EXPIRED'), 0)::bigint AS expired,
           COALESCE(-SUM(m.points) FILTER (WHERE e.kind = 'REFUNDED' AND e.sale_id IS NULL), 0)::bigint AS paid_debt
    FROM lots AS l
    JOIN lot_movements AS m ON m.merchant_id = l.merchant_id AND m.lot_id = l.lot_id
    JOIN entries AS e ON e.merchant_id = m.merchant_id AND e.card_id = m.card_id AND e.seq = m.seq
    WHERE l.merchant_id = $1 AND l.card_id = $2 AND l.sale_id = $3
"""

# The sale's own lot first; then what is pending, then what is active, the soonest to expire first. What the sale's own
# rewards gave back ($5 is the entry that paid for them) comes last, in the order in which it is given back: so it makes
# no difference which part of a sale comes back first. What is held of another sale is not the customer's yet.
LOTS_TO_TAKE_BACK_SQL = """
    SELECT q.lot_id, q.points, q.own, q.pending
    FROM (
        SELECT p.lot_id, p.points, p.own, p.pending,
               row_number() OVER ranked AS position, SUM(p.points) OVER ranked AS upto
        FROM (
            SELECT l.lot_id, l.expires_at, l.sale_id IS NOT DISTINCT FROM $3 AS own, l.activated_at IS NULL AS pending,
                   v.given_back, v.points
            FROM lots AS l
            CROSS JOIN LATERAL (
                SELECT LEAST(l.remaining, COALESCE(SUM(m.points), 0))::bigint AS points
                FROM lot_movements AS m
                JOIN entries AS e ON e.merchant_id = m.merchant_id AND e.card_id = m.card_id AND e.seq = m.seq
                WHERE $5::bigint IS NOT NULL AND m.merchant_id = l.merchant_id AND m.lot_id = l.lot_id AND m.seq > $5
                  AND e.kind = 'RETURNED' AND e.reverses_seq = $5
            ) AS b
            CROSS JOIN LATERAL (
                VALUES (FALSE, l.remaining - b.points), (TRUE, b.points)
            ) AS v (given_back, points)
            WHERE l.merchant_id = $1 AND l.card_id = $2 AND l.remaining > 0 AND v.points > 0
              AND (NOT l.held OR l.sale_id = $3)
        ) AS p
        WINDOW ranked AS (
            ORDER BY p.own DESC, p.pending DESC, p.given_back,
                     CASE WHEN NOT p.given_back THEN p.expires_at END NULLS LAST,
                     CASE WHEN NOT p.given_back THEN p.lot_id END,
                     p.expires_at DESC NULLS FIRST, p.lot_id DESC
        )
    ) AS q
    WHERE q.upto - q.points < $4
    ORDER BY q.position
"""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What earlier returns of the sale were due, took, and left as a debt."""

    due: Points = NOTHING
    taken: Points = NOTHING
    debt: int = 0


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a return took, and by how much the card's debt grew by it, or shrank."""

    card: LockedCard
    points: Points
    debt: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    """`points` are to be taken, of which `made_up` are for earlier returns that could not have them; up to `owed_again`
    of them had paid a debt, and are a debt again.
    """

    points: int
    made_up: int
    owed_again: int


async def take_back(
    conn: Conn,
    card: LockedCard,
    *,
    sale_id: SaleId,
    points: Points,
    earlier: Earlier,
    given_back: Points = NOTHING,
    redeemed_seq: int | None = None,
    owes: bool = False,
    carry: Carry | None = None,
    cause: Cause,
    now: datetime,
) -> TakenBack:
    """Up to `points` have left the card, as many as it had.

    From the sale's own lot first; where that had paid a debt, the debt is owed again; then from what is pending, then
    from what is active. For those that the customer has spent or sent others go, but what the sale's own lot lost by
    expiry is gone already and is not taken a second time. What is missing is owed if the card `owes`, else forgotten.

    `given_back` points have just come back for the sale's rewards, which entry `redeemed_seq` had paid for, and have
    not expired: with them is made up for what earlier returns of this sale could not take.
    """
    wanted = await _wanted(conn, card, sale_id, points, earlier, given_back, owes=owes)
    args = (card.merchant_id, card.card_id, sale_id, wanted.points, redeemed_seq)
    left, owed_again, pending, lots = wanted.points, 0, 0, dict[LotId, int]()
    rows = await conn.fetch(LOTS_TO_TAKE_BACK_SQL, *args) if wanted.points else []
    for row in [row for row in rows if row["own"]]:
        part = min(left, row["points"])
        lots[row["lot_id"]] = lots.get(row["lot_id"], 0) - part
        pending += part if row["pending"] else 0
        left -= part
    owed_again = min(left, wanted.owed_again)
    left -= owed_again
    for row in [row for row in rows if not row["own"]]:
        part = min(left, row["points"])
        if part:
            lots[row["lot_id"]] = lots.get(row["lot_id"], 0) - part
            pending += part if row["pending"] else 0
            left -= part
    taken = Points(wanted.points - owed_again - left)
    if taken:
        card = (await post_taken(conn, card, lots=lots, pending=pending, carry=carry, cause=cause, now=now)).card
    debt = owed_again + (left - wanted.made_up if owes else 0)
    return TakenBack(await change_debt(conn, card, points=debt), taken, debt)


async def post_taken(
    conn: Conn,
    card: LockedCard,
    *,
    lots: Mapping[LotId, int],
    pending: int,
    carry: Carry | None = None,
    cause: Cause,
    now: datetime,
) -> Posted:
    """An entry REFUNDED: the points of the lots (negative) are gone, `pending` of them from what is pending."""
    taken = -sum(lots.values())
    active = taken - pending
    sources = [(card.pending_account_id, pending), (card.active_account_id, active)]
    change = Change(
        kind=EntryKind.REFUNDED,
        moves=[Move(account, card.issued_account_id, Points(part)) for account, part in sources if part],
        points=-active,
        pending=-pending,
        lifetime=-taken,
        lots=lots,
        carry=carry,
    )
    return await post(conn, card, change, cause=cause, now=now)


async def _wanted(
    conn: Conn,
    card: LockedCard,
    sale_id: SaleId,
    points: Points,
    earlier: Earlier,
    given_back: Points,
    *,
    owes: bool,
) -> _Wanted:
    row = await conn.fetchrow(SALE_LOT_SQL, card.merchant_id, card.card_id, sale_id)
    assert row is not None, "a sum has a row"
    expired, paid_debt = row["expired"], row["paid_debt"]
    untaken = earlier.due - earlier.taken - earlier.debt
    gone = min(points, max(0, expired - untaken))
    still_owed = min(card.debt, max(0, earlier.debt - paid_debt))
    made_up = min(given_back, still_owed if owes else max(0, untaken - expired))
    return _Wanted(points - gone + made_up, made_up, paid_debt - min(paid_debt, earlier.debt))
