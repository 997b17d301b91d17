"""Goods that come back at many tills at once, against each other and against what is done with what comes back."""

from functools import partial
from typing import Any

import pytest

from schema.ids import SaleKey
from tests.factories import Shop
from tests.journeys import Member, Scene, Till, claim_of, key_of, member, mint, new_key, open_reward, open_shop, till
from tests.proofs import documents as say
from tests.proofs.racing import Answer, Size, Tally, assert_lawful, counts, late, one, only, race, sizes
from wallet import reviews
from wallet.errors import InvalidInput
from wallet.rules import ReviewRules, Rules
from wallet.values import CheckInPurpose, Minor, Points, RewardKind

PRICE = 7
RULES = Rules(points=Points(1), per_minor=Minor(100))

BALANCES_SQL = """
    SELECT kind, SUM(balance)::bigint AS points
    FROM accounts
    WHERE card_id = $1
    GROUP BY kind
"""
STATES_SQL = "SELECT state FROM vouchers WHERE card_id = $1 ORDER BY voucher_id"


@pytest.fixture
async def shop(scene: Scene) -> Shop:
    return await open_shop(scene, rules=RULES)


@pytest.fixture
async def tills(scene: Scene, shop: Shop) -> list[Till]:
    """Four terminals of one store."""
    return [await till(scene, shop) for _ in range(4)]


def sale_of(visit: str, *amounts: int, **chosen: Any) -> dict[str, Any]:
    lines = [{"lineId": str(at), "amountMinor": amount} for at, amount in enumerate(amounts, start=1)]
    sale = {"customer": {"visitId": visit}, "receiptNumber": "R-1", "currency": "INR", "lines": lines, **chosen}
    return {"sale": sale, "idempotencyKey": new_key()}


async def visit_of(scene: Scene, owner: Member, at: Till) -> str:
    token, _ = await mint(scene, owner, CheckInPurpose.REDEEM)
    opened = await at.pos.do(say.SCAN, {"code": token})
    visit: str = opened["id"]
    return visit


async def sold(at: Till, told: dict[str, Any]) -> str:
    recorded = await at.pos.do(say.CHECKOUT, told)
    assert recorded["__typename"] == "SaleRecorded", recorded
    sale_id: str = recorded["sale"]["id"]
    return sale_id


def refunding(at: Till, sale: str, **chosen: Any) -> Any:
    return partial(at.pos.do, say.REFUND, {"saleId": sale, "idempotencyKey": new_key(), **chosen})


async def points_of(scene: Scene, owner: Member) -> dict[str, int]:
    """What stands in each kind of account of the card, but for what is empty."""
    async with scene.live.runtime.pool.acquire() as conn:
        return {row["kind"]: row["points"] for row in await conn.fetch(BALANCES_SQL, owner.card_id) if row["points"]}


async def states_of(scene: Scene, owner: Member) -> list[str]:
    async with scene.live.runtime.pool.acquire() as conn:
        return [row["state"] for row in await conn.fetch(STATES_SQL, owner.card_id)]


async def claimed(owner: Member, reward: str) -> str:
    answer = await owner.app.do(say.CLAIM_REWARD, claim_of(owner, reward))
    voucher: str = answer["voucher"]["id"]
    return voucher


