"""Who sees which gift cards, in which order, a page at a time."""

from datetime import datetime, timedelta

import pytest

from tests.database import StatementCounter
from tests.factories import make_card, make_customer, make_points, make_shop
from tests.wallet.counter import another_store, make_member
from tests.wallet.ledger.value.scenes import locked, make_gift_card
from tests.wallet.sales import till
from wallet import value, visits
from wallet.database import Conn
from wallet.ledger import value as ledger
from wallet.ledger.value import ValueCause
from wallet.values import CustomerId, GiftCardId, GiftCardState, MerchantId, Minor, Points


async def test_a_customer_s_cards_of_all_shops_come_in_one_statement(
    conn: Conn, statements: StatementCounter, now: datetime
) -> None:
    # given
    owner, stranger = await make_customer(conn, now=now), await make_customer(conn, now=now)
    shops = [await make_shop(conn, now=now), await make_shop(conn, currency="EUR", now=now)]
    cards = [
        await make_gift_card(conn, shop, 100 * n, owner=owner, now=now + timedelta(minutes=n))
        for n, shop in enumerate(shops, start=1)
    ]
    await make_gift_card(conn, shops[0], 5, owner=stranger, now=now)
    await make_gift_card(conn, shops[0], 5, now=now)
    # when
    async with statements.counted() as seen:
        found = await value.of_customer(conn, customer_id=owner)
    # then
    assert [(each.gift_card_id, each.balance.amount_minor, each.balance.currency) for each in found] == [
        (cards[1], 200, "EUR"),
        (cards[0], 100, "INR"),
    ]
    assert len(seen) == 1


async def test_nobody_finds_another_s_card(conn: Conn, now: datetime) -> None:
    shop, other = await make_shop(conn, now=now), await make_shop(conn, now=now)
    owner, stranger = await make_customer(conn, now=now), await make_customer(conn, now=now)
    gift_card_id = await make_gift_card(conn, shop, 100, owner=owner, now=now)

    async def card(merchant_id: MerchantId, customer_id: CustomerId | None) -> value.GiftCard | None:
        if customer_id is None:
            return await value.find_of_merchant(conn, merchant_id=merchant_id, gift_card_id=gift_card_id)
        return await value.find(conn, customer_id=customer_id, merchant_id=merchant_id, gift_card_id=gift_card_id)

    async def activity(customer_id: CustomerId, seq: int) -> value.Activity | None:
        return await value.find_activity(
            conn, customer_id=customer_id, merchant_id=shop.merchant_id, gift_card_id=gift_card_id, seq=seq
        )

    own = await card(shop.merchant_id, owner)
    assert own is not None
    assert await card(shop.merchant_id, None) == own
    assert await card(shop.merchant_id, stranger) is None
    assert await card(other.merchant_id, owner) is None
    assert await card(other.merchant_id, None) is None
    assert await activity(owner, 1) is not None
    assert await activity(owner, 2) is None
    assert await activity(stranger, 1) is None


async def test_activities_come_page_by_page_the_newest_first(conn: Conn, now: datetime) -> None:
    # given a card with five activities, and one with one
    shop = await make_shop(conn, now=now)
    one, two = await make_gift_card(conn, shop, 500, now=now), await make_gift_card(conn, shop, 9, now=now)
    for _ in range(4):
        async with conn.transaction():
            [card] = await locked(conn, shop, one, now=now)
            cause = ValueCause(now, store_id=shop.store_id)
            await ledger.redeem(conn, card, amount=Minor(100), cause=cause, now=now)
    keys = [(shop.merchant_id, one), (shop.merchant_id, two)]
    # when
    first = await value.activities(conn, gift_cards=keys, first=3, before_seq=None)
    rest = await value.activities(conn, gift_cards=keys, first=3, before_seq=3)
    # then
    assert [(each.seq, each.amount.amount_minor, each.balance_after.amount_minor) for each in first[one]] == [
        (5, -100, 100),
        (4, -100, 200),
        (3, -100, 300),
    ]
    assert [each.kind for each in rest[one]] == ["REDEEM", "ACTIVATE"]
    assert [len(first[two]), len(rest[two])] == [1, 1]
    assert first[one][0].store_name is not None
    assert rest[one][1].store_name is None


