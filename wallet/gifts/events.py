"""What happened to a gift. What a person did carries the key that makes doing it twice doing it once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from wallet.database import Conn
from wallet.errors import IdempotencyKeyReused
from wallet.values import CustomerId, GiftId, MerchantId

EventKind = Literal[
    "CREATED",
    "PAID",
    "SENT",
    "DELIVERED",
    "BOUNCED",
    "RESENT",
    "RESCHEDULED",
    "REMINDED",
    "VIEWED",
    "CLAIMED",
    "DECLINED",
    "CANCELLED",
    "RETURNED",
    "THANKED",
]

# A gift that is about to be made gets its id here; the foreign key waits for it until the commit.
BEGIN_EVENT_SQL = """
    INSERT INTO gift_events (merchant_id, gift_id, kind, at, customer_id, idempotency_key, input_hash,
                             recipient_email_key)
    VALUES ($1, COALESCE($2, uuidv7()), $3, $4, $5, $6, $7, $8)
    ON CONFLICT (merchant_id, customer_id, idempotency_key) DO NOTHING
    RETURNING gift_id
"""

FIND_EVENT_SQL = """
    SELECT gift_id, input_hash
    FROM gift_events
    WHERE merchant_id = $1 AND customer_id = $2 AND idempotency_key = $3
"""

# Whoever declines need not be known, so the key is nobody's.
BEGIN_DECLINING_SQL = """
    INSERT INTO gift_events (merchant_id, gift_id, kind, at, idempotency_key, input_hash)
    VALUES ($1, $2, 'DECLINED', $3, $4, $5)
    ON CONFLICT (merchant_id, idempotency_key) WHERE customer_id IS NULL AND idempotency_key IS NOT NULL DO NOTHING
    RETURNING gift_id
"""

FIND_NOBODYS_SQL = """
    SELECT gift_id, input_hash
    FROM gift_events
    WHERE merchant_id = $1 AND customer_id IS NULL AND idempotency_key = $2
"""

EVENTS_OF_GIFTS_SQL = """
    SELECT e.gift_id, e.kind, e.at
    FROM unnest($1::uuid[], $2::uuid[]) AS k (merchant_id, gift_id)
    JOIN gift_events AS e ON e.merchant_id = k.merchant_id AND e.gift_id = k.gift_id
    UNION ALL
    SELECT s.gift_id, 'SPENT', s.at
    FROM unnest($1::uuid[], $2::uuid[]) AS k (merchant_id, gift_id)
    CROSS JOIN LATERAL (
        SELECT g.gift_id, COALESCE(w.used_at, a.posted_at) AS at
        FROM gifts AS g
        LEFT JOIN vouchers AS w ON w.merchant_id = g.merchant_id AND w.voucher_id = g.claimed_voucher_id
        LEFT JOIN gift_cards AS c ON c.merchant_id = g.merchant_id AND c.gift_id = g.gift_id AND c.balance_minor = 0
        LEFT JOIN gift_card_activities AS a
            ON a.merchant_id = c.merchant_id AND a.gift_card_id = c.gift_card_id AND a.seq = c.revision
        WHERE g.merchant_id = k.merchant_id AND g.gift_id = k.gift_id AND g.status = 'CLAIMED'
    ) AS s
    WHERE s.at IS NOT NULL
    ORDER BY at
"""

NOTE_EVENT_SQL = """
    INSERT INTO gift_events (merchant_id, gift_id, kind, at)
    VALUES ($1, $2, $3, $4)
"""


@dataclass(frozen=True, slots=True)
class Event:
    """`kind` is an EventKind, or SPENT, which is told from what was claimed."""

    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Begun:
    """The gift that the key stands for, and whether it was done before."""

    gift_id: GiftId
    replayed: bool


async def begin(
    conn: Conn,
    *,
    kind: EventKind,
    merchant_id: MerchantId,
    gift_id: GiftId | None,
    customer_id: CustomerId,
    idempotency_key: UUID,
    input_hash: bytes,
    recipient_email_key: str | None = None,
    now: datetime,
) -> Begun:
    """The key stands on this operation, which must come before anything else of it. No `gift_id` makes a new one.

    What makes a mail leave (CREATED, RESENT) says to which mailbox, which is what the limits count; nothing else does.
    Whoever comes second with the key waits here for the first. Raises IdempotencyKeyReused.
    """
    fresh = await conn.fetchval(
        BEGIN_EVENT_SQL,
        merchant_id,
        gift_id,
        kind,
        now,
        customer_id,
        idempotency_key,
        input_hash,
        recipient_email_key,
    )
    if fresh is not None:
        return Begun(GiftId(fresh), replayed=False)
    earlier = await conn.fetchrow(FIND_EVENT_SQL, merchant_id, customer_id, idempotency_key)
    assert earlier is not None, "the event that was in the way is there"
    if earlier["input_hash"] != input_hash:
        raise IdempotencyKeyReused
    return Begun(GiftId(earlier["gift_id"]), replayed=True)


async def begin_declining(
    conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, idempotency_key: UUID, input_hash: bytes, now: datetime
) -> Begun:
    """As `begin`, by whoever holds the link. Raises IdempotencyKeyReused."""
    fresh = await conn.fetchval(BEGIN_DECLINING_SQL, merchant_id, gift_id, now, idempotency_key, input_hash)
    if fresh is not None:
        return Begun(GiftId(fresh), replayed=False)
    earlier = await conn.fetchrow(FIND_NOBODYS_SQL, merchant_id, idempotency_key)
    assert earlier is not None, "the event that was in the way is there"
    if earlier["input_hash"] != input_hash:
        raise IdempotencyKeyReused
    return Begun(GiftId(earlier["gift_id"]), replayed=True)


async def of_gifts(conn: Conn, *, gifts: Sequence[tuple[MerchantId, GiftId]]) -> dict[GiftId, list[Event]]:
    """All that happened to each of them, in order; one statement for all."""
    found: dict[GiftId, list[Event]] = {gift_id: [] for _, gift_id in gifts}
    for row in await conn.fetch(EVENTS_OF_GIFTS_SQL, [m for m, _ in gifts], [g for _, g in gifts]):
        found[row["gift_id"]].append(Event(row["kind"], row["at"]))
    return found


async def note(conn: Conn, *, kind: EventKind, merchant_id: MerchantId, gift_id: GiftId, now: datetime) -> None:
    """It happened by itself or by the worker, so there is nobody and no key."""
    await conn.execute(NOTE_EVENT_SQL, merchant_id, gift_id, kind, now)