@sizes(8)
async def test_a_sale_is_undone_once(
    scene: Scene, shop: Shop, tills: list[Till], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("undoing one sale")
    for _ in range(size.rounds):
        # given a sale that the list of every till says can be undone
        owner = await member(scene, shop, points=3)
        visit = await visit_of(scene, owner, tills[0])
        await sold(tills[0], sale_of(visit, 700, 300))
        listed = [await each.pos.ask(say.OPERATIONS, {"visitId": visit}) for each in tills]
        [[sale]] = [{each["sale"]["id"] for answer in listed for each in answer["operations"] if each["canBeUndone"]}]
        # when all undo it
        won = tally.add(await race([refunding(tills[i % 4], sale) for i in range(size.racers)]))
        # then one has
        assert won == {"SaleRefunded": 1, "LineAlreadyRefunded": size.racers - 1}
        assert await points_of(scene, owner) == {"active": 3}
    assert await counts(scene, "refunds") == {"refunds": size.rounds}
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(8)
async def test_a_voucher_opens_once_though_its_lines_come_back_at_the_same_moment(
    scene: Scene, shop: Shop, tills: list[Till], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("lines of one voucher coming back")
    reward = await open_reward(scene, shop, cost_points=PRICE, kind=RewardKind.AMOUNT_OFF, amount_minor=Minor(400))
    for _ in range(size.rounds):
        # given a voucher that paid for a part of four lines, and a reward bought on the spot
        owner = await member(scene, shop, points=2 * PRICE)
        voucher, visit = await claimed(owner, reward), await visit_of(scene, owner, tills[0])
        told = sale_of(visit, 500, 500, 500, 500, voucherIds=[voucher], rewardIds=[reward])
        sale = await sold(tills[0], told)
        assert await points_of(scene, owner) == {"active": 12}
        # when each line comes back at another till, several times
        racers = [refunding(tills[i % 4], sale, lineIds=[str(i % 4 + 1)]) for i in range(size.racers)]
        won = tally.add(await race(racers))
        # then each came back once, and the last of them brought both back, once
        assert won == {"SaleRefunded": 4, "LineAlreadyRefunded": size.racers - 4}
        assert await points_of(scene, owner) == {"active": PRICE, "voucher": PRICE}
        assert await states_of(scene, owner) == ["USABLE", "CANCELLED"]
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(8)
async def test_a_voucher_that_comes_back_is_used_once_more_or_was_not_back_yet(
    scene: Scene, shop: Shop, tills: list[Till], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally, used_again = Tally("a refund against uses of its voucher"), 0
    reward = await open_reward(scene, shop, cost_points=PRICE, kind=RewardKind.AMOUNT_OFF, amount_minor=Minor(400))
    for n in range(size.rounds):
        owner = await member(scene, shop, points=PRICE)
        voucher, visit = await claimed(owner, reward), await visit_of(scene, owner, tills[0])
        sale = await sold(tills[0], sale_of(visit, 500, voucherIds=[voucher]))
        # when the goods come back while others use what comes back with them
        uses = [sale_of(visit, 900, voucherIds=[voucher]) for _ in range(size.racers - 1)]
        racers = [partial(tills[i % 4].pos.do, say.CHECKOUT, told) for i, told in enumerate(uses)]
        answers = await race([refunding(tills[3], sale), *(late(n, racer) for racer in racers)])
        won = tally.add(answers)
        # then the goods are back, and the voucher was used once more at most
        again = len(only(answers, "SaleRecorded"))
        used_again += again
        assert again <= 1
        assert won == {
            name: count
            for name, count in (
                ("SaleRefunded", 1), ("SaleRecorded", again), ("VoucherNotUsable", size.racers - 1 - again)
            )
            if count
        }  # fmt: skip
        assert await states_of(scene, owner) == ["USED" if again else "USABLE"]
        assert await points_of(scene, owner) == ({"active": 5} if again else {"voucher": PRICE})
    await assert_lawful(scene)
    tally.answers["used again"] = used_again
    tally.print(capsys)


@sizes(8)
async def test_a_held_sale_is_decided_once_whoever_decides_and_whatever_comes_back(
    scene: Scene, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("release, refusal and return of one sale")
    shop = await open_shop(
        scene, rules=Rules(points=Points(1), per_minor=Minor(100), review=ReviewRules(amount_minor=Minor(1)))
    )
    at = await till(scene, shop)
    for n in range(size.rounds):
        owner = await member(scene, shop, points=3)
        sale = await sold(at, sale_of(await visit_of(scene, owner, at), 600, 400))
        assert await points_of(scene, owner) == {"active": 3, "pending": 10}

        async def decide(way: Any, sale: str = sale) -> Answer:
            key = key_of(sale)
            assert isinstance(key, SaleKey)
            try:
                async with scene.live.runtime.pool.acquire() as conn, conn.transaction():
                    await way(conn, merchant_id=shop.merchant_id, sale_id=key.sale_id, now=scene.now)
            except InvalidInput:
                return {"__typename": "decided already"}
            return {"__typename": way.__name__}

        # when half release, half refuse, and one of two lines comes back
        ways = [partial(decide, (reviews.release, reviews.refuse)[i % 2]) for i in range(size.racers)]
        answers = await race([*ways, late(n, refunding(at, sale, lineIds=["1"]))])
        tally.add(answers)
        # then one has decided, and the card is as they said, less what came back
        assert len(only(answers, "decided already")) == size.racers - 1
        one(answers, "SaleRefunded")
        released = bool(only(answers, "release"))
        assert await points_of(scene, owner) == {"active": 3 + 4 * released}
    await assert_lawful(scene)
    tally.print(capsys)
