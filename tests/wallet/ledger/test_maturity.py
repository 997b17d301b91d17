"""What a merchant's midnight does to a card: once, in its order, whoever does it and however late."""

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from infra.pool import Pool
from infra.sweeps import settle_points
from tests.factories import Shop, make_card, make_shop
from tests.wallet.counter import race
from tests.wallet.ledger.midnight import (
    APIA,
    ENTRIES_SQL,
    KOLKATA,
    LEVELS,
    LOTS_SQL,
    NEW_YORK,
    TIERED,
    bought,
    kinds,
    lock,
    settled,
    sold,
    stand,
    standing_of,
    there,
)
from wallet import audit, ledger, programs
from wallet.database import Conn
from wallet.ledger import Cause
from wallet.midnights import midnight
from wallet.rules import Rules, TierLevel, TierRules
from wallet.tiers import NO_TIER, Standing
from wallet.values import CardId, Points

AN_INSTANT = timedelta(microseconds=1)
A_DAY = timedelta(days=1)


async def lawful(conn: Conn) -> None:
    assert [verdict async for verdict in audit.verdicts(conn) if verdict.count] == []


async def revised(conn: Conn, shop: Shop, rules: Rules, *, at: datetime) -> None:
    await programs.revise(
        conn, merchant_id=shop.merchant_id, program_id=shop.program_id, rules=rules, valid_from=at, now=at
    )


@pytest.mark.parametrize(
    ("zone", "sale", "days", "active"),
    [
        # a month's end, half an hour off UTC's hours
        (KOLKATA, (2026, 1, 29, 15), 2, (2026, 2, 1)),
        (KOLKATA, (2026, 1, 29), 2, (2026, 1, 31)),
        # 24 hours over the night in which clocks go forward end at 16:00
        (NEW_YORK, (2026, 3, 7, 15), 1, (2026, 3, 9)),
        # and over the night in which they go back at 23:30 of the same day
        (NEW_YORK, (2026, 11, 1, 0, 30), 1, (2026, 11, 2)),
        # the other side of the date line
        (APIA, (2026, 12, 30, 12), 1, (2027, 1, 1)),
    ],
)
async def test_pending_points_are_spendable_from_the_first_local_midnight_on(
    conn: Conn,
    zone: str,
    sale: tuple[int, ...],
    days: int,
    active: tuple[int, ...],
) -> None:
    rules, at, then = Rules(pending_days=days), there(zone, *sale), there(zone, *active)
    shop = await make_shop(conn, rules=rules, timezone=zone, now=at)
    card_id = await make_card(conn, shop, now=at)
    await bought(conn, shop, card_id, 40, rules=rules, at=at)

    before = await settled(conn, shop, card_id, now=then - AN_INSTANT)
    assert (before.active, before.pending, before.revision) == (0, 40, 1)
    for late in (timedelta(0), A_DAY):
        after = await settled(conn, shop, card_id, now=then + late)
        assert (after.active, after.pending, after.revision) == (40, 0, 2)
    entry = (await conn.fetch(ENTRIES_SQL, shop.merchant_id, card_id))[-1]
    assert (entry["kind"], entry["occurred_at"]) == ("ACTIVATED", then)
    await lawful(conn)


@pytest.mark.parametrize(
    ("zone", "sale", "rules", "gone"),
    [
        (KOLKATA, (2026, 1, 31, 10), Rules(expiry_months=1), (2026, 3, 1)),
        (KOLKATA, (2026, 7, 6, 10), Rules(expiry_months=12, expiry_to_month_end=True), (2027, 8, 1)),
        # from winter time to summer time and back: midnight by the clock on the wall
        (NEW_YORK, (2026, 1, 15, 12), Rules(expiry_months=6), (2026, 7, 16)),
        (NEW_YORK, (2026, 7, 15, 12), Rules(expiry_months=6), (2027, 1, 16)),
        (APIA, (2026, 12, 31, 23), Rules(expiry_months=2), (2027, 3, 1)),
    ],
)
async def test_points_last_through_the_last_day_by_the_merchants_clock(
    conn: Conn, zone: str, sale: tuple[int, ...], rules: Rules, gone: tuple[int, ...]
) -> None:
    at, then = there(zone, *sale), there(zone, *gone)
    shop = await make_shop(conn, rules=rules, timezone=zone, now=at)
    card_id = await make_card(conn, shop, now=at)
    await bought(conn, shop, card_id, 40, rules=rules, at=at)

    assert (await settled(conn, shop, card_id, now=then - AN_INSTANT)).active == 40
    for late in (timedelta(0), A_DAY):
        assert (await settled(conn, shop, card_id, now=then + late)).active == 0
    entry = (await conn.fetch(ENTRIES_SQL, shop.merchant_id, card_id))[-1]
    assert (entry["kind"], entry["points"], entry["occurred_at"]) == ("EXPIRED", -40, then)
    assert await kinds(conn, shop, card_id) == [("EXPIRED", -40)]
    await lawful(conn)


