"""Gift cards that many tills spend at once, against each other and against what else is done with the card."""

import asyncio
from functools import partial
from typing import Any

import pytest

from schema.ids import GiftCardKey, MemberGiftCardKey, encode
from tests.factories import Shop
from tests.journeys import Member, Scene, Till, member, mint, new_key, open_shop, till
from tests.proofs import documents as say
from tests.proofs.racing import Answer, Racer, Size, Tally, assert_lawful, late, only, race, sizes
from tests.wallet.ledger.value.scenes import make_gift_card
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.rules import Rules
from wallet.values import CheckInPurpose, GiftCardId, Minor, Points

FULL = 1_000
PART = 300
SALE_SECONDS = 0.08
"""About as long as the first sales take."""

BALANCE_SQL = "SELECT balance_minor FROM gift_cards WHERE gift_card_id = $1"
SPENT_SQL = """
    SELECT COALESCE(SUM(amount_minor), 0)::bigint
    FROM sale_tenders
    WHERE gift_card_id = $1
"""


@pytest.fixture
async def shop(scene: Scene) -> Shop:
    return await open_shop(scene, rules=Rules(points=Points(1), per_minor=Minor(100)))


@pytest.fixture
async def tills(scene: Scene, shop: Shop) -> list[Till]:
    """Four terminals of one store."""
    return [await till(scene, shop) for _ in range(4)]


async def visit_of(scene: Scene, owner: Member, at: Till) -> str:
    token, _ = await mint(scene, owner, CheckInPurpose.REDEEM)
    visit: str = (await at.pos.do(say.SCAN, {"code": token}))["id"]
    return visit


async def card_of(scene: Scene, shop: Shop, owner: Member, amount: int = FULL) -> GiftCardId:
    async with scene.live.runtime.pool.acquire() as conn:
        return await make_gift_card(conn, shop, amount, owner=owner.person.customer_id, now=scene.now)


async def balance(scene: Scene, card: GiftCardId) -> int:
    async with scene.live.runtime.pool.acquire() as conn:
        return int(await conn.fetchval(BALANCE_SQL, card))


async def spent(scene: Scene, card: GiftCardId) -> int:
    async with scene.live.runtime.pool.acquire() as conn:
        return int(await conn.fetchval(SPENT_SQL, card))


def spending(at: Till, shop: Shop, visit: str, card: GiftCardId, amount: int, **quoted: str) -> Racer:
    sale = {
        "customer": {"visitId": visit},
        "receiptNumber": "R-1",
        "currency": "INR",
        "lines": [{"lineId": "1", "amountMinor": 2 * FULL}],
        "tenders": [{"giftCard": {"id": encode(MemberGiftCardKey(shop.merchant_id, card))}, "amountMinor": amount}],
    }
    return partial(at.pos.do, say.CHECKOUT, {"sale": sale, "idempotencyKey": new_key(), **quoted})


def blocking(scene: Scene, shop: Shop, card: GiftCardId, *, after: float) -> Racer:
    async def block() -> Answer:
        await asyncio.sleep(after)
        async with scene.live.runtime.pool.acquire() as conn, conn.transaction():
            held = await value.lock_gift_cards(conn, merchant_id=shop.merchant_id, gift_card_ids=[card], now=scene.now)
            await value.block(conn, held[card], cause=ValueCause(scene.now, "stolen"), now=scene.now)
        return {"__typename": "Blocked"}

    return block


def moving(owner: Member, shop: Shop, source: GiftCardId, target: GiftCardId, amount: int) -> Racer:
    said: dict[str, Any] = {
        "fromId": encode(GiftCardKey(shop.merchant_id, source)),
        "toId": encode(GiftCardKey(shop.merchant_id, target)),
        "amountMinor": amount,
        "idempotencyKey": new_key(),
    }
    return partial(owner.app.do, say.TRANSFER, said)


