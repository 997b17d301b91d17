"""Points that returned goods had earned and the card no longer had, where the rules make the card owe them."""

from dataclasses import replace
from datetime import datetime

from wallet.database import Conn
from wallet.ledger.cards import LockedCard
from wallet.ledger.posting import Cause, Change, Move, post
from wallet.values import EntryKind, Points, SaleId

CHANGE_DEBT_SQL = """
    UPDATE cards SET debt = debt + $3
    WHERE merchant_id = $1 AND card_id = $2
"""

EARNED_LOT_SQL = """
    SELECT lot_id, activated_at IS NULL AS pending
    FROM lots
    WHERE merchant_id = $1 AND card_id = $2 AND sale_id = $3 AND remaining >= $4
    ORDER BY source_seq DESC
    LIMIT 1
"""


async def owe(conn: Conn, card: LockedCard, *, points: Points) -> LockedCard:
    """The card owes `points` (> 0) more."""
    assert points > 0
    return await change_debt(conn, card, points=points)


async def change_debt(conn: Conn, card: LockedCard, *, points: int) -> LockedCard:
    """The card owes so many points more, or fewer. No statement for none."""
    if not points:
        return card
    await conn.execute(CHANGE_DEBT_SQL, card.merchant_id, card.card_id, points)
    return replace(card, debt=Points(card.debt + points))


async def pay_debt(
    conn: Conn, card: LockedCard, *, sale_id: SaleId, points: Points, cause: Cause, now: datetime
) -> LockedCard:
    """Of the `points` that the sale has just earned as many as the card owes are gone again, and the debt with them.

    The entry, REFUNDED, does not name the sale: what is paid is no refund of it. Three statements, none without a debt.
    """
    assert cause.sale_id is None
    paid = Points(min(card.debt, points))
    if not paid:
        return card
    lot = await conn.fetchrow(EARNED_LOT_SQL, card.merchant_id, card.card_id, sale_id, paid)
    assert lot is not None, "what was just earned is there"
    account_id = card.pending_account_id if lot["pending"] else card.active_account_id
    change = Change(
        kind=EntryKind.REFUNDED,
        moves=[Move(account_id, card.issued_account_id, paid)],
        points=0 if lot["pending"] else -paid,
        pending=-paid if lot["pending"] else 0,
        lifetime=-paid,
        lots={lot["lot_id"]: -paid},
    )
    posted = await post(conn, card, change, cause=cause, now=now)
    return await change_debt(conn, posted.card, points=-paid)