async def test_late_work_is_done_midnight_by_midnight_in_the_order_of_time(conn: Conn) -> None:
    # given a lot that goes on one day, and one that becomes spendable on that day and goes on a later one
    rules = Rules(pending_days=30, expiry_months=1)
    at = there(KOLKATA, 2026, 1, 1)
    shop = await make_shop(conn, rules=rules, now=at)
    card_id = await make_card(conn, shop, now=at)
    await bought(conn, shop, card_id, 10, rules=rules, at=at)
    await bought(conn, shop, card_id, 20, rules=rules, at=there(KOLKATA, 2026, 1, 29))

    # when nobody looks for a year
    await settled(conn, shop, card_id, now=there(KOLKATA, 2027, 1, 1))

    # then each happened on its own day, and where two fell on one, what comes came before what goes
    rows = await conn.fetch(ENTRIES_SQL, shop.merchant_id, card_id)
    assert [(row["kind"], row["points"], row["active_after"], row["occurred_at"]) for row in rows[2:]] == [
        ("ACTIVATED", 10, 10, there(KOLKATA, 2026, 1, 31)),
        ("ACTIVATED", 20, 30, there(KOLKATA, 2026, 2, 28)),
        ("EXPIRED", -10, 20, there(KOLKATA, 2026, 2, 28)),
        ("EXPIRED", -20, 0, there(KOLKATA, 2026, 3, 28)),
    ]
    await lawful(conn)


async def test_whoever_spends_settles_first(conn: Conn, now: datetime) -> None:
    """No gift can be paid with points whose time is over because the worker is late."""
    rules = Rules(expiry_months=1)
    shop = await make_shop(conn, rules=rules, now=now)
    card_id = await make_card(conn, shop, now=now)
    await bought(conn, shop, card_id, 10, rules=rules, at=now)
    assert (await settled(conn, shop, card_id, now=now + 40 * A_DAY)).active == 0


async def test_held_points_neither_come_nor_go(conn: Conn) -> None:
    rules, at = Rules(pending_days=3, expiry_months=1), there(KOLKATA, 2026, 1, 1)
    shop = await make_shop(conn, rules=rules, now=at)
    card_id = await make_card(conn, shop, now=at)
    await bought(conn, shop, card_id, 10, rules=rules, at=at)
    await conn.execute("UPDATE lots SET held = TRUE")

    # when all its dates are past
    late = there(KOLKATA, 2027, 1, 1)
    assert await ledger.cards_due(conn, limit=10, now=late) == []
    card = await settled(conn, shop, card_id, now=late)
    assert (card.active, card.pending, card.revision) == (0, 10, 1)

    # then they go their way once they are free
    await conn.execute("UPDATE lots SET held = FALSE")
    assert len(await ledger.cards_due(conn, limit=10, now=late)) == 1
    await settled(conn, shop, card_id, now=late)
    assert await kinds(conn, shop, card_id) == [("ACTIVATED", 10), ("EXPIRED", -10)]
    await lawful(conn)


