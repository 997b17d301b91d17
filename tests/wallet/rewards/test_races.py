"""Two who want the same reward or voucher at the same moment: one has it, and points and stock are in one place."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from infra.pool import Pool
from infra.sweeps import lapse_vouchers
from tests.auth.racing import Move, in_transaction, second_waits_for_first
from tests.factories import make_card, make_customer, make_points, make_reward
from tests.wallet.rewards.scenes import (
    Scene,
    assert_lawful,
    balance,
    claim,
    lots,
    make_scene,
    read,
    stock_of,
)
from wallet import ledger, rewards
from wallet.database import Conn
from wallet.errors import InsufficientPoints, RewardUnavailable, VoucherNotUsable
from wallet.ledger import Cause
from wallet.rewards import Cancelled, Claimed, Voucher
from wallet.values import CardId, CustomerId, Points, VoucherState


def claiming(
    scene: Scene,
    now: datetime,
    *,
    key: UUID | None = None,
    card: tuple[CustomerId, CardId] | None = None,
) -> Move:
    customer_id, card_id = card or (scene.owner, scene.card_id)
    fixed = key or uuid4()

    async def work(conn: Conn) -> Claimed:
        return await rewards.claim(
            conn,
            customer_id=customer_id,
            merchant_id=scene.shop.merchant_id,
            card_id=card_id,
            reward_id=scene.reward.reward_id,
            idempotency_key=fixed,
            now=now,
        )

    return work


def cancelling(scene: Scene, voucher: Voucher, now: datetime, *, key: UUID | None = None) -> Move:
    fixed = key or uuid4()

    async def work(conn: Conn) -> Cancelled:
        return await rewards.cancel(
            conn,
            customer_id=scene.owner,
            merchant_id=scene.shop.merchant_id,
            voucher_id=voucher.voucher_id,
            idempotency_key=fixed,
            now=now,
        )

    return work


def lapsing(now: datetime) -> Move:
    async def work(conn: Conn) -> object:
        return await lapse_vouchers(conn, limit=10, now=now)

    return work


def spending(scene: Scene, points: int, now: datetime) -> Move:
    """A gift of so many points: something else that wants them."""

    async def work(conn: Conn) -> object:
        cards = await ledger.lock_cards(conn, merchant_id=scene.shop.merchant_id, card_ids=[scene.card_id], now=now)
        return await ledger.reserve_for_gift(
            conn, cards[scene.card_id], points=Points(points), cause=Cause(now), now=now
        )

    return work


async def other_member(conn: Conn, scene: Scene, *, points: int = 100, now: datetime) -> tuple[CustomerId, CardId]:
    customer_id = await make_customer(conn, now=now)
    card_id = await make_card(conn, scene.shop, customer_id, now=now)
    await make_points(conn, scene.shop, card_id, points, now=now)
    return customer_id, card_id


async def test_of_two_members_the_first_has_the_last_one(pool: Pool, conn: Conn, now: datetime) -> None:
    # given
    scene = await make_scene(conn, stock=1, now=now)
    other = await other_member(conn, scene, now=now)
    # when
    refused = await second_waits_for_first(pool, claiming(scene, now), claiming(scene, now, card=other))
    # then
    assert isinstance(refused, RewardUnavailable)
    assert [reason.code for reason in refused.reasons] == ["reward_none_left"]
    assert (await stock_of(conn, scene.reward), await balance(conn, scene)) == (0, (50, 50))
    assert await conn.fetchval("SELECT count(*) FROM vouchers") == 1
    await assert_lawful(conn)


async def test_who_waits_for_one_that_comes_back_has_it(pool: Pool, conn: Conn, now: datetime) -> None:
    # given the last one, claimed
    scene = await make_scene(conn, stock=1, now=now)
    voucher, other = (await claim(conn, scene, now=now)).voucher, await other_member(conn, scene, now=now)
    # when its owner gives it back while another member wants it
    async with pool.acquire() as one, pool.acquire() as two:
        async with one.transaction():
            await cancelling(scene, voucher, now)(one)
            refused = await asyncio.gather(
                in_transaction(two, claiming(scene, now, card=other)), return_exceptions=True
            )
        # then it is not there before it is back, and is there after
        assert isinstance(refused[0], RewardUnavailable)
        assert isinstance(await in_transaction(two, claiming(scene, now, card=other)), Claimed)
    assert await stock_of(conn, scene.reward) == 0
    await assert_lawful(conn)


async def test_points_for_one_buy_one(pool: Pool, conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, points=60, cost_points=50, now=now)
    refused = await second_waits_for_first(pool, claiming(scene, now), claiming(scene, now))
    assert isinstance(refused, InsufficientPoints)
    assert await balance(conn, scene) == (10, 50)
    refused = await second_waits_for_first(pool, spending(scene, 5, now), spending(scene, 6, now))
    assert isinstance(refused, InsufficientPoints)
    assert await balance(conn, scene) == (5, 55)


async def test_one_a_member_is_one_a_member(pool: Pool, conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, cost_points=10, per_member=1, now=now)
    refused = await second_waits_for_first(pool, claiming(scene, now), claiming(scene, now))
    assert isinstance(refused, RewardUnavailable)
    assert [reason.code for reason in refused.reasons] == ["reward_had"]
    assert await balance(conn, scene) == (90, 10)


async def test_one_key_at_once_buys_one(pool: Pool, conn: Conn, now: datetime) -> None:
    scene, key = await make_scene(conn, now=now), uuid4()
    second = await second_waits_for_first(pool, claiming(scene, now, key=key), claiming(scene, now, key=key))
    assert isinstance(second, Claimed)
    assert second.replayed
    assert await conn.fetchval("SELECT count(*) FROM vouchers") == 1
    assert await balance(conn, scene) == (50, 50)


@pytest.mark.parametrize("same_key", [True, False])
async def test_a_voucher_is_cancelled_once(pool: Pool, conn: Conn, now: datetime, same_key: bool) -> None:
    scene = await make_scene(conn, stock=5, now=now)
    before, voucher = await lots(conn, scene), (await claim(conn, scene, now=now)).voucher
    keys = [uuid4()] * 2 if same_key else [uuid4(), uuid4()]
    first, second = (cancelling(scene, voucher, now, key=key) for key in keys)
    # when
    answer = await second_waits_for_first(pool, first, second)
    # then
    assert isinstance(answer, Cancelled if same_key else VoucherNotUsable)
    assert (await lots(conn, scene), await stock_of(conn, scene.reward)) == (before, 5)
    await assert_lawful(conn)


async def test_a_sweep_leaves_a_card_that_is_held_for_the_next_time(pool: Pool, conn: Conn, now: datetime) -> None:
    # given two vouchers whose time is over, on two cards
    scene = await make_scene(conn, voucher_days=1, stock=9, now=now)
    customer_id, card_id = await other_member(conn, scene, now=now)
    vouchers = [(await claim(conn, scene, now=now)).voucher]
    await in_transaction(conn, claiming(scene, now, card=(customer_id, card_id)))
    later = now + timedelta(days=3)
    # when somebody holds one of the cards
    async with pool.acquire() as holder, pool.acquire() as sweeper:
        async with holder.transaction():
            await ledger.lock_cards(holder, merchant_id=scene.shop.merchant_id, card_ids=[scene.card_id], now=now)
            assert await in_transaction(sweeper, lapsing(later)) == [(scene.shop.merchant_id, card_id)]
        assert await in_transaction(sweeper, lapsing(later)) == [(scene.shop.merchant_id, scene.card_id)]
    # then
    assert (await read(conn, scene, vouchers[0], now=later)).state is VoucherState.LAPSED
    assert (await balance(conn, scene), await stock_of(conn, scene.reward)) == ((100, 0), 9)
    await assert_lawful(conn)


async def test_of_two_sweeps_each_voucher_lapses_in_one(pool: Pool, conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, points=100, cost_points=10, voucher_days=1, now=now)
    for _ in range(5):
        await claim(conn, scene, now=now)
    later = now + timedelta(days=3)

    async def sweep() -> int:
        async with pool.acquire() as one, one.transaction():
            return len(await lapse_vouchers(one, limit=10, now=later))

    assert sum(await asyncio.gather(*(sweep() for _ in range(4)))) == 5
    assert await balance(conn, scene) == (100, 0)
    await assert_lawful(conn)


async def test_many_who_claim_and_cancel_two_rewards_never_wait_for_each_other_for_ever(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    # given four members, two rewards with an end, and a sweep that comes along
    scene = await make_scene(conn, points=1_000, cost_points=1, stock=20, voucher_days=1, now=now)
    second = Scene(
        scene.shop,
        scene.owner,
        scene.card_id,
        await make_reward(conn, scene.shop, cost_points=1, stock=20, voucher_days=1, now=now),
    )
    members = [(scene.owner, scene.card_id), *[await other_member(conn, scene, now=now) for _ in range(3)]]
    later = now + timedelta(days=3)

    async def shop_around(member: tuple[CustomerId, CardId], n: int) -> None:
        here = Scene(scene.shop, member[0], member[1], (scene, second)[n % 2].reward)
        async with pool.acquire() as one:
            claimed = await in_transaction(one, claiming(here, now, card=member))
            assert isinstance(claimed, Claimed)
            if n % 3:
                # A sweep may have been quicker.
                with suppress(VoucherNotUsable):
                    await in_transaction(one, cancelling(here, claimed.voucher, now))
            else:
                await in_transaction(one, lapsing(later))

    # when
    await asyncio.gather(*(shop_around(members[n % 4], n) for n in range(24)))
    async with pool.acquire() as one:
        while await in_transaction(one, lapsing(later)):
            pass
    # then: everything is back
    assert [await stock_of(conn, each.reward) for each in (scene, second)] == [20, 20]
    assert await balance(conn, scene) == (1_000, 0)
    await assert_lawful(conn)
