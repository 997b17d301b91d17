"""Gift cards that pay a part of a bill: how much of it, in which order, by whom, and what is refused."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.factories import Shop, make_shop
from tests.wallet.counter import Member, make_member
from tests.wallet.ledger.value.scenes import activities, assert_lawful, balances, locked, make_gift_card
from tests.wallet.sales.till import checkout, quote, receipt, visit
from wallet import sales
from wallet.baskets import Basket, Line
from wallet.database import Conn
from wallet.errors import (
    GiftCardNotUsable,
    IdempotencyKeyReused,
    InsufficientValue,
    InvalidInput,
    NotFound,
    QuoteChanged,
    RedeemCodeNeeded,
    Refusal,
)
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.rules import GiftRules, Rules
from wallet.sales import Tender
from wallet.values import (
    CheckInPurpose,
    GiftCardId,
    LineKind,
    Minor,
    NamedGiftCard,
    Points,
    ShownBy,
    VisitId,
)

REDEEM = CheckInPurpose.REDEEM
RULES = Rules(points=Points(1), per_minor=Minor(100), gifts=GiftRules(pin_above_minor=Minor(5_000)))


def own(gift_card_id: GiftCardId, amount: int | None = None) -> Tender:
    return Tender(NamedGiftCard(gift_card_id, ShownBy.OWNER), None if amount is None else Minor(amount))


def by_number(gift_card_id: GiftCardId, amount: int | None = None, *, pin: bool = False) -> Tender:
    by = ShownBy.PIN if pin else ShownBy.NUMBER
    return Tender(NamedGiftCard(gift_card_id, by), None if amount is None else Minor(amount))


def told(paid: sales.Sale) -> list[tuple[int, int]]:
    return [(each.paid.amount_minor, each.balance_after.amount_minor) for each in paid.tenders]


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, rules=RULES, now=now)


@pytest.fixture
async def member(conn: Conn, shop: Shop, now: datetime) -> Member:
    return await make_member(conn, shop, now=now)


@pytest.fixture
async def customer(conn: Conn, shop: Shop, member: Member, now: datetime) -> VisitId:
    return await visit(conn, shop, member, REDEEM, now=now)


async def test_several_cards_pay_in_their_order_and_the_rest_is_left_to_pay(
    conn: Conn, shop: Shop, member: Member, customer: VisitId, now: datetime
) -> None:
    # given a card of the customer's, one of nobody's, and another of the customer's
    mine, found, other = [
        await make_gift_card(conn, shop, amount, owner=owner, now=now)
        for amount, owner in ((3_000, member.customer_id), (4_000, None), (900, member.customer_id))
    ]
    tenders = (own(mine, 1_000), by_number(found), own(other))
    # when 100 rupees are quoted and sold
    quoted = await quote(conn, shop.terminal, customer, receipt(10_000), tendered=tenders, now=now)
    recorded = await checkout(
        conn, shop.terminal, customer, receipt(10_000), tendered=tenders, quote_id=quoted.quote_id, now=now
    )
    # then each has paid what it was asked for or had, and money is needed for the rest
    assert [(each.amount, each.balance_after) for each in quoted.tenders] == [(1_000, 2_000), (4_000, 0), (900, 0)]
    assert told(recorded.sale) == [(1_000, 2_000), (4_000, 0), (900, 0)]
    assert quoted.due_minor == recorded.sale.due.amount_minor == 4_100
    assert recorded.sale.total.amount_minor == 10_000
    assert await balances(conn, shop) == [2_000, 0, 0]
    assert (await activities(conn, mine))[1:] == [(2, "REDEEM", -1_000, 2_000)]
    # and it earns as if it had been paid with money
    assert (quoted.plan.points, recorded.sale.points) == (100, 100)
    # and the store reads the same sale
    assert await sales.find(conn, terminal=shop.terminal, sale_id=recorded.sale.sale_id) == recorded.sale
    await assert_lawful(conn)


async def test_a_card_never_pays_more_than_is_due(
    conn: Conn, shop: Shop, member: Member, customer: VisitId, now: datetime
) -> None:
    # given
    rich = await make_gift_card(conn, shop, 100_000, owner=member.customer_id, now=now)
    spare = await make_gift_card(conn, shop, 100_000, owner=member.customer_id, now=now)
    # when
    recorded = await checkout(conn, shop.terminal, customer, receipt(10_000), tendered=(own(rich),), now=now)
    # then
    assert told(recorded.sale) == [(10_000, 90_000)]
    assert recorded.sale.due.amount_minor == 0
    # and what is left over is refused, named or not
    for tenders, field in (
        ((own(rich, 10_001),), "tenders[0].amountMinor"),
        ((own(rich), own(spare)), "tenders[1]"),
        ((own(rich), own(spare, 1)), "tenders[1]"),
        ((own(rich), own(rich)), "tenders[1].giftCard"),
        ((own(rich, 0),), "tenders[0].amountMinor"),
        (tuple(own(rich) for _ in range(11)), "tenders"),
    ):
        for way in (quote, checkout):
            with pytest.raises(InvalidInput) as refusal:
                await way(conn, shop.terminal, customer, receipt(10_000), tendered=tenders, now=now)
            assert refusal.value.problems[0].field == field
    assert await balances(conn, shop) == [90_000, 100_000]


async def refused(
    conn: Conn, shop: Shop, customer: VisitId, tender: Tender, amount: int = 10_000, *, now: datetime
) -> Refusal:
    """What a quote and a checkout of the amount both say, and nothing changes."""
    before = await balances(conn, shop), await conn.fetchval("SELECT COUNT(*) FROM sales")
    said = list[Refusal]()
    for way in (quote, checkout):
        with pytest.raises(Refusal) as refusal:
            await way(conn, shop.terminal, customer, receipt(amount), tendered=(tender,), now=now)
        said.append(refusal.value)
    assert type(said[0]) is type(said[1])
    assert str(said[0]) == str(said[1])
    assert (await balances(conn, shop), await conn.fetchval("SELECT COUNT(*) FROM sales")) == before
    return said[0]


async def test_one_s_own_card_needs_a_code_to_redeem_and_a_number_does_not(
    conn: Conn, shop: Shop, member: Member, now: datetime
) -> None:
    card = await make_gift_card(conn, shop, 6_000, owner=member.customer_id, now=now)
    earning = await visit(conn, shop, member, now=now)

    assert isinstance(await refused(conn, shop, earning, own(card), now=now), RedeemCodeNeeded)

    recorded = await checkout(conn, shop.terminal, earning, receipt(10_000), tendered=(by_number(card, 900),), now=now)
    assert told(recorded.sale) == [(900, 5_100)]


async def test_somebody_else_s_card_is_not_found_by_its_id(
    conn: Conn, shop: Shop, customer: VisitId, now: datetime
) -> None:
    theirs = (await make_member(conn, shop, now=now)).customer_id
    other_shop = await make_shop(conn, now=now)
    cards = [
        await make_gift_card(conn, shop, 6_000, owner=theirs, now=now),
        await make_gift_card(conn, shop, 6_000, now=now),
        await make_gift_card(conn, other_shop, 6_000, now=now),
    ]

    for card in cards:
        assert isinstance(await refused(conn, shop, customer, own(card), now=now), NotFound)


async def test_above_the_limit_a_number_needs_its_pin_which_is_said_before_what_is_on_the_card(
    conn: Conn, shop: Shop, customer: VisitId, now: datetime
) -> None:
    card = await make_gift_card(conn, shop, 6_000, now=now)

    for tender in (by_number(card), by_number(card, 5_001), by_number(card, 9_000)):
        refusal = await refused(conn, shop, customer, tender, now=now)
        assert isinstance(refusal, GiftCardNotUsable)
        assert refusal.phrase.code == "gift_card_pin_needed"
        assert refusal.phrase.facts["limit_minor"] == 5_000

    tender = by_number(card, 5_001, pin=True)
    recorded = await checkout(conn, shop.terminal, customer, receipt(10_000), tendered=(tender,), now=now)
    assert told(recorded.sale) == [(5_001, 999)]


async def test_what_is_not_there_cannot_be_spent(
    conn: Conn, shop: Shop, member: Member, customer: VisitId, now: datetime
) -> None:
    owner = member.customer_id
    some, none = [await make_gift_card(conn, shop, 700, owner=owner, now=now) for _ in range(2)]
    async with conn.transaction():
        [card] = await locked(conn, shop, none, now=now)
        await value.redeem(conn, card, amount=Minor(700), cause=ValueCause(now), now=now)

    short = await refused(conn, shop, customer, own(some, 701), now=now)
    empty = await refused(conn, shop, customer, own(none), now=now)

    assert isinstance(short, InsufficientValue)
    assert (short.needed.amount_minor, short.available.amount_minor) == (701, 700)
    assert isinstance(empty, InsufficientValue)
    assert (empty.needed.amount_minor, empty.available.amount_minor) == (10_000, 0)


async def test_a_card_that_is_not_active_or_past_its_date_says_so(
    conn: Conn, shop: Shop, member: Member, customer: VisitId, now: datetime
) -> None:
    # given one of each state
    owner, cause = member.customer_id, ValueCause(now, "stolen")
    pending = await make_gift_card(conn, shop, None, owner=owner, now=now)
    past = await make_gift_card(conn, shop, 100, owner=owner, expires_at=now, now=now)
    blocked, ended = [await make_gift_card(conn, shop, 100, owner=owner, now=now) for _ in range(2)]
    async with conn.transaction():
        first, second = await locked(conn, shop, blocked, ended, now=now)
        await value.block(conn, first, cause=cause, now=now)
        await value.deactivate(conn, second, cause=cause, now=now)
    # when each is to pay, then each says why it cannot
    for card, code in (
        (pending, "gift_card_pending"),
        (past, "gift_card_past"),
        (blocked, "gift_card_blocked"),
        (ended, "gift_card_deactivated"),
    ):
        refusal = await refused(conn, shop, customer, own(card), now=now)
        assert isinstance(refusal, GiftCardNotUsable)
        assert refusal.phrase.code == code


async def test_a_gift_card_pays_for_no_gift_card_which_never_earns(
    conn: Conn, shop: Shop, member: Member, customer: VisitId, now: datetime
) -> None:
    # given a coffee and a gift card
    card = await make_gift_card(conn, shop, 9_000, owner=member.customer_id, now=now)
    lines = (Line("1", Minor(1_000)), Line("2", Minor(5_000), LineKind.GIFT_CARD_SALE))
    basket = Basket("R-1", "INR", lines)
    # when both are to be paid with a gift card
    for tender in (own(card, 1_001), own(card, 6_000)):
        with pytest.raises(InvalidInput) as refusal:
            await checkout(conn, shop.terminal, customer, basket, tendered=(tender,), now=now)
        assert [(p.field, p.phrase.code) for p in refusal.value.problems] == [
            ("tenders[0]", "gift_card_buys_gift_card")
        ]
    # then it pays for the coffee at most
    recorded = await checkout(conn, shop.terminal, customer, basket, tendered=(own(card),), now=now)
    assert told(recorded.sale) == [(1_000, 8_000)]
    assert (recorded.sale.due.amount_minor, recorded.sale.points) == (5_000, 10)
    await assert_lawful(conn)


async def test_a_quote_is_done_only_while_the_balances_are_what_it_said(
    conn: Conn, shop: Shop, member: Member, customer: VisitId, now: datetime
) -> None:
    # given a quote with a card from which somebody then takes a rupee
    card = await make_gift_card(conn, shop, 9_000, owner=member.customer_id, now=now)
    tenders = (own(card, 1_000),)
    quoted = await quote(conn, shop.terminal, customer, receipt(10_000), tendered=tenders, now=now)
    without = await quote(conn, shop.terminal, customer, receipt(10_000), now=now)
    assert quoted.quote_id != without.quote_id
    async with conn.transaction():
        [held] = await locked(conn, shop, card, now=now)
        await value.redeem(conn, held, amount=Minor(100), cause=ValueCause(now), now=now)
    # when
    with pytest.raises(QuoteChanged) as changed:
        await checkout(
            conn, shop.terminal, customer, receipt(10_000), tendered=tenders, quote_id=quoted.quote_id, now=now
        )
    # then nothing is spent, and the new quote is done
    assert await balances(conn, shop) == [8_900]
    again = changed.value.quote.quote_id
    recorded = await checkout(conn, shop.terminal, customer, receipt(10_000), tendered=tenders, quote_id=again, now=now)
    assert told(recorded.sale) == [(1_000, 7_900)]
    # and a quote without tenders is no quote for a sale with them
    with pytest.raises(QuoteChanged):
        await checkout(
            conn, shop.terminal, customer, receipt(10_000), tendered=tenders, quote_id=without.quote_id, now=now
        )


async def test_the_same_key_pays_once(conn: Conn, shop: Shop, member: Member, customer: VisitId, now: datetime) -> None:
    card = await make_gift_card(conn, shop, 1_500, owner=member.customer_id, now=now)
    key, tenders = uuid4(), (own(card, 1_000),)
    first = await checkout(conn, shop.terminal, customer, receipt(10_000), tendered=tenders, key=key, now=now)
    later = now + timedelta(days=3)
    again = await checkout(conn, shop.terminal, customer, receipt(10_000), tendered=tenders, key=key, now=later)

    assert again.replayed
    assert again.sale == first.sale
    assert await balances(conn, shop) == [500]
    for other in ((), (own(card, 999),), (by_number(card, 1_000),)):
        with pytest.raises(IdempotencyKeyReused):
            await checkout(conn, shop.terminal, customer, receipt(10_000), tendered=other, key=key, now=now)
