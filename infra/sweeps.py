"""What time alone brings about: points that unlock or lapse, tiers, reminders, gifts that go back, secrets that end."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import asyncpg
import structlog

from auth import confirmations, sweeping
from infra.worker import Sweep
from wallet import check_ins, ledger, notices, outbox, payments, rewards, value
from wallet.database import Conn
from wallet.gifts import remind_due, return_due
from wallet.mail import deliveries, pacing, suppressions
from wallet.rewards import Voucher
from wallet.values import CardId, GiftCardId, MerchantId

TIDY_EVERY = timedelta(minutes=10)
TIDY_LIMIT = 1000

NO_WAITING_SQL = "SET LOCAL lock_timeout = '100ms'"

WAITING_SQL = "SET LOCAL lock_timeout TO DEFAULT"

log = structlog.get_logger(__name__)

Changed = Sequence[tuple[MerchantId, CardId]]
Id = TypeVar("Id", CardId, GiftCardId)


async def settle_points(conn: Conn, *, limit: int, now: datetime) -> Changed:
    """Some cards on which something was due, points or the tier, are settled: to lock a card is to settle it."""

    async def settle(merchant_id: MerchantId, card_id: CardId) -> None:
        await ledger.lock_cards(conn, merchant_id=merchant_id, card_ids=[card_id], now=now)

    due = await ledger.cards_due(conn, limit=limit, now=now)
    return await _each_by_itself(conn, [(card.merchant_id, card.card_id) for card in due], settle)


async def write_reminders(conn: Conn, *, limit: int, now: datetime) -> Changed:
    """The owners of some cards with points that expire soon have a mail on its way."""

    async def remind(merchant_id: MerchantId, card_id: CardId) -> None:
        await notices.write(conn, merchant_id=merchant_id, card_id=card_id, now=now)

    return await _each_by_itself(conn, await notices.cards_due(conn, limit=limit, now=now), remind)


async def expire_value(conn: Conn, *, limit: int, now: datetime) -> Changed:
    """The money on some gift cards that are past their date has expired. No card of points changes by it."""

    async def expire(merchant_id: MerchantId, gift_card_id: GiftCardId) -> None:
        await value.expire(conn, merchant_id=merchant_id, gift_card_id=gift_card_id, now=now)

    await _each_by_itself(conn, await value.cards_due(conn, limit=limit, now=now), expire)
    return []


async def lapse_vouchers(conn: Conn, *, limit: int, now: datetime) -> Changed:
    """Vouchers whose time was over have lapsed, and what they cost is back. A card is named once for each."""
    due, lapsed = defaultdict[tuple[MerchantId, CardId], list[Voucher]](list), list[Voucher]()
    for voucher in await rewards.hold_due(conn, limit=limit, now=now):
        due[voucher.merchant_id, voucher.card_id].append(voucher)

    async def lapse(merchant_id: MerchantId, card_id: CardId) -> None:
        lapsed.extend(await rewards.lapse(conn, due[merchant_id, card_id], now=now))

    await _each_by_itself(conn, list(due), lapse)
    await conn.execute(WAITING_SQL)
    await rewards.put_back(conn, lapsed)
    return [(voucher.merchant_id, voucher.card_id) for voucher in lapsed]


async def _each_by_itself(
    conn: Conn, cards: Sequence[tuple[MerchantId, Id]], work: Callable[[MerchantId, Id], Awaitable[None]]
) -> list[tuple[MerchantId, Id]]:
    """The cards with which it was done.

    One that somebody holds, or with which it cannot be done, is left for the next time, and nobody waits.
    """
    await conn.execute(NO_WAITING_SQL)
    done = []
    for merchant_id, card_id in sorted(cards):
        try:
            async with conn.transaction():
                await work(merchant_id, card_id)
        except (asyncpg.PostgresError, AssertionError) as trouble:
            log.warning("sweep.card_left", card_id=str(card_id), trouble=type(trouble).__name__)
        else:
            done.append((merchant_id, card_id))
    return done


async def queue_looks(conn: Conn, *, limit: int, now: datetime) -> Changed:
    """The providers of some payments that are due will be asked how they stand: by jobs, as it takes the network."""
    for payment in await payments.due_for_look(conn, limit=limit, now=now):
        payload = {"merchantId": str(payment.merchant_id), "paymentId": str(payment.payment_id)}
        await outbox.add(conn, topic=payments.LOOK_TOPIC, payload=payload, run_at=now, now=now)
    return []


class Tidying:
    """Forgets, every ten minutes, what is over: used codes, old attempts, counted tries. No card changes by it.

    Where there is more than it forgets at once, it goes on the next time it is called.
    """

    def __init__(self) -> None:
        self._next: datetime | None = None

    async def __call__(self, conn: Conn, *, limit: int, now: datetime) -> Changed:
        if self._next is not None and now < self._next:
            return []
        forgotten = await check_ins.forget(conn, limit=max(limit, TIDY_LIMIT), now=now)
        forgotten += await sweeping.sweep(conn, now=now)
        forgotten += await confirmations.sweep(conn, now=now)
        for forget in (deliveries.forget, suppressions.forget, pacing.forget):
            forgotten += await forget(conn, limit=max(limit, TIDY_LIMIT), now=now)
        if not forgotten:
            self._next = now + TIDY_EVERY
        return []


def sweeps() -> tuple[Sweep, ...]:
    """All of them, in the order in which a worker goes through them.

    What goes back does so first: among its points may be some whose time is over.
    """
    return (
        Sweep("gifts", return_due),
        Sweep("gift_reminders", remind_due),
        Sweep("vouchers", lapse_vouchers),
        Sweep("points", settle_points),
        Sweep("reminders", write_reminders),
        Sweep("value", expire_value),
        Sweep("payments", queue_looks),
        Sweep("tidying", Tidying()),
    )
