"""Finding payments, without changing them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wallet.database import Conn
from wallet.payments.payment import Payment, from_row
from wallet.values import GiftId, MerchantId, Money, PaymentId

FIND_PAYMENT_SQL = """
    SELECT p.merchant_id, p.payment_id, p.gift_id, p.provider, p.provider_ref, p.state, p.amount_minor, p.currency,
           p.refunded_minor, p.refunds_failed, p.disputed_at, p.problem, p.created_at, p.changed_at, p.paid_at,
           p.look_at, p.waits_since, m.name AS payee
    FROM payments AS p
    JOIN merchants AS m ON m.merchant_id = p.merchant_id
    WHERE p.merchant_id = $1 AND p.payment_id = $2
"""

OF_GIFT_SQL = """
    SELECT p.merchant_id, p.payment_id, p.gift_id, p.provider, p.provider_ref, p.state, p.amount_minor, p.currency,
           p.refunded_minor, p.refunds_failed, p.disputed_at, p.problem, p.created_at, p.changed_at, p.paid_at,
           p.look_at, p.waits_since, m.name AS payee
    FROM payments AS p
    JOIN merchants AS m ON m.merchant_id = p.merchant_id
    WHERE p.merchant_id = $1 AND p.gift_id = $2
"""

OF_GIFTS_SQL = """
    SELECT p.merchant_id, p.payment_id, p.gift_id, p.provider, p.provider_ref, p.state, p.amount_minor, p.currency,
           p.refunded_minor, p.refunds_failed, p.disputed_at, p.problem, p.created_at, p.changed_at, p.paid_at,
           p.look_at, p.waits_since, m.name AS payee
    FROM unnest($1::uuid[], $2::uuid[]) AS k (merchant_id, gift_id)
    JOIN payments AS p ON p.merchant_id = k.merchant_id AND p.gift_id = k.gift_id
    JOIN merchants AS m ON m.merchant_id = p.merchant_id
"""

BY_REF_SQL = """
    SELECT p.merchant_id, p.payment_id, p.gift_id, p.provider, p.provider_ref, p.state, p.amount_minor, p.currency,
           p.refunded_minor, p.refunds_failed, p.disputed_at, p.problem, p.created_at, p.changed_at, p.paid_at,
           p.look_at, p.waits_since, m.name AS payee
    FROM payments AS p
    JOIN merchants AS m ON m.merchant_id = p.merchant_id
    WHERE p.provider = $1 AND p.provider_ref = $2
"""

DISPUTE_NOTICE_SQL = """
    SELECT m.name, m.contact_email, m.locale, m.timezone, p.amount_minor, p.currency, p.provider, p.provider_ref,
           p.disputed_at, COALESCE(c.balance_minor, 0) AS left_minor
    FROM payments AS p
    JOIN merchants AS m ON m.merchant_id = p.merchant_id
    LEFT JOIN gift_cards AS c ON c.merchant_id = p.merchant_id AND c.gift_id = p.gift_id
    WHERE p.merchant_id = $1 AND p.payment_id = $2 AND p.disputed_at IS NOT NULL AND m.contact_email IS NOT NULL
"""

REFUND_NOTICE_SQL = """
    SELECT m.name, m.contact_email, m.locale, m.timezone, p.amount_minor - p.refunded_minor AS owed_minor, p.currency,
           p.provider, p.provider_ref, p.waits_since
    FROM payments AS p
    JOIN merchants AS m ON m.merchant_id = p.merchant_id
    WHERE p.merchant_id = $1 AND p.payment_id = $2 AND p.waits_since IS NOT NULL AND m.contact_email IS NOT NULL
"""

NEWEST_PAYMENTS_SQL = """
    SELECT p.merchant_id, p.payment_id, p.gift_id, p.provider, p.provider_ref, p.state, p.amount_minor, p.currency,
           p.refunded_minor, p.refunds_failed, p.disputed_at, p.problem, p.created_at, p.changed_at, p.paid_at,
           p.look_at, p.waits_since,
           (SELECT m.name FROM merchants AS m WHERE m.merchant_id = p.merchant_id) AS payee
    FROM payments AS p
    WHERE ($1::uuid IS NULL OR p.merchant_id = $1)
    ORDER BY p.created_at DESC, p.payment_id DESC
    LIMIT $2
