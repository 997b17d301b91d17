"""What earns: whole points for what is really paid for goods, in whole units of money, to the last one."""

import re
from pathlib import Path

import pytest

from tests.factories import Shop
from tests.failures.visits import brought_back, card_of, claimed, lines, sale_of, sold, visit
from tests.journeys import Scene, Till, member, open_reward
from tests.proofs.racing import assert_lawful
from wallet.values import Minor, RewardKind

ROOT = Path(__file__).parents[2]


async def test_only_what_is_paid_for_goods_earns(scene: Scene, shop: Shop, at: Till) -> None:
    # given goods that a voucher pays a part of, beside everything on a receipt that is no goods
    owner = await member(scene, shop, points=9)
    off = await open_reward(
        scene, shop, slug="off", kind=RewardKind.AMOUNT_OFF, amount_minor=Minor(4_000), cost_points=9
    )
    others = ("SHIPPING", "FEE", "TIP", "DEPOSIT", "GIFT_CARD_SALE")
    basket = [
        {"lineId": "goods", "amountMinor": 10_000},
        *({"lineId": kind, "amountMinor": 50_000, "kind": kind} for kind in others),
    ]
    # when it is sold
    sale = sale_of(await visit(scene, owner, at), basket, voucherIds=[await claimed(owner, off)])
    bought = await sold(at, sale)
    # then 60 rupees earn 6 beans, and every other line says why it earned none
    found = {line["lineId"]: (line["points"], line["status"]) for line in bought["sale"]["lines"]}
    assert found == {"goods": (6, "EARNED")} | dict.fromkeys(others, (0, "EXCLUDED_KIND"))
    assert all(line["reason"] for line in bought["sale"]["lines"])
    assert (bought["sale"]["points"], bought["card"]["active"]) == (6, 6)


async def test_what_is_paid_with_points_earns_no_points(scene: Scene, shop: Shop, at: Till) -> None:
    # given a reward that is worth more than it costs
    owner = await member(scene, shop, points=9)
    free = await open_reward(scene, shop, cost_points=1)
    # when nine are bought with it, one after the other
    for left in range(8, -1, -1):
        bought = await sold(at, sale_of(await visit(scene, owner, at), lines(100_000), rewardIds=[free]))
        # then none of them pays for the next
        assert (bought["sale"]["points"], bought["card"]["active"]) == (0, left)


@pytest.mark.parametrize("unit", [1, 40])
async def test_the_last_small_coins_are_discounted_counted_and_given_back(
    scene: Scene, shop: Shop, at: Till, unit: int
) -> None:
    # given a third of prices that no third divides: 33 % of 0.40, 0.99 and 10.01
    owner = await member(scene, shop, points=5)
    third = await open_reward(scene, shop, slug="third", kind=RewardKind.PERCENT_OFF, percent=33, cost_points=5)
    bought = await sold(at, sale_of(await visit(scene, owner, at), lines(40, 99, 1_001), rewardIds=[third]))
    taken_off = sum(each["amount"]["amountMinor"] for each in bought["sale"]["discounts"])
    due = bought["sale"]["due"]["amountMinor"]
    # then discount and payment are the total, to the last coin
    assert (taken_off, due) == (376, 764)
    # when the money goes back in the smallest of coins, as far as they go, and then the rest
    for _ in range(3):
        assert (await brought_back(at, bought, amountMinor=unit))["refundDue"]["amountMinor"] == unit
    last = await brought_back(at, bought)
    # then nothing is left over, and the reward is given back
    assert (last["refundDue"]["amountMinor"], last["pointsGivenBack"]) == (due - 3 * unit, 5)
    assert (await card_of(scene, owner))["balance"]["active"] == 5
    await assert_lawful(scene)


def test_nothing_in_the_apis_or_the_database_is_a_fraction() -> None:
    """No field or column can hold a rounded amount: there is no type for one."""
    for api in ("customer", "pos"):
        sdl = (ROOT / "schema" / f"{api}.graphql").read_text()
        assert re.findall(r":\s*\[?(?:Float|Decimal)\b", sdl) == []
    tables = (ROOT / "infra" / "schema.sql").read_text()
    fraction = re.compile(r"^\s+(\w+)\s+(?:real|double|numeric|money|decimal)\b", re.MULTILINE | re.IGNORECASE)
    assert fraction.findall(tables) == []
    assert "balance bigint" in tables