@pytest.mark.parametrize(
    ("zone", "rules", "reached", "review"),
    [
        (KOLKATA, TierRules(LEVELS), (2026, 1, 31, 15), (2027, 2, 1)),
        (KOLKATA, TierRules(LEVELS, months=1), (2026, 1, 31, 15), (2026, 3, 1)),
        (NEW_YORK, TierRules(LEVELS, months=2), (2026, 1, 31, 15), (2026, 4, 1)),
        (NEW_YORK, TierRules(LEVELS, months=2, grace_days=7), (2026, 1, 31, 15), (2026, 4, 8)),
        (APIA, TierRules(LEVELS, window="calendar"), (2026, 12, 31, 23), (2028, 1, 1)),
        (APIA, TierRules(LEVELS, window="calendar", grace_days=31), (2026, 12, 31, 23), (2028, 2, 1)),
    ],
)
async def test_tier_falls_by_one_level_at_the_midnight_after_its_time(
    conn: Conn, zone: str, rules: TierRules, reached: tuple[int, ...], review: tuple[int, ...]
) -> None:
    at, then = there(zone, *reached), there(zone, *review)
    shop = await make_shop(conn, rules=Rules(tiers=rules), timezone=zone, now=at)
    card_id = await make_card(conn, shop, now=at)
    await sold(conn, shop, card_id, 5_000, at=at - timedelta(minutes=1))
    async with conn.transaction():
        raised = await ledger.raise_tier(conn, await lock(conn, shop, card_id, now=at), at=at, now=at)
    assert (raised.tier, raised.standing.since, raised.standing.review_at) == ("Black", at, then)

    # when the window has gone by without another purchase
    assert await ledger.cards_due(conn, limit=10, now=then - AN_INSTANT) == []
    assert (await settled(conn, shop, card_id, now=then - AN_INSTANT)).tier == "Black"
    assert len(await ledger.cards_due(conn, limit=10, now=then)) == 1
    fallen = await settled(conn, shop, card_id, now=then)

    # then it is one level lower, once, which the revision tells of and the history does not: no points moved
    assert (fallen.tier, fallen.standing.since) == ("Gold", then)
    assert fallen.standing == (await settled(conn, shop, card_id, now=then)).standing
    assert fallen.standing == await standing_of(conn, shop, card_id)
    assert (fallen.revision, raised.revision, await kinds(conn, shop, card_id)) == (2, 1, [])
    assert await ledger.cards_due(conn, limit=10, now=then) == []


async def test_tier_is_kept_by_what_counts_in_the_window_of_the_review(conn: Conn) -> None:
    reached, review = there(KOLKATA, 2026, 1, 31, 15), there(KOLKATA, 2027, 2, 1)
    shop = await make_shop(conn, rules=TIERED, now=reached)
    cards = [await make_card(conn, shop, now=reached) for _ in range(6)]
    gold = Standing("Gold", reached, review, review)
    for card_id in cards:
        await stand(conn, shop, card_id, gold, now=reached)
    # each has bought something else in the year before the review
    kept, split, too_early, held, released, refused = cards
    first_day, last_moment = there(KOLKATA, 2026, 2, 1), review - AN_INSTANT
    await sold(conn, shop, kept, 1_000, at=first_day)
    await sold(conn, shop, split, 999, at=first_day)
    await sold(conn, shop, split, 1, at=last_moment)
    await sold(conn, shop, too_early, 1_000, at=first_day - AN_INSTANT)
    await sold(conn, shop, too_early, 5_000, at=review)
    await sold(conn, shop, held, 1_000, at=first_day, review="HELD")
    await sold(conn, shop, released, 1_000, at=first_day, review="RELEASED")
    await sold(conn, shop, refused, 1_000, at=first_day, review="REFUSED")

    tiers = [(await settled(conn, shop, card_id, now=review + A_DAY)).tier for card_id in cards]

    assert tiers == ["Gold", "Gold", "Silver", "Silver", "Gold", "Silver"]
    again = there(KOLKATA, 2028, 2, 1)
    assert await standing_of(conn, shop, kept) == Standing("Gold", reached, again, again)
    assert await standing_of(conn, shop, held) == Standing("Silver", review, again, again)


async def test_money_counts_where_the_program_counts_money(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, rules=Rules(tiers=TierRules(LEVELS, basis="spend")), now=now)
    card_id = await make_card(conn, shop, now=now)
    await sold(conn, shop, card_id, 9_999, minor=600, at=now - A_DAY)
    async with conn.transaction():
        card = await ledger.raise_tier(conn, await lock(conn, shop, card_id, now=now), at=now, now=now)
    assert card.tier == "Silver"


