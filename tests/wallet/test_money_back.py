"""Refunds to gift cards: the last that paid first, whatever has become of it, and the rest as money."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.factories import Shop, make_shop
from tests.wallet.counter import Member, make_member
from tests.wallet.ledger.value.scenes import activities, assert_lawful, balances, locked, make_gift_card, state
from tests.wallet.sales.till import checkout, receipt, refund, visit
from wallet import value as stored
from wallet.database import Conn
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.money_back import shares
from wallet.refunds import Refunded
from wallet.returns import Tendered
from wallet.rules import GiftRules, Rules
from wallet.sales import Tender
from wallet.values import CheckInPurpose, GiftCardId, Minor, NamedGiftCard, Points, SaleId, ShownBy

RULES = Rules(points=Points(1), per_minor=Minor(100), gifts=GiftRules(validity_months=12))

BLOCKED_SQL = "SELECT reason FROM gift_card_activities WHERE gift_card_id = $1 AND kind = 'BLOCK'"
MADE_FOR_SQL = "SELECT by_gift_card_id FROM gift_cards_replaced WHERE gift_card_id = $1"


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, rules=RULES, now=now)


@pytest.fixture
async def member(conn: Conn, shop: Shop, now: datetime) -> Member:
    return await make_member(conn, shop, now=now)


@pytest.fixture
async def two(conn: Conn, shop: Shop, now: datetime) -> list[GiftCardId]:
    """Two cards that nobody owns."""
    return [await make_gift_card(conn, shop, amount, now=now) for amount in (3_000, 2_000)]


async def sold(conn: Conn, shop: Shop, member: Member, cards: list[GiftCardId], *, now: datetime) -> SaleId:
    """Two lines of 40 and 60 rupees, of which the cards pay all that they have."""
    customer = await visit(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    tenders = tuple(Tender(NamedGiftCard(card, ShownBy.PIN)) for card in cards)
    return (
        await checkout(conn, shop.terminal, customer, receipt(4_000, 6_000), tendered=tenders, now=now)
    ).sale.sale_id


async def deactivated(
    conn: Conn, shop: Shop, card: GiftCardId, *, cause: ValueCause | None = None, now: datetime
) -> None:
    async with conn.transaction():
        [held] = await locked(conn, shop, card, now=now)
        await value.deactivate(conn, held, cause=cause or ValueCause(now, "lost"), now=now)


def told(back: Refunded) -> tuple[list[tuple[int, int]], int]:
    """What went to gift cards, with what is on them since, and what went back as money."""
    return [(t.paid.amount_minor, t.balance_after.amount_minor) for t in back.returned], back.due.amount_minor


def test_the_last_tender_is_given_back_first() -> None:
    first, last = (Tendered(GiftCardId(uuid4()), Minor(minor)) for minor in (300, 200))

    assert shares([first, last], before=0, after=150) == [(last, 150)]
    assert shares([first, last], before=150, after=250) == [(last, 50), (first, 50)]
    assert shares([first, last], before=250, after=900) == [(first, 250)]
    assert shares([first, last], before=500, after=900) == []
    assert shares([first, last], before=0, after=900) == [(last, 200), (first, 300)]


async def test_money_goes_to_the_cards_first_and_the_rest_is_due(
    conn: Conn, shop: Shop, member: Member, two: list[GiftCardId], now: datetime
) -> None:
    sale_id = await sold(conn, shop, member, two, now=now)
    assert await balances(conn, shop) == [0, 0]

    key = uuid4()
    parts = [
        await refund(conn, shop.terminal, sale_id, amount=500, now=now),
        await refund(conn, shop.terminal, sale_id, "1", key=key, now=now),
        await refund(conn, shop.terminal, sale_id, now=now),
    ]

    assert [told(part) for part in parts] == [
        ([(500, 500)], 0),
        ([(1_500, 2_000), (2_000, 2_000)], 0),
        ([(1_000, 3_000)], 5_000),
    ]
    assert await balances(conn, shop) == [3_000, 2_000]
    assert [kind for _, kind, _, _ in await activities(conn, two[1])] == ["ACTIVATE", "REDEEM", "REFUND", "REFUND"]
    # and the same key says the same
    again = await refund(conn, shop.terminal, sale_id, "1", key=key, now=now)
    assert (again.replayed, told(again)) == (True, told(parts[1]))
    assert await balances(conn, shop) == [3_000, 2_000]
    await assert_lawful(conn)


async def test_a_blocked_card_and_one_past_its_date_take_money_back(
    conn: Conn, shop: Shop, member: Member, now: datetime
) -> None:
    # given a card that is blocked since, and one whose day has passed
    soon = now + timedelta(days=1)
    cards = [
        await make_gift_card(conn, shop, 3_000, now=now),
        await make_gift_card(conn, shop, 2_000, expires_at=soon, now=now),
    ]
    sale_id = await sold(conn, shop, member, cards, now=now)
    async with conn.transaction():
        [card] = await locked(conn, shop, cards[0], now=now)
        await value.block(conn, card, cause=ValueCause(now, "stolen"), now=now)
    later = soon + timedelta(hours=1)
    # when
    back = await refund(conn, shop.terminal, sale_id, now=later)
    # then
    assert told(back) == ([(2_000, 2_000), (3_000, 3_000)], 5_000)
    assert await balances(conn, shop) == [3_000, 2_000]
    assert await state(conn, cards[0]) == "BLOCKED"
    lives_until = await conn.fetchval("SELECT expires_at FROM gift_cards WHERE gift_card_id = $1", cards[1])
    assert lives_until > later + timedelta(days=365)
    await assert_lawful(conn)


@pytest.mark.parametrize("owned", [True, False])
async def test_a_card_that_was_ended_by_hand_is_given_back_on_a_new_one_that_is_blocked(
    conn: Conn, shop: Shop, member: Member, owned: bool, now: datetime
) -> None:
    # given a card of another customer's, or of nobody's, that its merchant has deactivated since: it may be stolen
    owner = (await make_member(conn, shop, now=now)).customer_id if owned else None
    card = await make_gift_card(conn, shop, 3_000, owner=owner, now=now)
    sale_id = await sold(conn, shop, member, [card], now=now)
    await deactivated(conn, shop, card, now=now)
    # when
    back = await refund(conn, shop.terminal, sale_id, now=now)
    # then there is a new one, which its owner sees, and nobody can spend until the merchant says so
    assert told(back) == ([(3_000, 3_000)], 7_000)
    [seen] = [
        each
        for each in await stored.of_customer(conn, customer_id=owner or member.customer_id)
        if each.gift_card_id != card
    ]
    assert (seen.state, seen.balance.amount_minor, seen.last4) == ("BLOCKED", 3_000, back.returned[0].last4)
    last4 = await conn.fetchval("SELECT last4 FROM gift_cards WHERE gift_card_id = $1", card)
    why = await conn.fetchval(BLOCKED_SQL, seen.gift_card_id)
    assert why == f"in the place of gift card {last4}, which was deactivated by hand"
    await assert_lawful(conn)


async def test_a_card_that_a_refund_has_ended_is_given_back_on_a_new_one_that_can_be_spent(
    conn: Conn, shop: Shop, member: Member, now: datetime
) -> None:
    card = await make_gift_card(conn, shop, 3_000, now=now)
    sale_id = await sold(conn, shop, member, [card], now=now)
    await refund(conn, shop.terminal, sale_id, amount=500, now=now)
    refund_id = await conn.fetchval("SELECT refund_id FROM refunds")
    await deactivated(conn, shop, card, cause=ValueCause(now, refund_id=refund_id), now=now)

    await refund(conn, shop.terminal, sale_id, now=now)

    [made] = await conn.fetch(MADE_FOR_SQL, card)
    assert await state(conn, made["by_gift_card_id"]) == "ACTIVE"
    assert await balances(conn, shop) == [0, 2_500]


async def test_all_parts_of_a_return_go_onto_the_one_new_card(
    conn: Conn, shop: Shop, member: Member, two: list[GiftCardId], now: datetime
) -> None:
    # given two cards that are deactivated since, the one after a part of it came back
    sale_id = await sold(conn, shop, member, two, now=now)
    await deactivated(conn, shop, two[0], now=now)
    back = [await refund(conn, shop.terminal, sale_id, amount=500, now=now)]
    await deactivated(conn, shop, two[1], now=now)
    # when
    keys = [uuid4() for _ in range(4)]
    back += [await refund(conn, shop.terminal, sale_id, amount=1_000, key=key, now=now) for key in keys]
    # then there is one new card for each
    assert [told(part) for part in back] == [
        ([(500, 500)], 0),
        ([(1_000, 1_000)], 0),
        ([(500, 1_500), (500, 500)], 0),
        ([(1_000, 1_500)], 0),
        ([(1_000, 2_500)], 0),
    ]
    assert await balances(conn, shop) == [0, 0, 1_500, 2_500]
    # and the same keys say the same, in the same order
    again = [await refund(conn, shop.terminal, sale_id, amount=1_000, key=key, now=now) for key in keys]
    assert [told(part) for part in again] == [told(part) for part in back[1:]]
    # and when the new one is deactivated too, there is one more
    [made] = await conn.fetch(MADE_FOR_SQL, two[0])
    await deactivated(conn, shop, made["by_gift_card_id"], now=now)
    rest = [await refund(conn, shop.terminal, sale_id, amount=amount, now=now) for amount in (200, 300, 1_000)]
    assert [told(part) for part in rest] == [([(200, 200)], 0), ([(300, 500)], 0), ([], 1_000)]
    assert await balances(conn, shop) == [0, 0, 1_500, 0, 500]
    await assert_lawful(conn)
