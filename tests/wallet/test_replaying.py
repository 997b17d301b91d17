"""A draft of the rules over recorded sales: what it would have given, to whom, and who looks odd under it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st

from infra.pool import Pool
from tests.database import MigratedServer, StatementCounter
from tests.factories import Shop, make_reward, make_shop
from tests.wallet.counter import Member, make_member
from tests.wallet.court import Court, sitting
from tests.wallet.sales import histories
from tests.wallet.sales.histories import History
from tests.wallet.sales.till import checkout, receipt, refund, visit
from wallet import programs, replaying, reviews
from wallet.baskets import Basket, Line
from wallet.database import Conn
from wallet.midnights import midnight
from wallet.replaying import Replay, Tally
from wallet.rules import Bonuses, Caps, Multiplier, ReviewRules, Rules, StampRules, TierLevel, TierRules
from wallet.sales import Recorded
from wallet.values import Minor, Points, RewardKind

EXAMPLES = 60


@pytest.fixture
def court(server: MigratedServer) -> Iterator[Court]:
    with sitting(server) as found:
        yield found


PLAIN = Rules(points=Points(1), per_minor=Minor(1_000), carry_remainder=True)


async def replayed(
    conn: Conn, shop: Shop, draft: Rules | None = None, *, since: datetime, worth: Fraction | None = None, now: datetime
) -> Replay:
    """The replay of the draft, or of the rules in force."""
    program = await programs.get(conn, merchant_id=shop.merchant_id, program_id=shop.program_id, now=now)
    return await replaying.replay(
        conn, program=program, draft=draft or program.rules, since=since, point_minor=worth, now=now
    )


async def sell(conn: Conn, shop: Shop, member: Member, basket: Basket, *, now: datetime) -> Recorded:
    customer = await visit(conn, shop, member, now=now)
    return await checkout(conn, shop.terminal, customer, basket, now=now)


def bread(amount: int) -> Basket:
    return Basket("R-1", "INR", (Line("1", Minor(amount), category="bread"),))


# ---------------------------------------------------------------- the rules in force


async def the_rules_in_force_give_what_was_given(history: History, data: st.DataObject) -> None:
    # given a card with a past, and a day on which the time that is replayed begins
    await histories.live(history, data, steps=data.draw(st.sampled_from((9, 5, 14))))
    zone = histories_zone(history)
    days = (history.now - histories.START).days
    day = histories.START.astimezone(zone).date() + timedelta(days=data.draw(st.integers(0, days)))
    since = midnight(day, zone)
    # when
    found = await replayed(history.conn, history.shop, since=since, now=history.now)
    # then
    given, draft = found.given, found.draft
    assert (draft.points, draft.bonus_points, draft.capped_points, draft.stamps, draft.tiers_reached) == (
        given.points,
        given.bonus_points,
        given.capped_points,
        given.stamps,
        given.tiers_reached,
    )
    recorded = await history.conn.fetchrow(
        "SELECT COUNT(*) AS sales, COALESCE(SUM(kept_points), 0)::bigint AS points FROM sales WHERE posted_at >= $1",
        since,
    )
    assert recorded is not None
    assert (found.sales, given.points) == (recorded["sales"], recorded["points"])


def histories_zone(history: History) -> ZoneInfo:
    return ZoneInfo(history.shop.terminal.merchant_timezone)


def test_a_replay_of_the_rules_in_force_gives_what_was_given(court: Court) -> None:
    court.tries(the_rules_in_force_give_what_was_given, examples=EXAMPLES)
    assert court.sales > EXAMPLES


async def test_what_a_card_carried_when_the_time_began_is_worked_out(conn: Conn, now: datetime) -> None:
    # given ₹7 of ₹10 carried, then a part of an older purchase back, then one more purchase
    shop = await make_shop(conn, rules=PLAIN, now=now)
    member = await make_member(conn, shop, now=now)
    old = await sell(conn, shop, member, receipt(1_900, 800), now=now)
    later = now + timedelta(days=2)
    since = later - timedelta(hours=1)
    await sell(conn, shop, member, receipt(1_400), now=later)
    await refund(conn, shop.terminal, old.sale.sale_id, amount=600, now=later + timedelta(hours=1))
    recorded = await sell(conn, shop, member, receipt(1_500), now=later + timedelta(hours=2))
    # when
    found = await replayed(conn, shop, since=since, now=later + timedelta(hours=3))
    # then 27 + 14 - 6 + 15 = 50: the older one had earned 2, the newer ones 3 in all
    assert (found.sales, found.given.points, found.draft.points) == (2, 4, 4)
    assert recorded.sale.points == 2


# ---------------------------------------------------------------- a draft


async def test_a_draft_says_who_gains_who_loses_and_what_it_costs(conn: Conn, now: datetime) -> None:
    # given one member who buys bread and one who does not
    shop = await make_shop(conn, rules=PLAIN, now=now)
    await make_reward(
        conn, shop, slug="ten-off", kind=RewardKind.AMOUNT_OFF, amount_minor=Minor(1_000), cost_points=20, now=now
    )
    baker, smoker = (
        await make_member(conn, shop, name="Anu Thomas", now=now),
        await make_member(conn, shop, name="Ben", now=now),
    )
    await sell(conn, shop, baker, bread(8_000), now=now)
    await sell(conn, shop, smoker, Basket("R-2", "INR", (Line("1", Minor(3_000), category="tobacco"),)), now=now)
    draft = replace(
        PLAIN,
        multipliers=(Multiplier("Fresh bread", 250, categories=("bread",)),),
        excluded_categories=("tobacco",),
        bonuses=Bonuses(joining=Points(5)),
    )
    # when
    found = await replayed(conn, shop, draft, since=now - timedelta(days=1), now=now)
    priced = await replayed(conn, shop, draft, since=now - timedelta(days=1), worth=Fraction(1, 3), now=now)
    # then
    assert (found.members, found.sales, found.kept_minor) == (2, 2, 11_000)
    assert found.given == Tally(points=11)
    assert found.draft == Tally(points=20, joining_points=10)
    assert [(each.initial, each.change) for each in found.most_gained] == [("A", 17), ("B", 2)]
    assert (found.gaining, found.losing, found.suspects) == (2, 0, 0)
    # and what a point is worth is derived from what it buys, or said
    assert found.worth is not None
    assert (found.worth.minor, found.worth.reward, found.worth.of(30)) == (Fraction(50), "ten-off", 1_500)
    assert priced.worth is not None
    assert (priced.worth.reward, priced.worth.of(30), priced.worth.of(-5), priced.worth.of(2)) == (None, 10, -2, 1)


async def test_what_came_back_and_what_was_refused_costs_nothing(conn: Conn, now: datetime) -> None:
    # given
    rules = replace(PLAIN, review=ReviewRules(amount_minor=Minor(50_000)))
    shop = await make_shop(conn, rules=rules, now=now)
    member = await make_member(conn, shop, now=now)
    kept = await sell(conn, shop, member, receipt(6_000, 4_000), now=now)
    odd = await sell(conn, shop, member, receipt(60_000), now=now)
    await refund(conn, shop.terminal, kept.sale.sale_id, "2", now=now)
    async with conn.transaction():
        await reviews.refuse(conn, merchant_id=shop.merchant_id, sale_id=odd.sale.sale_id, now=now)
    # when
    found = await replayed(conn, shop, replace(rules, points=Points(3)), since=now - timedelta(days=1), now=now)
    # then
    assert (found.given.points, found.draft.points, found.sales) == (6, 18, 2)


async def test_a_tier_begins_as_it_was_and_moves_under_the_draft(conn: Conn, now: datetime) -> None:
    # given a member whose Silver of a year ago is reviewed in the time, and a draft with a lower Gold
    silver, gold = TierLevel("Silver", 10, 200), TierLevel("Gold", 100, 300)
    rules = replace(PLAIN, tiers=TierRules((silver, gold), months=1))
    shop = await make_shop(conn, rules=rules, now=now)
    member, loyal = await make_member(conn, shop, now=now), await make_member(conn, shop, now=now)
    for each in (member, loyal):
        assert (await sell(conn, shop, each, receipt(20_000), now=now)).sale.points == 20
    later = now + timedelta(days=20)
    await sell(conn, shop, loyal, receipt(10_000), now=later)
    after = now + timedelta(days=45)
    fallen = await sell(conn, shop, member, receipt(10_000), now=after)
    kept = await sell(conn, shop, loyal, receipt(10_000), now=after)
    since = now + timedelta(days=10)
    # when
    same = await replayed(conn, shop, since=since, now=after)
    draft = replace(rules, tiers=TierRules((silver, TierLevel("Gold", 30, 300)), months=1))
    found = await replayed(conn, shop, draft, since=since, now=after)
    # then who had not bought for a month has fallen, who had has not
    assert (fallen.sale.points, kept.sale.points) == (10, 20)
    assert (same.given.points, same.draft.points, same.draft.tiers_reached) == (50, 50, 1)
    # and under the draft the second purchase of the other made Gold, which tripled the third
    assert (found.draft.points, found.draft.tiers_reached) == (20 + 30 + 10, 2)


async def test_what_was_held_counts_for_the_tier_from_when_it_was_let_go(conn: Conn, now: datetime) -> None:
    # given a large purchase that was let go after the next one, and one that was refused after the last
    silver = TierLevel("Silver", 60, 200)
    rules = replace(PLAIN, tiers=TierRules((silver,)), review=ReviewRules(amount_minor=Minor(50_000)))
    shop = await make_shop(conn, rules=rules, now=now)
    member = await make_member(conn, shop, now=now)
    large = await sell(conn, shop, member, receipt(60_000), now=now)
    plain = await sell(conn, shop, member, receipt(1_000), now=now + timedelta(hours=1))
    async with conn.transaction():
        released_at = now + timedelta(hours=2)
        await reviews.release(conn, merchant_id=shop.merchant_id, sale_id=large.sale.sale_id, now=released_at)
    doubled = await sell(conn, shop, member, receipt(1_000), now=now + timedelta(hours=3))
    odd = await sell(conn, shop, member, receipt(70_000), now=now + timedelta(hours=4))
    waiting = await sell(conn, shop, member, receipt(80_000), now=now + timedelta(hours=5))
    async with conn.transaction():
        refused_at = now + timedelta(hours=6)
        await reviews.refuse(conn, merchant_id=shop.merchant_id, sale_id=odd.sale.sale_id, now=refused_at)
    # when
    same = await replayed(conn, shop, since=now - timedelta(days=1), now=now + timedelta(days=1))
    half = replace(rules, points=Points(1), per_minor=Minor(2_000))
    fewer = await replayed(conn, shop, half, since=now - timedelta(days=1), now=now + timedelta(days=1))
    # then
    assert [each.sale.points for each in (large, plain, doubled, odd, waiting)] == [60, 1, 2, 140, 160]
    assert (same.given.points, same.draft.points) == (60 + 1 + 2 + 160, 60 + 1 + 2 + 160)
    # and under half as many nobody is Silver: 600 + 10 + 10 + 800 of 20, the 700 that were refused but counted on
    assert fewer.draft.points == 30 + 0 + 1 + 40


async def test_punch_cards_go_on_from_where_they_were(conn: Conn, now: datetime) -> None:
    # given two stamps of three, and four more after the time began
    stamps = StampRules("item", 3, "free-coffee")
    shop = await make_shop(conn, rules=replace(PLAIN, stamps=stamps), now=now)
    await make_reward(conn, shop, slug="free-coffee", now=now)
    member = await make_member(conn, shop, now=now)
    await sell(conn, shop, member, receipt(100, 100), now=now)
    later = now + timedelta(days=1)
    sold = await sell(conn, shop, member, receipt(100, 100, 100, 100, 100), now=later)
    await refund(conn, shop.terminal, sold.sale.sale_id, "1", now=later)
    since = later - timedelta(hours=1)
    # when
    same = await replayed(conn, shop, since=since, now=later)
    fewer = replace(PLAIN, stamps=replace(stamps, needed=2))
    shorter = await replayed(conn, shop, fewer, since=since, now=later)
    gone = await replayed(conn, shop, replace(PLAIN, stamps=replace(stamps, reward="gone")), since=since, now=later)
    # then
    assert (same.given.stamps, same.given.full_cards) == (4, 2)
    assert (same.draft.stamps, same.draft.full_cards) == (4, 2)
    assert (shorter.draft.stamps, shorter.draft.full_cards, shorter.reward_missing) == (4, 3, None)
    assert (gone.draft.stamps, gone.draft.full_cards, gone.reward_missing) == (4, 0, "gone")


# ---------------------------------------------------------------- what looks odd


async def test_who_looks_odd_under_the_draft_is_said_with_the_reasons(conn: Conn, now: datetime) -> None:
    # given one card that is used again and again at one till, and one with a large purchase
    shop = await make_shop(conn, rules=PLAIN, now=now)
    often, once = await make_member(conn, shop, now=now), await make_member(conn, shop, name="Zoe", now=now)
    for at in range(5):
        await sell(conn, shop, often, receipt(3_000), now=now + timedelta(minutes=at))
    await sell(conn, shop, once, receipt(90_000), now=now)
    quiet = await make_member(conn, shop, now=now)
    await sell(conn, shop, quiet, receipt(2_000), now=now)
    draft = replace(
        PLAIN,
        caps=Caps(per_day=Points(10)),
        review=ReviewRules(sales_per_day=3, amount_minor=Minor(50_000)),
    )
    # when
    found = await replayed(conn, shop, draft, since=now - timedelta(days=1), now=now)
    # then
    assert found.suspects == 2
    assert [(each.odd, each.capped_sales, each.draft.capped_points) for each in found.most_suspect] == [
        ({"review_one_card_at_one_till": 2}, 2, 5),
        ({"review_large_amount": 1}, 1, 80),
    ]
    assert found.odd == {"review_one_card_at_one_till": 2, "review_large_amount": 1}
    assert (found.draft.points, found.losing) == (10 + 10 + 2, 2)


async def test_a_busy_till_is_judged_by_what_it_had_sold_in_the_hour(conn: Conn, now: datetime) -> None:
    # given four members at one till within the hour, and a fifth after it
    shop = await make_shop(conn, rules=PLAIN, now=now)
    for at in (0, 10, 20, 30, 150):
        member = await make_member(conn, shop, now=now)
        await sell(conn, shop, member, receipt(1_000), now=now + timedelta(minutes=at))
    draft = replace(PLAIN, review=ReviewRules(sales_per_hour_of_terminal=2))
    # when
    found = await replayed(conn, shop, draft, since=now - timedelta(days=1), now=now)
    # then
    assert (found.suspects, found.odd) == (2, {"review_many_sales_of_till": 2})


# ---------------------------------------------------------------- how it reads


async def test_it_only_reads_and_its_statements_do_not_follow_the_sales(
    pool: Pool, statements: StatementCounter, now: datetime
) -> None:
    async with pool.acquire() as conn:
        # given
        shop = await make_shop(conn, rules=PLAIN, now=now)
        members = [await make_member(conn, shop, now=now) for _ in range(52)]
        for member in members:
            await sell(conn, shop, member, receipt(2_000), now=now)
        counted, founds = list[int](), list[Replay]()
        for _ in range(2):
            # when
            async with statements.counted() as seen, conn.transaction():
                await conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                founds.append(await replayed(conn, shop, since=now - timedelta(days=1), now=now))
            counted.append(len(seen))
            for _ in range(10):
                await sell(conn, shop, members[0], receipt(2_000), now=now)
        # then two pages of cards are ten statements, and six are around them
        assert counted == [16, 16]
        assert [found.members for found in founds] == [52, 52]
        assert [found.given for found in founds] == [Tally(points=2 * 52), Tally(points=2 * 62)]
        assert [found.draft for found in founds] == [found.given for found in founds]
