"""What a member is offered, and which vouchers they have: in the app and at a till."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.database import StatementCounter
from tests.factories import make_card, make_points, make_reward, make_shop
from tests.wallet.rewards.scenes import Scene, cancel, claim, make_scene
from wallet import rewards
from wallet.database import Conn
from wallet.rewards import Membership, offer_to
from wallet.rewards.reading import VOUCHERS_MAX
from wallet.values import Phrase, Points, StoreId, VoucherState

ALL = tuple(VoucherState)


async def offered(
    conn: Conn, scene: Scene, *, store_id: StoreId | None = None, now: datetime
) -> list[tuple[str, bool]]:
    found = await rewards.offers(conn, cards=[(scene.shop.merchant_id, scene.card_id)], store_id=store_id, now=now)
    return [(offer.reward.slug, offer.available) for offer in found[scene.card_id]]


async def states(conn: Conn, scene: Scene, *wanted: VoucherState, now: datetime) -> list[VoucherState]:
    found = await rewards.vouchers(conn, cards=[(scene.shop.merchant_id, scene.card_id)], states=wanted or ALL, now=now)
    return [voucher.state for voucher in found[scene.card_id]]


async def test_what_the_member_can_have_comes_first_then_by_price(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, points=100, stamps=5, slug="b-fifty", cost_points=50, now=now)
    rewards_made: dict[str, dict[str, Any]] = {
        "dear": {"cost_points": 900},
        "gold": {"cost_points": 10, "tiers": ["Gold"]},
        "stamps": {"cost_stamps": 2},
        "many-stamps": {"cost_stamps": 9},
        "hundred": {"cost_points": 100},
    }
    for slug, more in rewards_made.items():
        await make_reward(conn, scene.shop, slug=slug, now=now, **more)
    assert await offered(conn, scene, now=now) == [
        ("b-fifty", True),
        ("hundred", True),
        ("stamps", True),
        ("gold", False),
        ("dear", False),
        ("many-stamps", False),
    ]


async def test_what_is_over_is_not_offered_and_what_is_to_come_is(conn: Conn, now: datetime) -> None:
    later = now + timedelta(days=1)
    scene = await make_scene(conn, slug="ends", claimable_until=later, now=now)
    await make_reward(conn, scene.shop, slug="begins", claimable_from=later, now=now)
    assert await offered(conn, scene, now=now) == [("ends", True), ("begins", False)]
    assert await offered(conn, scene, now=later) == [("begins", True)]


async def test_a_store_is_told_of_what_is_had_there(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, slug="everywhere", now=now)
    shop = scene.shop
    other = await make_reward(conn, shop, slug="here", stores=[shop.store_id], now=now)
    elsewhere = StoreId(UUID(int=5))
    assert await offered(conn, scene, store_id=shop.store_id, now=now) == [("everywhere", True), ("here", True)]
    assert await offered(conn, scene, store_id=elsewhere, now=now) == [("everywhere", True)]
    assert (await offered(conn, scene, now=now))[1] == (other.slug, True)


async def test_many_cards_are_answered_by_one_statement(
    conn: Conn, statements: StatementCounter, now: datetime
) -> None:
    # given two members of one program and one of another
    scene, other = await make_scene(conn, points=100, now=now), await make_scene(conn, points=10, now=now)
    poor = await make_card(conn, scene.shop, now=now)
    await make_points(conn, scene.shop, poor, 20, now=now)
    await claim(conn, scene, now=now)
    cards = [(scene.shop.merchant_id, scene.card_id), (scene.shop.merchant_id, poor)]
    cards.append((other.shop.merchant_id, other.card_id))
    # when
    async with statements.counted() as seen:
        offers = await rewards.offers(conn, cards=cards, now=now)
        vouchers = await rewards.vouchers(conn, cards=cards, states=ALL, now=now)
    # then
    assert len(seen) == 2, seen
    assert {card: [offer.available for offer in found] for card, found in offers.items()} == {
        scene.card_id: [True], poor: [False], other.card_id: [False],
    }  # fmt: skip
    assert {card: len(found) for card, found in vouchers.items()} == {scene.card_id: 1, poor: 0, other.card_id: 0}
    assert offers[poor][0].reasons == (Phrase("reward_points_missing", {"points": 30}),)


async def test_vouchers_are_listed_by_state_the_newest_first(conn: Conn, now: datetime) -> None:
    # given one cancelled, one past its date and one that can be used
    scene = await make_scene(conn, points=100, cost_points=10, voucher_days=5, now=now)
    cancelled = (await claim(conn, scene, now=now)).voucher
    await cancel(conn, scene, cancelled, now=now)
    await claim(conn, scene, now=now + timedelta(seconds=1))
    later = now + timedelta(days=7)
    usable = (await claim(conn, scene, now=later)).voucher
    # then
    assert await states(conn, scene, now=later) == ["USABLE", "LAPSED", "CANCELLED"]
    assert await states(conn, scene, VoucherState.USABLE, now=later) == ["USABLE"]
    assert await states(conn, scene, VoucherState.LAPSED, VoucherState.CANCELLED, now=later) == ["LAPSED", "CANCELLED"]
    assert await states(conn, scene, VoucherState.USED, now=later) == []
    assert usable.usable_until is not None
    assert await states(conn, scene, VoucherState.USABLE, now=usable.usable_until) == []


async def test_so_many_vouchers_are_shown_and_no_more(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, points=VOUCHERS_MAX + 1, cost_points=1, now=now)
    for _ in range(VOUCHERS_MAX + 1):
        await claim(conn, scene, now=now)
    assert len(await states(conn, scene, now=now)) == VOUCHERS_MAX


# ---------------------------------------------------------------- why not

GOLD = Membership(active=Points(100), stamps=5, tier="Gold")


@pytest.mark.parametrize(
    ("reward", "reasons"),
    [
        ({"cost_points": 100}, []),
        ({"cost_points": 112}, [Phrase("reward_points_missing", {"points": 12})]),
        ({"cost_stamps": 5}, []),
        ({"cost_stamps": 8}, [Phrase("reward_stamps_missing", {"stamps": 3})]),
        ({"tiers": ["Silver", "Gold"]}, []),
        ({"tiers": ["Silver", "Platinum"]}, [Phrase("reward_of_tiers", {"tiers": "Silver, Platinum"})]),
        ({"stock": 1}, []),
        ({"per_member": 1}, []),
    ],
)
async def test_each_reason_says_what_is_wanting(
    reward: dict[str, Any], reasons: list[Phrase], conn: Conn, now: datetime
) -> None:
    made = await make_reward(conn, await make_shop(conn, now=now), now=now, **reward)
    assert list(offer_to(made, GOLD, store_id=None, now=now).reasons) == reasons


async def test_every_reason_is_given_at_once(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    until = now + timedelta(days=1)
    made = await make_reward(
        conn,
        shop,
        cost_points=101,
        per_member=2,
        tiers=["Silver"],
        stores=[shop.store_id],
        claimable_until=until,
        now=now,
    )
    had = Membership(active=Points(100), stamps=0, tier=None, had={made.reward_id: 2})
    codes = [reason.code for reason in offer_to(made, had, store_id=StoreId(UUID(int=5)), now=until).reasons]
    assert codes == ["reward_points_missing", "reward_over", "reward_had", "reward_of_tiers", "reward_elsewhere"]
