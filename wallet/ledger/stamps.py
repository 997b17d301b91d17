"""Stamps on a card's punch card. They are no points and have no account, but every change leaves a row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from wallet.database import Conn
from wallet.ledger.cards import LockedCard
from wallet.ledger.noting import note
from wallet.ledger.posting import Cause
from wallet.values import EntryKind, RefundId, VoucherId

StampKind = Literal["COLLECTED", "TAKEN_BACK", "SPENT", "GIVEN_BACK"]

TOLD_AS: Mapping[StampKind, EntryKind] = {
    "COLLECTED": EntryKind.EARNED,
    "TAKEN_BACK": EntryKind.REFUNDED,
    "SPENT": EntryKind.REDEEMED,
    "GIVEN_BACK": EntryKind.RETURNED,
}
"""What a movement is in the card's history, where no points move with it."""

# What stood after each movement is counted back from what stands in the end.
MOVE_STAMPS_SQL = """
    WITH said AS (
        SELECT m.kind, m.stamps, m.voucher_id, m.position,
               SUM(m.stamps) OVER (ORDER BY m.position DESC) - m.stamps AS later
        FROM unnest($3::text[], $4::integer[], $5::uuid[]) WITH ORDINALITY AS m (kind, stamps, voucher_id, position)
    ), moved AS (
        UPDATE cards SET stamps = stamps + (SELECT SUM(said.stamps) FROM said)
        WHERE merchant_id = $1 AND card_id = $2
        RETURNING stamps
    ), noted AS (
        INSERT INTO stamp_movements (merchant_id, card_id, kind, stamps, stamps_after, sale_id, refund_id, voucher_id,
                                     posted_at)
        SELECT $1, $2, said.kind, said.stamps, moved.stamps - said.later, $6, $7, said.voucher_id, $8
        FROM said CROSS JOIN moved
        ORDER BY said.position
    )
    SELECT stamps FROM moved
"""


@dataclass(frozen=True, slots=True)
class StampMove:
    """So many stamps more (`stamps` > 0: COLLECTED, GIVEN_BACK) or fewer (< 0: TAKEN_BACK, SPENT), perhaps for a
    voucher.
    """

    kind: StampKind
    stamps: int
    voucher_id: VoucherId | None = None


async def move_stamps(
    conn: Conn,
    card: LockedCard,
    *,
    moves: Sequence[StampMove],
    refund_id: RefundId | None = None,
    cause: Cause,
    now: datetime,
) -> LockedCard:
    """The card's stamps have moved, in this order, and its history tells of it: by an entry of no points, where this
    transaction has made no other. At most two statements, none for no movement.

    They may come to stand below zero; whether that may be is for the caller to know.
    """
    if not moves:
        return card
    after = await conn.fetchval(
        MOVE_STAMPS_SQL,
        card.merchant_id,
        card.card_id,
        [move.kind for move in moves],
        [move.stamps for move in moves],
        [move.voucher_id for move in moves],
        cause.sale_id,
        refund_id,
        now,
    )
    told = TOLD_AS[moves[0].kind]
    return await note(conn, replace(card, stamps=after), kind=told, cause=cause, now=now)
