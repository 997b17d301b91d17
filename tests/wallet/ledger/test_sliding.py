"""Points that lapse when nothing is bought for so many months."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from infra.pool import Pool
from tests.database import StatementCounter
from tests.factories import Shop, make_card, make_shop
from tests.wallet.ledger.midnight import APIA, KOLKATA, LOTS_SQL, NEW_YORK, bought, kinds, lock, settled, there
from wallet import ledger
from wallet.database import Conn
from wallet.ledger import Cause
from wallet.rules import Rules
from wallet.values import CardId, Points, SaleId

A_DAY = timedelta(days=1)
IDLE = Rules(inactivity_months=3)
RETURNED_SQL = "UPDATE sales SET wholly_returned = TRUE, kept_points = 0 WHERE merchant_id = $1 AND sale_id = $2"


async def expiries(conn: Conn, shop: Shop, card_id: CardId) -> list[datetime | None]:
    return [row["expires_at"] for row in await conn.fetch(LOTS_SQL, shop.merchant_id, card_id)]


async def used(conn: Conn, shop: Shop, card_id: CardId, points: int, *, at: datetime, rules: Rules = IDLE) -> SaleId:
    """A purchase, as a till makes it: it earns, and the card was used."""
    sale_id = await bought(conn, shop, card_id, points, rules=rules, at=at)
    async with conn.transaction():
        card = await lock(conn, shop, card_id, now=at)
        await ledger.touch(conn, card, at=at, zone=ZoneInfo(shop.terminal.merchant_timezone))
    return sale_id


async def brought_back(conn: Conn, shop: Shop, card_id: CardId, sale_id: SaleId, *, now: datetime) -> None:
    """All of the sale; what it earned is left where it is, which is not what these tests are about."""
    async with conn.transaction():
        card = await lock(conn, shop, card_id, now=now)
        await conn.execute(RETURNED_SQL, shop.merchant_id, sale_id)
        await ledger.untouch(conn, card)


@pytest.mark.parametrize(
    ("zone", "first", "second", "gone"),
    [
        (KOLKATA, (2026, 1, 31, 10), (2026, 4, 1, 10), (2026, 7, 2)),
        (KOLKATA, (2026, 8, 1, 10), (2026, 8, 31), (2026, 11, 30)),
        (NEW_YORK, (2026, 1, 15, 12), (2026, 2, 15, 12), (2026, 5, 16)),
        (APIA, (2026, 10, 1, 12), (2026, 12, 31, 23), (2027, 4, 1)),
    ],
)
async def test_each_purchase_gives_all_points_a_new_life(
    conn: Conn, zone: str, first: tuple[int, ...], second: tuple[int, ...], gone: tuple[int, ...]
) -> None:
    shop = await make_shop(conn, rules=IDLE, timezone=zone, now=there(zone, *first))
    card_id = await make_card(conn, shop, now=there(zone, *first))
    await used(conn, shop, card_id, 10, at=there(zone, *first))
    await used(conn, shop, card_id, 5, at=there(zone, *second))
    end = there(zone, *gone)
    assert await expiries(conn, shop, card_id) == [end, end]

    assert (await settled(conn, shop, card_id, now=end - timedelta(microseconds=1))).active == 15
    assert (await settled(conn, shop, card_id, now=end)).active == 0
    assert await kinds(conn, shop, card_id) == [("EXPIRED", -15)]


async def test_who_comes_too_late_gets_nothing_back(conn: Conn) -> None:
    start = there(KOLKATA, 2026, 1, 10, 12)
    shop = await make_shop(conn, rules=IDLE, now=start)
    card_id = await make_card(conn, shop, now=start)
    await used(conn, shop, card_id, 10, at=start)
    await used(conn, shop, card_id, 5, at=there(KOLKATA, 2026, 4, 11))
    assert (await settled(conn, shop, card_id, now=there(KOLKATA, 2026, 4, 12))).active == 5


async def test_sale_that_comes_in_late_never_shortens_a_life(conn: Conn) -> None:
    start = there(KOLKATA, 2026, 1, 10, 12)
    shop = await make_shop(conn, rules=IDLE, now=start)
    card_id = await make_card(conn, shop, now=start)
    await used(conn, shop, card_id, 10, at=start + 20 * A_DAY)
    before = await expiries(conn, shop, card_id)
    async with conn.transaction():
        card = await lock(conn, shop, card_id, now=start + 21 * A_DAY)
        await ledger.touch(conn, card, at=start, zone=ZoneInfo(KOLKATA))
    assert await expiries(conn, shop, card_id) == before


async def test_points_with_a_date_of_their_own_keep_it(conn: Conn) -> None:
    """A program that went over from one to the other has both kinds on a card."""
    start, dated = there(KOLKATA, 2026, 1, 10, 12), Rules(expiry_months=2)
    shop = await make_shop(conn, rules=IDLE, now=start)
    card_id = await make_card(conn, shop, now=start)
    await used(conn, shop, card_id, 10, at=start, rules=dated)
    await used(conn, shop, card_id, 10, at=start, rules=Rules())
    await used(conn, shop, card_id, 10, at=start, rules=Rules(inactivity_months=1))
    await used(conn, shop, card_id, 10, at=start + 10 * A_DAY)
    assert await expiries(conn, shop, card_id) == [
        there(KOLKATA, 2026, 3, 11),
        None,
        there(KOLKATA, 2026, 2, 21),
        there(KOLKATA, 2026, 4, 21),
    ]


async def test_sale_that_comes_back_wholly_leaves_the_dates_as_they_were(conn: Conn) -> None:
    start = there(KOLKATA, 2026, 1, 10, 12)
    shop = await make_shop(conn, rules=IDLE, now=start)
    card_id = await make_card(conn, shop, now=start)
    await used(conn, shop, card_id, 10, at=start)
    await used(conn, shop, card_id, 10, at=start + 5 * A_DAY)
    before = await expiries(conn, shop, card_id)

    # when two more sales are made and brought back, in either order
    third = await used(conn, shop, card_id, 10, at=start + 40 * A_DAY)
    fourth = await used(conn, shop, card_id, 10, at=start + 50 * A_DAY)
    with_fourth = await expiries(conn, shop, card_id)
    await brought_back(conn, shop, card_id, third, now=start + 51 * A_DAY)
    assert await expiries(conn, shop, card_id) == with_fourth
    await brought_back(conn, shop, card_id, fourth, now=start + 51 * A_DAY)

    # then the first two lots have the dates they had
    assert (await expiries(conn, shop, card_id))[:2] == before


async def test_points_that_were_away_live_on_from_the_last_purchase(conn: Conn) -> None:
    """All points of a lot were in a gift when the next purchase came; the gift is taken back after their old date."""
    start = there(KOLKATA, 2026, 1, 10, 12)
    shop = await make_shop(conn, rules=IDLE, now=start)
    card_id = await make_card(conn, shop, now=start)
    await used(conn, shop, card_id, 10, at=start)
    async with conn.transaction():
        card = await lock(conn, shop, card_id, now=start)
        gift = await ledger.reserve_for_gift(conn, card, points=Points(10), cause=Cause(start), now=start)
    await used(conn, shop, card_id, 5, at=start + 60 * A_DAY)
    later = start + 120 * A_DAY
    async with conn.transaction():
        card = await lock(conn, shop, card_id, now=later)
        back = await ledger.release_gift(
            conn, card, account_id=gift.account_id, sent_seq=gift.posted.seq, cause=Cause(later), now=later
        )
    assert back.card.sliding_months == (3,)
    assert await expiries(conn, shop, card_id) == [there(KOLKATA, 2026, 6, 12)] * 2
    assert (await settled(conn, shop, card_id, now=later)).active == 15


async def test_card_without_such_points_costs_no_statement(
    conn: Conn, pool: Pool, statements: StatementCounter, now: datetime
) -> None:
    shop = await make_shop(conn, rules=Rules(), now=now)
    card_id = await make_card(conn, shop, now=now)
    await bought(conn, shop, card_id, 10, rules=Rules(), at=now)
    async with pool.acquire() as other, other.transaction():
        card = await lock(other, shop, card_id, now=now)
        async with statements.counted() as said:
            await ledger.touch(other, card, at=now, zone=ZoneInfo(KOLKATA))
            await ledger.untouch(other, card)
    assert said == []
