"""Disputes: a payer's bank that takes the money back. No state of a payment; a dispute stands beside it.

There may be several of one payment, told apart by the provider's names for them, and news of them come in any order. As
for what is in wallet/payments/changing.py: whoever says it holds the gift's row.
"""

from datetime import datetime

from wallet.database import Conn
from wallet.payments.payment import Told
from wallet.values import MerchantId, PaymentId

# Every dispute is noted, also beside another one, so that it is known which of them stand.
DISPUTED_SQL = """
    WITH noted AS (
        INSERT INTO payment_events (merchant_id, payment_id, kind, source, at, provider_event_id, dispute_ref)
        SELECT merchant_id, payment_id, 'DISPUTED', $3, $4, $5, $6
        FROM payments
        WHERE merchant_id = $1 AND payment_id = $2 AND paid_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM payment_events AS e
            WHERE e.merchant_id = $1 AND e.payment_id = $2 AND e.dispute_ref = $6
        )
        RETURNING payment_id
    )
    UPDATE payments AS p SET disputed_at = $4
    FROM noted
    WHERE p.merchant_id = $1 AND p.payment_id = $2 AND p.disputed_at IS NULL
    RETURNING p.payment_id
"""

# That it was won is kept even where nobody told of the dispute itself yet: what comes late must not begin it anew.
DISPUTE_WON_SQL = """
    WITH noted AS (
        INSERT INTO payment_events (merchant_id, payment_id, kind, source, at, provider_event_id, dispute_ref)
        SELECT merchant_id, payment_id, 'DISPUTE_WON', $3, $4, $5, $6
        FROM payments
        WHERE merchant_id = $1 AND payment_id = $2 AND NOT EXISTS (
            SELECT FROM payment_events AS e
            WHERE e.merchant_id = $1 AND e.payment_id = $2 AND e.kind = 'DISPUTE_WON' AND e.dispute_ref = $6
        )
        RETURNING payment_id
    )
    UPDATE payments AS p
    SET disputed_at = NULL,
        look_at = CASE WHEN p.state = 'REFUNDING' AND p.waits_since IS NULL THEN $4 ELSE p.look_at END
    FROM noted
    WHERE p.merchant_id = $1 AND p.payment_id = $2 AND p.disputed_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM payment_events AS d
        WHERE d.merchant_id = $1 AND d.payment_id = $2 AND d.kind = 'DISPUTED' AND d.dispute_ref <> $6
          AND NOT EXISTS (
              SELECT FROM payment_events AS w
              WHERE w.merchant_id = $1 AND w.payment_id = $2 AND w.kind = 'DISPUTE_WON'
                AND w.dispute_ref = d.dispute_ref
          )
    )
    RETURNING p.payment_id
"""


async def disputed(
    conn: Conn, *, merchant_id: MerchantId, payment_id: PaymentId, dispute_ref: str, told: Told, now: datetime
) -> bool:
    """The payer's bank wants the money back. True if the payment was not disputed until now; news of a dispute that was
    won are none.
    """
    said = (merchant_id, payment_id, told.source.value, now, told.event_id)
    return await conn.fetchval(DISPUTED_SQL, *said, dispute_ref) is not None


async def dispute_won(
    conn: Conn, *, merchant_id: MerchantId, payment_id: PaymentId, dispute_ref: str, told: Told, now: datetime
) -> bool:
    """The dispute is over, and the money stays. True if the payment was disputed until now: no other dispute stands.

    What was to go back meanwhile is sent very soon.
    """
    said = (merchant_id, payment_id, told.source.value, now, told.event_id)
    return await conn.fetchval(DISPUTE_WON_SQL, *said, dispute_ref) is not None