async def test_who_has_bought_nothing_for_years_falls_step_by_step(conn: Conn) -> None:
    """Also when nobody looked for all those years: one level a window, each on its day."""
    reached, review = there(KOLKATA, 2020, 1, 31, 15), there(KOLKATA, 2021, 2, 1)
    shop = await make_shop(conn, rules=TIERED, now=reached)
    one, other = await make_card(conn, shop, now=reached), await make_card(conn, shop, now=reached)
    for card_id in (one, other):
        await stand(conn, shop, card_id, Standing("Black", reached, review, review), now=reached)
    after_two_years = await settled(conn, shop, one, now=there(KOLKATA, 2022, 6, 1))
    until = there(KOLKATA, 2023, 2, 1)
    assert after_two_years.standing == Standing("Silver", there(KOLKATA, 2022, 2, 1), until, until)
    for card_id in (one, other):
        assert (await settled(conn, shop, card_id, now=there(KOLKATA, 2026, 1, 1))).standing == NO_TIER
        assert await standing_of(conn, shop, card_id) == NO_TIER


async def test_rules_of_the_midnight_decide(conn: Conn) -> None:
    """What was published later says nothing of a review that came before it, however late that is done."""
    reached, review = there(KOLKATA, 2026, 1, 31, 15), there(KOLKATA, 2027, 2, 1)
    shop = await make_shop(conn, rules=TIERED, now=reached)
    card_id, without = await make_card(conn, shop, now=reached), await make_card(conn, shop, now=reached)
    await stand(conn, shop, card_id, Standing("Gold", reached, review, review), now=reached)
    await sold(conn, shop, card_id, 900, at=review - A_DAY)
    # given that tiers become cheaper the day before the review of one, and end the day after
    cheaper = Rules(tiers=TierRules((TierLevel("Silver", 50), TierLevel("Gold", 900))))
    for rules, at in ((cheaper, review - A_DAY), (Rules(), review + A_DAY)):
        await revised(conn, shop, rules, at=at)
    await stand(conn, shop, without, Standing("Gold", reached, review + 2 * A_DAY, review + 2 * A_DAY), now=reached)

    assert (await settled(conn, shop, card_id, now=review + 9 * A_DAY)).tier == "Gold"
    assert (await settled(conn, shop, without, now=review + 9 * A_DAY)).standing == NO_TIER


async def test_tier_rises_at_a_midnight_too(conn: Conn) -> None:
    """Where the rules were made easier meanwhile: on the next midnight that has to do with the card."""
    at = there(KOLKATA, 2026, 1, 31, 15)
    pending = Rules(pending_days=3, tiers=TierRules((TierLevel("Silver", 10_000),)))
    shop = await make_shop(conn, rules=pending, now=at)
    card_id = await make_card(conn, shop, now=at)
    await bought(conn, shop, card_id, 600, rules=pending, at=at)
    easier = Rules(pending_days=3, tiers=TierRules(LEVELS))
    await revised(conn, shop, easier, at=at + A_DAY)
    card = await settled(conn, shop, card_id, now=at + 5 * A_DAY)
    assert (card.tier, card.standing.since, card.active) == ("Silver", there(KOLKATA, 2026, 2, 4), 600)


async def test_points_that_come_back_past_their_date_bring_no_tier_back(conn: Conn) -> None:
    """They expire as of their date; how high the tier was on that day was decided then."""
    reached, review = there(KOLKATA, 2026, 1, 31, 15), there(KOLKATA, 2026, 5, 1)
    rules = Rules(expiry_months=2, tiers=TierRules((TierLevel("Silver", 500),), months=3))
    shop = await make_shop(conn, rules=rules, now=reached)
    card_id = await make_card(conn, shop, now=reached)
    await bought(conn, shop, card_id, 600, rules=rules, at=reached)
    await stand(conn, shop, card_id, Standing("Silver", reached, review, review), now=reached)
    # given a gift of all points, which go on 1 April, and a tier that fell a month later
    async with conn.transaction():
        card = await lock(conn, shop, card_id, now=reached + A_DAY)
        cause = Cause(occurred_at=reached + A_DAY)
        sent = await ledger.reserve_for_gift(conn, card, points=Points(600), cause=cause, now=reached + A_DAY)
    assert (await settled(conn, shop, card_id, now=review)).standing == NO_TIER
    # when they come back after that
    back = review + 9 * A_DAY
    async with conn.transaction():
        card, cause = await lock(conn, shop, card_id, now=back), Cause(occurred_at=back)
        account_id, seq = sent.account_id, sent.posted.seq
        await ledger.release_gift(conn, card, account_id=account_id, sent_seq=seq, cause=cause, now=back)

    card = await settled(conn, shop, card_id, now=back + A_DAY)
    assert (card.active, card.standing) == (0, NO_TIER)
    assert await kinds(conn, shop, card_id) == [("GIFT_SENT", -600), ("GIFT_RETURNED", 600), ("EXPIRED", -600)]
    await lawful(conn)


