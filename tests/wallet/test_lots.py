"""Which lots there are, and in which order the next purchase spends them."""

import random
from datetime import datetime, timedelta

import pytest

from tests.database import StatementCounter
from tests.factories import Shop, make_card, make_points, make_shop
from tests.resolvers.world import asked
from wallet import ledger, lots
from wallet.database import Conn
from wallet.ledger import Cause
from wallet.lots import LOTS_MAX, Lot
from wallet.values import CardId, EntryKind, Points

A_DAY = timedelta(days=1)


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, now=now)


async def lots_of(conn: Conn, shop: Shop, card_id: CardId, now: datetime) -> list[Lot]:
    return (await lots.of_cards(conn, cards=[(shop.merchant_id, card_id)], now=now))[card_id]


async def spend(conn: Conn, shop: Shop, card_id: CardId, points: int, now: datetime) -> None:
    async with conn.transaction():
        cards = await ledger.lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[card_id], now=now)
        await ledger.reserve_for_gift(conn, cards[card_id], points=Points(points), cause=Cause(now), now=now)


async def make_held(conn: Conn, shop: Shop, card_id: CardId, points: int, now: datetime) -> None:
    async with conn.transaction():
        cards = await ledger.lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[card_id], now=now)
        await ledger.earn(
            conn,
            cards[card_id],
            kind=EntryKind.EARNED,
            points=Points(points),
            activates_at=now,
            expires_at=None,
            held=True,
            cause=Cause(now),
            now=now,
        )


async def test_what_can_be_spent_comes_first_then_what_is_pending_then_what_is_held(
    conn: Conn, shop: Shop, now: datetime
) -> None:
    # given
    card_id = await make_card(conn, shop, now=now)
    await make_held(conn, shop, card_id, 1, now)
    await make_points(conn, shop, card_id, 2, now=now, activates_at=now + 5 * A_DAY)
    await make_points(conn, shop, card_id, 3, now=now, activates_at=now + 2 * A_DAY, expires_at=now + 9 * A_DAY)
    await make_points(conn, shop, card_id, 4, now=now)
    await make_points(conn, shop, card_id, 5, now=now, expires_at=now + 9 * A_DAY)
    await make_points(conn, shop, card_id, 6, now=now, expires_at=now + 3 * A_DAY)
    # when
    found = await lots_of(conn, shop, card_id, now)
    # then
    assert [(lot.points, lot.spend_order) for lot in found] == [
        (6, 1), (5, 2), (4, 3), (3, None), (2, None), (1, None),
    ]  # fmt: skip
    assert found[0] == Lot(Points(6), Points(6), 6, now, now + 3 * A_DAY, 1)
    assert (found[3].available_at, found[3].source_seq) == (now + 2 * A_DAY, 3)


async def test_what_is_due_has_happened_as_a_purchase_would_find_it(conn: Conn, shop: Shop, now: datetime) -> None:
    # given
    card_id = await make_card(conn, shop, now=now)
    await make_points(conn, shop, card_id, 1, now=now, expires_at=now + A_DAY)
    await make_points(conn, shop, card_id, 2, now=now, activates_at=now + A_DAY)
    # then
    assert [(lot.points, lot.spend_order) for lot in await lots_of(conn, shop, card_id, now + A_DAY)] == [(2, 1)]


async def test_a_lot_says_what_is_left_of_it_and_goes_when_nothing_is(conn: Conn, shop: Shop, now: datetime) -> None:
    card_id = await make_card(conn, shop, now=now)
    await make_points(conn, shop, card_id, 10, now=now, expires_at=now + A_DAY)
    await make_points(conn, shop, card_id, 20, now=now)
    await spend(conn, shop, card_id, 13, now)
    [lot] = await lots_of(conn, shop, card_id, now)
    assert (lot.points, lot.remaining, lot.spend_order) == (20, 17, 1)


@pytest.mark.parametrize("seed", range(6))
async def test_the_order_is_the_one_in_which_a_purchase_spends(
    conn: Conn, shop: Shop, now: datetime, seed: int
) -> None:
    # given
    draw, card_id = random.Random(seed), await make_card(conn, shop, now=now)
    for _ in range(8):
        unlocks = now + draw.choice((0, 0, 1, 4)) * A_DAY
        goes = draw.choice((None, unlocks + draw.randrange(1, 5) * A_DAY))
        await make_points(conn, shop, card_id, draw.randrange(1, 9), now=now, activates_at=unlocks, expires_at=goes)
    later = now + 2 * A_DAY
    # when: it is all spent, point by point
    while True:
        spendable = [lot for lot in await lots_of(conn, shop, card_id, later) if lot.spend_order]
        assert [lot.spend_order for lot in spendable] == list(range(1, len(spendable) + 1))
        if not spendable:
            break
        await spend(conn, shop, card_id, 1, later)
        # then: it went from the first
        first = spendable[0]
        left = [lot for lot in await lots_of(conn, shop, card_id, later) if lot.spend_order]
        assert {lot.source_seq: lot.remaining for lot in left} == {
            lot.source_seq: lot.remaining - (lot is first) for lot in spendable if lot is not first or lot.remaining > 1
        }


async def test_many_cards_take_one_statement(
    conn: Conn, shop: Shop, statements: StatementCounter, now: datetime
) -> None:
    # given
    cards = [await make_card(conn, shop, now=now) for _ in range(3)]
    for n, card_id in enumerate(cards):
        for _ in range(n):
            await make_points(conn, shop, card_id, n, now=now)
    keys = [(shop.merchant_id, card_id) for card_id in cards]
    await lots.of_cards(conn, cards=keys, now=now)
    # when
    async with statements.counted() as seen:
        found = await lots.of_cards(conn, cards=keys, now=now)
    # then
    assert len(asked(seen)) == 1
    assert [[(lot.points, lot.spend_order) for lot in found[card_id]] for card_id in cards] == [
        [], [(1, 1)], [(2, 1), (2, 2)],
    ]  # fmt: skip


async def test_a_card_shows_as_many_lots_as_anybody_reads(conn: Conn, shop: Shop, now: datetime) -> None:
    # given
    card_id = await make_card(conn, shop, now=now)
    await make_points(conn, shop, card_id, 1, now=now)
    await conn.execute(
        """
        INSERT INTO lots (merchant_id, program_id, card_id, source_seq, points, remaining, activates_at, activated_at)
        SELECT merchant_id, program_id, card_id, 1, 1, 1, activates_at, activated_at
        FROM lots CROSS JOIN generate_series(1, $1)
        """,
        LOTS_MAX,
    )
    # then
    assert [lot.spend_order for lot in await lots_of(conn, shop, card_id, now)] == list(range(1, LOTS_MAX + 1))
