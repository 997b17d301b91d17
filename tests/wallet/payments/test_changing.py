"""The states of a payment: what is told twice, late or in another order changes nothing twice and nothing back."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from infra.pool import Pool
from tests.wallet.payments.scenes import (
    AMOUNT,
    API,
    HOOK,
    LOOK,
    REF,
    Paying,
    events_of,
    make_paying,
    now_is,
    refund_jobs,
    state_of,
)
from wallet import payments
from wallet.database import Conn
from wallet.payments import FailedRefund, PaymentState

Step = Callable[[Conn, Paying, datetime], Awaitable[bool]]


async def pending(conn: Conn, paying: Paying, now: datetime) -> bool:
    return await payments.pending(
        conn,
        merchant_id=paying.shop.merchant_id,
        payment_id=paying.payment.payment_id,
        ref=REF,
        told=API,
        now=now,
    )


async def paid(conn: Conn, paying: Paying, now: datetime) -> bool:
    return await payments.paid(
        conn,
        merchant_id=paying.shop.merchant_id,
        payment_id=paying.payment.payment_id,
        ref=REF,
        told=HOOK,
        now=now,
    )


async def failed(conn: Conn, paying: Paying, now: datetime) -> bool:
    return await payments.failed(
        conn,
        merchant_id=paying.shop.merchant_id,
        payment_id=paying.payment.payment_id,
        problem="declined",
        told=HOOK,
        now=now,
    )


async def cancelled(conn: Conn, paying: Paying, now: datetime) -> bool:
    return await payments.cancelled(
        conn,
        merchant_id=paying.shop.merchant_id,
        payment_id=paying.payment.payment_id,
        ref=REF,
        told=LOOK,
        now=now,
    )


async def begin_refund(conn: Conn, paying: Paying, now: datetime) -> bool:
    return await payments.begin_refund(
        conn, merchant_id=paying.shop.merchant_id, payment_id=paying.payment.payment_id, told=API, now=now
    )


async def refunded(conn: Conn, paying: Paying, now: datetime, refunded_minor: int = AMOUNT.amount_minor) -> bool:
    return await payments.refunded(
        conn,
        merchant_id=paying.shop.merchant_id,
        payment_id=paying.payment.payment_id,
        refunded_minor=refunded_minor,
        told=HOOK,
        now=now,
    )


async def refund_failed(conn: Conn, paying: Paying, now: datetime) -> bool:
    return await payments.refund_failed(
        conn,
        merchant_id=paying.shop.merchant_id,
        payment_id=paying.payment.payment_id,
        failed=FailedRefund("re_1", AMOUNT.amount_minor, "declined"),
        told=HOOK,
        now=now,
    )


async def disputed(conn: Conn, paying: Paying, now: datetime, ref: str = "dp_1") -> bool:
    return await payments.disputed(
        conn,
        merchant_id=paying.shop.merchant_id,
        payment_id=paying.payment.payment_id,
        dispute_ref=ref,
        told=HOOK,
        now=now,
    )


async def dispute_won(conn: Conn, paying: Paying, now: datetime, ref: str = "dp_1") -> bool:
    return await payments.dispute_won(
        conn,
        merchant_id=paying.shop.merchant_id,
        payment_id=paying.payment.payment_id,
        dispute_ref=ref,
        told=HOOK,
        now=now,
    )


STEPS: dict[str, Step] = {
    "pending": pending,
    "paid": paid,
    "failed": failed,
    "cancelled": cancelled,
    "begin_refund": begin_refund,
    "refunded": refunded,
    "refund_failed": refund_failed,
}

WAYS: list[tuple[tuple[str, ...], PaymentState]] = [
    ((), PaymentState.CREATED),
    (("pending",), PaymentState.PENDING),
    (("pending", "paid"), PaymentState.PAID),
    (("pending", "failed"), PaymentState.FAILED),
    (("pending", "cancelled"), PaymentState.CANCELLED),
    (("pending", "paid", "begin_refund"), PaymentState.REFUNDING),
    (("pending", "paid", "begin_refund", "refunded"), PaymentState.REFUNDED),
]

LEADS: dict[PaymentState, dict[str, PaymentState]] = {
    PaymentState.CREATED: {
        "pending": PaymentState.PENDING,
        "paid": PaymentState.PAID,
        "failed": PaymentState.FAILED,
        "cancelled": PaymentState.CANCELLED,
    },
    PaymentState.PENDING: {
        "paid": PaymentState.PAID,
        "failed": PaymentState.FAILED,
        "cancelled": PaymentState.CANCELLED,
    },
    PaymentState.FAILED: {"paid": PaymentState.PAID},
    PaymentState.CANCELLED: {"paid": PaymentState.PAID},
    PaymentState.PAID: {
        "begin_refund": PaymentState.REFUNDING,
        "refunded": PaymentState.REFUNDED,
        "refund_failed": PaymentState.PAID,
    },
    PaymentState.REFUNDING: {"refunded": PaymentState.REFUNDED, "refund_failed": PaymentState.REFUNDING},
    PaymentState.REFUNDED: {"refund_failed": PaymentState.REFUNDING},
}
"""All there is: what is not here changes nothing."""


@pytest.mark.parametrize(("way", "state"), WAYS, ids=[state.value for _, state in WAYS])
@pytest.mark.parametrize("step", STEPS)
async def test_every_step_leads_where_it_may_and_nowhere_else(
    conn: Conn, now: datetime, way: tuple[str, ...], state: PaymentState, step: str
) -> None:
    paying = await make_paying(conn, now=now)
    for earlier in way:
        assert await STEPS[earlier](conn, paying, now)
    before, told = await now_is(conn, paying), await events_of(conn, paying)
    assert before.state is state

    changed = await STEPS[step](conn, paying, now + timedelta(seconds=1))

    expected = LEADS[state].get(step)
    assert changed == (expected is not None)
    after = await now_is(conn, paying)
    if expected is None:
        assert after == before
        assert await events_of(conn, paying) == told
    else:
        assert after.state is expected
        assert len(await events_of(conn, paying)) == len(told) + 1
        # and told again, nothing happens
        again = await STEPS[step](conn, paying, now + timedelta(seconds=2))
        assert again is False
        assert await now_is(conn, paying) == after


async def test_begun_again_it_is_the_one_payment_of_its_gift(conn: Conn, now: datetime) -> None:
    paying = await make_paying(conn, now=now)

    again = await payments.begin(
        conn,
        merchant_id=paying.shop.merchant_id,
        gift_id=paying.gift_id,
        provider="stripe",
        amount=AMOUNT,
        now=now + timedelta(hours=1),
    )

    assert again == paying.payment
    assert await events_of(conn, paying) == ["CREATED"]
    assert (again.state, again.ref, again.amount) == (PaymentState.CREATED, None, AMOUNT)


async def test_refund_begins_once_and_tells_the_worker_once(pool: Pool, conn: Conn, now: datetime) -> None:
    # given a payment that two callers want to send back at the same time
    paying = await make_paying(conn, now=now)
    await paid(conn, paying, now)

    async def racing() -> bool:
        async with pool.acquire() as other, other.transaction():
            return await begin_refund(other, paying, now)

    begun = await asyncio.gather(*(racing() for _ in range(8)))

    assert sorted(begun) == [False] * 7 + [True]
    assert await refund_jobs(conn) == 1
    assert await events_of(conn, paying) == ["CREATED", "PAID", "REFUNDING"]


async def test_part_of_the_money_that_went_back_leaves_it_paid(conn: Conn, now: datetime) -> None:
    paying = await make_paying(conn, now=now)
    await paid(conn, paying, now)

    assert not await refunded(conn, paying, now, 20_000)
    assert not await refunded(conn, paying, now, 10_000)
    assert (await now_is(conn, paying)).refunded_minor == 20_000
    assert await state_of(conn, paying) is PaymentState.PAID

    # the rest makes it whole
    assert await refunded(conn, paying, now)
    assert (await now_is(conn, paying)).refunded_minor == AMOUNT.amount_minor
    assert await state_of(conn, paying) is PaymentState.REFUNDED
    assert await events_of(conn, paying) == ["CREATED", "PAID", "REFUNDED", "REFUNDED"]


async def test_disputed_money_is_not_sent_back_a_second_time(conn: Conn, now: datetime) -> None:
    paying = await make_paying(conn, now=now)
    assert not await disputed(conn, paying, now), "nothing was paid that could be disputed"
    await paid(conn, paying, now)

    assert await disputed(conn, paying, now)
    assert not await disputed(conn, paying, now)
    assert not await begin_refund(conn, paying, now)
    assert await refund_jobs(conn) == 0

    # when the dispute is won, it can be
    assert await dispute_won(conn, paying, now)
    assert await begin_refund(conn, paying, now)


@pytest.mark.parametrize("order", list(itertools.permutations(("open", "won", "open again"))))
async def test_dispute_that_was_won_does_not_begin_anew_in_whichever_order_it_is_told(
    conn: Conn, now: datetime, order: tuple[str, ...]
) -> None:
    paying = await make_paying(conn, now=now)
    await paid(conn, paying, now)

    for told in order:
        await (dispute_won if told == "won" else disputed)(conn, paying, now)

    assert (await now_is(conn, paying)).disputed_at is None
    assert (await events_of(conn, paying)).count("DISPUTE_WON") == 1
    # another dispute is another matter
    assert await disputed(conn, paying, now, "dp_2")


async def test_payment_is_disputed_until_every_dispute_of_it_is_won(conn: Conn, now: datetime) -> None:
    paying = await make_paying(conn, now=now)
    await paid(conn, paying, now)
    later = now + timedelta(minutes=1)

    assert await disputed(conn, paying, now)
    assert not await disputed(conn, paying, later, "dp_2"), "it is disputed already"
    assert not await dispute_won(conn, paying, later, "dp_2")
    assert (await now_is(conn, paying)).disputed_at == now
    assert not await dispute_won(conn, paying, later, "dp_3"), "nobody told of it yet"
    assert await dispute_won(conn, paying, later)

    assert (await now_is(conn, paying)).disputed_at is None
    assert not await disputed(conn, paying, later, "dp_3")
    assert (await events_of(conn, paying))[2:] == ["DISPUTED", "DISPUTED", *("DISPUTE_WON",) * 3]


async def test_what_was_to_go_back_while_it_was_disputed_goes_very_soon(conn: Conn, now: datetime) -> None:
    paying = await make_paying(conn, now=now)
    await paid(conn, paying, now)
    await begin_refund(conn, paying, now)
    await disputed(conn, paying, now)

    await dispute_won(conn, paying, now + timedelta(days=9))

    assert (await now_is(conn, paying)).look_at == now + timedelta(days=9)


async def test_problem_is_shown_until_the_payment_is_over(conn: Conn, now: datetime) -> None:
    paying = await make_paying(conn, now=now)
    merchant_id, payment_id = paying.shop.merchant_id, paying.payment.payment_id

    assert await payments.note_problem(
        conn, merchant_id=merchant_id, payment_id=payment_id, problem="card_declined " * 40
    )
    noted = (await now_is(conn, paying)).problem
    assert noted is not None
    assert len(noted) == 200
    await paid(conn, paying, now)
    assert (await now_is(conn, paying)).problem is None
