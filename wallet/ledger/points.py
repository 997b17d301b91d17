"""Earning."""

from datetime import datetime

from wallet.database import Conn
from wallet.ledger.cards import LockedCard
from wallet.ledger.posting import Cause, Change, Move, NewLot, Posted, post
from wallet.rules import Carry
from wallet.values import EntryKind, Points


async def earn(
    conn: Conn,
    card: LockedCard,
    *,
    kind: EntryKind,
    points: Points,
    activates_at: datetime,
    expires_at: datetime | None,
    sliding_months: int | None = None,
    notice_days: int = 0,
    held: bool = False,
    carry: Carry | None = None,
    cause: Cause,
    now: datetime,
) -> Posted:
    """`points` (> 0) are on the card as one lot: spendable if `activates_at` is not after `now`, else pending.

    `sliding_months`: every activity of the card puts `expires_at` so many months ahead (see `touch`). `held`: pending
    whatever the date, until the merchant has looked at it. `notice_days`: so long before they expire their owner is
    told, if at all.
    """
    assert points > 0
    active = activates_at <= now and not held
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
            new_lot=NewLot(
                points, activates_at, now if active else None, expires_at, sliding_months, held, notice_days
            ),
            carry=carry,
        ),
        cause=cause,
        now=now,
    )
