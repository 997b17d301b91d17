"""What stood on a card at a moment, and what will stand on it if nothing else happens."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from tests.database import StatementCounter
from tests.factories import Shop, make_card, make_points, make_shop
from tests.resolvers.world import asked
from tests.wallet.counter import make_member
from tests.wallet.gifts import scenes as giving
from tests.wallet.rewards import scenes as claiming
from tests.wallet.sales.till import checkout, receipt, visit
from wallet import balances, gifts, ledger
from wallet.balances import NOTHING, Balance
from wallet.database import Conn
from wallet.ledger import Cause, LockedCard
from wallet.rules import Rules, TierLevel, TierRules
from wallet.values import AccountId, CardId, EntryKind, Minor, Points

A_DAY = timedelta(days=1)
AN_INSTANT = timedelta(microseconds=1)


async def at(conn: Conn, shop: Shop, card_id: CardId, moment: datetime) -> tuple[int, int, int, int]:
    """Active, pending, reserved, ever earned."""
    found = (await balances.at(conn, wanted=[(shop.merchant_id, card_id, moment)]))[card_id, moment]
    return found.active, found.pending, found.reserved, found.lifetime_earned


@asynccontextmanager
async def locked(conn: Conn, shop: Shop, card_id: CardId, now: datetime) -> AsyncIterator[LockedCard]:
    async with conn.transaction():
        yield (await ledger.lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[card_id], now=now))[card_id]


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, now=now)


async def test_before_anything_happened_there_was_nothing(conn: Conn, shop: Shop, now: datetime) -> None:
    card_id = await make_card(conn, shop, now=now)
    assert await at(conn, shop, card_id, now + A_DAY) == (0, 0, 0, 0)
    await make_points(conn, shop, card_id, 10, now=now)
    assert await at(conn, shop, card_id, now - AN_INSTANT) == (0, 0, 0, 0)
    assert await at(conn, shop, card_id, now) == (10, 0, 0, 10)


async def test_a_card_that_does_not_exist_holds_nothing(conn: Conn, shop: Shop, now: datetime) -> None:
    nobody = CardId(shop.merchant_id)
    assert await balances.at(conn, wanted=[(shop.merchant_id, nobody, now)]) == {(nobody, now): NOTHING}


async def test_pending_points_become_spendable_and_expire_in_the_future(conn: Conn, shop: Shop, now: datetime) -> None:
    # given
    card_id = await make_card(conn, shop, now=now)
    await make_points(conn, shop, card_id, 100, now=now, activates_at=now + A_DAY, expires_at=now + 9 * A_DAY)
    # then: at each moment as it will be, the last instant before it as it is
    moments = (now, now + A_DAY - AN_INSTANT, now + A_DAY, now + 9 * A_DAY - AN_INSTANT, now + 9 * A_DAY)
    assert [await at(conn, shop, card_id, moment) for moment in moments] == [
        (0, 100, 0, 100),
        (0, 100, 0, 100),
        (100, 0, 0, 100),
        (100, 0, 0, 100),
        (0, 0, 0, 100),
    ]


async def test_what_was_posted_late_happened_on_time(conn: Conn, shop: Shop, now: datetime) -> None:
    # given: a purchase that unlocks on the first day and goes on the ninth, and nobody who looks before the twentieth
    card_id = await make_card(conn, shop, now=now)
    await make_points(conn, shop, card_id, 100, now=now, activates_at=now + A_DAY, expires_at=now + 9 * A_DAY)
    moments = [now + days * A_DAY for days in (0, 1, 5, 9, 12)]
    before = [await at(conn, shop, card_id, moment) for moment in moments]
    # when
    await make_points(conn, shop, card_id, 7, now=now + 20 * A_DAY)
    # then: the same answer, before it was posted and after
    assert before == [(0, 100, 0, 100), (100, 0, 0, 100), (100, 0, 0, 100), (0, 0, 0, 100), (0, 0, 0, 100)]
    assert [await at(conn, shop, card_id, moment) for moment in moments] == before
    assert await at(conn, shop, card_id, now + 20 * A_DAY) == (7, 0, 0, 107)


async def test_points_that_the_merchant_has_to_look_at_stay_pending(conn: Conn, shop: Shop, now: datetime) -> None:
    # given
    card_id = await make_card(conn, shop, now=now)
    async with locked(conn, shop, card_id, now) as card:
        await ledger.earn(
            conn,
            card,
            kind=EntryKind.EARNED,
            points=Points(40),
            activates_at=now,
            expires_at=now + A_DAY,
            held=True,
            cause=Cause(now),
            now=now,
        )
    # then
    assert await at(conn, shop, card_id, now + 9 * A_DAY) == (0, 40, 0, 40)


async def test_a_gift_that_nobody_claims_comes_back(conn: Conn, now: datetime) -> None:
    # given: 100 points, ten of which go before the gift of 30 comes back
    scene = await giving.make_scene(conn, points=0, now=now)
    await make_points(conn, scene.shop, scene.card_id, 10, now=now, expires_at=now + A_DAY)
    await make_points(conn, scene.shop, scene.card_id, 90, now=now)
    gift = (await giving.send(conn, scene, points=30, now=now)).gift
    due = gift.claimable_until
    # then
    assert await at(conn, scene.shop, scene.card_id, now) == (70, 0, 30, 100)
    assert await at(conn, scene.shop, scene.card_id, due - AN_INSTANT) == (70, 0, 30, 100)
    assert await at(conn, scene.shop, scene.card_id, due) == (90, 0, 0, 100)
    # and it comes true
    async with conn.transaction():
        await gifts.return_due(conn, limit=9, now=due)
    assert await at(conn, scene.shop, scene.card_id, due) == (90, 0, 0, 100)
    assert await at(conn, scene.shop, scene.card_id, due - AN_INSTANT) == (70, 0, 30, 100)


async def test_a_gift_that_is_closed_does_not_come_back(conn: Conn, now: datetime) -> None:
    scene = await giving.make_scene(conn, points=100, now=now)
    gift = (await giving.send(conn, scene, points=30, now=now)).gift
    await giving.cancel(conn, gift, now=now)
    assert await at(conn, scene.shop, scene.card_id, gift.claimable_until + A_DAY) == (100, 0, 0, 100)


async def test_a_voucher_that_nobody_uses_lapses_and_its_points_come_back(conn: Conn, now: datetime) -> None:
    # given: a voucher that costs 30 points of a lot that goes first, and one that costs none
    scene = await claiming.make_scene(conn, points=100, now=now, cost_points=30)
    voucher = (await claiming.claim(conn, scene, now=now)).voucher
    due = voucher.usable_until
    assert due is not None
    active, _, reserved, _ = await at(conn, scene.shop, scene.card_id, now)
    assert (active, reserved) == (70, voucher.points)
    # when
    foreseen = await at(conn, scene.shop, scene.card_id, due + 40 * A_DAY)
    before = await at(conn, scene.shop, scene.card_id, due - AN_INSTANT)
    assert before[2] == 30
    await claiming.lapse(conn, now=due + 40 * A_DAY)
    # then
    assert foreseen[2] == 0
    assert await at(conn, scene.shop, scene.card_id, due + 40 * A_DAY) == foreseen


async def test_many_cards_and_moments_take_one_statement(
    conn: Conn, shop: Shop, statements: StatementCounter, now: datetime
) -> None:
    # given
    cards = [await make_card(conn, shop, now=now) for _ in range(3)]
    for n, card_id in enumerate(cards):
        await make_points(conn, shop, card_id, n + 1, now=now + n * A_DAY)
    wanted = [(shop.merchant_id, card_id, now + days * A_DAY) for card_id in cards for days in range(4)]
    await balances.at(conn, wanted=wanted)
    # when
    async with statements.counted() as seen:
        found = await balances.at(conn, wanted=wanted)
    # then
    assert len(asked(seen)) == 1
    assert [found[card_id, moment].active for _, card_id, moment in wanted] == [1, 1, 1, 1, 0, 2, 2, 2, 0, 0, 3, 3]


# ---------------------------------------------------------------- against what really happens


async def settled(conn: Conn, shop: Shop, card_id: CardId, moment: datetime) -> Balance:
    """What stands on the card if it is looked at in that moment; nothing of it stays."""
    undone = conn.transaction()
    await undone.__aenter__()
    found = (await ledger.lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[card_id], now=moment))[card_id]
    await undone.__aexit__(RuntimeError, RuntimeError(), None)
    return Balance(found.active, found.pending, found.reserved, found.lifetime_earned)


class Life:
    """What happens to a card, one thing after the other, drawn at random."""

    def __init__(self, conn: Conn, shop: Shop, card_id: CardId, draw: random.Random) -> None:
        self.conn, self.shop, self.card_id, self.draw = conn, shop, card_id, draw
        self.reserved: list[tuple[AccountId, int]] = []

    async def step(self, now: datetime) -> None:
        async with locked(self.conn, self.shop, self.card_id, now) as card:
            what = self.draw.choice(("earn", "earn", "reserve", "release", "look"))
            if what == "earn":
                unlocks = now + self.draw.choice((0, 0, 1, 3)) * A_DAY
                goes = self.draw.choice((None, unlocks + self.draw.randrange(1, 6) * A_DAY))
                await ledger.earn(
                    self.conn,
                    card,
                    kind=EntryKind.EARNED,
                    points=Points(self.draw.randrange(1, 50)),
                    activates_at=unlocks,
                    expires_at=goes,
                    cause=Cause(now),
                    now=now,
                )
            elif what == "reserve" and card.active:
                points = Points(self.draw.randrange(1, card.active + 1))
                made = await ledger.reserve_for_gift(self.conn, card, points=points, cause=Cause(now), now=now)
                self.reserved.append((made.account_id, made.posted.seq))
            elif what == "release" and self.reserved:
                account_id, seq = self.reserved.pop()
                await ledger.release_gift(
                    self.conn, card, account_id=account_id, sent_seq=seq, cause=Cause(now), now=now
                )


@pytest.mark.parametrize("seed", range(12))
async def test_every_moment_is_answered_as_if_the_card_had_been_looked_at_then(
    conn: Conn, shop: Shop, now: datetime, seed: int
) -> None:
    # given: a life with pauses in which points unlock and go, unseen
    draw = random.Random(seed)
    card_id = await make_card(conn, shop, now=now)
    life, moment = Life(conn, shop, card_id, draw), now
    truth: dict[datetime, Balance] = {}
    for _ in range(14):
        await life.step(moment)
        for _ in range(draw.randrange(3)):
            moment += draw.choice((AN_INSTANT, A_DAY / 2, A_DAY))
            truth[moment] = await settled(conn, shop, card_id, moment)
            # then: it is foreseen
            wanted = [(shop.merchant_id, card_id, moment)]
            assert (await balances.at(conn, wanted=wanted))[card_id, moment] == truth[moment]
        moment += draw.choice((AN_INSTANT, A_DAY, 2 * A_DAY))
    # and remembered
    wanted = [(shop.merchant_id, card_id, moment) for moment in truth]
    found = await balances.at(conn, wanted=wanted)
    assert {moment: found[card_id, moment] for moment in truth} == truth


async def test_a_tier_that_fell_among_what_was_posted_late_changes_no_answer(conn: Conn, now: datetime) -> None:
    # given: points that go at the midnight at which the tier falls, and nobody who looks for twenty seconds
    tiers = TierRules((TierLevel("Silver", 50),), basis="points", window="calendar")
    shop = await make_shop(conn, now=now, rules=Rules(points=Points(1), per_minor=Minor(100), tiers=tiers))
    member = await make_member(conn, shop, now=now)
    await checkout(conn, shop.terminal, await visit(conn, shop, member, now=now), receipt(10_000), now=now)
    review_at = await conn.fetchval("SELECT tier_review_at FROM cards")
    await make_points(conn, shop, member.card_id, 30, now=now, expires_at=review_at)
    moments = [review_at - AN_INSTANT, review_at, review_at + timedelta(seconds=5)]
    before = [await at(conn, shop, member.card_id, moment) for moment in moments]
    # when
    async with locked(conn, shop, member.card_id, review_at + timedelta(seconds=20)):
        pass
    # then: the tier's entry stands before that of the points, and both are passed by
    kinds = [row["kind"] for row in await conn.fetch("SELECT kind FROM entries ORDER BY seq")]
    assert kinds == ["EARNED", "BONUS", "CHANGED", "EXPIRED"]
    assert before == [(130, 0, 0, 130), (100, 0, 0, 130), (100, 0, 0, 130)]
    assert [await at(conn, shop, member.card_id, moment) for moment in moments] == before
