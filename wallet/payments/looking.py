"""When the provider is asked how a payment stands: soon at first, and ever more rarely."""

from datetime import datetime, timedelta

from wallet.database import Conn
from wallet.payments.payment import Payment, PaymentState, from_row

LOOK_TOPIC = "payment.look"

UNPAID_MAX = timedelta(hours=24)
"""So long a payer may take. Stripe forgets an idempotency key after at least as long, and not before."""

LOOK_FIRST = timedelta(minutes=1)
UNPAID_LOOK_MOST = timedelta(hours=1)
REFUND_LOOK_MOST = timedelta(hours=6)
PAID_LOOK_FIRST = timedelta(hours=1)
PAID_LOOK_MOST = timedelta(days=7)
PAID_LOOKS_END = timedelta(days=30)
"""Afterwards only a webhook tells of a refund or a dispute."""

DUE_PAYMENTS_SQL = """
    WITH due AS (
        SELECT merchant_id, payment_id, gift_id, provider, provider_ref, state, amount_minor, currency, refunded_minor,
               refunds_failed, disputed_at, problem, created_at, changed_at, paid_at, look_at, waits_since
        FROM payments
        WHERE look_at <= $1
        ORDER BY look_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    )
    SELECT merchant_id, payment_id, gift_id, provider, provider_ref, state, amount_minor, currency, refunded_minor,
           refunds_failed, disputed_at, problem, created_at, changed_at, paid_at, look_at, waits_since,
           (SELECT m.name FROM merchants AS m WHERE m.merchant_id = due.merchant_id) AS payee
    FROM due
    ORDER BY look_at
"""

LOOK_LATER_SQL = """
    UPDATE payments AS p SET look_at = n.look_at
    FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS n (merchant_id, payment_id, look_at)
    WHERE p.merchant_id = n.merchant_id AND p.payment_id = n.payment_id
"""


async def due_for_look(conn: Conn, *, limit: int, now: datetime) -> list[Payment]:
    """At most `limit` payments whose time to be looked at has come, the longest due first; theirs is later now.

    What somebody else holds is left out. Whoever asks looks at the provider after the commit; should they die before,
    the next time comes by itself.
    """
    due = [from_row(row) for row in await conn.fetch(DUE_PAYMENTS_SQL, now, limit)]
    if due:
        await conn.execute(
            LOOK_LATER_SQL,
            [payment.merchant_id for payment in due],
            [payment.payment_id for payment in due],
            [next_look(payment, now) for payment in due],
        )
    return due


def next_look(payment: Payment, now: datetime) -> datetime | None:
    """When to look after a look at `now` that changed nothing; None once nothing can change any more."""
    age = now - payment.changed_at
    match payment.state:
        case PaymentState.CREATED | PaymentState.PENDING:
            return now + _between(LOOK_FIRST, age / 2, UNPAID_LOOK_MOST)
        case PaymentState.REFUNDING:
            # While the payer's bank has the money, or a person has to decide, nothing is sent back.
            most = PAID_LOOK_MOST if payment.disputed_at or payment.waits_for_a_person else REFUND_LOOK_MOST
            return now + _between(LOOK_FIRST, age / 2, most)
        case PaymentState.PAID | PaymentState.REFUNDED:
            # Money that was sent back may come back for weeks, where a bank cannot take it.
            return now + _between(PAID_LOOK_FIRST, age, PAID_LOOK_MOST) if age < PAID_LOOKS_END else None
        case PaymentState.FAILED | PaymentState.CANCELLED:
            return None


def _between(least: timedelta, wanted: timedelta, most: timedelta) -> timedelta:
    return max(least, min(wanted, most))
