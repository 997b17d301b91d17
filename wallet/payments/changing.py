"""The states of a payment, and what leads from one to the next.

    CREATED ── PENDING ── PAID ── REFUNDING ── REFUNDED
         └────────┴── FAILED, CANCELLED

News come twice, late and out of order. So each function is one conditional statement that says whether anything
changed, and nothing leads backwards, with two exceptions: money that comes after all, for a payment that we had given
up, is PAID, or it would be lost; and money that was sent back and did not arrive is owed again, so REFUNDING. A dispute
is no state; it stands beside it.

Whoever changes a payment holds its gift's row.
"""

from datetime import datetime

from wallet import outbox
from wallet.database import Conn
from wallet.payments.looking import LOOK_FIRST, PAID_LOOK_FIRST
from wallet.payments.payment import FailedRefund, Payment, Source, Told, from_row
from wallet.payments.reading import of_gift
from wallet.values import GiftId, MerchantId, Money, PaymentId

REFUND_TOPIC = "payment.refund"
PROBLEM_LENGTH = 200

BEGIN_PAYMENT_SQL = """
    WITH begun AS (
        INSERT INTO payments (merchant_id, gift_id, provider, state, amount_minor, currency, created_at, changed_at,
                              look_at)
        VALUES ($1, $2, $3, 'CREATED', $4, $5, $6, $6, $7)
        ON CONFLICT (merchant_id, gift_id) DO NOTHING
        RETURNING merchant_id, payment_id, gift_id, provider, provider_ref, state, amount_minor, currency,
                  refunded_minor, refunds_failed, disputed_at, problem, created_at, changed_at, paid_at, look_at,
                  waits_since
    )
    SELECT p.merchant_id, p.payment_id, p.gift_id, p.provider, p.provider_ref, p.state, p.amount_minor, p.currency,
           p.refunded_minor, p.refunds_failed, p.disputed_at, p.problem, p.created_at, p.changed_at, p.paid_at,
           p.look_at, p.waits_since, m.name AS payee
    FROM begun AS p
    JOIN merchants AS m ON m.merchant_id = p.merchant_id
"""

NOTE_BEGUN_SQL = """
    INSERT INTO payment_events (merchant_id, payment_id, kind, source, amount_minor, at)
    VALUES ($1, $2, 'CREATED', $3, $4, $5)
"""

PENDING_SQL = """
    WITH changed AS (
        UPDATE payments SET state = 'PENDING', provider_ref = $6, changed_at = $4, look_at = $7
        WHERE merchant_id = $1 AND payment_id = $2 AND state = 'CREATED'
        RETURNING merchant_id, payment_id
    )
    INSERT INTO payment_events (merchant_id, payment_id, kind, source, at, provider_event_id)
    SELECT merchant_id, payment_id, 'PENDING', $3, $4, $5 FROM changed
    RETURNING payment_id
"""

PAID_SQL = """
    WITH changed AS (
        UPDATE payments
        SET state = 'PAID', provider_ref = COALESCE(provider_ref, $6), changed_at = $4, paid_at = $4, closed_at = NULL,
            problem = NULL, look_at = $7
        WHERE merchant_id = $1 AND payment_id = $2 AND state IN ('CREATED', 'PENDING', 'FAILED', 'CANCELLED')
        RETURNING merchant_id, payment_id, amount_minor
    )
    INSERT INTO payment_events (merchant_id, payment_id, kind, source, at, provider_event_id, amount_minor)
    SELECT merchant_id, payment_id, 'PAID', $3, $4, $5, amount_minor FROM changed
    RETURNING payment_id
"""

FAILED_SQL = """
    WITH changed AS (
        UPDATE payments SET state = 'FAILED', changed_at = $4, closed_at = $4, problem = $6, look_at = NULL
        WHERE merchant_id = $1 AND payment_id = $2 AND state IN ('CREATED', 'PENDING')
        RETURNING merchant_id, payment_id
    )
    INSERT INTO payment_events (merchant_id, payment_id, kind, source, at, provider_event_id)
    SELECT merchant_id, payment_id, 'FAILED', $3, $4, $5 FROM changed
    RETURNING payment_id
"""

# What the provider has a name for can be paid there, whatever we thought when we decided without asking it.
CANCELLED_SQL = """
    WITH changed AS (
        UPDATE payments SET state = 'CANCELLED', changed_at = $4, closed_at = $4, look_at = NULL
        WHERE merchant_id = $1 AND payment_id = $2
          AND (state = 'CREATED' OR (state = 'PENDING' AND provider_ref = $6))
        RETURNING merchant_id, payment_id
    )
    INSERT INTO payment_events (merchant_id, payment_id, kind, source, at, provider_event_id)
    SELECT merchant_id, payment_id, 'CANCELLED', $3, $4, $5 FROM changed
    RETURNING payment_id
"""

