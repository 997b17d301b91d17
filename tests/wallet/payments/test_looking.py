"""When the provider is asked: soon, then ever more rarely, and by one who asks at a time."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from infra.pool import Pool
from tests.factories import make_shop
from tests.wallet.payments.scenes import make_paying, now_is
from tests.wallet.payments.test_changing import begin_refund, cancelled, failed, paid, refund_failed, refunded
from wallet import payments
from wallet.database import Conn
from wallet.payments import PaymentState, due_for_look, next_look

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def test_payment_is_looked_at_a_minute_after_it_began_and_not_before(conn: Conn, now: datetime) -> None:
    paying = await make_paying(conn, now=now)

    assert await due_for_look(conn, limit=10, now=now + MINUTE - timedelta(seconds=1)) == []
    [due] = await due_for_look(conn, limit=10, now=now + MINUTE)

    assert due.payment_id == paying.payment.payment_id
    # whoever asked has it; the next look comes by itself
    assert await due_for_look(conn, limit=10, now=now + MINUTE) == []
    assert (await now_is(conn, paying)).look_at == now + 2 * MINUTE


async def test_those_who_ask_at_the_same_time_share_what_is_due(pool: Pool, conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    for _ in range(6):
        await make_paying(conn, shop=shop, now=now)

    async with pool.acquire() as one, one.transaction(), pool.acquire() as other, other.transaction():
        mine = await due_for_look(one, limit=4, now=now + MINUTE)
        theirs = await due_for_look(other, limit=4, now=now + MINUTE)

    assert (len(mine), len(theirs)) == (4, 2)
    assert len({payment.payment_id for payment in (*mine, *theirs)}) == 6


@pytest.mark.parametrize(
    ("state", "ages", "pauses"),
    [
        (PaymentState.PENDING, (MINUTE, 10 * MINUTE, 20 * HOUR), (MINUTE, 5 * MINUTE, HOUR)),
        (PaymentState.REFUNDING, (MINUTE, HOUR, 30 * DAY), (MINUTE, 30 * MINUTE, 6 * HOUR)),
        (PaymentState.PAID, (MINUTE, 5 * HOUR, 3 * DAY, 20 * DAY), (HOUR, 5 * HOUR, 3 * DAY, 7 * DAY)),
    ],
)
async def test_the_longer_nothing_changes_the_more_rarely_it_is_looked_at(
    conn: Conn, now: datetime, state: PaymentState, ages: tuple[timedelta, ...], pauses: tuple[timedelta, ...]
) -> None:
    payment = replace((await make_paying(conn, now=now)).payment, state=state)

    assert tuple((next_look(payment, now + age) or now) - (now + age) for age in ages) == pauses


async def test_what_is_over_is_looked_at_no_more(conn: Conn, now: datetime) -> None:
    for end in (failed, cancelled):
        paying = await make_paying(conn, now=now)
        await end(conn, paying, now)
        assert (await now_is(conn, paying)).look_at is None
    paying = await make_paying(conn, now=now)
    await paid(conn, paying, now)
    assert next_look(await now_is(conn, paying), now + 31 * DAY) is None
    await begin_refund(conn, paying, now)
    assert next_look(await now_is(conn, paying), now + 400 * DAY) is not None, "money that is owed is never forgotten"
    await refunded(conn, paying, now)
    back = await now_is(conn, paying)
    assert back.look_at == now + HOUR, "what was sent back may not have arrived"
    assert (next_look(back, now + 3 * DAY), next_look(back, now + 31 * DAY)) == (now + 6 * DAY, None)


async def test_what_waits_for_a_person_is_looked_at_for_ever_and_rarely(conn: Conn, now: datetime) -> None:
    paying = await make_paying(conn, now=now)
    await paid(conn, paying, now)
    await refunded(conn, paying, now)
    await refund_failed(conn, paying, now)
    waits = await now_is(conn, paying)
    assert (waits.waits_since, waits.look_at) == (now, now + HOUR)
    assert next_look(waits, now + 400 * DAY) == now + 407 * DAY


async def test_one_that_was_given_up_is_looked_at_very_soon(conn: Conn, now: datetime) -> None:
    paying = await make_paying(conn, now=now)
    merchant_id, payment_id = paying.shop.merchant_id, paying.payment.payment_id

    assert await payments.look_soon(conn, merchant_id=merchant_id, payment_id=payment_id, now=now)
    assert len(await due_for_look(conn, limit=10, now=now)) == 1
    await paid(conn, paying, now)
    assert not await payments.look_soon(conn, merchant_id=merchant_id, payment_id=payment_id, now=now)
