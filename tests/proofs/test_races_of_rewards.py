"""Rewards that many claim, cancel and use at the same moment over HTTP: nobody has one too many, no point is lost."""

from functools import partial
from typing import Any

import pytest

from tests.factories import Shop
from tests.journeys import Member, Scene, Till, basket, claim_of, member, mint, new_key, open_reward, open_shop, till
from tests.proofs import documents as say
from tests.proofs.racing import Answer, Size, Tally, assert_lawful, counts, late, one, only, race, sizes
from wallet.values import CheckInPurpose

PRICE = 7
STOCK = 3

BALANCES_SQL = """
    SELECT kind, SUM(balance)::bigint AS points
    FROM accounts
    WHERE balance IS NOT NULL
    GROUP BY kind
"""
STOCK_SQL = "SELECT stock FROM rewards WHERE stock IS NOT NULL ORDER BY reward_id DESC LIMIT 1"
STATES_SQL = "SELECT state, count(*) AS vouchers FROM vouchers GROUP BY state"

USE = """
mutation Use($input: CheckoutInput!) {
  checkout(input: $input) {
    __typename
    ... on SaleRecorded { sale { id discounts { amount { amountMinor } } } }
    ... on UserError { message }
  }
}
"""


@pytest.fixture
async def shop(scene: Scene) -> Shop:
    return await open_shop(scene)


async def reserved(scene: Scene) -> tuple[int, int]:
    """The points on active accounts, and in vouchers."""
    async with scene.live.runtime.pool.acquire() as conn:
        found = {row["kind"]: row["points"] for row in await conn.fetch(BALANCES_SQL)}
    return found["active"], found.get("voucher", 0)


async def states(scene: Scene) -> dict[str, int]:
    async with scene.live.runtime.pool.acquire() as conn:
        return {row["state"]: row["vouchers"] for row in await conn.fetch(STATES_SQL)}


async def stock(scene: Scene) -> int:
    """What is left of the newest reward that has an end."""
    async with scene.live.runtime.pool.acquire() as conn:
        left: int = await conn.fetchval(STOCK_SQL)
    return left


def claiming(owner: Member, reward: str) -> Any:
    return partial(owner.app.do, say.CLAIM_REWARD, claim_of(owner, reward))


async def voucher_of(owner: Member, reward: str) -> str:
    claimed = await owner.app.do(say.CLAIM_REWARD, claim_of(owner, reward))
    voucher: str = claimed["voucher"]["id"]
    return voucher