BEGIN_REFUND_SQL = """
    WITH changed AS (
        UPDATE payments SET state = 'REFUNDING', changed_at = $4, look_at = $6
        WHERE merchant_id = $1 AND payment_id = $2 AND state = 'PAID' AND disputed_at IS NULL
        RETURNING merchant_id, payment_id, amount_minor - refunded_minor AS left_minor
    )
    INSERT INTO payment_events (merchant_id, payment_id, kind, source, at, provider_event_id, amount_minor)
    SELECT merchant_id, payment_id, 'REFUNDING', $3, $4, $5, left_minor FROM changed
    RETURNING payment_id
"""

REFUNDED_SQL = """
    WITH changed AS (
        UPDATE payments
        SET refunded_minor = LEAST($6, amount_minor),
            state = CASE WHEN $6 >= amount_minor THEN 'REFUNDED' ELSE state END,
            changed_at = CASE WHEN $6 >= amount_minor THEN $4 ELSE changed_at END,
            closed_at = CASE WHEN $6 >= amount_minor THEN $4 END,
            problem = CASE WHEN $6 >= amount_minor THEN NULL ELSE problem END,
            look_at = CASE WHEN $6 >= amount_minor THEN $7 ELSE look_at END,
            waits_since = CASE WHEN $6 < amount_minor THEN waits_since END
        WHERE merchant_id = $1 AND payment_id = $2 AND state IN ('PAID', 'REFUNDING') AND refunded_minor < $6
        RETURNING merchant_id, payment_id, state
    ), noted AS (
        INSERT INTO payment_events (merchant_id, payment_id, kind, source, at, provider_event_id, amount_minor)
        SELECT merchant_id, payment_id, 'REFUNDED', $3, $4, $5, $6 FROM changed
    )
    SELECT state = 'REFUNDED' FROM changed
"""

# How it is to go back is for a person to decide: who has closed their account cannot be sent it there.
REFUND_FAILED_SQL = """
    WITH noted AS (
        INSERT INTO payment_events (merchant_id, payment_id, kind, source, at, provider_event_id, refund_ref,
                                    amount_minor)
        SELECT merchant_id, payment_id, 'REFUND_FAILED', $3, $4, $5, $6, $7
        FROM payments
        WHERE merchant_id = $1 AND payment_id = $2 AND paid_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM payment_events AS e
            WHERE e.merchant_id = $1 AND e.payment_id = $2 AND e.kind = 'REFUND_FAILED' AND e.refund_ref = $6
        )
        RETURNING amount_minor
    )
    UPDATE payments AS p
    SET refunds_failed = p.refunds_failed + 1, refunded_minor = GREATEST(p.refunded_minor - noted.amount_minor, 0),
        state = CASE p.state WHEN 'REFUNDED' THEN 'REFUNDING' ELSE p.state END, changed_at = $4, closed_at = NULL,
        problem = $8, look_at = CASE p.state WHEN 'PAID' THEN p.look_at ELSE $9 END,
        waits_since = CASE p.state WHEN 'PAID' THEN NULL ELSE $4 END
    FROM noted
    WHERE p.merchant_id = $1 AND p.payment_id = $2
    RETURNING p.payment_id
"""

NOTE_PROBLEM_SQL = """
    UPDATE payments SET problem = $3
    WHERE merchant_id = $1 AND payment_id = $2 AND state IN ('CREATED', 'PENDING', 'PAID', 'REFUNDING')
      AND problem IS DISTINCT FROM $3
    RETURNING payment_id
"""

LOOK_SOON_SQL = """
    UPDATE payments SET look_at = $3
    WHERE merchant_id = $1 AND payment_id = $2 AND state IN ('CREATED', 'PENDING')
    RETURNING payment_id
"""

LOOK_AGAIN_SQL = """
    UPDATE payments SET look_at = $3
    WHERE merchant_id = $1 AND payment_id = $2 AND paid_at IS NOT NULL
    RETURNING payment_id
"""


async def begin(
    conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, provider: str, amount: Money, now: datetime
) -> Payment:
    """The gift has a payment, CREATED if it is new; nobody but us knows of it yet.

    A gift has one payment: asked again, it is the one that is there, however it stands. Its id is the key by which the
    provider makes it once. If the provider is not told of it within a minute, reconciliation does it.
    """
    row = await conn.fetchrow(
        BEGIN_PAYMENT_SQL, merchant_id, gift_id, provider, amount.amount_minor, amount.currency, now, now + LOOK_FIRST
    )
    if row is None:
        earlier = await of_gift(conn, merchant_id=merchant_id, gift_id=gift_id)
        assert earlier is not None, "the payment that was in the way is there"
        return earlier
    payment = from_row(row)
    await conn.execute(
        NOTE_BEGUN_SQL, merchant_id, payment.payment_id, Source.API.value, payment.amount.amount_minor, now
    )
    return payment


