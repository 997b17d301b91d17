"""What happens at the last moment or with the last one: a limit, a quote, a punch card, a midnight, a first time."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from infra.sweeps import sweeps
from tests.factories import Shop, make_points
from tests.journeys import (
    Scene,
    Till,
    claim_of,
    device_of,
    member,
    new_key,
    open_reward,
    open_shop,
    signed_in,
    till,
)
from tests.proofs import documents as say
from tests.proofs.racing import Answer, Size, Tally, assert_lawful, counts, only, race, sizes
from tests.proofs.test_races_of_returns import RULES, points_of, sale_of, states_of, visit_of
from wallet.rules import Rules, StampRules, TierLevel, TierRules
from wallet.values import Minor, Points, RewardKind

KOLKATA = ZoneInfo("Asia/Kolkata")
PRICE = 7

STAMPS_SQL = "SELECT stamps FROM cards WHERE card_id = $1"
STANDING_SQL = "SELECT tier, tier_review_at FROM cards WHERE card_id = $1"
KINDS_SQL = "SELECT kind, points FROM entries WHERE card_id = $1 AND points <> 0 ORDER BY seq"
FORGIVE_SQL = "DELETE FROM rate_limits"


@pytest.fixture
async def shop(scene: Scene) -> Shop:
    return await open_shop(scene, rules=RULES)


async def four_tills(scene: Scene, shop: Shop) -> list[Till]:
    return [await till(scene, shop) for _ in range(4)]


@sizes(8)
async def test_one_a_member_is_one_in_the_app_and_at_the_tills_together(
    scene: Scene, shop: Shop, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally, tills = Tally("one a member, claimed and bought at once"), await four_tills(scene, shop)
    reward = await open_reward(
        scene, shop, cost_points=PRICE, per_member=1, kind=RewardKind.AMOUNT_OFF, amount_minor=Minor(100)
    )
    for _ in range(size.rounds):
        # given a member who could pay for all of them
        owner = await member(scene, shop, points=PRICE * size.racers)
        visit = await visit_of(scene, owner, tills[0])
        racers: list[Any] = []
        for i in range(size.racers):
            told = sale_of(visit, 100, rewardIds=[reward])
            claim = partial(owner.app.do, say.CLAIM_REWARD, claim_of(owner, reward))
            racers.append(claim if i % 2 else partial(tills[i // 2 % 4].pos.do, say.CHECKOUT, told))
        # when the app and the tills want it at once, then one has it
        won = tally.add(await race(racers))
        assert won.pop("RewardUnavailable") == size.racers - 1
        assert won in ({"RewardClaimed": 1}, {"SaleRecorded": 1})
        left = PRICE * (size.racers - 1)
        expected = {"active": left, "voucher": PRICE} if "RewardClaimed" in won else {"active": left}
        assert await points_of(scene, owner) == expected
    assert await counts(scene, "vouchers") == {"vouchers": size.rounds}
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(8)
async def test_one_quote_is_done_once_however_many_tills_name_it(
    scene: Scene, shop: Shop, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally, tills = Tally("sales by one quote"), await four_tills(scene, shop)
    for n in range(1, size.rounds + 1):
        # given a quote that was shown at every till of the store
        owner = await member(scene, shop, points=5)
        told = sale_of(await visit_of(scene, owner, tills[0]), 900)
        quotes = [(await each.pos.do(say.QUOTE, told["sale"]))["id"] for each in tills]
        assert len(set(quotes)) == 1
        # when all go on with it
        asked = [{**told, "quoteId": quotes[0], "idempotencyKey": new_key()} for _ in range(size.racers)]
        won = tally.add(await race([partial(tills[i % 4].pos.do, say.CHECKOUT, asked[i]) for i in range(size.racers)]))
        # then one has done what it said, and nobody anything else
        assert won == {"SaleRecorded": 1, "QuoteChanged": size.racers - 1}
        assert await points_of(scene, owner) == {"active": 14}
        assert await counts(scene, "sales") == {"sales": n}
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(8)
async def test_no_stamp_is_lost_or_counted_twice_where_punch_cards_fill(
    scene: Scene, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("stamps at the edge of a punch card")
    shop = await open_shop(scene, rules=Rules(stamps=StampRules("item", 5, "free-coffee")))
    await open_reward(scene, shop, slug="free-coffee", cost_stamps=5)
    tills = await four_tills(scene, shop)
    for _ in range(size.rounds):
        # given a card that one stamp fills, and sales of one coffee each at every till
        owner = await member(scene, shop)
        visit = await visit_of(scene, owner, tills[0])
        four = sale_of(visit, 10, 10, 10, 10)
        recorded = await tills[0].pos.do(say.CHECKOUT, four)
        assert recorded["__typename"] == "SaleRecorded"
        racers = [partial(tills[i % 4].pos.do, say.CHECKOUT, sale_of(visit, 10)) for i in range(size.racers)]
        # when all are rung up at once
        assert tally.add(await race(racers)) == {"SaleRecorded": size.racers}
        # then every fifth stamp is a voucher, and the rest is on the card
        full, rest = divmod(4 + size.racers, 5)
        async with scene.live.runtime.pool.acquire() as conn:
            assert await conn.fetchval(STAMPS_SQL, owner.card_id) == rest
        assert await states_of(scene, owner) == ["USABLE"] * full
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(4)
async def test_a_midnight_happens_once_and_before_the_purchases_that_come_after_it(
    scene: Scene, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    # given a level that is reached by 20 points a month; purchases of 1 point each, which no tier multiplies
    tally = Tally("purchases at a midnight on which points and a tier go")
    tiers = TierRules((TierLevel("Silver", 20), TierLevel("Gold", 10_000)), months=1)
    shop = await open_shop(scene, rules=Rules(points=Points(1), per_minor=Minor(100), tiers=tiers))
    devices, began = await four_tills(scene, shop), scene.now
    for _ in range(size.rounds):
        # each round begins on the same day: a thousand months are more than a till lives
        scene.live.clock.advance(began - scene.now)
        tills = [await device_of(scene, each.merchant_id, each.terminal_id) for each in devices]
        owner = await member(scene, shop)
        await tills[0].pos.do(say.CHECKOUT, sale_of(await visit_of(scene, owner, tills[0]), 2_000))
        async with scene.live.runtime.pool.acquire() as conn:
            row = await conn.fetchrow(STANDING_SQL, owner.card_id)
            assert row is not None
            tier, falls_at = row["tier"], row["tier_review_at"]
            assert tier == "Silver"
            await make_points(conn, shop, owner.card_id, 50, now=scene.now, expires_at=falls_at)
        # when that midnight has come, and tills sell while workers sweep
        scene.live.clock.advance(falls_at - scene.now + timedelta(seconds=1))
        tills = [await device_of(scene, each.merchant_id, each.terminal_id) for each in devices]
        visit = await visit_of(scene, owner, tills[0])
        selling = [partial(tills[i % 4].pos.do, say.CHECKOUT, sale_of(visit, 100)) for i in range(size.racers)]
        answers, _ = await asyncio.gather(race(selling), race([partial(swept, scene)] * 3))
        # then the points went once, the tier fell, and was reached again if there were enough purchases
        assert tally.add(answers) == {"SaleRecorded": size.racers}
        async with scene.live.runtime.pool.acquire() as conn:
            kinds = [(entry["kind"], entry["points"]) for entry in await conn.fetch(KINDS_SQL, owner.card_id)]
            row = await conn.fetchrow(STANDING_SQL, owner.card_id)
        assert kinds == [("EARNED", 20), ("BONUS", 50), ("EXPIRED", -50), *[("EARNED", 1)] * size.racers]
        assert row is not None
        assert row["tier"] == ("Silver" if size.racers >= 20 else None)
        assert await points_of(scene, owner) == {"active": 20 + size.racers}
    await assert_lawful(scene)
    tally.print(capsys)


async def swept(scene: Scene) -> Answer:
    """A worker goes through all sweeps once."""
    for each in sweeps():
        async with scene.live.runtime.pool.acquire() as conn, conn.transaction():
            await each.step(conn, limit=50, now=scene.now)
    return {"__typename": "swept"}


@sizes(8)
async def test_of_many_birthdays_one_stays(scene: Scene, size: Size, capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally("birthdays of one customer")
    for _ in range(size.rounds):
        person = await signed_in(scene)
        days = [{"month": 5, "day": 1 + i % 28} for i in range(size.racers)]
        answers = await race([partial(person.app.do, say.SET_BIRTHDAY, day) for day in days])
        tally.add(answers)
        # all who said the day that stays may be told so; every other is told that there is one
        kept = {tuple(answer["customer"]["birthday"].values()) for answer in only(answers, "BirthdaySet")}
        assert len(kept) == 1
        shown = (await person.app.ask("query { viewer { birthday { month day } } }"))["viewer"]["birthday"]
        assert kept == {tuple(shown.values())}
        assert len(only(answers, "BirthdaySet")) + len(only(answers, "BirthdayAlreadySet")) == size.racers
    tally.print(capsys)


@sizes(8)
async def test_one_number_is_enrolled_once_however_many_ask_and_whoever_knows_the_mailbox_too(
    scene: Scene, shop: Shop, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally, tills = Tally("enrolments by one number"), await four_tills(scene, shop)
    before = await counts(scene, "customers", "cards")
    for n in range(1, size.rounds + 1):
        async with scene.live.runtime.pool.acquire() as conn:
            await conn.execute(FORGIVE_SQL)
        # given tills that know the number, and one that knows the mailbox as well
        phone, email = f"+9198{n:08}", f"newcomer-{n}@example.com"
        racers: list[Any] = []
        for i in range(size.racers):
            at, key = tills[i % 4], new_key()
            by_number = partial(at.pos.do, say.ENROL_BY_PHONE, {"phone": phone, "idempotencyKey": key})
            by_both = partial(at.pos.do, say.ENROL, {"email": email, "phone": phone, "idempotencyKey": key})
            racers.append(by_number if i % 4 else by_both)
        # when all ask at once, then there is one customer with one card, whoever was first
        answers = await race(racers)
        assert tally.add(answers) == {"CustomerEnrolled": size.racers}
        assert len({answer["visit"]["card"]["id"] for answer in answers}) == 1
        assert sum(not answer["alreadyMember"] for answer in answers) == 1
        assert await counts(scene, "customers", "cards") == {name: count + n for name, count in before.items()}
    await assert_lawful(scene)
    tally.print(capsys)