"""

UNSETTLED_PAYMENTS_SQL = """
    SELECT p.merchant_id, p.payment_id, p.gift_id, p.provider, p.provider_ref, p.state, p.amount_minor, p.currency,
           p.refunded_minor, p.refunds_failed, p.disputed_at, p.problem, p.created_at, p.changed_at, p.paid_at,
           p.look_at, p.waits_since,
           (SELECT m.name FROM merchants AS m WHERE m.merchant_id = p.merchant_id) AS payee
    FROM payments AS p
    WHERE ($1::uuid IS NULL OR p.merchant_id = $1)
      AND (p.disputed_at IS NOT NULL OR p.problem IS NOT NULL OR p.state IN ('CREATED', 'PENDING', 'REFUNDING'))
    ORDER BY p.created_at DESC, p.payment_id DESC
    LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class DisputeNotice:
    """What a merchant is told of a payment that is disputed. `left`: what was blocked on the gift card."""

    merchant_name: str
    email: str
    locale: str
    timezone: str
    amount: Money
    left: Money
    provider: str
    ref: str
    disputed_at: datetime


@dataclass(frozen=True, slots=True)
class RefundNotice:
    """What a merchant is told of money that was sent back and did not arrive. `owed`: what has to go back yet."""

    merchant_name: str
    email: str
    locale: str
    timezone: str
    owed: Money
    provider: str
    ref: str
    waits_since: datetime


async def find(conn: Conn, *, merchant_id: MerchantId, payment_id: PaymentId) -> Payment | None:
    row = await conn.fetchrow(FIND_PAYMENT_SQL, merchant_id, payment_id)
    return from_row(row) if row else None


async def of_gift(conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId) -> Payment | None:
    """The payment of a gift; None for a gift of points or of a reward."""
    row = await conn.fetchrow(OF_GIFT_SQL, merchant_id, gift_id)
    return from_row(row) if row else None


async def of_gifts(conn: Conn, *, gifts: Sequence[tuple[MerchantId, GiftId]]) -> dict[GiftId, Payment]:
    """The payment of each gift that has one; one statement for all."""
    rows = await conn.fetch(OF_GIFTS_SQL, [m for m, _ in gifts], [g for _, g in gifts])
    return {row["gift_id"]: from_row(row) for row in rows}


async def by_ref(conn: Conn, *, provider: str, ref: str) -> Payment | None:
    """The payment that the provider calls so."""
    row = await conn.fetchrow(BY_REF_SQL, provider, ref)
    return from_row(row) if row else None


async def dispute_notice(conn: Conn, *, merchant_id: MerchantId, payment_id: PaymentId) -> DisputeNotice | None:
    """What the merchant is told; None if the payment is not disputed any more, or nobody is to be told."""
    row = await conn.fetchrow(DISPUTE_NOTICE_SQL, merchant_id, payment_id)
    if row is None:
        return None
    return DisputeNotice(
        merchant_name=row["name"],
        email=row["contact_email"],
        locale=row["locale"],
        timezone=row["timezone"],
        amount=Money(row["amount_minor"], row["currency"]),
        left=Money(row["left_minor"], row["currency"]),
        provider=row["provider"],
        ref=row["provider_ref"],
        disputed_at=row["disputed_at"],
    )


async def refund_notice(conn: Conn, *, merchant_id: MerchantId, payment_id: PaymentId) -> RefundNotice | None:
    """What the merchant is told; None if the payment waits for nobody any more, or nobody is to be told."""
    row = await conn.fetchrow(REFUND_NOTICE_SQL, merchant_id, payment_id)
    if row is None:
        return None
    return RefundNotice(
        merchant_name=row["name"],
        email=row["contact_email"],
        locale=row["locale"],
        timezone=row["timezone"],
        owed=Money(row["owed_minor"], row["currency"]),
        provider=row["provider"],
        ref=row["provider_ref"],
        waits_since=row["waits_since"],
    )


async def newest(conn: Conn, *, merchant_id: MerchantId | None, open_only: bool, limit: int | None) -> list[Payment]:
    """The newest payments, of one merchant or of all, so many or all there are.

    `open_only`: those that are not settled, and those that are but not at peace: disputed, or with a problem.
    """
    sql = UNSETTLED_PAYMENTS_SQL if open_only else NEWEST_PAYMENTS_SQL
    rows = await conn.fetch(sql, merchant_id, limit)
    return [from_row(row) for row in rows]
