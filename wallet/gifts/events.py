"""What happened to a gift. What a person did carries the key that makes doing it twice doing it once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from wallet.database import Conn
from wallet.errors import IdempotencyKeyReused
from wallet.values import CustomerId, GiftId, MerchantId

EventKind = Literal["CREATED", "SENT", "BOUNCED", "RESENT", "CLAIMED", "CANCELLED", "RETURNED"]

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

NOTE_EVENT_SQL = """
    INSERT INTO gift_events (merchant_id, gift_id, kind, at)
    VALUES ($1, $2, $3, $4)
"""


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


async def note(conn: Conn, *, kind: EventKind, merchant_id: MerchantId, gift_id: GiftId, now: datetime) -> None:
    """It happened by itself or by the worker, so there is nobody and no key."""
    await conn.execute(NOTE_EVENT_SQL, merchant_id, gift_id, kind, now)