@sizes(5)
async def test_of_many_members_as_many_have_one_as_there_are(
    scene: Scene, shop: Shop, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("claims of the last ones")
    for n in range(1, size.rounds + 1):
        reward = await open_reward(scene, shop, cost_points=PRICE, stock=STOCK)
        members = [await member(scene, shop, points=PRICE) for _ in range(size.racers)]
        won = tally.add(await race([claiming(owner, reward) for owner in members]))
        assert won == {"RewardClaimed": STOCK, "RewardUnavailable": size.racers - STOCK}
        assert (await stock(scene), (await reserved(scene))[1]) == (0, n * STOCK * PRICE)
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(5)
async def test_points_for_two_buy_two_and_one_key_buys_one(
    scene: Scene, shop: Shop, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally, reward = Tally("claims on one card"), await open_reward(scene, shop, cost_points=PRICE)
    for n in range(1, size.rounds + 1):
        owner, keyed = [await member(scene, shop, points=2 * PRICE + 1) for _ in range(2)]
        won = tally.add(await race([claiming(owner, reward) for _ in range(size.racers)]))
        assert won == {"RewardClaimed": 2, "InsufficientPoints": size.racers - 2}
        # and with one key
        same = claim_of(keyed, reward)
        answers = await race([partial(keyed.app.do, say.CLAIM_REWARD, same) for _ in range(size.racers)])
        assert answers == [one(answers[:1], "RewardClaimed")] * size.racers
        tally.add(answers)
        assert await reserved(scene) == (n * (1 + PRICE + 1), n * 3 * PRICE)
    assert await counts(scene, "vouchers") == {"vouchers": 3 * size.rounds}
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(5)
async def test_a_voucher_is_cancelled_once(
    scene: Scene, shop: Shop, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally, reward = Tally("cancellations"), await open_reward(scene, shop, cost_points=PRICE, stock=1)
    for n in range(1, size.rounds + 1):
        owner = await member(scene, shop, points=PRICE)
        voucher = await voucher_of(owner, reward)
        given = [{"voucherId": voucher, "idempotencyKey": new_key()} for _ in range(size.racers)]
        won = tally.add(await race([partial(owner.app.do, say.CANCEL_VOUCHER, each) for each in given]))
        assert won == {"VoucherCancelled": 1, "VoucherNotUsable": size.racers - 1}
        assert (await reserved(scene), await stock(scene)) == ((n * PRICE, 0), 1)
    await assert_lawful(scene)
    tally.print(capsys)


async def checkout_of(scene: Scene, owner: Member, at: Till, voucher: str) -> Any:
    token, _ = await mint(scene, owner, CheckInPurpose.REDEEM)
    sale = {**basket(receipt=new_key()), "customer": {"code": token}, "voucherIds": [voucher]}
    return partial(at.pos.do, USE, {"sale": sale, "idempotencyKey": new_key()})


@sizes(8)
async def test_a_voucher_is_used_or_cancelled(
    scene: Scene, shop: Shop, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    # given a till, and for each round a member with one voucher
    tally, at = Tally("one use against cancellations"), await till(scene, shop)
    reward = await open_reward(scene, shop, cost_points=PRICE)
    used = 0
    for n in range(1, size.rounds + 1):
        owner = await member(scene, shop, points=PRICE)
        voucher = await voucher_of(owner, reward)
        use = await checkout_of(scene, owner, at, voucher)
        cancels = [
            late(n, partial(owner.app.do, say.CANCEL_VOUCHER, {"voucherId": voucher, "idempotencyKey": new_key()}))
            for _ in range(size.racers - 1)
        ]
        # when
        answers: list[Answer] = await race([use, *cancels])
        won = tally.add(answers)
        # then
        if only(answers, "SaleRecorded"):
            used += 1
            assert won == {"SaleRecorded": 1, "VoucherNotUsable": size.racers - 1}
            assert one(answers, "SaleRecorded")["sale"]["discounts"] == [{"amount": {"amountMinor": 20_000}}]
        else:
            assert won == {"VoucherCancelled": 1, "VoucherNotUsable": size.racers - 1}
        assert (await reserved(scene))[1] == 0
    found = {"USED": used, "CANCELLED": size.rounds - used}
    assert await states(scene) == {state: vouchers for state, vouchers in found.items() if vouchers}
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(8)
async def test_a_voucher_is_used_in_one_sale(
    scene: Scene, shop: Shop, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally, reward = Tally("sales with one voucher"), await open_reward(scene, shop, cost_points=PRICE)
    tills = [await till(scene, shop) for _ in range(4)]
    for n in range(1, size.rounds + 1):
        owner = await member(scene, shop, points=PRICE)
        voucher = await voucher_of(owner, reward)
        visits = [await redeeming_visit(scene, owner, at) for at in tills]
        sales = [
            partial(at.pos.do, USE, {"sale": sale_of(visit, voucher), "idempotencyKey": new_key()})
            for at, visit in zip(tills, visits, strict=True)
        ]
        won = tally.add(await race(sales))
        assert won == {"SaleRecorded": 1, "VoucherNotUsable": len(tills) - 1}
        assert await states(scene) == {"USED": n}
    await assert_lawful(scene)
    tally.print(capsys)


async def redeeming_visit(scene: Scene, owner: Member, at: Till) -> str:
    token, _ = await mint(scene, owner, CheckInPurpose.REDEEM)
    opened = await at.pos.do(say.SCAN, {"code": token})
    visit: str = opened["id"]
    return visit


def sale_of(visit: str, voucher: str) -> dict[str, Any]:
    return {**basket(receipt=new_key()), "customer": {"visitId": visit}, "voucherIds": [voucher]}
