"""Two and more who want the same gift at the same moment: one of them has it, and the points are in one place."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from infra.pool import Pool
from tests.auth.racing import Move, race, second_waits_for_first
from tests.factories import make_customer
from tests.wallet.gifts.scenes import (
    FRIEND,
    Scene,
    assert_lawful,
    balance,
    mailed,
    make_scene,
    prepare,
    read,
    resend,
    send,
)
from wallet import gifts
from wallet.database import Conn
from wallet.errors import GiftLimitReached, GiftNotClaimable, GiftNotOpen, InsufficientPoints
from wallet.gifts import Claimed, Gift, Sent
from wallet.rules import GiftRules, Rules
from wallet.values import CustomerId, GiftStatus, Points


def claiming(link: bytes, customer_id: CustomerId, now: datetime) -> Move:
    key = uuid4()

    async def work(conn: Conn) -> Claimed:
        return await gifts.claim(conn, customer_id=customer_id, link_hash=link, idempotency_key=key, now=now)

    return work


def cancelling(gift: Gift, now: datetime) -> Move:
    key = uuid4()

    async def work(conn: Conn) -> object:
        return await gifts.cancel(
            conn,
            customer_id=gift.sender_customer_id,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            idempotency_key=key,
            now=now,
        )

    return work


def returning(now: datetime) -> Move:
    async def work(conn: Conn) -> object:
        return await gifts.return_due(conn, limit=10, now=now)

    return work


def sending(scene: Scene, points: int, now: datetime, *, to: str = FRIEND) -> Callable[[Conn], Awaitable[Sent]]:
    key = uuid4()

    async def work(conn: Conn) -> Sent:
        return await gifts.send(
            conn,
            customer_id=scene.sender,
            merchant_id=scene.shop.merchant_id,
            card_id=scene.card_id,
            points=Points(points),
            recipient_name="Ravi",
            recipient_email=to,
            recipient_email_key=to,
            message=None,
            deliver_at=None,
            locale="en-IN",
            idempotency_key=key,
            now=now,
        )

    return work


def dealing(moves: Sequence[Move]) -> Move:
    """Gives each runner one of the moves."""
    left = list(moves)

    async def work(conn: Conn) -> object:
        return await left.pop()(conn)

    return work


async def test_of_two_claims_the_first_wins(pool: Pool, conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed(conn, scene, now=now)
    stranger = await make_customer(conn, now=now)

    lost = await second_waits_for_first(pool, claiming(link, scene.friend, now), claiming(link, stranger, now))

    assert isinstance(lost, GiftNotClaimable)
    assert await balance(conn, scene, scene.friend) == (100, 0)
    assert await balance(conn, scene, stranger) == (0, 0)
    assert (await read(conn, scene, gift)).status is GiftStatus.CLAIMED
    await assert_lawful(conn)


async def test_claim_that_waited_for_a_cancellation_is_refused(pool: Pool, conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed(conn, scene, now=now)

    lost = await second_waits_for_first(pool, cancelling(gift, now), claiming(link, scene.friend, now))

    assert isinstance(lost, GiftNotClaimable)
    assert await balance(conn, scene, scene.sender) == (500, 0)
    assert await balance(conn, scene, scene.friend) == (0, 0)
    await assert_lawful(conn)


async def test_cancellation_that_waited_for_a_claim_is_refused(pool: Pool, conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed(conn, scene, now=now)

    lost = await second_waits_for_first(pool, claiming(link, scene.friend, now), cancelling(gift, now))

    assert isinstance(lost, GiftNotOpen)
    assert await balance(conn, scene, scene.sender) == (400, 0)
    assert await balance(conn, scene, scene.friend) == (100, 0)
    await assert_lawful(conn)


async def test_claim_by_a_link_that_is_being_replaced_is_refused(pool: Pool, conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed(conn, scene, now=now)

    async def replace(one: Conn) -> object:
        return await gifts.resend(
            one,
            customer_id=scene.sender,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            corrected_email="right@example.com",
            corrected_email_key="right@example.com",
            idempotency_key=uuid4(),
            now=now,
        )

    lost = await second_waits_for_first(pool, replace, claiming(link, scene.friend, now))

    assert isinstance(lost, GiftNotClaimable)
    assert await balance(conn, scene, scene.sender) == (400, 100)
    await assert_lawful(conn)


async def test_return_of_a_gift_that_is_being_claimed_leaves_it_alone(pool: Pool, conn: Conn, now: datetime) -> None:
    # given a claim in the last moment, not yet committed, and a sweep in the next
    scene = await make_scene(conn, now=now)
    gift, link = await mailed(conn, scene, now=now)
    in_time = gift.claimable_until - timedelta(microseconds=1)
    async with pool.acquire() as claimer, claimer.transaction():
        await claiming(link, scene.friend, in_time)(claimer)
        async with asyncio.timeout(2), conn.transaction():
            assert await returning(gift.claimable_until)(conn) == []

    assert await balance(conn, scene, scene.friend) == (100, 0)
    assert (await read(conn, scene, gift)).status is GiftStatus.CLAIMED
    await assert_lawful(conn)


async def test_claim_that_waited_for_the_return_is_refused(pool: Pool, conn: Conn, now: datetime) -> None:
    # given a sweep that came a moment after a claim was sent, and was quicker
    scene = await make_scene(conn, now=now)
    gift, link = await mailed(conn, scene, now=now)

    lost = await second_waits_for_first(pool, returning(gift.claimable_until), claiming(link, scene.friend, now))

    assert isinstance(lost, GiftNotClaimable)
    assert await balance(conn, scene, scene.sender) == (500, 0)
    await assert_lawful(conn)


async def test_of_many_claims_one_wins_every_time(pool: Pool, conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now, points=5_000, rules=Rules(gifts=GiftRules(per_day=100)))
    friends = [await make_customer(conn, now=now) for _ in range(8)]

    for _ in range(10):
        _, link = await mailed(conn, scene, points=100, now=now)
        moves = [claiming(link, friend, now) for friend in friends]
        results = await race(pool, 8, dealing(moves))
        assert sum(isinstance(result, Claimed) for result in results) == 1
        assert sum(isinstance(result, GiftNotClaimable) for result in results) == 7

    total = sum([(await balance(conn, scene, friend))[0] for friend in friends])
    assert (total, await balance(conn, scene, scene.sender)) == (1_000, (4_000, 0))
    await assert_lawful(conn)


async def test_claims_cancellation_and_return_at_once_leave_the_gift_in_one_place(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    scene = await make_scene(conn, now=now, points=5_000, rules=Rules(gifts=GiftRules(per_day=100)))
    friends = [await make_customer(conn, now=now) for _ in range(3)]

    for _ in range(10):
        gift, link = await mailed(conn, scene, points=100, now=now)
        moves = [
            *(claiming(link, friend, now) for friend in friends),
            cancelling(gift, now),
            returning(gift.claimable_until),
            returning(gift.claimable_until),
        ]
        results = await race(pool, len(moves), dealing(moves))
        done = [r for r in results if r != [] and not isinstance(r, GiftNotClaimable | GiftNotOpen)]
        assert len(done) == 1
        assert not isinstance(done[0], BaseException)

    await assert_lawful(conn)


async def test_same_claim_sent_many_times_at_once_is_one_claim(pool: Pool, conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    _, link = await mailed(conn, scene, now=now)

    results = await race(pool, 8, claiming(link, scene.friend, now))

    answers = [result for result in results if isinstance(result, Claimed)]
    assert len(answers) == 8
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 7
    assert len({answer.card_id for answer in answers}) == 1
    assert await balance(conn, scene, scene.friend) == (100, 0)
    await assert_lawful(conn)


async def test_same_gift_sent_many_times_at_once_is_one_gift(pool: Pool, conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)

    results = await race(pool, 8, sending(scene, 100, now))

    answers = [result for result in results if isinstance(result, Sent)]
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 7
    assert await balance(conn, scene, scene.sender) == (400, 100)
    assert await conn.fetchval("SELECT count(*) FROM outbox") == 1


async def test_points_for_three_gifts_make_three_gifts_however_many_are_sent_at_once(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    scene = await make_scene(conn, now=now, points=330)
    moves = [sending(scene, 100, now) for _ in range(8)]

    results = await race(pool, 8, dealing(moves))

    assert sum(isinstance(result, Sent) for result in results) == 3
    assert sum(isinstance(result, InsufficientPoints) for result in results) == 5
    assert await balance(conn, scene, scene.sender) == (30, 300)
    await assert_lawful(conn)


@pytest.mark.parametrize("rules", [GiftRules(per_day=3), GiftRules(recipients_per_day=3)])
async def test_limit_of_a_day_holds_however_many_are_sent_at_once(
    pool: Pool, conn: Conn, now: datetime, rules: GiftRules
) -> None:
    scene = await make_scene(conn, now=now, points=5_000, rules=Rules(gifts=rules))
    moves = [sending(scene, 10, now, to=f"friend{n}@example.com") for n in range(8)]

    results = await race(pool, 8, dealing(moves))

    assert sum(isinstance(result, Sent) for result in results) == 3
    assert sum(isinstance(result, GiftLimitReached) for result in results) == 5


async def test_mail_of_a_gift_that_is_being_resent_waits_and_is_not_written(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    # given a resend that is not yet committed, and a worker at the earlier mail
    scene = await make_scene(conn, now=now)
    gift = (await send(conn, scene, now=now)).gift

    async def resend_now(one: Conn) -> object:
        return await resend(one, gift, to="right@example.com", now=now)

    async def prepare_now(two: Conn) -> object:
        return (await prepare(two, gift, delivery=1, now=now))[1]

    # then the worker finds that its mail was overtaken
    assert await second_waits_for_first(pool, resend_now, prepare_now) is None
    assert await conn.fetchval("SELECT count(*) FROM gift_links") == 0