async def pending(
    conn: Conn, *, merchant_id: MerchantId, payment_id: PaymentId, ref: str, told: Told, now: datetime
) -> bool:
    """The provider knows the payment and calls it `ref`. True if that is new."""
    said = (merchant_id, payment_id, told.source.value, now, told.event_id)
    return await conn.fetchval(PENDING_SQL, *said, ref, now + LOOK_FIRST) is not None


async def paid(
    conn: Conn, *, merchant_id: MerchantId, payment_id: PaymentId, ref: str, told: Told, now: datetime
) -> bool:
    """The money has come. True if that is new, also for a payment that had failed or was cancelled."""
    said = (merchant_id, payment_id, told.source.value, now, told.event_id)
    return await conn.fetchval(PAID_SQL, *said, ref, now + PAID_LOOK_FIRST) is not None


async def failed(
    conn: Conn, *, merchant_id: MerchantId, payment_id: PaymentId, problem: str | None, told: Told, now: datetime
) -> bool:
    """Nothing was paid, and nothing can be. True if that is new."""
    said = (merchant_id, payment_id, told.source.value, now, told.event_id)
    return await conn.fetchval(FAILED_SQL, *said, _short(problem)) is not None


async def cancelled(
    conn: Conn, *, merchant_id: MerchantId, payment_id: PaymentId, ref: str | None, told: Told, now: datetime
) -> bool:
    """Nothing was paid, and the provider takes nothing for what it calls `ref`. True if that is new.

    Without a `ref` the provider was not asked: False, and nothing happened, if it knows the payment by now.
    """
    said = (merchant_id, payment_id, told.source.value, now, told.event_id)
    return await conn.fetchval(CANCELLED_SQL, *said, ref) is not None


async def begin_refund(
    conn: Conn, *, merchant_id: MerchantId, payment_id: PaymentId, told: Told, now: datetime
) -> bool:
    """The money is on its way back: the worker tells the provider. True if that is new.

    False, and nothing happened, for what is not paid, goes back already, or is disputed: the payer's bank has it then.
    """
    said = (merchant_id, payment_id, told.source.value, now, told.event_id)
    if await conn.fetchval(BEGIN_REFUND_SQL, *said, now + LOOK_FIRST) is None:
        return False
    payload = {"merchantId": str(merchant_id), "paymentId": str(payment_id)}
    await outbox.add(conn, topic=REFUND_TOPIC, payload=payload, run_at=now, now=now)
    return True


async def refunded(
    conn: Conn, *, merchant_id: MerchantId, payment_id: PaymentId, refunded_minor: int, told: Told, now: datetime
) -> bool:
    """So much in all has gone back to the payer. True if the payment is REFUNDED by it: there is no more to go back."""
    said = (merchant_id, payment_id, told.source.value, now, told.event_id)
    return bool(await conn.fetchval(REFUNDED_SQL, *said, refunded_minor, now + PAID_LOOK_FIRST))


async def refund_failed(
    conn: Conn, *, merchant_id: MerchantId, payment_id: PaymentId, failed: FailedRefund, told: Told, now: datetime
) -> bool:
    """What was sent back did not arrive, and is owed again. True if that is new.

    The payment is not REFUNDED, but REFUNDING with the problem, and waits for a person: until somebody has it sent
    again, or has sent it by hand, it is looked at and not tried by itself. One that stays PAID owes nobody anything.
    """
    said = (merchant_id, payment_id, told.source.value, now, told.event_id)
    problem = _short(f"refund failed: {failed.reason or 'no reason given'}")
    facts = (failed.ref, failed.amount_minor, problem, now + PAID_LOOK_FIRST)
    return await conn.fetchval(REFUND_FAILED_SQL, *said, *facts) is not None


async def note_problem(conn: Conn, *, merchant_id: MerchantId, payment_id: PaymentId, problem: str) -> bool:
    """What is in the way of a payment that is still under way, for whoever looks at it. True if it is another one."""
    return await conn.fetchval(NOTE_PROBLEM_SQL, merchant_id, payment_id, _short(problem)) is not None


async def look_soon(conn: Conn, *, merchant_id: MerchantId, payment_id: PaymentId, now: datetime) -> bool:
    """The provider is asked very soon how the payment stands. False for one that is not waiting for money."""
    return await conn.fetchval(LOOK_SOON_SQL, merchant_id, payment_id, now) is not None


async def look_again(conn: Conn, *, merchant_id: MerchantId, payment_id: PaymentId, now: datetime) -> bool:
    """The provider is asked very soon what has become of the money. False for a payment that never had any."""
    return await conn.fetchval(LOOK_AGAIN_SQL, merchant_id, payment_id, now) is not None


def _short(problem: str | None) -> str | None:
    return problem[:PROBLEM_LENGTH] if problem else None
