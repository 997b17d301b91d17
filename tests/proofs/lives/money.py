"""Gifts of money in a life: their payers at the built-in bank, its messages, and our looks, in any order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from infra.payments import keeping
from infra.payments.builtin import NAME, WEBHOOK_TOPIC, BuiltinProvider
from infra.payments.keeping import Keeping
from tests.proofs.lives import merchant
from tests.proofs.lives.world import Life
from tests.wallet.sales.till import BOX
from wallet import gifts
from wallet.database import Conn
from wallet.gifts import Gift
from wallet.payments import Source, Told
from wallet.values import MerchantId, Minor, PaymentId, RewardId

PAYMENTS_SQL = """
    SELECT p.payment_id, b.ref
    FROM payments AS p
    LEFT JOIN builtin_payments AS b ON b.key = p.payment_id::text
    WHERE p.merchant_id = $1
    ORDER BY p.payment_id
"""
REF_SQL = "SELECT ref FROM builtin_payments WHERE key = $1"
MESSAGES_SQL = "SELECT outbox_id, payload FROM outbox WHERE topic = $1 ORDER BY outbox_id"
DELIVERED_SQL = "DELETE FROM outbox WHERE outbox_id = $1"
GIVABLE_SQL = "SELECT reward_id FROM rewards WHERE merchant_id = $1 AND cost_points IS NOT NULL ORDER BY reward_id"

# When nothing happens any more: what the bank has taken was sent and is there or was spent, or is back with its payer,
# or the payer's bank has it.
STRANGE_SQL = """
    SELECT p.state, g.status, b.state, b.refunded_minor, b.dispute
    FROM payments AS p
    JOIN gifts AS g ON g.merchant_id = p.merchant_id AND g.gift_id = p.gift_id
    LEFT JOIN builtin_payments AS b ON b.key = p.payment_id::text
    WHERE p.merchant_id = $1
      AND NOT CASE COALESCE(b.state, 'CANCELLED')
          WHEN 'PAID' THEN (p.state = 'PAID' AND b.refunded_minor = 0 AND g.status = 'CLAIMED')
                           OR (p.state = 'REFUNDED' AND b.refunded_minor = b.amount_minor AND g.status <> 'CLAIMED')
                           OR (b.dispute = 'OPEN' AND b.refunded_minor = 0 AND p.disputed_at IS NOT NULL)
          WHEN 'DECLINED' THEN p.state = 'FAILED' AND g.closed_at IS NOT NULL
          WHEN 'CANCELLED' THEN p.state = 'CANCELLED' AND g.closed_at IS NOT NULL
          ELSE FALSE
          END
"""


class OneConnection:
    """A pool with the connection of the life, whose transactions are parts of the life's own."""

    def __init__(self, conn: Conn) -> None:
        self._conn = conn

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Conn]:
        yield self._conn


def bank_of(life: Life) -> BuiltinProvider:
    pool: Any = OneConnection(life.conn)
    return BuiltinProvider(pool, lambda: life.now, BOX, "https://shop.invalid")


def keeping_of(life: Life) -> Keeping:
    pool: Any = OneConnection(life.conn)
    return Keeping(pool, lambda: life.now, {NAME: bank_of(life)}, BOX, lambda _merchant, _card: None)


async def give_money(life: Life) -> None:
    """Somebody sends money, and the bank learns of it, unless we die before."""
    member, key, amount = await life.somebody_with_the_app(), life.key(), life.rng.choice((150, 400, 2_500))
    email = life.rng.choice(("ravi@example.com", f"{member.customer_id}@example.com"))

    async def ask() -> gifts.Sent:
        return await gifts.send(
            life.conn,
            customer_id=member.customer_id,
            merchant_id=life.shop.merchant_id,
            card_id=member.card_id,
            value_minor=Minor(amount),
            provider=NAME,
            recipient_name="Ravi",
            recipient_email=email,
            recipient_email_key=email,
            message=None,
            deliver_at=None,
            locale="en",
            idempotency_key=key,
            now=life.now,
        )

    sent = await life.keyed(ask, lambda done: done.gift.gift_id)
    life.given.append(sent.gift)
    if life.chance(0.8):
        await _settle(life, sent.payment.payment_id)
    if life.chance(0.6):
        await _pay_and_mail(life, sent.gift, sent.payment.payment_id)


