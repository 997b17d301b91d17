"""A voucher that is not used gives back what it cost: cancelled by its owner, or lapsed."""

from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from tests.database import Database
from tests.factories import make_card, make_customer
from tests.wallet.rewards.scenes import (
    ENTRIES_SQL,
    Scene,
    assert_lawful,
    balance,
    cancel,
    claim,
    entries,
    everything,
    lapse,
    lots,
    make_scene,
    read,
    stamps_of,
    stock_of,
)
from wallet import rewards
from wallet.database import Conn
from wallet.errors import IdempotencyKeyReused, NotFound, VoucherNotUsable
from wallet.ledger import Cause, StampMove, lock_cards, move_stamps
from wallet.values import VoucherId, VoucherState

ISSUE_SQL = """
    INSERT INTO vouchers (merchant_id, card_id, reward_id, origin, state, stamps, created_at, usable_until)
    VALUES ($1, $2, $3, 'STAMPS', 'USABLE', $4, $5, $6)
    RETURNING voucher_id
"""


async def punch_card(conn: Conn, scene: Scene, *, stamps: int, now: datetime) -> VoucherId:
    """A voucher as a full punch card gives it."""
    merchant_id, until = scene.shop.merchant_id, now + timedelta(days=9)
    async with conn.transaction():
        card = (await lock_cards(conn, merchant_id=merchant_id, card_ids=[scene.card_id], now=now))[scene.card_id]
        voucher_id = VoucherId(
            await conn.fetchval(ISSUE_SQL, merchant_id, scene.card_id, scene.reward.reward_id, stamps, now, until)
        )
        moves = [StampMove("SPENT", -stamps, voucher_id)]
        await move_stamps(conn, card, moves=moves, cause=Cause(now), now=now)
    return voucher_id


async def test_a_cancelled_vouchers_points_are_back_in_their_own_lots(conn: Conn, now: datetime) -> None:
    # given
    scene = await make_scene(conn, points=100, cost_points=50, stock=3, now=now)
    before = await lots(conn, scene)
    voucher = (await claim(conn, scene, now=now)).voucher
    # when
    cancelled = await cancel(conn, scene, voucher, now=now + timedelta(days=1))
    # then
    assert (cancelled.replayed, cancelled.voucher.state) == (False, VoucherState.CANCELLED)
    assert cancelled.voucher == await read(conn, scene, voucher, now=now)
    assert (await balance(conn, scene), await lots(conn, scene)) == ((100, 0), before)
    assert await stock_of(conn, scene.reward) == 3
    last = (await conn.fetch(ENTRIES_SQL, scene.shop.merchant_id, scene.card_id))[-1]
    assert (last["kind"], last["points"], last["reserved_points"]) == ("RETURNED", 50, -50)
    assert (last["reverses_seq"], last["reverses_wholly"]) == (voucher.redeemed_seq, True)
    assert (last["voucher_id"], last["reasons"][0]["code"]) == (voucher.voucher_id, "voucher_cancelled")
    await assert_lawful(conn)


async def test_cancelling_twice_with_one_key_is_cancelling_once(conn: Conn, now: datetime) -> None:
    # given
    scene, key = await make_scene(conn, points=100, stock=3, now=now), uuid4()
    voucher = (await claim(conn, scene, now=now)).voucher
    first = await cancel(conn, scene, voucher, key=key, now=now)
    before = await everything(conn)
    # when
    again = await cancel(conn, scene, voucher, key=key, now=now + timedelta(days=1))
    # then
    assert (again.replayed, again.voucher) == (True, first.voucher)
    assert await everything(conn) == before
    # and a key of its own is refused
    with pytest.raises(VoucherNotUsable):
        await cancel(conn, scene, voucher, now=now)
    other = (await claim(conn, scene, now=now)).voucher
    before = await everything(conn)
    with pytest.raises(IdempotencyKeyReused):
        await cancel(conn, scene, other, key=key, now=now)
    assert await everything(conn) == before


async def test_a_cancelled_voucher_for_stamps_gives_its_stamps_back(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, stamps=7, cost_stamps=5, stock=1, now=now)
    before = await entries(conn, scene)
    voucher = (await claim(conn, scene, now=now)).voucher
    await cancel(conn, scene, voucher, now=now)
    assert (await stamps_of(conn, scene), await stock_of(conn, scene.reward)) == (7, 1)
    assert await entries(conn, scene) == [*before, ("REDEEMED", 0, 0), ("RETURNED", 0, 0)]
    await assert_lawful(conn)


