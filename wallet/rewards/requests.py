"""What customers ask for, each with the key that makes asking twice asking once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from wallet.database import Conn
from wallet.errors import IdempotencyKeyReused
from wallet.values import CustomerId, MerchantId, VoucherId

RequestKind = Literal["CLAIMED", "CANCELLED"]

# A voucher that is about to be made gets its id here; the foreign key waits for it until the commit.
BEGIN_REQUEST_SQL = """
    INSERT INTO voucher_requests (merchant_id, customer_id, idempotency_key, kind, input_hash, voucher_id, at)
    VALUES ($1, $2, $3, $4, $5, COALESCE($6, uuidv7()), $7)
    ON CONFLICT (merchant_id, customer_id, idempotency_key) DO NOTHING
    RETURNING voucher_id
"""

FIND_REQUEST_SQL = """
    SELECT voucher_id, input_hash
    FROM voucher_requests
    WHERE merchant_id = $1 AND customer_id = $2 AND idempotency_key = $3
"""


@dataclass(frozen=True, slots=True)
class Begun:
    """The voucher that the key stands for, and whether it was done before."""

    voucher_id: VoucherId
    replayed: bool


async def begin(
    conn: Conn,
    *,
    kind: RequestKind,
    merchant_id: MerchantId,
    customer_id: CustomerId,
    voucher_id: VoucherId | None,
    idempotency_key: UUID,
    input_hash: bytes,
    now: datetime,
) -> Begun:
    """The key stands on this operation, which must come before anything else of it. No `voucher_id` makes a new one.

    Whoever comes second with the key waits here for the first. Raises IdempotencyKeyReused.
    """
    fresh = await conn.fetchval(
        BEGIN_REQUEST_SQL, merchant_id, customer_id, idempotency_key, kind, input_hash, voucher_id, now
    )
    if fresh is not None:
        return Begun(VoucherId(fresh), replayed=False)
    earlier = await conn.fetchrow(FIND_REQUEST_SQL, merchant_id, customer_id, idempotency_key)
    assert earlier is not None, "the request that was in the way is there"
    if earlier["input_hash"] != input_hash:
        raise IdempotencyKeyReused
    return Begun(VoucherId(earlier["voucher_id"]), replayed=True)