async def _pay_and_mail(life: Life, gift: Gift, payment_id: PaymentId) -> None:
    """It goes as it should: the payer approves, and the mail leaves."""
    ref = await life.conn.fetchval(REF_SQL, str(payment_id))
    if ref is None or not await bank_of(life).approve(ref):
        return
    await _settle(life, payment_id)
    place, link = (gift.merchant_id, gift.gift_id), life.rng.randbytes(32)
    if await gifts.prepare_delivery(
        life.conn, merchant_id=place[0], gift_id=place[1], delivery=1, link_hash=link, now=life.now
    ):
        await gifts.record_sent(life.conn, merchant_id=place[0], gift_id=place[1], delivery=1, now=life.now)
        life.links.append(link)


async def give_reward(life: Life) -> None:
    member, key = await life.somebody_with_the_app(), life.key()
    rows = await life.conn.fetch(GIVABLE_SQL, life.shop.merchant_id)
    reward_id = RewardId(life.rng.choice(rows)["reward_id"])

    async def ask() -> gifts.Sent:
        return await gifts.send(
            life.conn,
            customer_id=member.customer_id,
            merchant_id=life.shop.merchant_id,
            card_id=member.card_id,
            reward_id=reward_id,
            recipient_name="Ravi",
            recipient_email="ravi@example.com",
            recipient_email_key="ravi@example.com",
            message=None,
            deliver_at=None,
            locale="en",
            idempotency_key=key,
            now=life.now,
        )

    life.given.append((await life.keyed(ask, lambda done: done.gift.gift_id)).gift)


async def pay(life: Life) -> None:
    """A payer approves, declines or thinks about it; or wants the money back, and their bank may see it otherwise."""
    rows = [row for row in await life.conn.fetch(PAYMENTS_SQL, life.shop.merchant_id) if row["ref"]]
    if not rows:
        return
    bank, ref = bank_of(life), life.rng.choice(rows[-4:])["ref"]
    match life.rng.choice(("approve",) * 6 + ("decline", "ask", "dispute", "win")):
        case "approve":
            await bank.approve(ref)
        case "decline":
            await bank.decline(ref)
        case "ask":
            await bank.ask(ref)
        case "dispute":
            await bank.dispute(ref)
        case _:
            await bank.dispute(ref, won=True)


async def hear(life: Life) -> None:
    """Some messages of the bank's arrive, in any order, once or twice, or get lost."""
    rows = list(await life.conn.fetch(MESSAGES_SQL, WEBHOOK_TOPIC))
    life.rng.shuffle(rows)
    for row in rows[: life.rng.randint(1, 3)]:
        for _ in range(life.rng.choice((0, 1, 1, 1, 2))):
            await _deliver(life, row["payload"])
        if life.chance(0.9):
            await life.conn.execute(DELIVERED_SQL, row["outbox_id"])


async def _deliver(life: Life, payload: dict[str, str | int]) -> None:
    bank = bank_of(life)
    headers, body = bank.message(payload)
    news = bank.read_webhook(headers, body, life.now)
    assert news is not None
    assert news.payment is not None
    merchant_id, payment_id = news.payment
    await keeping.take_in(keeping_of(life), merchant_id, payment_id, news.seen, Told(Source.WEBHOOK, news.event_id))


async def look(life: Life) -> None:
    """We look at a payment, whoever may have told of it."""
    rows = await life.conn.fetch(PAYMENTS_SQL, life.shop.merchant_id)
    if rows:
        await _settle(life, life.rng.choice(rows[-4:])["payment_id"])


async def _settle(life: Life, payment_id: PaymentId) -> None:
    await keeping.settle(keeping_of(life), MerchantId(life.shop.merchant_id), payment_id)


async def rest(life: Life) -> None:
    """Time goes by in which nobody does anything, until all payments have ended as they may."""
    for _ in range(3):
        life.now += merchant.LONG
        await merchant.work(life)
        for row in await life.conn.fetch(PAYMENTS_SQL, life.shop.merchant_id):
            for _ in range(2):
                await _settle(life, row["payment_id"])
    strange = await life.conn.fetch(STRANGE_SQL, life.shop.merchant_id)
    assert strange == [], "the bank's books say the same as ours"