@sizes(6)
async def test_one_card_at_many_tills_never_pays_more_than_it_has(
    scene: Scene, shop: Shop, tills: list[Till], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("one gift card at many tills")
    for _ in range(size.rounds):
        # given a card that three can spend from, and its owner at four tills
        owner = await member(scene, shop)
        card = await card_of(scene, shop, owner)
        visit = await visit_of(scene, owner, tills[0])
        # when all do
        racers = [spending(tills[at % 4], shop, visit, card, PART) for at in range(size.racers)]
        won = tally.add(await race(racers))
        # then three have
        assert won == {"SaleRecorded": 3, "InsufficientValue": size.racers - 3}
        assert (await balance(scene, card), await spent(scene, card)) == (FULL - 3 * PART, 3 * PART)
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(6)
async def test_nothing_is_spent_from_a_card_once_it_is_blocked(
    scene: Scene, shop: Shop, tills: list[Till], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("spending against blocking")
    for round_ in range(size.rounds):
        # given a rich card
        owner = await member(scene, shop)
        card = await card_of(scene, shop, owner, 100_000)
        visit = await visit_of(scene, owner, tills[0])
        # when it is blocked while it is spent
        racers = [spending(tills[at % 4], shop, visit, card, PART) for at in range(size.racers - 1)]
        won = tally.add(await race([*racers, blocking(scene, shop, card, after=round_ % 6 * SALE_SECONDS)]))
        # then every sale was before it
        assert won["Blocked"] == 1
        assert set(won) <= {"Blocked", "SaleRecorded", "GiftCardNotUsable"}
        assert await balance(scene, card) == 100_000 - PART * won.get("SaleRecorded", 0)
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(6)
async def test_what_is_moved_away_is_not_spent_too(
    scene: Scene, shop: Shop, tills: list[Till], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("spending against moving")
    for round_ in range(size.rounds):
        # given two cards of one owner
        owner = await member(scene, shop)
        cards = [await card_of(scene, shop, owner), await card_of(scene, shop, owner)]
        visit = await visit_of(scene, owner, tills[0])
        # when money moves both ways while both are spent
        half = size.racers // 2
        racers = [spending(tills[at % 4], shop, visit, cards[at % 2], PART) for at in range(half)]
        movers = [moving(owner, shop, cards[at % 2], cards[1 - at % 2], 700) for at in range(half)]
        answers = await race([*racers, *(late(round_ + at, mover) for at, mover in enumerate(movers))])
        won = tally.add(answers)
        # then nothing was made and nothing is lost
        assert set(won) <= {"SaleRecorded", "GiftCardBalanceTransferred", "InsufficientValue"}
        left = sum([await balance(scene, card) for card in cards])
        assert left == 2 * FULL - PART * won.get("SaleRecorded", 0)
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(6)
async def test_what_comes_back_can_be_spent_once(
    scene: Scene, shop: Shop, tills: list[Till], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("refunding against spending")
    for round_ in range(size.rounds):
        # given a card of which all is spent
        owner = await member(scene, shop)
        card = await card_of(scene, shop, owner)
        visit = await visit_of(scene, owner, tills[0])
        sold = await spending(tills[0], shop, visit, card, FULL)()
        # when the sale is undone at several tills while it is spent at others
        undoing = {"saleId": sold["sale"]["id"]}
        half = size.racers // 2
        refunding = [
            partial(tills[at % 4].pos.do, say.REFUND, {**undoing, "idempotencyKey": new_key()}) for at in range(half)
        ]
        racers = [late(round_, spending(tills[at % 4], shop, visit, card, PART)) for at in range(half)]
        answers = await race([*refunding, *racers])
        won = tally.add(answers)
        # then it came back once, and no more than that was spent of it
        assert won["SaleRefunded"] == 1
        assert won["LineAlreadyRefunded"] == half - 1
        again = len(only(answers, "SaleRecorded"))
        assert again <= 3
        assert await balance(scene, card) == FULL - PART * again
    await assert_lawful(scene)
    tally.print(capsys)
