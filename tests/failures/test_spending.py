"""What is spent: by one of all who try at once, from the balance that they were shown, under one set of conditions."""

from functools import partial
from typing import Any

import pytest

from tests.factories import Shop
from tests.failures import documents as say
from tests.failures.visits import card_of, claimed, lines, sale_of, visit
from tests.journeys import Scene, Till, claim_of, gift_of, member, new_key, open_reward, till
from tests.proofs import documents as proofs
from tests.proofs.racing import assert_lawful, only, race
from wallet.values import Minor, RewardKind

PRICE = 50


@pytest.mark.parametrize("turn", range(6))
async def test_the_same_points_pay_for_one_of_a_gift_a_voucher_and_a_reward_at_the_till(
    scene: Scene, shop: Shop, at: Till, turn: int
) -> None:
    # given points for one of three, and everybody with a connection of their own
    owner = await member(scene, shop, points=PRICE)
    reward = await open_reward(scene, shop, cost_points=PRICE, kind=RewardKind.AMOUNT_OFF, amount_minor=Minor(300))
    sale = sale_of(await visit(scene, owner, at), lines(500), rewardIds=[reward])
    racers = [
        partial(owner.app.do, proofs.SEND_GIFT, gift_of(owner, PRICE)),
        partial(owner.app.do, proofs.CLAIM_REWARD, claim_of(owner, reward)),
        partial(at.pos.do, say.CHECKOUT, {"sale": sale, "idempotencyKey": new_key()}),
    ]
    # when all try at once, another one first each time
    answers = await race(racers[turn % 3 :] + racers[: turn % 3])
    # then one has it, and the others are told that there is not enough
    assert len(only(answers, "InsufficientPoints")) == 2
    card = await card_of(scene, owner)
    spent = [line["node"] for line in card["history"]["edges"] if line["node"]["points"] < 0]
    assert [line["points"] for line in spent] == [-PRICE]
    assert card["balance"]["active"] == 0
    assert sum(each["state"] in ("USABLE", "USED") for each in card["vouchers"]) == (spent[0]["kind"] == "REDEEMED")
    await assert_lawful(scene)


async def test_two_tills_that_were_shown_the_same_points_spend_them_once(scene: Scene, shop: Shop, at: Till) -> None:
    # given two tills whose quotes both spend the only points that there are
    owner, other = await member(scene, shop, points=PRICE), await till(scene, shop)
    reward = await open_reward(scene, shop, cost_points=PRICE)
    told = []
    for each in (at, other):
        sale = sale_of(await visit(scene, owner, each), lines(700), rewardIds=[reward])
        quoted = await each.pos.do(say.QUOTE, sale)
        assert (quoted["due"]["amountMinor"], quoted["balanceAfter"]) == (0, 0)
        told.append({"sale": sale, "quoteId": quoted["id"], "idempotencyKey": new_key()})
    # when both go on at once
    answers = await race(
        [partial(each.pos.do, say.CHECKOUT, said) for each, said in zip((at, other), told, strict=True)]
    )
    # then one sale has its discount and its deduction, and the other has neither
    [done] = only(answers, "SaleRecorded")
    assert (done["sale"]["due"]["amountMinor"], done["card"]["active"]) == (0, 0)
    assert len(only(answers, "InsufficientPoints")) == 1
    assert [voucher["state"] for voucher in (await card_of(scene, owner))["vouchers"]] == ["USED"]
    await assert_lawful(scene)


async def test_a_restriction_holds_wherever_a_reward_can_be_had(scene: Scene, shop: Shop, at: Till) -> None:
    # given a reward that a member may have once, and who has had it
    owner = await member(scene, shop, points=3 * PRICE)
    reward = await open_reward(scene, shop, cost_points=PRICE, per_member=1)
    await claimed(owner, reward)
    why = ["Each member can have it 1 time only."]
    # when it is looked at, claimed, quoted and bought at the till
    [offer] = (await card_of(scene, owner))["rewards"]
    sale = sale_of(await visit(scene, owner, at), lines(700), rewardIds=[reward])
    refused: list[dict[str, Any]] = [
        await owner.app.do(proofs.CLAIM_REWARD, claim_of(owner, reward)),
        await at.pos.do(say.QUOTE, sale),
        await at.pos.do(say.CHECKOUT, {"sale": sale, "idempotencyKey": new_key()}),
    ]
    # then every way says the same
    assert (offer["available"], offer["reasons"]) == (False, why)
    assert [answer["__typename"] for answer in refused] == ["RewardUnavailable"] * 3
    assert [answer["reasons"] for answer in refused] == [why] * 3
    assert (await card_of(scene, owner))["balance"]["active"] == 2 * PRICE
