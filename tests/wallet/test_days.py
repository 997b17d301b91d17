"""The day at the counter: which sales are of it, in which pages, and what they come to."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.factories import Shop, make_reward, make_shop
from tests.wallet.counter import Member, another_store, another_till, make_member
from tests.wallet.ledger.value.scenes import make_gift_card
from tests.wallet.sales.till import checkout, receipt, refund, visit
from wallet import days
from wallet.baskets import Basket, Line
from wallet.database import Conn
from wallet.days import Page, Place, Sums
from wallet.rules import Rules, StampRules
from wallet.sales import NOTHING, Recorded, Tender, Wanted
from wallet.values import CheckInPurpose, LineKind, Minor, Money, NamedGiftCard, Points, ShownBy, Terminal

RULES = Rules(
    points=Points(1), per_minor=Minor(100), stamps=StampRules("item", 10, "free-coffee", categories=("coffee",))
)


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    shop = await make_shop(conn, rules=RULES, now=now)
    await make_reward(conn, shop, slug="free-coffee", categories=("coffee",), now=now)
    return shop


@pytest.fixture
async def member(conn: Conn, shop: Shop, now: datetime) -> Member:
    return await make_member(conn, shop, now=now)


async def sold(
    conn: Conn,
    shop: Shop,
    member: Member,
    basket: Basket,
    *,
    at: Terminal | None = None,
    wanted: Wanted = NOTHING,
    tendered: tuple[Tender, ...] = (),
    now: datetime,
) -> Recorded:
    its = shop if at is None else replace(shop, terminal=at)
    customer = await visit(conn, its, member, CheckInPurpose.REDEEM, now=now)
    return await checkout(conn, its.terminal, customer, basket, wanted=wanted, tendered=tendered, now=now)


def coffees(number: str, *amounts: int) -> Basket:
    """A line of two coffees for each amount, and one that gives no stamps."""
    lines = [Line(str(at), Minor(amount), category="coffee", quantity=2) for at, amount in enumerate(amounts, start=1)]
    return Basket(number, "INR", (*lines, Line("tea", Minor(700))))


async def the_day(conn: Conn, terminal: Terminal, *, first: int = 100, now: datetime) -> list[Page]:
    """All pages of the day."""
    pages = [await days.page(conn, terminal=terminal, first=first, after=None, now=now)]
    while pages[-1].more:
        last = pages[-1].operations[-1].sale
        after = Place(last.occurred_at, last.sale_id)
        pages.append(await days.page(conn, terminal=terminal, first=first, after=after, now=now))
    return pages


def numbers(*pages: Page) -> list[str]:
    return [each.sale.receipt_number for page in pages for each in page.operations]


def added_up(terminal: Terminal, pages: list[Page]) -> Sums:
    """What the sales of the pages come to, by what each says of itself."""
    sales = [each.sale for page in pages for each in page.operations]
    taken = sum(sale.due.amount_minor - sale.refunded_due.amount_minor for sale in sales)
    return Sums(
        len(sales),
        Money(Minor(taken), terminal.currency),
        Points(sum(sale.points - sale.refunded_points for sale in sales)),
        sum(sale.stamps - sale.refunded_stamps for sale in sales),
    )


# --- which sales


async def test_day_begins_at_the_merchants_midnight_though_the_store_is_elsewhere(
    conn: Conn, shop: Shop, member: Member
) -> None:
    # given a minute before midnight in Kochi
    midnight = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
    tills = (shop.terminal, replace(shop.terminal, timezone="Europe/London"))
    await sold(conn, shop, member, receipt(1_000, number="before"), now=midnight - timedelta(minutes=1))
    for till in tills:
        assert numbers(*await the_day(conn, till, now=midnight - timedelta(microseconds=1))) == ["before"]
        assert numbers(*await the_day(conn, till, now=midnight)) == []
    # when something is sold at midnight
    await sold(conn, shop, member, receipt(1_000, number="at"), now=midnight)
    # then it is all that the new day has, until it ends
    for till in tills:
        for hours, found in ((0, ["at"]), (23, ["at"]), (24, [])):
            now = midnight + timedelta(hours=hours)
            assert numbers(*await the_day(conn, till, now=now)) == found
            assert (await days.sums(conn, terminal=till, now=now)).sales == len(found)


async def test_sale_is_of_the_day_on_which_it_happened(conn: Conn, shop: Shop, member: Member, now: datetime) -> None:
    # given sales that happened before others, and were told later
    for number, hours in (("now", 0), ("an hour ago", 1), ("yesterday", 24)):
        happened = now - timedelta(hours=hours)
        await sold(conn, shop, member, receipt(1_000, number=number, occurred_at=happened), now=now)
    assert numbers(*await the_day(conn, shop.terminal, now=now)) == ["now", "an hour ago"]


async def test_all_tills_of_the_store_have_one_day_and_no_other_store_is_in_it(
    conn: Conn, shop: Shop, member: Member, now: datetime
) -> None:
    # given
    second, elsewhere = await another_till(conn, shop, now=now), await another_store(conn, shop, now=now)
    stranger = await make_shop(conn, now=now)
    await sold(conn, shop, member, receipt(1_000, number="one"), now=now)
    await sold(conn, shop, member, receipt(1_000, number="two"), at=second, now=now + timedelta(seconds=1))
    later = now + timedelta(minutes=1)
    # then
    for till in (shop.terminal, second):
        assert numbers(*await the_day(conn, till, now=later)) == ["two", "one"]
    nothing = Sums(0, Money(Minor(0), "INR"), Points(0), 0)
    for till in (elsewhere, stranger.terminal):
        assert await the_day(conn, till, now=later) == [Page([], more=False)]
        assert await days.sums(conn, terminal=till, now=later) == nothing


async def test_pages_have_every_sale_once_though_several_happened_at_one_moment(
    conn: Conn, shop: Shop, member: Member, now: datetime
) -> None:
    # given seven sales at three moments
    for at in range(7):
        moment = now + timedelta(seconds=at // 3)
        await sold(conn, shop, member, receipt(1_000, number=str(at), occurred_at=moment), now=now)
    later = now + timedelta(minutes=1)
    [whole] = await the_day(conn, shop.terminal, now=later)
    for first in (1, 2, 3, 7):
        # when
        pages = await the_day(conn, shop.terminal, first=first, now=later)
        # then
        assert [each.sale for page in pages for each in page.operations] == [each.sale for each in whole.operations]
        assert [len(page.operations) for page in pages[:-1]] == [first] * (len(pages) - 1)
    moments = [each.sale.occurred_at for each in whole.operations]
    assert moments == sorted(moments, reverse=True)
    # and a place from before the day, or none that is, has nothing behind it
    before = Place(now - timedelta(days=1), whole.operations[0].sale.sale_id)
    assert await days.page(conn, terminal=shop.terminal, first=9, after=before, now=later) == Page([], more=False)


# --- what they come to


async def test_what_came_back_stays_in_the_list_and_is_off_the_sums(
    conn: Conn, shop: Shop, member: Member, now: datetime
) -> None:
    # given 40 rupees for four coffees and 7 for tea, of which a gift card pays 30; and a bill of 10 rupees
    card = await make_gift_card(conn, shop, 3_000, now=now)
    tendered = (Tender(NamedGiftCard(card, ShownBy.PIN)),)
    bill = await sold(conn, shop, member, coffees("bill", 2_000, 2_000), tendered=tendered, now=now)
    await sold(conn, shop, member, receipt(1_000, number="other"), now=now - timedelta(minutes=1))
    before = await days.sums(conn, terminal=shop.terminal, now=now)
    assert before == Sums(2, Money(Minor(1_700 + 1_000), "INR"), Points(47 + 10), 4)
    # when two of the coffees come back
    await refund(conn, shop.terminal, bill.sale.sale_id, "1", now=now)
    # then the gift card has its money first, so as much stays in the till
    [page] = await the_day(conn, shop.terminal, now=now)
    [first, other] = page.operations
    assert (first.refunded, first.wholly_refunded, first.why_not) == (True, False, None)
    assert (first.sale.refunded, first.sale.refunded_due) == (Money(Minor(2_000), "INR"), Money(Minor(0), "INR"))
    assert (first.sale.refunded_points, first.sale.refunded_stamps, first.sale.stamps) == (20, 2, 4)
    assert (other.refunded, other.sale.refunded, other.sale.refunded_stamps) == (False, Money(Minor(0), "INR"), 0)
    assert await days.sums(conn, terminal=shop.terminal, now=now) == Sums(2, before.taken, Points(37), 2)
    # when the rest does
    await refund(conn, shop.terminal, bill.sale.sale_id, now=now)
    # then it is still there, and comes to nothing
    [page] = await the_day(conn, shop.terminal, now=now)
    first = page.operations[0]
    assert (first.refunded, first.wholly_refunded) == (True, True)
    assert first.why_not is not None
    assert (first.sale.refunded, first.sale.refunded_due) == (Money(Minor(4_700), "INR"), first.sale.due)
    sums = await days.sums(conn, terminal=shop.terminal, now=now)
    assert sums == Sums(2, Money(Minor(1_000), "INR"), Points(10), 0) == added_up(shop.terminal, [page])


async def test_return_of_an_earlier_days_sale_is_not_in_the_day(
    conn: Conn, shop: Shop, member: Member, now: datetime
) -> None:
    earlier = await sold(conn, shop, member, coffees("earlier", 5_000), now=now - timedelta(days=1))
    await sold(conn, shop, member, receipt(1_000), now=now)
    before = await days.sums(conn, terminal=shop.terminal, now=now)
    await refund(conn, shop.terminal, earlier.sale.sale_id, now=now)
    assert await days.sums(conn, terminal=shop.terminal, now=now) == before
    assert before == Sums(1, Money(Minor(1_000), "INR"), Points(10), 0)


async def test_what_gift_cards_cost_is_taken_and_what_they_pay_is_not(
    conn: Conn, shop: Shop, member: Member, now: datetime
) -> None:
    line = Line("g", Minor(6_000), LineKind.GIFT_CARD_SALE)
    made = await sold(conn, shop, member, Basket("gift card", "INR", (line,)), now=now)
    assert made.gift_cards_sold[0].balance == Money(Minor(6_000), "INR")
    card = await conn.fetchval("SELECT gift_card_id FROM gift_cards_sold")
    tendered = (Tender(NamedGiftCard(card, ShownBy.PIN)),)
    await sold(conn, shop, member, receipt(4_000, number="spent"), tendered=tendered, now=now)
    assert (await days.sums(conn, terminal=shop.terminal, now=now)).taken == Money(Minor(6_000), "INR")


async def test_a_day_may_take_more_than_one_sale_can_cost(
    conn: Conn, shop: Shop, member: Member, now: datetime
) -> None:
    for _ in range(3):
        await sold(conn, shop, member, receipt(2**31 - 1), now=now)
    assert (await days.sums(conn, terminal=shop.terminal, now=now)).taken.amount_minor == 3 * (2**31 - 1)


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_sold_and_comes_back_the_pages_add_up_to_the_sums(
    conn: Conn, shop: Shop, member: Member, now: datetime, seed: int
) -> None:
    drawn = random.Random(seed)
    reward = await make_reward(conn, shop, slug=f"off-{uuid4().hex[:8]}", cost_points=5, now=now)
    cards = [await make_gift_card(conn, shop, 2_000, now=now) for _ in range(6)]
    left = dict[str, object]()
    for number in range(12):
        now += timedelta(seconds=drawn.randrange(3))
        amounts = [drawn.choice((0, 1, 333, 2_500)) for _ in range(drawn.randrange(1, 4))]
        tendered = (Tender(NamedGiftCard(cards.pop(), ShownBy.PIN)),) if cards and drawn.random() < 0.5 else ()
        buys = Wanted(reward_ids=(reward.reward_id,)) if number > 6 and drawn.random() < 0.3 else NOTHING
        done = await sold(conn, shop, member, coffees(f"R-{number}", *amounts), wanted=buys, tendered=tendered, now=now)
        kept = done.sale.total.amount_minor - sum(each.amount.amount_minor for each in done.sale.discounts)
        for _ in range(drawn.randrange(3)):
            if kept > 1:
                some = drawn.randrange(1, kept)
                await refund(conn, shop.terminal, done.sale.sale_id, amount=some, now=now)
                kept -= some
        if drawn.random() < 0.3:
            await refund(conn, shop.terminal, done.sale.sale_id, now=now)
            left[done.sale.receipt_number] = done
    # then, and something came back at all
    pages = await the_day(conn, shop.terminal, first=5, now=now)
    sums = await days.sums(conn, terminal=shop.terminal, now=now)
    assert sums == added_up(shop.terminal, pages)
    assert sums.sales == 12
    [whole] = await the_day(conn, shop.terminal, now=now)
    assert {each.sale.receipt_number for each in whole.operations if each.wholly_refunded} == set(left)
    assert any(each.sale.refunded_stamps for each in whole.operations)
    assert any(each.sale.refunded != each.sale.refunded_due for each in whole.operations)
