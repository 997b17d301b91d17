"""Points in escrow: out of the sender's lots, and on to the recipient or back into the lots they came from."""

from dataclasses import dataclass
from datetime import datetime

from wallet.database import Conn
from wallet.ledger.accounts import EscrowKind, open_escrow
from wallet.ledger.cards import LockedCard
from wallet.ledger.posting import Cause, Change, Move, NewLot, Posted, post
from wallet.ledger.sliding import given_back
from wallet.ledger.spending import lots_to_spend
from wallet.values import AccountId, EntryKind, Points

LOTS_OF_ENTRY_SQL = """
    SELECT m.lot_id, m.points, l.sliding_months
    FROM lot_movements AS m
    JOIN lots AS l ON l.merchant_id = m.merchant_id AND l.lot_id = m.lot_id
    WHERE m.merchant_id = $1 AND m.card_id = $2 AND m.seq = $3
"""


@dataclass(frozen=True, slots=True)
class Reserved:
    """The points stand on `account_id` until the gift or the voucher is closed."""

    posted: Posted
    account_id: AccountId


async def reserve_for_gift(conn: Conn, card: LockedCard, *, points: Points, cause: Cause, now: datetime) -> Reserved:
    """`points` (> 0) have left the active balance, soonest to expire first, and stand in a new escrow account.

    Raises InsufficientPoints.
    """
    return await reserve(
        conn, card, account_kind="gift", entry_kind=EntryKind.GIFT_SENT, points=points, cause=cause, now=now
    )


async def release_gift(
    conn: Conn, card: LockedCard, *, account_id: AccountId, sent_seq: int, cause: Cause, now: datetime
) -> Posted:
    """The points of the escrow are back in the lots that entry `sent_seq` took them from, with their own dates."""
    return await release(
        conn,
        card,
        account_id=account_id,
        taken_seq=sent_seq,
        entry_kind=EntryKind.GIFT_RETURNED,
        cause=cause,
        now=now,
    )


async def reserve(
    conn: Conn,
    card: LockedCard,
    *,
    account_kind: EscrowKind,
    entry_kind: EntryKind,
    points: Points,
    cause: Cause,
    now: datetime,
) -> Reserved:
    """`points` (> 0) are out of the card's lots and in a new account of this kind. Raises InsufficientPoints."""
    assert points > 0
    lots = await lots_to_spend(conn, card, points=points)
    account_id = await open_escrow(
        conn, kind=account_kind, merchant_id=card.merchant_id, program_id=card.program_id, card_id=card.card_id
    )
    change = Change(
        kind=entry_kind,
        moves=[Move(card.active_account_id, account_id, points)],
        points=-points,
        reserved=points,
        lots=lots,
    )
    return Reserved(await post(conn, card, change, cause=cause, now=now), account_id)


async def release(
    conn: Conn,
    card: LockedCard,
    *,
    account_id: AccountId,
    taken_seq: int,
    entry_kind: EntryKind,
    cause: Cause,
    now: datetime,
) -> Posted:
    """All that entry `taken_seq` put into the account is back in the lots that it came from, with their own dates."""
    rows = await conn.fetch(LOTS_OF_ENTRY_SQL, card.merchant_id, card.card_id, taken_seq)
    lots = {row["lot_id"]: -row["points"] for row in rows}
    points = Points(sum(lots.values()))
    change = Change(
        kind=entry_kind,
        moves=[Move(account_id, card.active_account_id, points)],
        points=points,
        reserved=-points,
        lots=lots,
    )
    posted = await post(conn, card, change, cause=cause, now=now)
    return await given_back(conn, posted, sliding_months=[row["sliding_months"] for row in rows])


async def settle_gift(
    conn: Conn,
    *,
    sender: LockedCard,
    recipient: LockedCard,
    account_id: AccountId,
    points: Points,
    expires_at: datetime | None,
    sliding_months: int | None = None,
    notice_days: int = 0,
    sender_cause: Cause,
    recipient_cause: Cause,
    now: datetime,
) -> tuple[Posted, Posted]:
    """The escrow is empty, and its points are a new lot of the recipient's, spendable now.

    Returns the sender's posting and the recipient's. Both may be on the same card.
    """
    settled = await post(
        conn,
        sender,
        Change(kind=EntryKind.GIFT_SETTLED, moves=[], reserved=-points),
        cause=sender_cause,
        now=now,
    )
    if recipient.card_id == sender.card_id:
        recipient = settled.card
    received = await post(
        conn,
        recipient,
        Change(
            kind=EntryKind.GIFT_RECEIVED,
            moves=[Move(account_id, recipient.active_account_id, points)],
            points=points,
            new_lot=NewLot(points, now, now, expires_at, sliding_months, notice_days=notice_days),
        ),
        cause=recipient_cause,
        now=now,
    )
    return settled, received
