"""Refunds by line and by amount of sales with rewards: vouchers reopen, points go back to their own lots and dates."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.factories import Shop, make_points, make_reward, make_shop
from tests.wallet.counter import Member, counts, make_member
from tests.wallet.sales.histories import assert_lawful
from tests.wallet.sales.till import REWARD_TABLES, TABLES, checkout, claimed, picked, receipt, refund, spend, visit
from wallet.baskets import Basket, Line
from wallet.database import Conn
from wallet.errors import IdempotencyKeyReused, InvalidInput
from wallet.rewards import Reward
from wallet.rules import Rules
from wallet.sales import Wanted
from wallet.values import CheckInPurpose, LineKind, Minor, Money, Points, RewardKind, VisitId

RULES = Rules(points=Points(1), per_minor=Minor(100))
TWO_GOODS = Basket("R-1", "INR", (Line("1", Minor(300), sku="A"), Line("2", Minor(500))))


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, rules=RULES, now=now)


@pytest.fixture
async def member(conn: Conn, shop: Shop, now: datetime) -> Member:
    """With 30 points that expire in ten days, 30 in twenty, and 40 that do not."""
    member = await make_member(conn, shop, now=now)
    for points, days in ((30, 10), (30, 20), (40, None)):
        expires_at = now + timedelta(days=days) if days else None
        await make_points(conn, shop, member.card_id, points, expires_at=expires_at, now=now)
    return member


@pytest.fixture
async def customer(conn: Conn, shop: Shop, member: Member, now: datetime) -> VisitId:
    return await visit(conn, shop, member, CheckInPurpose.REDEEM, now=now)


async def off(conn: Conn, shop: Shop, *, now: datetime, **more: Any) -> Reward:
    """₹2 off goods of SKU A, for 35 points."""
    return await make_reward(
        conn, shop, kind=RewardKind.AMOUNT_OFF, amount_minor=Minor(200), skus=("A",), cost_points=35, now=now, **more
    )


async def lots(conn: Conn, member: Member) -> list[int]:
    rows = await conn.fetch("SELECT remaining FROM lots WHERE card_id = $1 ORDER BY lot_id", member.card_id)
    return [row["remaining"] for row in rows]


async def vouchers(conn: Conn) -> list[tuple[str, bool]]:
    rows = await conn.fetch("SELECT state, used_sale_id IS NULL AS free FROM vouchers ORDER BY voucher_id")
    return [(row["state"], row["free"]) for row in rows]


async def test_what_was_bought_on_the_spot_goes_back_with_the_line_it_was_used_on(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    reward = await off(conn, shop, stock=3, now=now)
    wanted = Wanted((), (reward.reward_id,))
    sold = await checkout(conn, shop.terminal, customer, TWO_GOODS, wanted=wanted, now=now)
    assert (sold.sale.points, await lots(conn, member)) == (6, [0, 25, 40, 6])

    first = await refund(conn, shop.terminal, sold.sale.sale_id, "2", now=now)
    assert (first.points_taken_back, first.points_given_back, first.due) == (5, 0, Money(Minor(500), "INR"))
    assert (await vouchers(conn), await lots(conn, member)) == ([("USED", False)], [0, 25, 40, 1])
    second = await refund(conn, shop.terminal, sold.sale.sale_id, "1", now=now)

    assert (second.points_taken_back, second.points_given_back, second.due) == (1, 35, Money(Minor(100), "INR"))
    assert (await vouchers(conn), await lots(conn, member)) == ([("CANCELLED", True)], [30, 30, 40, 0])
    assert await conn.fetchval("SELECT stock FROM rewards") == 3
    row = await conn.fetchrow("SELECT kind, points, reverses_seq, reverses_wholly, reasons FROM entries WHERE seq = 7")
    assert picked(row, "kind", "points", "reverses_seq", "reverses_wholly", "reasons") == {
        "kind": "RETURNED",
        "points": 35,
        "reverses_seq": 4,
        "reverses_wholly": True,
        "reasons": [{"code": "reward_given_back", "facts": {"reward": "Free coffee"}}],
    }
    await assert_lawful(conn)


async def test_a_claimed_voucher_can_be_used_again(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    reward = await off(conn, shop, stock=3, now=now)
    voucher_id = await claimed(conn, shop, member, reward, now=now)
    sold = await checkout(conn, shop.terminal, customer, TWO_GOODS, wanted=Wanted((voucher_id,)), now=now)

    refunded = await refund(conn, shop.terminal, sold.sale.sale_id, "1", now=now)

    assert (refunded.points_given_back, refunded.due.amount_minor) == (0, 100)
    assert await vouchers(conn) == [("USABLE", True)]
    assert await conn.fetchval("SELECT stock FROM rewards") == 2
    kinds = await conn.fetch("SELECT kind FROM entries WHERE seq > 4 ORDER BY seq")
    assert [row["kind"] for row in kinds] == ["VOUCHER_USED", "EARNED", "VOUCHER_REOPENED", "REFUNDED"]
    again = await checkout(conn, shop.terminal, customer, TWO_GOODS, wanted=Wanted((voucher_id,)), now=now)
    assert again.sale.due.amount_minor == 600
    await assert_lawful(conn)


async def test_a_perk_goes_back_with_the_whole_sale(conn: Conn, now: datetime, shop: Shop, customer: VisitId) -> None:
    reward = await make_reward(conn, shop, kind=RewardKind.PERK, cost_points=10, now=now)
    sold = await checkout(conn, shop.terminal, customer, TWO_GOODS, wanted=Wanted((), (reward.reward_id,)), now=now)

    parts = [await refund(conn, shop.terminal, sold.sale.sale_id, line, now=now) for line in ("1", "2")]

    assert [part.points_given_back for part in parts] == [0, 10]
    await assert_lawful(conn)


async def test_of_several_rewards_each_goes_back_with_its_own_lines(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    first = await off(conn, shop, now=now)
    second = await make_reward(conn, shop, skus=("B",), cost_points=20, now=now)
    basket = Basket("R-1", "INR", (Line("1", Minor(300), sku="A"), Line("2", Minor(500), sku="B")))
    wanted = Wanted((), (first.reward_id, second.reward_id))
    sold = await checkout(conn, shop.terminal, customer, basket, wanted=wanted, now=now)
    assert await lots(conn, member) == [0, 5, 40, 1]

    # Of the 55 the 20 go where they live longest: so the other 35 fill up what was spent first.
    await refund(conn, shop.terminal, sold.sale.sale_id, "2", now=now)
    assert await lots(conn, member) == [0, 25, 40, 1]
    await refund(conn, shop.terminal, sold.sale.sale_id, "1", now=now)

    assert await lots(conn, member) == [30, 30, 40, 0]
    await assert_lawful(conn)


@pytest.mark.parametrize("order", [("1", "2"), ("2", "1"), ()])
async def test_other_lots_lose_the_same_whether_the_reward_comes_back_before_or_after(
    conn: Conn, now: datetime, order: tuple[str, ...]
) -> None:
    # given a reward paid from the lot that expires first, and nothing left of what its sale earned
    shop = await make_shop(conn, rules=replace(RULES, expiry_months=1), now=now)
    member = await make_member(conn, shop, now=now)
    await make_points(conn, shop, member.card_id, 35, expires_at=now + timedelta(days=5), now=now)
    await make_points(conn, shop, member.card_id, 50, now=now)
    customer = await visit(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    wanted = Wanted((), ((await off(conn, shop, now=now)).reward_id,))
    sold = await checkout(conn, shop.terminal, customer, TWO_GOODS, wanted=wanted, now=now)
    await spend(conn, shop, member.card_id, 6, now=now)
    assert await lots(conn, member) == [0, 50, 0]
    # when it comes back, in whatever order
    for line_id in order or (None,):
        await refund(conn, shop.terminal, sold.sale.sale_id, *([line_id] if line_id else []), now=now)
    # then what was spent is where it was, and what had been earned is gone from the other lot
    assert await lots(conn, member) == [35, 44, 0]
    await assert_lawful(conn)


async def test_points_go_back_to_lots_that_expired_meanwhile_and_expire_with_them(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    wanted = Wanted((), ((await off(conn, shop, now=now)).reward_id,))
    sold = await checkout(conn, shop.terminal, customer, TWO_GOODS, wanted=wanted, now=now)
    late = now + timedelta(days=15)

    await refund(conn, shop.terminal, sold.sale.sale_id, now=late)
    later = await visit(conn, shop, member, now=late)
    recorded = await checkout(conn, shop.terminal, later, receipt(99), now=late)

    assert (recorded.card.active, await lots(conn, member)) == (70, [0, 30, 40, 0])
    await assert_lawful(conn)


# --- by amount


async def test_an_amount_goes_through_the_lines_in_their_order(conn: Conn, now: datetime, shop: Shop) -> None:
    member = await make_member(conn, shop, now=now)
    customer = await visit(conn, shop, member, now=now)
    basket = Basket("R-1", "INR", (Line("1", Minor(300)), Line("2", Minor(0)), Line("3", Minor(500), LineKind.TIP)))
    sold = await checkout(conn, shop.terminal, customer, basket, now=now)

    refunded = [
        await refund(conn, shop.terminal, sold.sale.sale_id, amount=amount, now=now) for amount in (250, 150, 400)
    ]

    assert [part.points_taken_back for part in refunded] == [3, 0, 0]
    assert [part.due.amount_minor for part in refunded] == [250, 150, 400]
    rows = await conn.fetch(
        "SELECT r.position, r.amount_minor, r.wholly FROM refund_lines AS r JOIN refunds AS f USING (refund_id)"
        " ORDER BY f.refund_id, r.position"
    )
    assert [(row["position"], row["amount_minor"], row["wholly"]) for row in rows] == [
        (1, 250, False),
        (1, 50, True),
        (3, 100, False),
        (2, 0, True),
        (3, 400, True),
    ]
    assert await conn.fetchval("SELECT wholly_returned FROM sales")


async def test_part_of_a_line_keeps_its_voucher_used(conn: Conn, now: datetime, shop: Shop, customer: VisitId) -> None:
    wanted = Wanted((), ((await off(conn, shop, now=now)).reward_id,))
    sold = await checkout(conn, shop.terminal, customer, TWO_GOODS, wanted=wanted, now=now)

    # Of line 1 the customer paid 100.
    part = await refund(conn, shop.terminal, sold.sale.sale_id, amount=99, now=now)
    rest = await refund(conn, shop.terminal, sold.sale.sale_id, amount=1, now=now)

    assert [part.points_given_back, rest.points_given_back] == [0, 35]


async def test_no_more_money_comes_back_than_was_paid(conn: Conn, now: datetime, shop: Shop, customer: VisitId) -> None:
    wanted = Wanted((), ((await off(conn, shop, now=now)).reward_id,))
    sold = await checkout(conn, shop.terminal, customer, TWO_GOODS, wanted=wanted, now=now)
    await refund(conn, shop.terminal, sold.sale.sale_id, "1", now=now)
    before = await counts(conn, *TABLES, *REWARD_TABLES)

    for amount, facts in ((501, {"least": 1, "most": 500}), (0, {"least": 1, "most": 2**31 - 1})):
        with pytest.raises(InvalidInput) as refused:
            await refund(conn, shop.terminal, sold.sale.sale_id, amount=amount, now=now)
        [problem] = refused.value.problems
        assert (problem.field, problem.phrase.code, problem.phrase.facts) == ("amountMinor", "out_of_range", facts)
    with pytest.raises(InvalidInput) as both:
        await refund(conn, shop.terminal, sold.sale.sale_id, "2", amount=1, now=now)
    assert [(p.field, p.phrase.code) for p in both.value.problems] == [("amountMinor", "lines_or_amount")]

    assert await counts(conn, *TABLES, *REWARD_TABLES) == before


async def test_the_same_key_gives_the_same_refund_by_amount(
    conn: Conn, now: datetime, shop: Shop, customer: VisitId
) -> None:
    wanted, key = Wanted((), ((await off(conn, shop, now=now)).reward_id,)), uuid4()
    sold = await checkout(conn, shop.terminal, customer, TWO_GOODS, wanted=wanted, now=now)
    first = await refund(conn, shop.terminal, sold.sale.sale_id, amount=600, key=key, now=now)
    before = await counts(conn, *TABLES, *REWARD_TABLES)

    again = await refund(conn, shop.terminal, sold.sale.sale_id, amount=600, key=key, now=now)

    assert again == replace(first, replayed=True)
    assert (again.points_given_back, again.due.amount_minor) == (35, 600)
    for amount in (599, None):
        with pytest.raises(IdempotencyKeyReused):
            await refund(conn, shop.terminal, sold.sale.sale_id, amount=amount, key=key, now=now)
    assert await counts(conn, *TABLES, *REWARD_TABLES) == before


async def test_points_that_lapse_after_inactivity_have_the_date_of_the_purchase_before(
    conn: Conn, now: datetime
) -> None:
    # given points whose last activity is a purchase of ten days ago
    shop = await make_shop(conn, rules=replace(RULES, inactivity_months=2), now=now - timedelta(days=60))
    member = await make_member(conn, shop, now=now - timedelta(days=60))
    for days in (30, 10):
        at = now - timedelta(days=days)
        await checkout(conn, shop.terminal, await visit(conn, shop, member, now=at), receipt(500), now=at)
    before = await conn.fetch("SELECT lot_id, remaining, expires_at FROM lots ORDER BY lot_id")
    assert len({row["expires_at"] for row in before}) == 1
    # when something is bought that spends of them, and comes back
    customer = await visit(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    reward = await make_reward(conn, shop, kind=RewardKind.PERK, cost_points=7, now=now)
    wanted = Wanted((), (reward.reward_id,))
    sold = await checkout(conn, shop.terminal, customer, TWO_GOODS, wanted=wanted, now=now)
    touched = await conn.fetch("SELECT expires_at FROM lots WHERE remaining > 0")
    await refund(conn, shop.terminal, sold.sale.sale_id, now=now)
    # then it is as if nobody had been there
    after = await conn.fetch("SELECT lot_id, remaining, expires_at FROM lots WHERE remaining > 0 ORDER BY lot_id")
    assert after == before
    assert {row["expires_at"] for row in touched}.isdisjoint({row["expires_at"] for row in before})
