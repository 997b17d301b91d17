"""Races for money value by name, each racer on a connection of its own: every unit ends in one place, and nobody waits
for ever.

Whoever loses is refused and leaves nothing behind. One side is given a start that is mended after every round, so that
both sides win, and most rounds are decided by a hair.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from auth import gift_cards
from infra.pool import Pool
from tests.factories import Shop, make_customer, make_shop
from tests.proofs.racing import SOAK_ROUNDS, Answer, Racer, Size, Tally, race
from tests.wallet.counter import make_member
from tests.wallet.gifts.scenes import assert_lawful, make_scene
from tests.wallet.gifts.test_kinds import VALUE, give, mailed_value, pay, payment_state
from tests.wallet.ledger.value.scenes import make_gift_card
from tests.wallet.payments.scenes import mint
from tests.wallet.sales.till import BOX, checkout, receipt, visit
from wallet import gifts, payments, refunds, sales
from wallet import value as stored
from wallet.database import Conn
from wallet.errors import Refusal
from wallet.gifts import Gift, paying
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.payments import Dispute, PaymentState, Seen, SeenState, Source, Told
from wallet.sales import Tender
from wallet.values import CheckInPurpose, CustomerId, GiftCardId, Minor, NamedGiftCard, SaleId, ShownBy

RACERS = 8
FULL, PART = 1_000, 300

OF_GIFT_SQL = "SELECT owner_customer_id, state, balance_minor FROM gift_cards WHERE gift_id = $1"
STANDS_SQL = "SELECT state, balance_minor FROM gift_cards WHERE gift_card_id = $1"
LINKS_SQL = "SELECT count(*) FROM gift_links WHERE gift_id = $1 AND revoked_at IS NULL"
BACK_SQL = """
    SELECT g.gift_card_id, g.state, g.balance_minor
    FROM gift_card_activities AS e
    JOIN gift_cards AS g ON g.gift_card_id = e.gift_card_id
    WHERE e.merchant_id = $1 AND e.kind = 'REFUND'