async def test_everything_of_one_midnight_happens_in_its_order(conn: Conn) -> None:
    """Points that come, the tier, points that go: at one moment on one card, and the sweep tells of the card."""
    midnight_of = there(KOLKATA, 2027, 2, 1)
    rules = Rules(pending_days=2, expiry_months=3, tiers=TierRules(LEVELS))
    shop = await make_shop(conn, rules=rules, now=there(KOLKATA, 2026, 10, 30))
    card_id = await make_card(conn, shop, now=there(KOLKATA, 2026, 10, 30))
    await bought(conn, shop, card_id, 30, rules=rules, at=there(KOLKATA, 2026, 10, 30))
    await bought(conn, shop, card_id, 7, rules=rules, at=there(KOLKATA, 2027, 1, 30))
    gold = Standing("Gold", there(KOLKATA, 2026, 1, 31), midnight_of, midnight_of)
    await stand(conn, shop, card_id, gold, now=there(KOLKATA, 2026, 10, 30))
    await settled(conn, shop, card_id, now=midnight_of - AN_INSTANT)
    assert await kinds(conn, shop, card_id) == [("ACTIVATED", 30)]

    async with conn.transaction():
        changed = await settle_points(conn, limit=10, now=midnight_of)

    assert changed == [(shop.merchant_id, card_id)]
    assert await kinds(conn, shop, card_id) == [("ACTIVATED", 30), ("ACTIVATED", 7), ("EXPIRED", -30)]
    assert (await standing_of(conn, shop, card_id)).tier == "Silver"
    async with conn.transaction():
        assert await settle_points(conn, limit=10, now=midnight_of) == []
    await lawful(conn)


async def test_sweep_tells_of_a_card_whose_tier_alone_changed(conn: Conn) -> None:
    reached, review = there(KOLKATA, 2026, 1, 31, 15), there(KOLKATA, 2027, 2, 1)
    shop = await make_shop(conn, rules=TIERED, now=reached)
    card_id = await make_card(conn, shop, now=reached)
    await stand(conn, shop, card_id, Standing("Gold", reached, review, review), now=reached)
    async with conn.transaction():
        assert await settle_points(conn, limit=10, now=review) == [(shop.merchant_id, card_id)]
    assert (await standing_of(conn, shop, card_id)).tier == "Silver"


async def test_two_workers_at_once_do_it_once(pool: Pool, conn: Conn) -> None:
    # given twenty cards on which much is due at one midnight
    midnight_of = there(KOLKATA, 2027, 2, 1)
    rules = Rules(pending_days=2, expiry_months=3, tiers=TierRules(LEVELS))
    start = there(KOLKATA, 2026, 10, 30)
    shop = await make_shop(conn, rules=rules, now=start)
    cards = [await make_card(conn, shop, now=start) for _ in range(20)]
    for card_id in cards:
        await bought(conn, shop, card_id, 30, rules=rules, at=start)
        await bought(conn, shop, card_id, 7, rules=rules, at=there(KOLKATA, 2027, 1, 30))
        await stand(conn, shop, card_id, Standing("Gold", start, midnight_of, midnight_of), now=start)

    # when four workers go at it until nothing is left
    while await ledger.cards_due(conn, limit=1, now=midnight_of):
        await race(pool, [lambda one: settle_points(one, limit=100, now=midnight_of)] * 4)

    # then each card has each entry once, and fell by one level
    for card_id in cards:
        assert await kinds(conn, shop, card_id) == [("ACTIVATED", 30), ("ACTIVATED", 7), ("EXPIRED", -30)]
        assert (await standing_of(conn, shop, card_id)).tier == "Silver"
    await lawful(conn)


