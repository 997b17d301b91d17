"""Buying a reward in the app: what it costs leaves the card, once, and nothing happens where it is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.factories import make_card, make_reward, make_shop
from tests.wallet.rewards.scenes import (
    assert_lawful,
    balance,
    cancel,
    claim,
    entries,
    everything,
    lots,
    make_scene,
    stamps_of,
    stock_of,
)
from wallet.database import Conn
from wallet.errors import IdempotencyKeyReused, InsufficientPoints, NotFound, RewardUnavailable
from wallet.values import VoucherOrigin, VoucherState


async def test_a_claimed_rewards_points_are_reserved_the_soonest_to_expire_first(conn: Conn, now: datetime) -> None:
    # given 30 beans that expire and 70 that do not
    scene = await make_scene(conn, points=100, cost_points=50, voucher_days=10, now=now)
    # when
    claimed = await claim(conn, scene, now=now)
    # then
    voucher = claimed.voucher
    assert (claimed.replayed, voucher.state, voucher.origin) == (False, VoucherState.USABLE, VoucherOrigin.CLAIMED)
    assert (voucher.points, voucher.stamps, voucher.reward.name) == (50, 0, "Free coffee")
    assert await balance(conn, scene) == (50, 50)
    assert await lots(conn, scene) == [(0, now + timedelta(days=30)), (50, None)]
    assert (await entries(conn, scene))[-1] == ("REDEEMED", -50, 50)
    await assert_lawful(conn)


async def test_a_voucher_is_good_to_the_end_of_its_last_day_at_the_merchants(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, voucher_days=10, now=now)
    voucher = (await claim(conn, scene, now=now)).voucher
    # 22 November, 15:00 in Kolkata; ten days on is 2 December, and that day ends at 18:30 UTC
    assert voucher.usable_until == datetime(2026, 12, 2, 18, 30, tzinfo=UTC)


async def test_a_reward_for_stamps_takes_stamps_and_leaves_points_alone(conn: Conn, now: datetime) -> None:
    # given
    scene = await make_scene(conn, points=10, stamps=7, cost_stamps=5, now=now)
    before = await entries(conn, scene)
    # when
    voucher = (await claim(conn, scene, now=now)).voucher
    # then
    assert (voucher.points, voucher.stamps, voucher.account_id, voucher.redeemed_seq) == (0, 5, None, None)
    assert (await stamps_of(conn, scene), await balance(conn, scene)) == (2, (10, 0))
    assert await entries(conn, scene) == [*before, ("REDEEMED", 0, 0)]
    await assert_lawful(conn)


async def test_each_claim_takes_one_of_the_stock(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, points=100, cost_points=10, stock=2, now=now)
    await claim(conn, scene, now=now)
    assert await stock_of(conn, scene.reward) == 1
    await claim(conn, scene, now=now)
    assert await stock_of(conn, scene.reward) == 0
    before = await everything(conn)
    with pytest.raises(RewardUnavailable) as refused:
        await claim(conn, scene, now=now)
    assert [reason.code for reason in refused.value.reasons] == ["reward_none_left"]
    assert await everything(conn) == before


async def test_the_same_key_gives_the_same_voucher_whatever_became_of_it(conn: Conn, now: datetime) -> None:
    # given
    scene, key = await make_scene(conn, points=100, now=now), uuid4()
    first = await claim(conn, scene, key=key, now=now)
    before = await everything(conn)
    # when, then
    again = await claim(conn, scene, key=key, now=now)
    assert (again.replayed, again.voucher) == (True, first.voucher)
    assert await everything(conn) == before
    # and when it was cancelled meanwhile
    await cancel(conn, scene, first.voucher, now=now)
    before = await everything(conn)
    later = await claim(conn, scene, key=key, now=now + timedelta(days=1))
    assert (later.voucher.voucher_id, later.voucher.state) == (first.voucher.voucher_id, VoucherState.CANCELLED)
    assert await everything(conn) == before


async def test_a_key_that_came_with_another_reward_or_operation_is_refused(conn: Conn, now: datetime) -> None:
    scene, key = await make_scene(conn, points=100, now=now), uuid4()
    other = await make_reward(conn, scene.shop, now=now)
    voucher = (await claim(conn, scene, key=key, now=now)).voucher
    before = await everything(conn)
    with pytest.raises(IdempotencyKeyReused):
        await claim(conn, scene, reward_id=other.reward_id, key=key, now=now)
    with pytest.raises(IdempotencyKeyReused):
        await cancel(conn, scene, voucher, key=key, now=now)
    assert await everything(conn) == before


async def test_where_only_points_are_wanting_it_says_how_many(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, points=38, cost_points=50, now=now)
    before = await everything(conn)
    with pytest.raises(InsufficientPoints) as refused:
        await claim(conn, scene, now=now)
    assert (refused.value.needed, refused.value.available) == (50, 38)
    assert await everything(conn) == before


async def test_points_that_are_past_their_date_buy_nothing(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, points=30, cost_points=30, now=now)
    later = now + timedelta(days=31)
    with pytest.raises(InsufficientPoints):
        await claim(conn, scene, now=later)


@pytest.mark.parametrize(
    ("reward", "codes"),
    [
        ({"cost_stamps": 5}, ["reward_stamps_missing"]),
        ({"tiers": ["Gold"]}, ["reward_of_tiers"]),
        ({"claimable_from": datetime(2026, 12, 1, tzinfo=UTC)}, ["reward_not_yet"]),
        ({"cost_points": 500, "tiers": ["Gold"]}, ["reward_points_missing", "reward_of_tiers"]),
    ],
)
async def test_every_reason_is_said_and_nothing_happens(
    reward: dict[str, Any], codes: list[str], conn: Conn, now: datetime
) -> None:
    scene = await make_scene(conn, points=100, now=now, **reward)
    before = await everything(conn)
    with pytest.raises(RewardUnavailable) as refused:
        await claim(conn, scene, now=now)
    assert [reason.code for reason in refused.value.reasons] == codes
    assert await everything(conn) == before


async def test_a_reward_that_is_over_is_had_no_more(conn: Conn, now: datetime) -> None:
    until = now + timedelta(days=1)
    scene = await make_scene(conn, points=100, claimable_until=until, now=now)
    await claim(conn, scene, now=until - timedelta(seconds=1))
    with pytest.raises(RewardUnavailable) as refused:
        await claim(conn, scene, now=until)
    assert [reason.code for reason in refused.value.reasons] == ["reward_over"]


async def test_what_was_cancelled_or_lapsed_is_not_counted_against_the_limit(conn: Conn, now: datetime) -> None:
    # given one a member
    scene = await make_scene(conn, points=100, cost_points=10, per_member=1, voucher_days=1, now=now)
    first = (await claim(conn, scene, now=now)).voucher
    with pytest.raises(RewardUnavailable) as refused:
        await claim(conn, scene, now=now)
    assert [reason.code for reason in refused.value.reasons] == ["reward_had"]
    # when the one is cancelled, and the next one lapses without a sweep
    await cancel(conn, scene, first, now=now)
    await claim(conn, scene, now=now)
    # then
    later = now + timedelta(days=3)
    assert (await claim(conn, scene, now=later)).voucher.state is VoucherState.USABLE


async def test_nobody_elses_card_and_no_other_programs_reward_is_found(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    elsewhere = await make_reward(conn, await make_shop(conn, now=now), now=now)
    stranger = await conn.fetchval(
        "SELECT customer_id FROM cards WHERE card_id = $1", await make_card(conn, scene.shop, now=now)
    )
    before = await everything(conn)
    with pytest.raises(NotFound):
        await claim(conn, scene, customer_id=stranger, now=now)
    with pytest.raises(NotFound):
        await claim(conn, scene, reward_id=elsewhere.reward_id, now=now)
    assert await everything(conn) == before
