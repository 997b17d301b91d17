"""Goods come back, and everything that the sale did is undone: no more of it and no less."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.factories import Shop
from tests.failures.conftest import A_BEAN_FOR_TEN_RUPEES
from tests.failures.visits import brought_back, card_of, claimed, lines, sale_of, sold, visit
from tests.journeys import Scene, Till, member, open_reward, open_shop, send_gift, till
from tests.proofs.racing import assert_lawful
from wallet.rules import StampRules
from wallet.values import Minor, RewardKind

SPLITS: dict[str, Sequence[dict[str, Any]]] = {
    "at once": [{}],
    "by lines": [{"lineIds": ["3"]}, {"lineIds": ["1"]}, {"lineIds": ["2"]}],
    "by amounts": [{"amountMinor": 1}, {"amountMinor": 7_777}, {"amountMinor": 39}, {}],
    "mixed": [{"amountMinor": 999}, {"lineIds": ["2", "3"]}, {}],
}

STOCK_SQL = "SELECT stock FROM rewards WHERE stock IS NOT NULL"


def kept(card: dict[str, Any]) -> dict[str, Any]:
    """What a purchase and its return may not change; the history is longer, and the revision higher."""
    return {name: card[name] for name in ("balance", "lots", "stamps", "expiring")}


@pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS)
async def test_points_do_not_survive_a_refund(
    scene: Scene, shop: Shop, at: Till, split: Sequence[dict[str, Any]]
) -> None:
    # given a card with a past, and a purchase of three lines for 22 beans
    owner = await member(scene, shop, points=5)
    before = await card_of(scene, owner)
    bought = await sold(at, sale_of(await visit(scene, owner, at), lines(7_777, 12_340, 2_000)))
    assert (bought["sale"]["points"], bought["card"]["active"]) == (22, 27)
    # when it comes back, however the shop divides it
    parts = [await brought_back(at, bought, **part) for part in split]
    # then all money was given back, all 22 beans were taken, and nothing else is different
    assert sum(part["refundDue"]["amountMinor"] for part in parts) == 22_117
    assert sum(part["pointsTakenBack"] for part in parts) == 22
    assert kept(await card_of(scene, owner)) == kept(before)
    await assert_lawful(scene)


@pytest.mark.parametrize("debt", [False, True], ids=["forgotten", "owed"])
async def test_points_spent_before_their_goods_come_back_are_owed_where_the_program_keeps_debts(
    scene: Scene, debt: bool
) -> None:
    # given a customer who gives the beans away before the goods come back, three times over
    shop = await open_shop(scene, rules=replace(A_BEAN_FOR_TEN_RUPEES, returns_debt=debt))
    at, owner = await till(scene, shop), await member(scene, shop)
    owed = []
    for _ in range(3):
        bought = await sold(at, sale_of(await visit(scene, owner, at), lines(10_000)))
        if active := bought["card"]["active"]:
            await send_gift(scene, owner, active)
        owed.append((await brought_back(at, bought))["debt"])
    card = await card_of(scene, owner)
    # then where the program keeps a debt, beans came of the first purchase alone, and are owed ever since
    if debt:
        assert owed == [10, 10, 10]
        assert card["balance"] == {"active": 0, "pending": 0, "reserved": 10, "lifetimeEarned": 10}
    # and where the owner chose to forget it, each purchase cost its beans once: that is said, and it is a choice
    else:
        assert owed == [0, 0, 0]
        assert card["balance"]["reserved"] == 30
    await assert_lawful(scene)


async def test_one_refund_undoes_points_stamps_vouchers_and_stock(scene: Scene) -> None:
    # given a member with a voucher bought in the app; the next coffee fills the punch card
    stamps = StampRules("item", 2, "free-coffee", cooldown_hours=0)
    shop = await open_shop(scene, rules=replace(A_BEAN_FOR_TEN_RUPEES, stamps=stamps))
    await open_reward(scene, shop, slug="free-coffee", cost_stamps=2)
    bread = await open_reward(scene, shop, slug="bread", cost_points=6, stock=4, skus=("BREAD",))
    off = await open_reward(scene, shop, slug="off", kind=RewardKind.AMOUNT_OFF, amount_minor=Minor(500), cost_points=3)
    at, owner = await till(scene, shop), await member(scene, shop, points=20)
    voucher = await claimed(owner, bread)
    before = await card_of(scene, owner)
    # when one sale uses the voucher, buys a reward on the spot, earns, and fills the punch card
    basket = [
        {"lineId": "1", "amountMinor": 4_000, "sku": "BREAD"},
        {"lineId": "2", "amountMinor": 9_500, "sku": "COFFEE"},
        {"lineId": "3", "amountMinor": 5_000, "sku": "COFFEE"},
    ]
    spent = {"voucherIds": [voucher], "rewardIds": [off]}
    bought = await sold(at, sale_of(await visit(scene, owner, at), basket, **spent))
    assert (bought["sale"]["due"]["amountMinor"], bought["sale"]["points"], bought["sale"]["stamps"]) == (14_000, 14, 2)
    after = await card_of(scene, owner)
    assert after["balance"] == {"active": 25, "pending": 0, "reserved": 0, "lifetimeEarned": 34}
    assert sorted(each["state"] for each in after["vouchers"]) == ["USABLE", "USED", "USED"]
    # then one refund undoes all of it: the customer pays nothing for having changed their mind
    back = await brought_back(at, bought)
    assert (back["refundDue"]["amountMinor"], back["pointsTakenBack"], back["pointsGivenBack"]) == (14_000, 14, 3)
    now = await card_of(scene, owner)
    assert kept(now) == kept(before)
    assert {each["id"]: each["state"] for each in now["vouchers"]}[voucher] == "USABLE"
    assert sorted(each["state"] for each in now["vouchers"]) == ["CANCELLED", "CANCELLED", "USABLE"]
    async with scene.live.runtime.pool.acquire() as conn:
        assert await conn.fetchval(STOCK_SQL) == 3
    await assert_lawful(scene)


async def test_part_of_a_refund_takes_its_part_and_the_rest_takes_the_rest(scene: Scene, shop: Shop, at: Till) -> None:
    # given three lines that make 7 beans together, and 6 if each were counted by itself
    owner = await member(scene, shop)
    bought = await sold(at, sale_of(await visit(scene, owner, at), lines(2_500, 2_500, 2_000)))
    assert bought["sale"]["points"] == 7
    # when they come back one after the other
    parts = [await brought_back(at, bought, lineIds=[line]) for line in ("1", "2", "3")]
    # then nothing is charged twice, and nothing of what is kept is charged at all
    assert [part["card"]["active"] for part in parts] == [4, 2, 0]
    assert [part["pointsTakenBack"] for part in parts] == [3, 2, 2]