FACTS_SQL = "SELECT carries, lifetime_earned, revision FROM cards WHERE merchant_id = $1 AND card_id = $2"


async def looked_at(conn: Conn, shop: Shop, card_id: CardId) -> list[object]:
    """All that time did to the card but when it was written down."""
    entries = await conn.fetch(ENTRIES_SQL, shop.merchant_id, card_id)
    return [
        [tuple(row[at] for at in range(6)) for row in entries],
        [tuple(row[at] for at in range(6)) for row in await conn.fetch(LOTS_SQL, shop.merchant_id, card_id)],
        await standing_of(conn, shop, card_id),
        [tuple(row[at] for at in range(3)) for row in await conn.fetch(FACTS_SQL, shop.merchant_id, card_id)],
    ]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("zone", [KOLKATA, NEW_YORK, APIA])
async def test_it_is_the_same_whether_somebody_looks_every_day_or_after_two_years(
    conn: Conn, zone: str, seed: int
) -> None:
    """A random history on two cards, of which one is settled every day and the other only at the end."""
    chance = random.Random(f"{zone} {seed}")
    rules = Rules(
        pending_days=chance.choice([0, 1, 14]),
        expiry_months=chance.choice([1, 2, 6]),
        expiry_to_month_end=chance.random() < 0.5,
        tiers=TierRules(
            (TierLevel("Silver", 40), TierLevel("Gold", 90), TierLevel("Black", 200)),
            window=chance.choice(["rolling", "calendar"]),
            months=chance.choice([1, 3, 12]),
            grace_days=chance.choice([0, 9]),
        ),
    )
    start = there(zone, 2026, 2, 20)
    shop = await make_shop(conn, rules=rules, timezone=zone, now=start)
    watched, forgotten = await make_card(conn, shop, now=start), await make_card(conn, shop, now=start)
    first = start.date()
    buys = sorted(chance.sample(range(60), 8))
    # given the same purchases on both, in the first two months
    for day in buys:
        at = midnight(first + day * A_DAY, ZoneInfo(zone)) + timedelta(minutes=chance.randrange(1, 1_300))
        points = chance.randrange(5, 60)
        for card_id in (watched, forgotten):
            await bought(conn, shop, card_id, points, rules=rules, at=at)
            async with conn.transaction():
                await ledger.raise_tier(conn, await lock(conn, shop, card_id, now=at), at=at + AN_INSTANT, now=at)

    # when one is looked at every day, and the other when two years are over
    for day in range(buys[-1], 760, chance.choice([1, 2, 5])):
        await settled(conn, shop, watched, now=midnight(first + day * A_DAY, ZoneInfo(zone)))
    end = midnight(first + 800 * A_DAY, ZoneInfo(zone))
    for card_id in (watched, forgotten):
        await settled(conn, shop, card_id, now=end)

    assert await looked_at(conn, shop, watched) == await looked_at(conn, shop, forgotten)
    await lawful(conn)


async def test_gifts_of_old_points_expire_when_they_come_back(conn: Conn) -> None:
    """They keep the dates they had: what is past them goes with the next look at the card."""
    rules, at = Rules(expiry_months=1), there(KOLKATA, 2026, 1, 1)
    shop = await make_shop(conn, rules=rules, now=at)
    card_id = await make_card(conn, shop, now=at)
    await bought(conn, shop, card_id, 10, rules=rules, at=at)
    async with conn.transaction():
        card = await lock(conn, shop, card_id, now=at)
        reserved = await ledger.reserve_for_gift(conn, card, points=Points(10), cause=Cause(at), now=at)
    late = there(KOLKATA, 2026, 3, 1)
    async with conn.transaction():
        card = await lock(conn, shop, card_id, now=late)
        await ledger.release_gift(
            conn, card, account_id=reserved.account_id, sent_seq=reserved.posted.seq, cause=Cause(late), now=late
        )
    async with conn.transaction():
        await settle_points(conn, limit=10, now=late)
    assert await kinds(conn, shop, card_id) == [("GIFT_SENT", -10), ("GIFT_RETURNED", 10), ("EXPIRED", -10)]
    await lawful(conn)
