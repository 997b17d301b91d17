"""The punch card: stamps by item and by visit, vouchers for full cards, and all of it back with the goods."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from infra.sweeps import lapse_vouchers
from tests.factories import Shop, make_reward, make_shop
from tests.wallet.counter import Member, make_member
from tests.wallet.sales.histories import assert_lawful
from tests.wallet.sales.till import checkout, quote, refund, visit
from wallet.baskets import Basket, Line
from wallet.database import Conn
from wallet.rules import Rules, StampRules
from wallet.sales import Wanted
from wallet.values import CheckInPurpose, EarnStatus, Minor, Points, RewardKind, VoucherId

BY_ITEM = StampRules("item", 10, "free-coffee", categories=("coffee",))
BY_VISIT = StampRules("visit", 3, "free-coffee", cooldown_hours=12)


async def opened(conn: Conn, stamps: StampRules, *, now: datetime, reward: bool = True) -> tuple[Shop, Member]:
    shop = await make_shop(conn, rules=Rules(points=Points(0), per_minor=Minor(100), stamps=stamps), now=now)
    if reward:
        await make_reward(conn, shop, slug="free-coffee", categories=("coffee",), voucher_days=30, now=now)
    return shop, await make_member(conn, shop, now=now)


def coffees(*quantities: int) -> Basket:
    """A line of each so many coffees for ₹1 each, called "1", "2" and so on."""
    return Basket(
        "R-1",
        "INR",
        tuple(
            Line(str(at), Minor(100 * quantity), category="coffee", quantity=quantity)
            for at, quantity in enumerate(quantities, start=1)
        ),
    )


async def stamps_of(conn: Conn) -> int:
    stamps: int = await conn.fetchval("SELECT stamps FROM cards")
    return stamps


async def vouchers(conn: Conn) -> list[tuple[str, str]]:
    rows = await conn.fetch("SELECT origin, state FROM vouchers ORDER BY voucher_id")
    return [(row["origin"], row["state"]) for row in rows]


async def test_each_item_of_the_category_is_a_stamp(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, BY_ITEM, now=now)
    customer = await visit(conn, shop, member, now=now)
    basket = Basket("R-1", "INR", (*coffees(2, 1).lines, Line("3", Minor(500), category="bread")))

    quoted = await quote(conn, shop.terminal, customer, basket, now=now)
    recorded = await checkout(conn, shop.terminal, customer, basket, now=now)

    assert (quoted.plan.earning.stamps, quoted.plan.stamps_after) == (3, 3)
    assert (recorded.sale.stamps, recorded.card.stamps, recorded.sale.points) == (3, 3, 0)
    assert [line.status for line in recorded.sale.lines] == [EarnStatus.EARNED] * 2 + [EarnStatus.NO_RULE]
    assert recorded.changed


async def test_a_full_card_is_a_voucher_and_goes_on_counting(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, BY_ITEM, now=now)
    customer = await visit(conn, shop, member, now=now)
    await checkout(conn, shop.terminal, customer, coffees(9), now=now)

    quoted = await quote(conn, shop.terminal, customer, coffees(13), now=now)
    recorded = await checkout(conn, shop.terminal, customer, coffees(13), now=now)

    assert (quoted.plan.full_cards, quoted.plan.stamps_after, recorded.card.stamps) == (2, 2, 2)
    assert await vouchers(conn) == [("STAMPS", "USABLE")] * 2
    rows = await conn.fetch("SELECT kind, stamps, stamps_after FROM stamp_movements ORDER BY movement_id")
    assert [(row["kind"], row["stamps"], row["stamps_after"]) for row in rows] == [
        ("COLLECTED", 9, 9),
        ("COLLECTED", 13, 22),
        ("SPENT", -10, 12),
        ("SPENT", -10, 2),
    ]
    row = await conn.fetchrow("SELECT points, stamps, usable_until FROM vouchers LIMIT 1")
    assert row is not None
    # Thirty days, to the end of the last of them in Kolkata.
    assert (row["points"], row["stamps"]) == (0, 10)
    assert row["usable_until"] == (now + timedelta(days=30)).replace(hour=18, minute=30)
    await assert_lawful(conn)


async def test_the_voucher_pays_for_a_coffee_and_that_is_no_stamp(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, BY_ITEM, now=now)
    customer = await visit(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    await checkout(conn, shop.terminal, customer, coffees(10), now=now)
    voucher_id = VoucherId(await conn.fetchval("SELECT voucher_id FROM vouchers"))

    recorded = await checkout(conn, shop.terminal, customer, coffees(3), wanted=Wanted((voucher_id,)), now=now)

    assert (recorded.sale.due.amount_minor, recorded.sale.stamps, recorded.card.stamps) == (200, 2, 2)
    assert await vouchers(conn) == [("STAMPS", "USED")]
    await assert_lawful(conn)


async def test_a_visit_is_one_stamp_and_the_next_comes_after_the_cool_down(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, BY_VISIT, now=now)
    stamps = []
    for hours in (0, 1, 12, 23, 25):
        at = now + timedelta(hours=hours)
        customer = await visit(conn, shop, member, now=at)
        stamps.append((await checkout(conn, shop.terminal, customer, coffees(2, 2), now=at)).sale.stamps)

    assert stamps == [1, 0, 1, 0, 1]
    assert (await stamps_of(conn), await vouchers(conn)) == (0, [("STAMPS", "USABLE")])


async def test_a_visit_that_came_back_does_not_keep_the_next_from_its_stamp(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, BY_VISIT, now=now)
    customer = await visit(conn, shop, member, now=now)
    first = await checkout(conn, shop.terminal, customer, coffees(1), now=now)
    await refund(conn, shop.terminal, first.sale.sale_id, now=now)

    assert (await checkout(conn, shop.terminal, customer, coffees(1), now=now)).sale.stamps == 1
    assert await stamps_of(conn) == 1


async def test_without_the_reward_stamps_are_counted_on_until_there_is_one(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, BY_ITEM, reward=False, now=now)
    customer = await visit(conn, shop, member, now=now)
    assert (await checkout(conn, shop.terminal, customer, coffees(12), now=now)).card.stamps == 12
    await make_reward(conn, shop, slug="free-coffee", now=now)

    recorded = await checkout(conn, shop.terminal, customer, coffees(1), now=now)

    assert (recorded.card.stamps, await vouchers(conn)) == (3, [("STAMPS", "USABLE")])


# --- back


async def test_stamps_go_back_with_their_items_one_by_one(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, BY_ITEM, now=now)
    customer = await visit(conn, shop, member, now=now)
    sale_id = (await checkout(conn, shop.terminal, customer, coffees(3, 2), now=now)).sale.sale_id
    left = []
    # One coffee of the three by its money, then half of another, then the other line, then the rest.
    for lines, amount in ([], 100), ([], 50), (["2"], None), ([], None):
        left.append((await refund(conn, shop.terminal, sale_id, *lines, amount=amount, now=now)).card.stamps)

    assert left == [4, 4, 2, 0]
    await assert_lawful(conn)


async def test_a_full_card_that_comes_back_takes_its_voucher_along(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, BY_ITEM, now=now)
    customer = await visit(conn, shop, member, now=now)
    await checkout(conn, shop.terminal, customer, coffees(8), now=now)
    sold = await checkout(conn, shop.terminal, customer, coffees(5), now=now)
    assert (sold.card.stamps, await vouchers(conn)) == (3, [("STAMPS", "USABLE")])

    refunded = await refund(conn, shop.terminal, sold.sale.sale_id, now=now)

    assert (refunded.card.stamps, await vouchers(conn)) == (8, [("STAMPS", "CANCELLED")])
    await assert_lawful(conn)


async def test_a_voucher_that_was_used_leaves_the_card_below_zero_until_stamps_fill_it_again(
    conn: Conn, now: datetime
) -> None:
    shop, member = await opened(conn, BY_ITEM, now=now)
    customer = await visit(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    sold = await checkout(conn, shop.terminal, customer, coffees(10), now=now)
    voucher_id = VoucherId(await conn.fetchval("SELECT voucher_id FROM vouchers"))
    await checkout(conn, shop.terminal, customer, coffees(1), wanted=Wanted((voucher_id,)), now=now)

    refunded = await refund(conn, shop.terminal, sold.sale.sale_id, now=now)

    assert (refunded.card.stamps, await vouchers(conn)) == (-10, [("STAMPS", "USED")])
    assert (await checkout(conn, shop.terminal, customer, coffees(12), now=now)).card.stamps == 2
    assert await vouchers(conn) == [("STAMPS", "USED")]
    await assert_lawful(conn)


async def test_the_newest_voucher_goes_first(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, BY_ITEM, now=now)
    first = None
    for hours in range(3):
        at = now + timedelta(hours=hours)
        customer = await visit(conn, shop, member, now=at)
        first = first or await checkout(conn, shop.terminal, customer, coffees(10), now=at)
        if hours:
            await checkout(conn, shop.terminal, customer, coffees(10), now=at)
    assert first is not None

    await refund(conn, shop.terminal, first.sale.sale_id, now=now + timedelta(hours=4))

    rows = await conn.fetch("SELECT state FROM vouchers ORDER BY created_at")
    assert [row["state"] for row in rows] == ["USABLE", "USABLE", "CANCELLED"]


@pytest.mark.parametrize("order", [("1", "2"), ("2", "1"), ()])
async def test_stamps_that_bought_something_fill_the_card_when_they_come_back(
    conn: Conn, now: datetime, order: tuple[str, ...]
) -> None:
    # given eight stamps, five of which pay for a tasting with a sale of two coffees and a biscuit
    shop, member = await opened(conn, BY_ITEM, now=now)
    tasting = await make_reward(
        conn, shop, kind=RewardKind.AMOUNT_OFF, amount_minor=Minor(50), skus=("B",), cost_stamps=5, now=now
    )
    customer = await visit(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    await checkout(conn, shop.terminal, customer, coffees(8), now=now)
    basket = Basket("R-1", "INR", (*coffees(2).lines, Line("2", Minor(90), sku="B")))
    sold = await checkout(conn, shop.terminal, customer, basket, wanted=Wanted((), (tasting.reward_id,)), now=now)
    await checkout(conn, shop.terminal, customer, coffees(4), now=now)
    assert (sold.card.stamps, await stamps_of(conn)) == (5, 9)
    # when it comes back, in whatever order
    for line_id in order or (None,):
        await refund(conn, shop.terminal, sold.sale.sale_id, *([line_id] if line_id else []), now=now)
    # then the twelve are a voucher and two, as if it had never been
    assert await stamps_of(conn) == 2
    states = [state for origin, state in await vouchers(conn) if origin == "STAMPS"]
    assert states.count("USABLE") == 1
    await assert_lawful(conn)


@pytest.mark.parametrize("order", [("1", "2"), ("2", "1"), ()])
async def test_the_same_vouchers_are_left_whichever_part_comes_back_first(
    conn: Conn, now: datetime, order: tuple[str, ...]
) -> None:
    # given two vouchers, the newer used with a sale of three coffees; its two stamps fill a card whose voucher is used
    shop, member = await opened(conn, replace(BY_ITEM, needed=3), now=now)
    older, newer = [await filled(conn, shop, member, 3, now=now + timedelta(hours=hours)) for hours in (0, 1)]
    at = now + timedelta(hours=2)
    customer = await visit(conn, shop, member, CheckInPurpose.REDEEM, now=at)
    sold = await checkout(conn, shop.terminal, customer, coffees(1, 2), wanted=Wanted((newer,)), now=at)
    third = await filled(conn, shop, member, 1, now=at)
    await checkout(conn, shop.terminal, customer, coffees(1), wanted=Wanted((third,)), now=at)
    assert (sold.card.stamps, await stamps_of(conn)) == (2, 0)
    # when the sale comes back, in whatever order
    for line_id in order or (None,):
        await refund(conn, shop.terminal, sold.sale.sale_id, *([line_id] if line_id else []), now=at)
    # then the newer one is gone, and the older one is there
    assert await states_of(conn, older, newer, third) == ["USABLE", "CANCELLED", "USED"]
    assert await stamps_of(conn) == 1
    await assert_lawful(conn)


@pytest.mark.parametrize("order", [("1", "2"), ("2", "1"), ()])
async def test_no_voucher_goes_for_stamps_that_come_back_with_a_reward_of_the_sale(
    conn: Conn, now: datetime, order: tuple[str, ...]
) -> None:
    # given five stamps spent with a sale of eight coffees, which fill a card; its voucher is used, an older one is not
    shop, member = await opened(conn, BY_ITEM, now=now)
    biscuit = await make_reward(
        conn, shop, kind=RewardKind.AMOUNT_OFF, amount_minor=Minor(50), skus=("B",), cost_stamps=5, now=now
    )
    older = await filled(conn, shop, member, 18, now=now)
    at = now + timedelta(hours=1)
    customer = await visit(conn, shop, member, CheckInPurpose.REDEEM, now=at)
    basket = Basket("R-1", "INR", (*coffees(8).lines, Line("2", Minor(90), sku="B")))
    sold = await checkout(conn, shop.terminal, customer, basket, wanted=Wanted((), (biscuit.reward_id,)), now=at)
    newer = VoucherId(
        await conn.fetchval("SELECT voucher_id FROM vouchers WHERE origin = 'STAMPS' AND created_at = $1", at)
    )
    await checkout(conn, shop.terminal, customer, coffees(4), wanted=Wanted((newer,)), now=at)
    assert (sold.card.stamps, await stamps_of(conn)) == (1, 4)
    # when it comes back, in whatever order
    for line_id in order or (None,):
        await refund(conn, shop.terminal, sold.sale.sale_id, *([line_id] if line_id else []), now=at)
    # then one stamp is left of the four and the five, and the older voucher
    assert (await stamps_of(conn), await states_of(conn, older, newer)) == (1, ["USABLE", "USED"])
    await assert_lawful(conn)


@pytest.mark.parametrize("swept", [False, True])
async def test_a_voucher_whose_time_is_over_pays_for_no_stamps_whether_the_sweep_has_come_or_not(
    conn: Conn, now: datetime, swept: bool
) -> None:
    # given a full card and a voucher for it that nobody used in time
    shop, member = await opened(conn, replace(BY_ITEM, needed=2), now=now)
    customer = await visit(conn, shop, member, now=now)
    sold = await checkout(conn, shop.terminal, customer, coffees(1, 1), now=now)
    late = now + timedelta(days=40)
    if swept:
        async with conn.transaction():
            await lapse_vouchers(conn, limit=9, now=late)
    # when an item comes back
    await refund(conn, shop.terminal, sold.sale.sale_id, "2", now=late)
    # then
    assert await stamps_of(conn) == -1
    if not swept:
        async with conn.transaction():
            await lapse_vouchers(conn, limit=9, now=late)
    assert (await stamps_of(conn), await vouchers(conn)) == (-1, [("STAMPS", "LAPSED")])
    await assert_lawful(conn)


async def filled(conn: Conn, shop: Shop, member: Member, quantity: int, *, now: datetime) -> VoucherId:
    """The voucher for the card that so many coffees fill."""
    known = [row["voucher_id"] for row in await conn.fetch("SELECT voucher_id FROM vouchers")]
    customer = await visit(conn, shop, member, now=now)
    await checkout(conn, shop.terminal, customer, coffees(quantity), now=now)
    return VoucherId(await conn.fetchval("SELECT voucher_id FROM vouchers WHERE voucher_id <> ALL($1::uuid[])", known))


async def states_of(conn: Conn, *voucher_ids: VoucherId) -> list[str]:
    rows = await conn.fetch("SELECT voucher_id, state FROM vouchers")
    states = {row["voucher_id"]: row["state"] for row in rows}
    return [states[voucher_id] for voucher_id in voucher_ids]