async def test_nobody_elses_voucher_is_cancelled(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    stranger = await make_customer(conn, now=now)
    await make_card(conn, scene.shop, stranger, now=now)
    voucher = (await claim(conn, scene, now=now)).voucher
    before = await everything(conn)
    with pytest.raises(NotFound):
        await cancel(conn, scene, voucher, customer_id=stranger, now=now)
    assert await everything(conn) == before


async def test_a_voucher_past_its_date_is_lapsed_before_any_sweep(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, voucher_days=1, now=now)
    voucher = (await claim(conn, scene, now=now)).voucher
    assert voucher.usable_until is not None
    assert (await read(conn, scene, voucher, now=voucher.usable_until - timedelta(seconds=1))).state == "USABLE"
    assert (await read(conn, scene, voucher, now=voucher.usable_until)).state == "LAPSED"
    before = await everything(conn)
    with pytest.raises(VoucherNotUsable):
        await cancel(conn, scene, voucher, now=voucher.usable_until)
    assert await everything(conn) == before


async def test_the_sweep_gives_back_what_lapsed_once(conn: Conn, now: datetime) -> None:
    # given two vouchers of one card and one of another program, of which one is not over yet
    scene = await make_scene(conn, points=100, cost_points=20, stock=9, voucher_days=1, now=now)
    before = await lots(conn, scene)
    for _ in range(2):
        await claim(conn, scene, now=now)
    other = await make_scene(conn, points=100, voucher_days=30, now=now)
    await claim(conn, other, now=now)
    assert await lapse(conn, now=now) == 0
    # when
    later = now + timedelta(days=3)
    assert (await lapse(conn, now=later), await lapse(conn, now=later)) == (2, 0)
    # then
    assert (await balance(conn, scene), await lots(conn, scene)) == ((100, 0), before)
    assert [kind for kind, _, _ in await entries(conn, scene)][-2:] == ["RETURNED", "RETURNED"]
    assert await stock_of(conn, scene.reward) == 9
    assert await balance(conn, other) == (50, 50)
    await assert_lawful(conn)


async def test_a_sweep_takes_no_more_than_it_is_told_to(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, points=100, cost_points=20, voucher_days=1, now=now)
    for _ in range(3):
        await claim(conn, scene, now=now)
    later = now + timedelta(days=3)
    assert [await lapse(conn, limit=2, now=later) for _ in range(3)] == [2, 1, 0]
    await assert_lawful(conn)


async def test_points_that_come_back_after_their_own_date_expire(conn: Conn, now: datetime) -> None:
    # given a voucher that outlives the points that paid for it
    scene = await make_scene(conn, points=30, cost_points=30, voucher_days=60, now=now)
    voucher = (await claim(conn, scene, now=now)).voucher
    # when it is cancelled after their date
    later = now + timedelta(days=45)
    await cancel(conn, scene, voucher, now=later)
    async with conn.transaction():
        await lock_cards(conn, merchant_id=scene.shop.merchant_id, card_ids=[scene.card_id], now=later)
    # then they came back, and went
    assert [kind for kind, _, _ in await entries(conn, scene)][-2:] == ["RETURNED", "EXPIRED"]
    assert await balance(conn, scene) == (0, 0)
    await assert_lawful(conn)


async def test_a_punch_cards_voucher_lapses_for_good_and_is_given_back_when_cancelled(
    conn: Conn, now: datetime
) -> None:
    # given: it took none of the stock
    scene = await make_scene(conn, points=0, stamps=20, stock=1, now=now)
    one, _ = [await punch_card(conn, scene, stamps=10, now=now) for _ in range(2)]
    assert await stamps_of(conn, scene) == 0
    # when one is cancelled and the other is forgotten
    async with conn.transaction():
        cancelled = await rewards.cancel(
            conn,
            customer_id=scene.owner,
            merchant_id=scene.shop.merchant_id,
            voucher_id=one,
            idempotency_key=uuid4(),
            now=now,
        )
    assert await lapse(conn, now=now + timedelta(days=10)) == 1
    # then
    assert cancelled.voucher.state is VoucherState.CANCELLED
    assert (await stamps_of(conn, scene), await stock_of(conn, scene.reward)) == (10, 1)
    await assert_lawful(conn)


async def test_a_card_with_which_it_cannot_be_done_keeps_no_other_from_its_points(
    conn: Conn, database: Database, now: datetime
) -> None:
    # given three members with a voucher each, and something wrong with the middle one's account
    scenes = [await make_scene(conn, points=100, cost_points=20, stock=5, voucher_days=1, now=now) for _ in range(3)]
    for scene in scenes:
        await claim(conn, scene, now=now)
    owner = await asyncpg.connect(database.superuser_dsn)
    await owner.execute("SET session_replication_role = replica")
    held = "UPDATE accounts SET balance = $2 WHERE card_id = $1 AND kind = 'voucher'"
    await owner.execute(held, scenes[1].card_id, 1)
    # when
    later = now + timedelta(days=3)
    assert (await lapse(conn, now=later), await lapse(conn, now=later)) == (2, 0)
    # then it alone waits, nothing of it done
    assert [await balance(conn, scene) for scene in scenes] == [(100, 0), (80, 1), (100, 0)]
    assert [await stock_of(conn, scene.reward) for scene in scenes] == [5, 4, 5]
    # and it is done once that is mended
    await owner.execute(held, scenes[1].card_id, 20)
    await owner.close()
    assert await lapse(conn, now=later) == 1
    assert [await balance(conn, scene) for scene in scenes] == [(100, 0)] * 3
    await assert_lawful(conn)
