"""What goods that came back had earned and the card had no more: forgotten, or owed and paid by what is earned next."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.factories import Shop, make_points, make_reward, make_shop
from tests.wallet.counter import Member, make_member
from tests.wallet.sales.histories import assert_lawful
from tests.wallet.sales.till import checkout, picked, quote, receipt, refund, spend, standing, visit
from wallet.database import Conn
from wallet.rules import ReviewRules, Rules
from wallet.sales import Wanted
from wallet.values import CheckInPurpose, Minor, Points, RewardKind, VisitId

OWING = Rules(points=Points(1), per_minor=Minor(100), returns_debt=True)


async def opened(conn: Conn, rules: Rules = OWING, *, now: datetime) -> tuple[Shop, Member, VisitId]:
    shop = await make_shop(conn, rules=rules, now=now)
    member = await make_member(conn, shop, now=now)
    return shop, member, await visit(conn, shop, member, CheckInPurpose.REDEEM, now=now)


async def owed(conn: Conn, member: Member) -> tuple[int, int]:
    """What the card has, and what it owes."""
    debt = await conn.fetchval("SELECT debt FROM cards WHERE card_id = $1", member.card_id)
    return (await standing(conn, member.card_id))["active"], debt


async def last_entries(conn: Conn, count: int) -> list[dict[str, Any]]:
    rows = await conn.fetch("SELECT kind, points, sale_id, reasons FROM entries ORDER BY seq DESC LIMIT $1", count)
    return [picked(row, "kind", "points", "sale_id", "reasons") for row in rows][::-1]


@pytest.mark.parametrize("owes", [True, False])
async def test_what_is_missing_is_owed_where_the_rules_say_so(conn: Conn, now: datetime, owes: bool) -> None:
    shop, member, customer = await opened(conn, replace(OWING, returns_debt=owes), now=now)
    sold = await checkout(conn, shop.terminal, customer, receipt(1_000), now=now)
    await spend(conn, shop, member.card_id, 8, now=now)

    refunded = await refund(conn, shop.terminal, sold.sale.sale_id, now=now)

    assert (refunded.points_taken_back, refunded.debt) == (2, 8 if owes else 0)
    assert await owed(conn, member) == (0, 8 if owes else 0)
    await assert_lawful(conn)


async def test_what_is_earned_next_pays_and_says_so(conn: Conn, now: datetime) -> None:
    shop, member, customer = await opened(conn, now=now)
    sold = await checkout(conn, shop.terminal, customer, receipt(1_000), now=now)
    await spend(conn, shop, member.card_id, 8, now=now)
    await refund(conn, shop.terminal, sold.sale.sale_id, now=now)

    quoted = await quote(conn, shop.terminal, customer, receipt(500), now=now)
    first = await checkout(conn, shop.terminal, customer, receipt(500), quote_id=quoted.quote_id, now=now)
    assert (quoted.balance_after, first.sale.points, await owed(conn, member)) == (0, 5, (0, 3))
    second = await checkout(conn, shop.terminal, customer, receipt(700), now=now)

    assert (second.sale.points, second.card.active, await owed(conn, member)) == (7, 4, (4, 0))
    earned, paid = await last_entries(conn, 2)
    assert (earned["kind"], earned["points"], earned["sale_id"]) == ("EARNED", 7, second.sale.sale_id)
    assert paid == {
        "kind": "REFUNDED",
        "points": -3,
        "sale_id": None,
        "reasons": [{"code": "debt_paid", "facts": {"points": 3}}],
    }
    await assert_lawful(conn)


async def test_points_that_wait_pay_too(conn: Conn, now: datetime) -> None:
    shop, member, customer = await opened(conn, replace(OWING, pending_days=3), now=now)
    sold = await checkout(conn, shop.terminal, customer, receipt(1_000), now=now)
    late = now + timedelta(days=5)
    await make_points(conn, shop, member.card_id, 1, now=late)
    await spend(conn, shop, member.card_id, 11, now=late)
    await refund(conn, shop.terminal, sold.sale.sale_id, now=late)
    assert await owed(conn, member) == (0, 10)

    customer = await visit(conn, shop, member, now=late)
    recorded = await checkout(conn, shop.terminal, customer, receipt(1_200), now=late)

    assert (recorded.card.active, recorded.card.pending, (await owed(conn, member))[1]) == (0, 2, 0)
    await assert_lawful(conn)


async def test_a_gift_of_the_house_pays_nothing(conn: Conn, now: datetime) -> None:
    shop, member, customer = await opened(conn, now=now)
    sold = await checkout(conn, shop.terminal, customer, receipt(1_000), now=now)
    await spend(conn, shop, member.card_id, 10, now=now)
    await refund(conn, shop.terminal, sold.sale.sale_id, now=now)

    await make_points(conn, shop, member.card_id, 30, now=now)

    assert await owed(conn, member) == (30, 10)


async def test_a_sale_that_paid_a_debt_and_comes_back_leaves_it_owed_again(conn: Conn, now: datetime) -> None:
    # given a card that owes ten and was given thirty since
    shop, member, customer = await opened(conn, now=now)
    first = await checkout(conn, shop.terminal, customer, receipt(1_000), now=now)
    await spend(conn, shop, member.card_id, 10, now=now)
    await refund(conn, shop.terminal, first.sale.sale_id, now=now)
    await make_points(conn, shop, member.card_id, 30, now=now)
    # when a purchase pays, and comes back line by line
    paying = await checkout(conn, shop.terminal, customer, receipt(400, 800), now=now)
    assert await owed(conn, member) == (32, 0)
    parts = [await refund(conn, shop.terminal, paying.sale.sale_id, line, now=now) for line in ("2", "1")]
    # then what it left first goes, then the debt is there again; the thirty are not touched
    assert [(part.points_taken_back, part.debt) for part in parts] == [(2, 6), (0, 4)]
    assert await owed(conn, member) == (30, 10)
    await assert_lawful(conn)


async def test_points_that_come_back_with_the_same_sale_make_up_for_what_was_missing(conn: Conn, now: datetime) -> None:
    for owes in (True, False):
        # given a sale of two lines, a reward bought for one of them, and nothing left of what it earned
        shop, member, customer = await opened(conn, replace(OWING, returns_debt=owes), now=now)
        reward = await make_reward(
            conn, shop, kind=RewardKind.AMOUNT_OFF, amount_minor=Minor(100), skus=("A",), cost_points=20, now=now
        )
        await make_points(conn, shop, member.card_id, 20, now=now)
        basket = receipt(100, 1_000)
        basket = replace(basket, lines=(replace(basket.lines[0], sku="A"), basket.lines[1]))
        wanted = Wanted((), (reward.reward_id,))
        sold = await checkout(conn, shop.terminal, customer, basket, wanted=wanted, now=now)
        await spend(conn, shop, member.card_id, 10, now=now)
        # when the line that earned comes back first, and then the one that was free
        earning = await refund(conn, shop.terminal, sold.sale.sale_id, "2", now=now)
        free = await refund(conn, shop.terminal, sold.sale.sale_id, "1", now=now)
        # then it is as if both had come at once: twenty came back, and ten of them went
        assert (earning.points_taken_back, earning.debt) == (0, 10 if owes else 0)
        assert (free.points_given_back, free.points_taken_back, free.debt) == (20, 10, -10 if owes else 0)
        assert await owed(conn, member) == (10, 0)
    await assert_lawful(conn)


async def test_what_was_forgotten_is_not_taken_from_later_purchases(conn: Conn, now: datetime) -> None:
    shop, member, customer = await opened(conn, replace(OWING, returns_debt=False), now=now)
    sold = await checkout(conn, shop.terminal, customer, receipt(500, 500), now=now)
    await spend(conn, shop, member.card_id, 10, now=now)
    await refund(conn, shop.terminal, sold.sale.sale_id, "1", now=now)
    await checkout(conn, shop.terminal, customer, receipt(3_000), now=now)

    refunded = await refund(conn, shop.terminal, sold.sale.sale_id, "2", now=now)

    assert (refunded.points_taken_back, refunded.card.active) == (5, 25)
    await assert_lawful(conn)


async def test_a_refund_takes_nothing_of_what_the_merchant_holds_of_another_sale(conn: Conn, now: datetime) -> None:
    rules = replace(OWING, review=ReviewRules(amount_minor=Minor(2_000)))
    shop, member, customer = await opened(conn, rules, now=now)
    sold = await checkout(conn, shop.terminal, customer, receipt(1_000), now=now)
    await spend(conn, shop, member.card_id, 10, now=now)
    held = await checkout(conn, shop.terminal, customer, receipt(5_000), now=now)
    assert (held.sale.in_review, held.card.pending) == (True, 50)

    refunded = await refund(conn, shop.terminal, sold.sale.sale_id, now=now)

    assert (refunded.points_taken_back, refunded.debt, refunded.card.pending) == (0, 10, 50)
    await assert_lawful(conn)


@pytest.mark.parametrize("order", [("1", "2"), ("2", "1"), ()])
async def test_points_that_come_back_too_late_pay_nothing(conn: Conn, now: datetime, order: tuple[str, ...]) -> None:
    # given a reward bought with points whose date is past when the goods come back, and nothing else on the card
    shop, member, customer = await opened(conn, now=now)
    reward = await make_reward(
        conn, shop, kind=RewardKind.AMOUNT_OFF, amount_minor=Minor(100), skus=("A",), cost_points=20, now=now
    )
    await make_points(conn, shop, member.card_id, 20, expires_at=now + timedelta(days=1), now=now)
    basket = receipt(100, 1_000)
    basket = replace(basket, lines=(replace(basket.lines[0], sku="A"), basket.lines[1]))
    sold = await checkout(conn, shop.terminal, customer, basket, wanted=Wanted((), (reward.reward_id,)), now=now)
    await spend(conn, shop, member.card_id, 10, now=now)
    late = now + timedelta(days=2)
    # when they come back, in whatever order
    refunded = [
        await refund(conn, shop.terminal, sold.sale.sale_id, *([line_id] if line_id else []), now=late)
        for line_id in order or (None,)
    ]
    # then they have expired, and what was earned is owed
    assert (sum(part.points_given_back for part in refunded), refunded[-1].card.active) == (20, 0)
    assert await owed(conn, member) == (0, 10)
    await assert_lawful(conn)
