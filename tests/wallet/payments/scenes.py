"""A gift of money value that waits for its payment, and what becomes of both."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.factories import Shop, make_card, make_customer, make_shop
from wallet import audit, payments
from wallet.database import Conn
from wallet.gifts import funding
from wallet.gifts.paying import Heard, hear
from wallet.payments import Payment, PaymentState, Seen, Source, Told
from wallet.values import CardId, CustomerId, GiftId, MerchantId, Minor, MintedGiftCard, Money, ProgramId

AMOUNT = Money(Minor(50_000), "INR")
FRIEND = "friend@example.com"
API = Told(Source.API)
HOOK = Told(Source.WEBHOOK, "evt_1")
LOOK = Told(Source.RECONCILIATION)
REF = "pi_1"

INSERT_GIFT_SQL = """
    INSERT INTO gifts (merchant_id, program_id, sender_customer_id, sender_card_id, kind, value_minor, currency,
                       recipient_name, recipient_email, recipient_email_key, locale, status, created_at, deliver_at,
                       claimable_until, return_days)
    VALUES ($1, $2, $3, $4, 'VALUE', $5, $6, 'Ravi', $7, $7, 'en-IN', 'AWAITING_PAYMENT', $8, $9, $10, 30)
    RETURNING gift_id
"""

EVENTS_SQL = "SELECT kind FROM payment_events WHERE merchant_id = $1 AND payment_id = $2 ORDER BY event_id"
GIFT_SQL = "SELECT status FROM gifts WHERE merchant_id = $1 AND gift_id = $2"
CLOSE_GIFT_SQL = "UPDATE gifts SET status = $3, closed_at = $4 WHERE merchant_id = $1 AND gift_id = $2"
HOLD_GIFT_SQL = "SELECT status FROM gifts WHERE merchant_id = $1 AND gift_id = $2 FOR UPDATE"
GIFT_CARD_SQL = """
    SELECT state, balance_minor FROM gift_cards WHERE merchant_id = $1 AND gift_id = $2
"""
CLAIM_SQL = """
    WITH claimed AS (
        UPDATE gifts
        SET status = 'CLAIMED', closed_at = $4, claimed_by_customer_id = $3, claimed_card_id = $5
        WHERE merchant_id = $1 AND gift_id = $2
    )
    UPDATE gift_cards SET owner_customer_id = $3 WHERE merchant_id = $1 AND gift_id = $2
"""
REFUND_JOBS_SQL = "SELECT count(*) FROM outbox WHERE topic = 'payment.refund'"


@dataclass(frozen=True, slots=True)
class Paying:
    """A gift that waits for its payment, and the payment as it was begun."""

    shop: Shop
    sender: CustomerId
    card_id: CardId
    gift_id: GiftId
    payment: Payment


async def gift_of(
    conn: Conn,
    merchant_id: MerchantId,
    program_id: ProgramId,
    sender: CustomerId,
    card_id: CardId,
    *,
    provider: str = "stripe",
    deliver_at: datetime | None = None,
    now: datetime,
) -> Payment:
    """A gift that waits for its money, and its payment, begun in the transaction that is open."""
    leaves = deliver_at or now
    gift_id: GiftId = await conn.fetchval(
        INSERT_GIFT_SQL,
        merchant_id,
        program_id,
        sender,
        card_id,
        AMOUNT.amount_minor,
        AMOUNT.currency,
        FRIEND,
        now,
        leaves,
        leaves + timedelta(days=30),
    )
    return await payments.begin(
        conn, merchant_id=merchant_id, gift_id=gift_id, provider=provider, amount=AMOUNT, now=now
    )


async def make_paying(
    conn: Conn, *, shop: Shop | None = None, provider: str = "stripe", deliver_at: datetime | None = None, now: datetime
) -> Paying:
    """A new sender's gift of money, with its payment CREATED."""
    shop = shop or await make_shop(conn, now=now)
    sender = await make_customer(conn, name="Meera", now=now)
    card_id = await make_card(conn, shop, sender, now=now)
    async with conn.transaction():
        payment = await gift_of(
            conn,
            shop.merchant_id,
            shop.program_id,
            sender,
            card_id,
            provider=provider,
            deliver_at=deliver_at,
            now=now,
        )
    return Paying(shop, sender, card_id, payment.gift_id, payment)


async def now_is(conn: Conn, paying: Paying) -> Payment:
    """The payment as it is now."""
    found = await payments.find(conn, merchant_id=paying.shop.merchant_id, payment_id=paying.payment.payment_id)
    assert found is not None
    return found


async def state_of(conn: Conn, paying: Paying) -> PaymentState:
    return (await now_is(conn, paying)).state


async def events_of(conn: Conn, paying: Paying) -> list[str]:
    rows = await conn.fetch(EVENTS_SQL, paying.shop.merchant_id, paying.payment.payment_id)
    return [row["kind"] for row in rows]


async def gift_status(conn: Conn, paying: Paying) -> str:
    status: str = await conn.fetchval(GIFT_SQL, paying.shop.merchant_id, paying.gift_id)
    return status


async def refund_jobs(conn: Conn) -> int:
    found: int = await conn.fetchval(REFUND_JOBS_SQL)
    return found


def mint() -> MintedGiftCard:
    """A number and a PIN that nobody will ever type."""
    return MintedGiftCard(
        number="".join(secrets.choice("0123456789") for _ in range(16)),
        pin="000000",
        number_hash=secrets.token_bytes(32),
        pin_hash=secrets.token_bytes(32),
    )


async def heard(conn: Conn, paying: Paying, seen: Seen, *, told: Told = HOOK, now: datetime) -> Heard:
    """The provider says so."""
    async with conn.transaction():
        found = await hear(
            conn,
            merchant_id=paying.shop.merchant_id,
            payment_id=paying.payment.payment_id,
            seen=seen,
            told=told,
            mint=mint,
            now=now,
        )
    assert found is not None
    return found


async def end(conn: Conn, paying: Paying, *, status: str = "CANCELLED", now: datetime) -> None:
    """The gift ends unclaimed, as by its sender."""
    ids = (paying.shop.merchant_id, paying.gift_id)
    async with conn.transaction():
        await conn.fetchval(HOLD_GIFT_SQL, *ids)
        await funding.defund(
            conn,
            merchant_id=paying.shop.merchant_id,
            gift_id=paying.gift_id,
            payment_id=paying.payment.payment_id,
            told=API,
            now=now,
        )
        await conn.execute(CLOSE_GIFT_SQL, *ids, status, now)


async def claim(conn: Conn, paying: Paying, *, now: datetime) -> None:
    """Somebody claims it, and owns its card."""
    friend = await make_customer(conn, now=now)
    card_id = await make_card(conn, paying.shop, friend, now=now)
    async with conn.transaction():
        await conn.execute(CLAIM_SQL, paying.shop.merchant_id, paying.gift_id, friend, now, card_id)


async def gift_card(conn: Conn, paying: Paying) -> tuple[str, int] | None:
    """State and balance of the gift's card."""
    row = await conn.fetchrow(GIFT_CARD_SQL, paying.shop.merchant_id, paying.gift_id)
    return (row["state"], row["balance_minor"]) if row else None


async def assert_lawful(conn: Conn) -> None:
    """Every law holds, that of the payments among them."""
    async for verdict in audit.verdicts(conn):
        assert verdict.broken == (), verdict.law
