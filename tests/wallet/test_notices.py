"""Members hear of points before they expire: in time, once, and not every day."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from infra.pool import Pool
from infra.sweeps import write_reminders
from tests.factories import Shop, make_card, make_customer, make_points, make_shop
from tests.wallet.counter import race
from tests.wallet.ledger.midnight import KOLKATA, bought, lock, there
from tests.wallet.ledger.test_sliding import expiries
from wallet import ledger, notices
from wallet.database import Conn
from wallet.notices import ExpiringDay
from wallet.rules import Rules
from wallet.values import CardId, Points

A_DAY = timedelta(days=1)
AN_INSTANT = timedelta(microseconds=1)

JOBS_SQL = "SELECT payload FROM outbox WHERE topic = 'mail.expiring' ORDER BY outbox_id"
NOTICED_SQL = "SELECT expires_on, points FROM expiry_notices WHERE card_id = $1 ORDER BY expires_on"


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, now=now)


async def earned(
    conn: Conn, shop: Shop, card_id: CardId, points: int, *, until: datetime, days: int = 14, now: datetime
) -> None:
    """Points of which the owner is to hear so many days before they expire."""
    await make_points(conn, shop, card_id, points, expires_at=until, notice_days=days, now=now)


async def written(conn: Conn, *, now: datetime, limit: int = 100) -> int:
    """How many mails there are after a look at all cards that are due."""
    mails = 0
    async with conn.transaction():
        for merchant_id, card_id in await notices.cards_due(conn, limit=limit, now=now):
            mails += await notices.write(conn, merchant_id=merchant_id, card_id=card_id, now=now)
    return mails


async def told(conn: Conn, shop: Shop, card_id: CardId, until: date, *, now: datetime) -> list[ExpiringDay]:
    found = await notices.read(conn, merchant_id=shop.merchant_id, card_id=card_id, until=until, now=now)
    return list(found.days) if found else []


async def test_mail_is_written_so_many_days_ahead_and_once(conn: Conn, shop: Shop, now: datetime) -> None:
    # given points whose last day is 31 December, by the merchant's clock
    card_id = await make_card(conn, shop, now=now)
    end = there(KOLKATA, 2027, 1, 1)
    await earned(conn, shop, card_id, 40, until=end, now=now)

    assert await written(conn, now=end - 14 * A_DAY - AN_INSTANT) == 0
    assert [await written(conn, now=end - 14 * A_DAY) for _ in range(3)] == [1, 0, 0]
    assert await written(conn, now=end - A_DAY) == 0

    [job] = await conn.fetch(JOBS_SQL)
    assert job["payload"] == {"merchantId": str(shop.merchant_id), "cardId": str(card_id), "until": "2026-12-31"}
    [noticed] = await conn.fetch(NOTICED_SQL, card_id)
    assert (noticed["expires_on"], noticed["points"]) == (date(2026, 12, 31), 40)
    days = await told(conn, shop, card_id, date(2026, 12, 31), now=end - 14 * A_DAY)
    assert days == [ExpiringDay(date(2026, 12, 31), Points(40))]


async def test_one_mail_tells_of_all_that_is_near(conn: Conn, shop: Shop, now: datetime) -> None:
    card_id = await make_card(conn, shop, now=now)
    for days, points in ((3, 5), (3, 6), (9, 7), (40, 8)):
        await earned(conn, shop, card_id, points, until=there(KOLKATA, 2026, 11, 22) + days * A_DAY, now=now)
    await make_points(conn, shop, card_id, 9, now=now)

    assert await written(conn, now=now) == 1

    near = [ExpiringDay(date(2026, 11, 24), Points(11)), ExpiringDay(date(2026, 11, 30), Points(7))]
    assert await told(conn, shop, card_id, date(2026, 11, 30), now=now) == near
    assert [row["expires_on"] for row in await conn.fetch(NOTICED_SQL, card_id)] == [each.day for each in near]


async def test_who_earns_every_day_is_not_mailed_every_day_and_still_hears_of_each_day_in_time(
    conn: Conn, shop: Shop, now: datetime
) -> None:
    # given points that expire on each of sixty days
    card_id = await make_card(conn, shop, now=now)
    first = there(KOLKATA, 2026, 12, 10)
    for day in range(60):
        await earned(conn, shop, card_id, 1, until=first + day * A_DAY, now=now)

    # when the worker looks twice a day
    mailed: list[datetime] = []
    for half in range(160):
        at = now + half * A_DAY / 2
        if await written(conn, now=at):
            mailed.append(at)
        # then no day is left untold with less than a week to go
        near = {(at + days * A_DAY).date() for days in range(1, 7)}
        known = {row["expires_on"] for row in await conn.fetch(NOTICED_SQL, card_id)}
        assert {day for day in near if date(2026, 12, 9) <= day <= date(2027, 2, 6)} <= known

    assert len(mailed) == 10
    assert min(later - earlier for earlier, later in pairwise(mailed)) >= 7 * A_DAY
    assert await conn.fetchval("SELECT COUNT(*) FROM expiry_notices") == 60


async def test_points_that_are_nearly_gone_are_told_of_even_soon_after_a_mail(
    conn: Conn, shop: Shop, now: datetime
) -> None:
    card_id = await make_card(conn, shop, now=now)
    await earned(conn, shop, card_id, 5, until=now + 10 * A_DAY, now=now)
    assert await written(conn, now=now) == 1
    await earned(conn, shop, card_id, 6, until=now + 3 * A_DAY, now=now)
    await earned(conn, shop, card_id, 7, until=now + 12 * A_DAY, now=now)
    assert await written(conn, now=now + A_DAY) == 1
    assert len(await conn.fetch(NOTICED_SQL, card_id)) == 3


@pytest.mark.parametrize(
    "spoilt",
    [
        "UPDATE customers SET confirmed_at = NULL",
        "UPDATE customers SET email = NULL, email_key = NULL, phone = '+919876543210', phone_key = '+919876543210'",
        "UPDATE customers SET notices_stopped_at = created_at",
        "UPDATE lots SET remaining = 0",
        "UPDATE lots SET activated_at = NULL",
        "UPDATE lots SET activated_at = NULL, held = TRUE",
    ],
)
async def test_nobody_is_mailed_who_cannot_or_need_not_be(conn: Conn, shop: Shop, now: datetime, spoilt: str) -> None:
    card_id = await make_card(conn, shop, now=now)
    await earned(conn, shop, card_id, 5, until=now + 3 * A_DAY, now=now)
    await conn.execute(spoilt)

    assert await written(conn, now=now) == 0
    assert await conn.fetch(JOBS_SQL) == []
    assert await conn.fetch(NOTICED_SQL, card_id) == []
    # and a mail that was written before is not made any more
    assert await told(conn, shop, card_id, date(2030, 1, 1), now=now) == []


async def test_points_are_told_of_as_long_before_as_was_said_when_they_were_earned(
    conn: Conn, shop: Shop, now: datetime
) -> None:
    cards = []
    for days in (14, 90, 0):
        card_id = await make_card(conn, shop, now=now)
        await earned(conn, shop, card_id, 5, until=now + 30 * A_DAY, days=days, now=now)
        cards.append(card_id)
    assert await written(conn, now=now) == 1
    assert [len(await conn.fetch(NOTICED_SQL, card_id)) for card_id in cards] == [0, 1, 0]
    assert await written(conn, now=now + 29 * A_DAY) == 1
    assert [len(await conn.fetch(NOTICED_SQL, card_id)) for card_id in cards] == [1, 1, 0]


async def test_who_confirms_the_address_in_time_is_told_the_next_day(conn: Conn, shop: Shop, now: datetime) -> None:
    card_id = await make_card(conn, shop, now=now)
    await earned(conn, shop, card_id, 5, until=now + 10 * A_DAY, now=now)
    await conn.execute("UPDATE customers SET confirmed_at = NULL")
    assert await written(conn, now=now) == 0
    assert await notices.cards_due(conn, limit=9, now=now) == []
    await conn.execute("UPDATE customers SET confirmed_at = $1", now)
    assert [await written(conn, now=now + days * A_DAY) for days in (1, 2)] == [1, 0]


async def test_new_date_of_points_that_slide_is_told_of_anew(conn: Conn, now: datetime) -> None:
    idle = Rules(inactivity_months=3, notice_days=14)
    shop = await make_shop(conn, rules=idle, now=now)
    card_id = await make_card(conn, shop, now=now)
    await bought(conn, shop, card_id, 10, rules=idle, at=now)
    [first] = await expiries(conn, shop, card_id)
    assert first is not None
    assert await written(conn, now=first - 13 * A_DAY) == 1
    # when the card is used just in time
    async with conn.transaction():
        card = await lock(conn, shop, card_id, now=first - A_DAY)
        await ledger.touch(conn, card, at=first - A_DAY, zone=ZoneInfo(KOLKATA))
    [second] = await expiries(conn, shop, card_id)
    assert second is not None
    assert second > first
    assert [await written(conn, now=second - days * A_DAY) for days in (15, 14, 13)] == [0, 1, 0]


async def test_what_was_used_meanwhile_is_not_told(conn: Conn, shop: Shop, now: datetime) -> None:
    card_id = await make_card(conn, shop, now=now)
    for days in (2, 4):
        await earned(conn, shop, card_id, 5, until=now + days * A_DAY, now=now)
    assert await written(conn, now=now) == 1
    until = (now + 4 * A_DAY).date()
    await conn.execute("UPDATE lots SET remaining = 0 WHERE expires_at = $1", now + 2 * A_DAY)
    assert [each.points for each in await told(conn, shop, card_id, until, now=now)] == [5]
    assert await told(conn, shop, card_id, until, now=now + 5 * A_DAY) == []


async def test_more_than_are_written_at_once_are_written_in_turn_the_nearest_first(
    conn: Conn, shop: Shop, now: datetime
) -> None:
    cards = [await make_card(conn, shop, await make_customer(conn, now=now), now=now) for _ in range(5)]
    for days, card_id in enumerate(cards, start=1):
        await earned(conn, shop, card_id, 5, until=now + days * A_DAY, now=now)
    assert [await written(conn, now=now, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    told_of = [row["payload"]["cardId"] for row in await conn.fetch(JOBS_SQL)]
    assert [set(told_of[:2]), set(told_of[2:4])] == [{str(cards[0]), str(cards[1])}, {str(cards[2]), str(cards[3])}]


async def test_workers_at_once_write_each_mail_once(pool: Pool, conn: Conn, shop: Shop, now: datetime) -> None:
    for _ in range(10):
        card_id = await make_card(conn, shop, await make_customer(conn, now=now), now=now)
        for days in (2, 4):
            await earned(conn, shop, card_id, 5, until=now + days * A_DAY, now=now)
    while await notices.cards_due(conn, limit=1, now=now):
        await race(pool, [lambda one: write_reminders(one, limit=100, now=now)] * 4)
    assert len(await conn.fetch(JOBS_SQL)) == 10
    assert await conn.fetchval("SELECT COUNT(*) FROM expiry_notices") == 20