async def test_a_member_s_cards_at_the_counter_are_those_that_can_pay_here(conn: Conn, now: datetime) -> None:
    # given
    shop, other = await make_shop(conn, now=now), await make_shop(conn, now=now)
    member, nobody_s = await make_member(conn, shop, now=now), await make_card(conn, shop, now=now)
    owner, card_id = member.customer_id, member.card_id
    await till.visit(conn, shop, member, now=now)
    lasting = await make_gift_card(conn, shop, 10, owner=owner, now=now)
    soon = await make_gift_card(conn, shop, 20, owner=owner, expires_at=now + timedelta(days=1), now=now)
    blocked = await make_gift_card(conn, shop, 30, owner=owner, now=now)
    await make_gift_card(conn, shop, 40, owner=owner, expires_at=now, now=now)
    await make_gift_card(conn, shop, None, owner=owner, now=now)
    await make_gift_card(conn, shop, 50, now=now)
    await make_gift_card(conn, other, 60, owner=owner, now=now)
    async with conn.transaction():
        [card] = await locked(conn, shop, blocked, now=now)
        await ledger.block(conn, card, cause=ValueCause(now, "Lost"), now=now)
    # when
    keys = [(shop.merchant_id, card_id), (shop.merchant_id, nobody_s)]
    found = await value.of_members(conn, cards=keys, store_id=shop.store_id, now=now)
    # then the soonest to lapse first, those that are blocked last
    assert [each.gift_card_id for each in found[card_id]] == [soon, lasting, blocked]
    assert found[nobody_s] == []
    # and another store, or this one when the visit is over, sees none of them
    elsewhere = (await another_store(conn, shop, now=now)).store_id
    for store_id, at in ((elsewhere, now), (shop.store_id, now + visits.LIFE)):
        assert await value.of_members(conn, cards=keys, store_id=store_id, now=at) == {card_id: [], nobody_s: []}


async def test_of_many_cards_those_with_money_are_shown(
    conn: Conn, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    # given one with money on it, behind newer ones that are empty, and room for two
    monkeypatch.setattr("wallet.value.reading.SHOWN_MAX", 2)
    shop, owner = await make_shop(conn, now=now), await make_customer(conn, now=now)
    funded = await make_gift_card(conn, shop, 100, owner=owner, now=now)
    empty = [await make_gift_card(conn, shop, None, owner=owner, now=now + timedelta(minutes=n)) for n in (1, 2)]
    # when
    found = await value.of_customer(conn, customer_id=owner)
    # then
    assert [each.gift_card_id for each in found] == [funded, empty[1]]


async def test_a_program_s_cards_are_found_by_state_and_by_their_last_digits(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    one = await make_gift_card(conn, shop, 10, now=now)
    two = await make_gift_card(conn, shop, None, now=now + timedelta(minutes=1))

    async def found(
        *, limit: int = 10, state: GiftCardState | None = None, last4: str | None = None
    ) -> dict[GiftCardId, str]:
        cards = await value.of_program(
            conn, merchant_id=shop.merchant_id, program_id=shop.program_id, state=state, last4=last4, limit=limit
        )
        return {each.gift_card_id: each.last4 for each in cards}

    assert list(await found()) == [two, one]
    assert list(await found(limit=1)) == [two]
    assert list(await found(state=GiftCardState.ACTIVE)) == [one]
    assert two in await found(last4=(await found())[two])
    assert await found(last4="none") == {}


@pytest.mark.parametrize("minutes", [0, 10])
async def test_what_a_program_owes_is_what_stood_at_the_moment(conn: Conn, minutes: int, now: datetime) -> None:
    # given a shop with points and gift cards, and one with nothing
    shop, other = await make_shop(conn, now=now), await make_shop(conn, currency="EUR", now=now)
    await make_points(conn, shop, await make_card(conn, shop, now=now), 70, now=now)
    gift_card_id = await make_gift_card(conn, shop, 500, now=now)
    await make_gift_card(conn, shop, 50, now=now)
    later = now + timedelta(minutes=5)
    async with conn.transaction():
        [card] = await locked(conn, shop, gift_card_id, now=later)
        await ledger.redeem(conn, card, amount=Minor(500), cause=ValueCause(later), now=later)
    await make_points(
        conn, shop, await make_card(conn, shop, now=later), 7, activates_at=later + timedelta(days=1), now=later
    )
    # when
    at = now + timedelta(minutes=minutes)
    found = {each.program_id: each for each in await value.liability(conn, at=at)}
    alone = await value.liability(conn, merchant_id=other.merchant_id, at=at)
    # then
    here = found[shop.program_id]
    assert (here.active, here.pending, here.value.amount_minor, here.gift_cards) == (
        (70, 7, 50, 1) if minutes else (70, 0, 550, 2)
    )
    assert [(each.program_id, each.active, each.value.amount_minor, each.value.currency) for each in alone] == [
        (other.program_id, Points(0), 0, "EUR")
    ]
    assert await value.liability(conn, at=now - timedelta(seconds=1)) == []