"""

Work = Callable[[Conn], Awaitable[object]]

races = pytest.mark.parametrize(
    "size",
    [
        pytest.param(Size(4, RACERS), id=f"4x{RACERS}"),
        pytest.param(Size(SOAK_ROUNDS, RACERS), id=f"{SOAK_ROUNDS}x{RACERS}", marks=pytest.mark.soak),
    ],
)


@dataclass(slots=True)
class Start:
    """By how much one side comes later than the other."""

    seconds: float = 0.01

    def late(self, racer: Racer) -> Racer:
        seconds = self.seconds

        async def run() -> Answer:
            await asyncio.sleep(seconds)
            return await racer()

        return run

    def mend(self, *, late_won: bool) -> None:
        """Whoever has just won has it harder the next time."""
        self.seconds = min(self.seconds * 1.7, 0.5) if late_won else max(self.seconds / 1.7, 0.0005)


def runs(pool: Pool, name: str, work: Work) -> Racer:
    """Somebody who does this in a transaction, and is told so, or what it was refused with; "none" if there was nothing
    to do.
    """

    async def run() -> Answer:
        try:
            async with pool.acquire() as conn, conn.transaction():
                done = await work(conn)
        except Refusal as refusal:
            return {"__typename": type(refusal).__name__}
        return {"__typename": "none" if done in (None, []) else name}

    return run


# ---------------------------------------------------------------- a gift of money


def claims(pool: Pool, link: bytes, customers: list[CustomerId], now: datetime) -> list[Racer]:
    def one(customer_id: CustomerId) -> Racer:
        async def claim(conn: Conn) -> object:
            return await gifts.claim(conn, customer_id=customer_id, link_hash=link, idempotency_key=uuid4(), now=now)

        return runs(pool, "claimed", claim)

    return [one(each) for each in customers]


def cancels(pool: Pool, gift: Gift, now: datetime) -> Racer:
    async def cancel(conn: Conn) -> object:
        return await gifts.cancel(
            conn,
            customer_id=gift.sender_customer_id,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            idempotency_key=uuid4(),
            now=now,
        )

    return runs(pool, "ended", cancel)


def declines(pool: Pool, link: bytes, now: datetime) -> Racer:
    async def decline(conn: Conn) -> object:
        return await gifts.decline(conn, link_hash=link, idempotency_key=uuid4(), now=now)

    return runs(pool, "ended", decline)


def returns(pool: Pool, now: datetime) -> Racer:
    async def back(conn: Conn) -> object:
        return await gifts.return_due(conn, limit=10, now=now)

    return runs(pool, "ended", back)


def bank_says(pool: Pool, gift: Gift, seen: Seen, now: datetime) -> Racer:
    async def hear(conn: Conn) -> object:
        payment = await payments.of_gift(conn, merchant_id=gift.merchant_id, gift_id=gift.gift_id)
        assert payment is not None
        return await paying.hear(
            conn,
            merchant_id=gift.merchant_id,
            payment_id=payment.payment_id,
            seen=seen,
            told=Told(Source.WEBHOOK, uuid4().hex),
            mint=mint,
            now=now,
        )

    return runs(pool, "heard", hear)


@races
@pytest.mark.parametrize("end", ["cancel", "return", "decline"])
async def test_a_gift_of_money_is_claimed_once_or_goes_back_once(
    pool: Pool, conn: Conn, now: datetime, end: str, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally(f"claims of money against {end}")
    friends = [await make_customer(conn, now=now) for _ in range(size.racers // 2)]
    start = Start()
    for round_ in range(size.rounds):
        # given
        scene = await make_scene(conn, friend=f"friend{round_}@example.com", now=now)
        gift, link = await mailed_value(conn, scene, now=now)
        ends = {
            "cancel": cancels(pool, gift, now),
            "return": returns(pool, gift.claimable_until),
            "decline": declines(pool, link, now),
        }
        # when
        half = [start.late(ends[end]) for _ in range(size.racers // 2)]
        won = tally.add(await race([*claims(pool, link, friends, now), *half]))
        # then one has it, or it is on its way to who paid
        row = await conn.fetchrow(OF_GIFT_SQL, gift.gift_id)
        assert row is not None
        assert (won.get("claimed", 0), won.get("ended", 0)) in ((1, 0), (0, 1))
        start.mend(late_won="ended" in won)
        if won.get("claimed"):
            assert (row["owner_customer_id"] in friends, row["state"], row["balance_minor"]) == (True, "ACTIVE", VALUE)
            assert await payment_state(conn, gift) is PaymentState.PAID
        else:
            assert (row["owner_customer_id"], row["state"], row["balance_minor"]) == (None, "DEACTIVATED", 0)
            assert await payment_state(conn, gift) is PaymentState.REFUNDING
    await assert_lawful(conn)
    tally.print(capsys)


@races
async def test_money_that_is_disputed_while_it_is_claimed_is_blocked_whosever_it_is(
    pool: Pool, conn: Conn, now: datetime, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("claims of money against a dispute")
    friends = [await make_customer(conn, now=now) for _ in range(size.racers - 2)]
    start = Start()
    for round_ in range(size.rounds):
        scene = await make_scene(conn, friend=f"friend{round_}@example.com", now=now)
        gift, link = await mailed_value(conn, scene, now=now)
        disputed = Seen(SeenState.PAID, disputes=(Dispute("dispute", won=False),))
        told = [start.late(bank_says(pool, gift, disputed, now)) for _ in range(2)]
        won = tally.add(await race([*claims(pool, link, friends, now), *told]))
        assert (won.get("claimed", 0) <= 1, won["heard"]) == (True, 2)
        start.mend(late_won="claimed" not in won)
        row = await conn.fetchrow(OF_GIFT_SQL, gift.gift_id)
        assert row is not None
        assert (row["owner_customer_id"] is not None, row["state"], row["balance_minor"]) == (
            "claimed" in won,
            "BLOCKED",
            VALUE,
        )
    await assert_lawful(conn)
    tally.print(capsys)


@races
async def test_money_that_comes_while_its_gift_is_cancelled_is_sent_or_goes_back(
    pool: Pool, conn: Conn, now: datetime, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("payments against a cancellation")
    start = Start()
    for round_ in range(size.rounds):
        scene = await make_scene(conn, friend=f"friend{round_}@example.com", now=now)
        gift = (await give(conn, scene, value_minor=VALUE, now=now)).gift
        # when the bank says it several times while the sender thinks better of it
        paid = Seen(SeenState.PAID, f"pi_{gift.gift_id}")
        told = [start.late(bank_says(pool, gift, paid, now)) for _ in range(size.racers - 1)]
        won = tally.add(await race([*told, cancels(pool, gift, now)]))
        # then it goes back, once, whichever was first
        assert won == {"heard": size.racers - 1, "ended": 1}
        assert await payment_state(conn, gift) is PaymentState.REFUNDING
        row = await conn.fetchrow(OF_GIFT_SQL, gift.gift_id)
        assert row is None or (row["owner_customer_id"], row["state"], row["balance_minor"]) == (None, "DEACTIVATED", 0)
        tally.answers["with a gift card" if row else "without one"] += 1
        start.mend(late_won=row is not None)
        jobs = "SELECT count(*) FROM outbox WHERE topic = 'payment.refund'"
        assert await conn.fetchval(jobs) == round_ + 1
    await assert_lawful(conn)
    tally.print(capsys)


@races
async def test_a_mail_that_leaves_while_its_day_is_changed_leaves_once(
    pool: Pool, conn: Conn, now: datetime, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("mailing against rescheduling")
    start = Start()
    for round_ in range(size.rounds):
        scene = await make_scene(conn, friend=f"friend{round_}@example.com", now=now)
        sent = await give(conn, scene, value_minor=VALUE, now=now)
        await pay(conn, sent, now=now)
        # when a worker mails it while the sender chooses other days
        mails = start.late(mailing(pool, sent.gift, now))
        moves = [rescheduling(pool, sent.gift, now + timedelta(days=at + 1), now) for at in range(3)]
        won = tally.add(await race([mails, *moves]))
        # then the mail left, and no day was changed after that; or it waits for the last of the days
        gift = await gifts.find(
            conn, customer_id=scene.sender, merchant_id=sent.gift.merchant_id, gift_id=sent.gift.gift_id
        )
        assert gift is not None
        start.mend(late_won="mailed" in won)
        if won.get("mailed"):
            assert (won.get("moved", 0), won["GiftNotOpen"], gift.delivery, gift.status) == (0, 3, 1, "SENT")
            assert await conn.fetchval(LINKS_SQL, gift.gift_id) == 1
        else:
            assert (won["moved"], gift.delivery, gift.status) == (3, 4, "SCHEDULED")
            assert await conn.fetchval(LINKS_SQL, gift.gift_id) == 0
    await assert_lawful(conn)
    tally.print(capsys)


def mailing(pool: Pool, gift: Gift, now: datetime) -> Racer:
    """A worker that makes the link and talks to the mail server between two transactions."""
    link = uuid4().bytes * 2

    async def mail() -> Answer:
        merchant_id, gift_id = gift.merchant_id, gift.gift_id
        async with pool.acquire() as conn, conn.transaction():
            prepared = await gifts.prepare_delivery(
                conn, merchant_id=merchant_id, gift_id=gift_id, delivery=1, link_hash=link, now=now
            )
        if prepared is None:
            return {"__typename": "none"}
        async with pool.acquire() as conn, conn.transaction():
            await gifts.record_sent(conn, merchant_id=merchant_id, gift_id=gift_id, delivery=1, now=now)
        return {"__typename": "mailed"}

    return mail


def rescheduling(pool: Pool, gift: Gift, deliver_at: datetime, now: datetime) -> Racer:
    async def move(conn: Conn) -> object:
        return await gifts.reschedule(
            conn,
            customer_id=gift.sender_customer_id,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            deliver_at=deliver_at,
            idempotency_key=uuid4(),
            now=now,
        )

    return runs(pool, "moved", move)


# ---------------------------------------------------------------- gift cards at the till


async def pays(pool: Pool, conn: Conn, shop: Shop, *cards: GiftCardId, part: int | None, now: datetime) -> Racer:
    """A sale of 5,000 that the cards pay in part, in this order. Its member is new: no two sales wait for one card of
    points.
    """
    member = await make_member(conn, shop, now=now)
    customer = await visit(conn, shop, member, CheckInPurpose.EARN, now=now)
    amount = None if part is None else Minor(part)
    tendered = tuple(Tender(NamedGiftCard(card, ShownBy.PIN), amount) for card in cards)

    async def sell(one: Conn) -> object:
        return await sales.checkout(
            one,
            terminal=shop.terminal,
            customer=customer,
            basket=receipt(5_000),
            tendered=tendered,
            idempotency_key=uuid4(),
            now=now,
        )

    return runs(pool, "sold", sell)


def ends(pool: Pool, shop: Shop, card: GiftCardId, now: datetime) -> Racer:
    async def deactivate(conn: Conn) -> object:
        held = await value.lock_gift_cards(conn, merchant_id=shop.merchant_id, gift_card_ids=[card], now=now)
        return await value.deactivate(conn, held[card], cause=ValueCause(now, "Lost"), now=now)

    return runs(pool, "deactivated", deactivate)


async def stands(conn: Conn, card: GiftCardId) -> tuple[str, int]:
    row = await conn.fetchrow(STANDS_SQL, card)
    assert row is not None
    return row["state"], row["balance_minor"]


@races
async def test_the_last_money_of_a_card_is_spent_once(
    pool: Pool, conn: Conn, now: datetime, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("spending all that a card has, at many tills")
    for _ in range(size.rounds):
        shop = await make_shop(conn, now=now)
        card = await make_gift_card(conn, shop, FULL, now=now)
        racers = [await pays(pool, conn, shop, card, part=None, now=now) for _ in range(size.racers)]
        won = tally.add(await race(racers))
        assert won == {"sold": 1, "InsufficientValue": size.racers - 1}
        assert await stands(conn, card) == ("ACTIVE", 0)
    await assert_lawful(conn)
    tally.print(capsys)


@races
async def test_two_cards_that_are_named_in_either_order_pay_for_both_and_nobody_waits_in_a_ring(
    pool: Pool, conn: Conn, now: datetime, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("sales with the same two cards, named in opposite orders")
    for _ in range(size.rounds):
        shop = await make_shop(conn, now=now)
        one, two = [await make_gift_card(conn, shop, FULL, now=now) for _ in range(2)]
        orders = [(one, two) if at % 2 else (two, one) for at in range(size.racers)]
        racers = [await pays(pool, conn, shop, *cards, part=PART, now=now) for cards in orders]
        won = tally.add(await race(racers))
        # three times 300 is on each of them
        assert won == {"sold": 3, "InsufficientValue": size.racers - 3}
        assert (await stands(conn, one), await stands(conn, two)) == (("ACTIVE", FULL - 3 * PART),) * 2
    await assert_lawful(conn)
    tally.print(capsys)


@races
async def test_what_is_spent_does_not_expire_and_what_expires_is_not_spent(
    pool: Pool, conn: Conn, now: datetime, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("spending against expiry")
    start = Start()
    for _ in range(size.rounds):
        # given a card in its last moment
        shop = await make_shop(conn, now=now)
        date = now + timedelta(seconds=1)
        card = await make_gift_card(conn, shop, FULL, expires_at=date, now=now)
        racers = [await pays(pool, conn, shop, card, part=PART, now=now) for _ in range(size.racers - 1)]

        async def expire(one: Conn, shop: Shop = shop, card: GiftCardId = card, date: datetime = date) -> object:
            await stored.expire(one, merchant_id=shop.merchant_id, gift_card_id=card, now=date)
            return True

        # when it is over, while tills still spend
        expires = runs(pool, "expired", expire)
        won = tally.add(await race([*racers, start.late(expires)]))
        # then all of it is spent or expired
        start.mend(late_won=won.get("sold", 0) < 2)
        assert set(won) <= {"sold", "InsufficientValue", "expired"}
        assert (won.get("sold", 0) <= 3, await stands(conn, card)) == (True, ("ACTIVE", 0))
        gone = await conn.fetchval(
            "SELECT -COALESCE(SUM(amount_minor), 0)::bigint FROM gift_card_activities"
            " WHERE gift_card_id = $1 AND kind = 'EXPIRE'",
            card,
        )
        assert gone == FULL - PART * won.get("sold", 0)
    await assert_lawful(conn)
    tally.print(capsys)


@races
async def test_what_comes_back_while_its_card_is_ended_is_on_one_card(
    pool: Pool, conn: Conn, now: datetime, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("refunding against deactivating")
    start = Start()
    for _ in range(size.rounds):
        # given a sale that a card paid in part
        shop = await make_shop(conn, now=now)
        member = await make_member(conn, shop, now=now)
        card = await make_gift_card(conn, shop, FULL, owner=member.customer_id, now=now)
        customer = await visit(conn, shop, member, CheckInPurpose.REDEEM, now=now)
        tendered = (Tender(NamedGiftCard(card, ShownBy.OWNER), Minor(PART)),)
        sold = await checkout(conn, shop.terminal, customer, receipt(5_000), tendered=tendered, now=now)

        async def back(one: Conn, shop: Shop = shop, sale_id: SaleId = sold.sale.sale_id) -> object:
            return await refunds.refund(
                one,
                terminal=shop.terminal,
                sale_id=sale_id,
                mint=gift_cards.minter(BOX, merchant_id=shop.merchant_id),
                idempotency_key=uuid4(),
                now=now,
            )

        # when it comes back at several tills while the merchant ends the card
        racers = [runs(pool, "refunded", back) for _ in range(size.racers - 2)]
        enders = [start.late(ends(pool, shop, card, now)) for _ in range(2)]
        won = tally.add(await race([*racers, *enders]))
        # then it came back once: onto the card, whose end took it with the rest, or onto a new one, which is blocked
        # since the merchant ended the other by hand
        assert (won["refunded"], won["deactivated"]) == (1, 1)
        assert await stands(conn, card) == ("DEACTIVATED", 0)
        [row] = await conn.fetch(BACK_SQL, shop.merchant_id)
        if row["gift_card_id"] != card:
            assert (row["state"], row["balance_minor"]) == ("BLOCKED", PART)
        start.mend(late_won=row["gift_card_id"] != card)
        tally.answers["onto a new card" if row["gift_card_id"] != card else "onto the card"] += 1
    await assert_lawful(conn)
    tally.print(capsys)
