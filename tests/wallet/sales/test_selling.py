"""Stored value that is sold at the till: new gift cards with numbers that are shown once, and cards that are loaded."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from auth import gift_cards
from auth.secrets import SecretBox
from tests.factories import Shop, make_shop
from tests.wallet.counter import Member, make_member
from tests.wallet.ledger.value.scenes import activities, assert_lawful, balances, make_gift_card, state
from tests.wallet.sales.till import BOX, checkout, quote, receipt, refund, visit
from wallet import operations
from wallet.baskets import Basket, Line
from wallet.database import Conn
from wallet.errors import GiftCardNotUsable, InvalidInput, NotFound
from wallet.ledger import value
from wallet.rules import GiftRules, Rules
from wallet.sales import SoldGiftCard, Tender
from wallet.sales.selling import REPEATED_FOR
from wallet.values import (
    CheckInPurpose,
    GiftCardId,
    LineKind,
    Minor,
    NamedGiftCard,
    Points,
    SaleId,
    ShownBy,
    TerminalId,
    VisitId,
)

RULES = Rules(points=Points(1), per_minor=Minor(100), gifts=GiftRules(validity_months=12))

OWNERS_SQL = "SELECT owner_customer_id FROM gift_cards WHERE merchant_id = $1"


def selling(amount: int, *, quantity: int = 1, loads: NamedGiftCard | None = None, line_id: str = "g") -> Line:
    return Line(line_id, Minor(amount), LineKind.GIFT_CARD_SALE, quantity=quantity, loads=loads)


def basket(*lines: Line) -> Basket:
    return Basket("R-7", "INR", lines)


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, rules=RULES, now=now)


@pytest.fixture
async def member(conn: Conn, shop: Shop, now: datetime) -> Member:
    return await make_member(conn, shop, now=now)


@pytest.fixture
async def customer(conn: Conn, shop: Shop, member: Member, now: datetime) -> VisitId:
    return await visit(conn, shop, member, CheckInPurpose.REDEEM, now=now)


async def found(conn: Conn, shop: Shop, sold: SoldGiftCard) -> GiftCardId:
    """The card that the shown number and PIN open."""
    typed = gift_cards.read(sold.minted.number + sold.minted.pin)
    assert typed is not None
    presented = await gift_cards.find(conn, box=BOX, merchant_id=shop.merchant_id, typed=typed)
    assert presented.with_pin
    return presented.gift_card_id


async def test_a_line_makes_as_many_cards_as_its_quantity_and_none_of_them_earns(
    conn: Conn, shop: Shop, customer: VisitId, now: datetime
) -> None:
    # when a coffee and three gift cards are sold
    sale = basket(Line("1", Minor(1_000)), selling(6_000, quantity=3))
    recorded = await checkout(conn, shop.terminal, customer, sale, now=now)
    # then each card has a third, a number of its own, and belongs to nobody
    sold = recorded.gift_cards_sold
    assert [(each.line_id, each.balance.amount_minor) for each in sold] == [("g", 2_000)] * 3
    assert len({each.minted.number for each in sold}) == 3
    assert await balances(conn, shop) == [2_000] * 3
    for each in sold:
        card = await found(conn, shop, each)
        assert await activities(conn, card) == [(1, "ACTIVATE", 2_000, 2_000)]
    assert {row["owner_customer_id"] for row in await conn.fetch(OWNERS_SQL, shop.merchant_id)} == {None}
    # and the coffee alone has earned
    assert (recorded.sale.points, recorded.sale.due.amount_minor) == (10, 7_000)
    assert await conn.fetchval("SELECT COUNT(*) FROM gift_cards_sold") == 3
    lives = await conn.fetchval("SELECT DISTINCT expires_at FROM gift_cards")
    assert lives > now + timedelta(days=365)
    await assert_lawful(conn)


async def test_the_numbers_are_said_again_for_a_while_to_who_asks_with_the_same_key(
    conn: Conn, shop: Shop, customer: VisitId, now: datetime
) -> None:
    # given a sale of two lines with cards, whose answer was lost
    key, sale = uuid4(), basket(selling(3_000, quantity=2), selling(500, line_id="h"))
    first = await checkout(conn, shop.terminal, customer, sale, key=key, now=now)
    tables = "gift_cards", "gift_card_activities", "gift_cards_sold"
    before = [await conn.fetchval(f"SELECT COUNT(*) FROM {table}") for table in tables]
    # when it is asked for again within the hour, and after it
    soon = now + REPEATED_FOR - timedelta(microseconds=1)
    again = await checkout(conn, shop.terminal, customer, sale, key=key, now=soon)
    late = await checkout(conn, shop.terminal, customer, sale, key=key, now=now + REPEATED_FOR)
    # then it is the same cards, and later none is shown; nothing is made twice
    assert [(each.line_id, each.minted, each.balance) for each in again.gift_cards_sold] == [
        (each.line_id, each.minted, each.balance) for each in first.gift_cards_sold
    ]
    assert len(first.gift_cards_sold) == 3
    assert (again.replayed, late.replayed, late.gift_cards_sold) == (True, True, ())
    assert [await conn.fetchval(f"SELECT COUNT(*) FROM {table}") for table in tables] == before


async def test_another_key_another_till_and_another_master_key_make_other_numbers(shop: Shop) -> None:
    terminal, key = shop.terminal, uuid4()

    def made(box: SecretBox, terminal_id: TerminalId, key: UUID) -> list[str]:
        mint = gift_cards.repeatable(box, merchant_id=shop.merchant_id, terminal_id=terminal_id, key=key)
        return [number for minted in (mint(), mint()) for number in (minted.number, minted.pin)]

    usual = made(BOX, terminal.terminal_id, key)
    assert made(BOX, terminal.terminal_id, key) == usual
    others = [
        made(BOX, terminal.terminal_id, uuid4()),
        made(BOX, TerminalId(uuid4()), key),
        made(SecretBox(b"z" * 32), terminal.terminal_id, key),
    ]
    assert len({each for numbers in (usual, *others) for each in numbers}) == 16


async def test_a_number_that_is_taken_is_passed_over_also_when_it_is_said_again(
    conn: Conn, shop: Shop, customer: VisitId, now: datetime
) -> None:
    # given a card that has the first number already
    key, terminal = uuid4(), shop.terminal
    mint = gift_cards.repeatable(BOX, merchant_id=shop.merchant_id, terminal_id=terminal.terminal_id, key=key)
    async with conn.transaction():
        await value.open(conn, merchant_id=shop.merchant_id, program_id=shop.program_id, mint=mint, now=now)
    # when a card is sold, twice told
    sale = basket(selling(500))
    answers = [await checkout(conn, terminal, customer, sale, key=key, now=now) for _ in range(2)]
    # then
    assert answers[0].gift_cards_sold == answers[1].gift_cards_sold
    [sold] = answers[0].gift_cards_sold
    assert sold.minted == mint()


async def test_a_line_loads_the_card_that_it_names(
    conn: Conn, shop: Shop, member: Member, customer: VisitId, now: datetime
) -> None:
    mine = await make_gift_card(conn, shop, 300, owner=member.customer_id, now=now)
    found = await make_gift_card(conn, shop, 400, now=now)
    sale = basket(
        selling(1_000, loads=NamedGiftCard(mine, ShownBy.OWNER)),
        selling(50, loads=NamedGiftCard(found, ShownBy.NUMBER), line_id="h"),
    )

    recorded = await checkout(conn, shop.terminal, customer, sale, now=now)

    assert recorded.gift_cards_sold == ()
    assert await balances(conn, shop) == [1_300, 450]
    assert (await activities(conn, mine))[1:] == [(2, "LOAD", 1_000, 1_300)]
    await assert_lawful(conn)


async def test_what_cannot_be_sold_is_refused(
    conn: Conn, shop: Shop, member: Member, customer: VisitId, now: datetime
) -> None:
    mine = NamedGiftCard(await make_gift_card(conn, shop, 300, owner=member.customer_id, now=now), ShownBy.OWNER)
    for line, field, code in (
        (selling(1_000, quantity=3), "lines[0].amountMinor", "gift_cards_unequal"),
        (selling(0), "lines[0].amountMinor", "gift_card_needs_value"),
        (selling(21, quantity=21), "lines", "too_many"),
        (selling(100, quantity=2, loads=mine), "lines[0].quantity", "out_of_range"),
        (Line("1", Minor(100), loads=mine), "lines[0].loads", "loads_no_gift_card"),
    ):
        for way in (quote, checkout):
            with pytest.raises(InvalidInput) as refusal:
                await way(conn, shop.terminal, customer, basket(line), now=now)
            assert [(p.field, p.phrase.code) for p in refusal.value.problems] == [(field, code)]
    twice = basket(selling(5, loads=mine), selling(5, loads=mine, line_id="h"))
    with pytest.raises(InvalidInput, match="loads: repeated"):
        await checkout(conn, shop.terminal, customer, twice, now=now)
    # and somebody else's card, or one that is not paid for
    theirs = await make_gift_card(conn, shop, 300, now=now)
    pending = await make_gift_card(conn, shop, None, owner=member.customer_id, now=now)
    for card, refused in ((theirs, NotFound), (pending, GiftCardNotUsable)):
        for way in (quote, checkout):
            line = selling(5, loads=NamedGiftCard(card, ShownBy.OWNER))
            with pytest.raises(refused):
                await way(conn, shop.terminal, customer, basket(line), now=now)
    assert await conn.fetchval("SELECT COUNT(*) FROM sales") == 0


# ---------------------------------------------------------------- and brought back


async def test_unspent_cards_that_come_back_are_at_their_end(
    conn: Conn, shop: Shop, customer: VisitId, now: datetime
) -> None:
    # given two cards in one line
    recorded = await checkout(conn, shop.terminal, customer, basket(selling(2_000, quantity=2)), now=now)
    cards = [await found(conn, shop, each) for each in recorded.gift_cards_sold]
    # when the sale is undone
    back = await refund(conn, shop.terminal, recorded.sale.sale_id, now=now)
    # then the money goes back and nobody can spend it any more
    assert (back.due.amount_minor, back.returned) == (2_000, ())
    assert [await state(conn, card) for card in cards] == ["DEACTIVATED"] * 2
    assert await balances(conn, shop) == [0, 0]
    kept = await conn.fetch("SELECT refund_id FROM gift_card_activities WHERE kind = 'DEACTIVATE'")
    assert all(row["refund_id"] is not None for row in kept)
    await assert_lawful(conn)


async def why_not(conn: Conn, shop: Shop, visit_id: VisitId, sale_id: SaleId, *, now: datetime) -> str | None:
    """What the list at the till says against undoing the sale."""
    listed = await operations.of_visit(conn, terminal=shop.terminal, visit_id=visit_id, now=now)
    [phrase] = [each.why_not for each in listed if each.sale.sale_id == sale_id]
    return phrase.code if phrase else None


async def test_a_card_of_which_something_is_spent_cannot_be_brought_back(
    conn: Conn, shop: Shop, customer: VisitId, now: datetime
) -> None:
    # given a card of which a rupee is spent, sold with a coffee
    sale = basket(Line("1", Minor(1_000)), selling(2_000))
    recorded = await checkout(conn, shop.terminal, customer, sale, now=now)
    [card] = [await found(conn, shop, each) for each in recorded.gift_cards_sold]
    spend = (Tender(NamedGiftCard(card, ShownBy.NUMBER), Minor(100)),)
    spending = await checkout(conn, shop.terminal, customer, receipt(100), tendered=spend, now=now)
    sale_id = recorded.sale.sale_id
    # when all of it, or that line, comes back, then nothing does
    for lines in ((), ("g",)):
        with pytest.raises(InvalidInput, match="sold_gift_card_spent"):
            await refund(conn, shop.terminal, sale_id, *lines, now=now)
    assert await balances(conn, shop) == [1_900]
    assert await why_not(conn, shop, customer, sale_id, now=now) == "sold_gift_card_spent"
    # and the coffee can, and the card once what was spent is on it again
    assert (await refund(conn, shop.terminal, sale_id, "1", now=now)).due.amount_minor == 1_000
    await refund(conn, shop.terminal, spending.sale.sale_id, now=now)
    assert await why_not(conn, shop, customer, sale_id, now=now) is None
    assert (await refund(conn, shop.terminal, sale_id, now=now)).due.amount_minor == 2_000
    assert await state(conn, card) == "DEACTIVATED"
    await assert_lawful(conn)


async def test_an_amount_comes_to_a_gift_card_last_and_never_to_a_part_of_one(
    conn: Conn, shop: Shop, customer: VisitId, now: datetime
) -> None:
    sale = basket(selling(2_000), Line("1", Minor(1_000)))
    recorded = await checkout(conn, shop.terminal, customer, sale, now=now)
    sale_id = recorded.sale.sale_id

    assert (await refund(conn, shop.terminal, sale_id, amount=400, now=now)).due.amount_minor == 400
    with pytest.raises(InvalidInput, match="sold_gift_card_whole"):
        await refund(conn, shop.terminal, sale_id, amount=601, now=now)
    assert await balances(conn, shop) == [2_000]
    assert (await refund(conn, shop.terminal, sale_id, amount=2_600, now=now)).due.amount_minor == 2_600
    assert await balances(conn, shop) == [0]
    await assert_lawful(conn)


async def test_what_was_loaded_comes_off_the_card_while_it_is_there(
    conn: Conn, shop: Shop, member: Member, customer: VisitId, now: datetime
) -> None:
    card = await make_gift_card(conn, shop, 300, owner=member.customer_id, now=now)
    sale = basket(selling(1_000, loads=NamedGiftCard(card, ShownBy.OWNER)))
    recorded = await checkout(conn, shop.terminal, customer, sale, now=now)

    back = await refund(conn, shop.terminal, recorded.sale.sale_id, now=now)

    assert back.due.amount_minor == 1_000
    assert await balances(conn, shop) == [300]
    assert await state(conn, card) == "ACTIVE"
    await assert_lawful(conn)


@pytest.mark.parametrize(("stated", "most"), [(5_000, 5_000), (9_000_000, 1_000_000)])
async def test_no_more_is_put_on_a_card_than_the_program_and_the_law_let(
    conn: Conn, now: datetime, stated: int, most: int
) -> None:
    # given a shop in India
    shop = await make_shop(conn, rules=Rules(gifts=GiftRules(card_max_minor=Minor(stated))), now=now)
    member = await make_member(conn, shop, now=now)
    customer = await visit(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    full = await make_gift_card(conn, shop, most - 100, owner=member.customer_id, now=now)
    mine = NamedGiftCard(full, ShownBy.OWNER)
    much = [basket(selling(2 * most + 2, quantity=2)), basket(Line("1", Minor(100)), selling(101, loads=mine))]
    # when too much is sold, and loaded
    for at, sale in enumerate(much):
        for refusing in (quote, checkout):
            with pytest.raises(InvalidInput) as refused:
                await refusing(conn, shop.terminal, customer, sale, now=now)
            [problem] = refused.value.problems
            assert (problem.field, problem.phrase.code) == (f"lines[{at}].amountMinor", "gift_card_too_much")
            assert problem.phrase.facts == {"most_minor": most, "currency": "INR"}
    assert await balances(conn, shop) == [most - 100]
    # then as much as may be is
    right = basket(selling(2 * most, quantity=2, line_id="n"), selling(100, loads=mine))
    await quote(conn, shop.terminal, customer, right, now=now)
    await checkout(conn, shop.terminal, customer, right, now=now)
    assert await balances(conn, shop) == [most] * 3
    await assert_lawful(conn)
