"""The money of a sale that waits for the merchant: a stream by itself, until it is released or never was."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.factories import Shop, make_shop
from tests.wallet.counter import Member, make_member, qr, show
from tests.wallet.sales.histories import assert_lawful
from tests.wallet.sales.till import checkout, receipt, refund, spend, standing, visit
from wallet import ledger, offline, reviews
from wallet.database import Conn
from wallet.errors import InvalidInput
from wallet.reviews import Decided
from wallet.rules import ReviewRules, Rules
from wallet.sales import Sale
from wallet.values import Minor, Points

RULES = Rules(
    points=Points(1),
    per_minor=Minor(5_000),
    carry_remainder=True,
    review=ReviewRules(amount_minor=Minor(10_000)),
)
"""A point for every ₹50; more than ₹100 is looked at."""


async def opened(conn: Conn, rules: Rules = RULES, *, now: datetime) -> tuple[Shop, Member]:
    shop = await make_shop(conn, rules=rules, now=now - timedelta(days=400))
    return shop, await make_member(conn, shop, now=now - timedelta(days=400))


async def bought(conn: Conn, shop: Shop, member: Member, *amounts: int, now: datetime) -> Sale:
    customer = await visit(conn, shop, member, now=now)
    return (await checkout(conn, shop.terminal, customer, receipt(*amounts), now=now)).sale


async def decided(conn: Conn, shop: Shop, sale: Sale, *, refuse: bool, now: datetime) -> Decided:
    decide = reviews.refuse if refuse else reviews.release
    async with conn.transaction():
        return await decide(conn, merchant_id=shop.merchant_id, sale_id=sale.sale_id, now=now)


async def money(conn: Conn, member: Member) -> tuple[int, int, int]:
    """What is active, pending, and carried, in the minor unit."""
    card: dict[str, Any] = await standing(conn, member.card_id)
    return card["active"], card["pending"], card["carry"] // 100


# ---------------------------------------------------------------- while it waits


async def test_a_second_sale_with_one_code_is_looked_at_though_it_is_below_a_step(conn: Conn, now: datetime) -> None:
    # given two tills without a network that were shown one code, for ₹24 each
    shop, member = await opened(conn, now=now)
    code, sold = qr(await show(conn, shop, member, now=now)), list[Sale]()
    for _ in range(2):
        async with conn.transaction():
            recorded = await offline.settle(
                conn,
                terminal=shop.terminal,
                customer=code,
                basket=receipt(2_400),
                scanned_at=now,
                idempotency_key=uuid4(),
                now=now,
            )
            sold.append(recorded.sale)
    # when the customer spends ₹2 more
    honest = await bought(conn, shop, member, 200, now=now)
    # then the second ₹24 made no point of them
    assert [(sale.points, sale.in_review) for sale in (*sold, honest)] == [(0, False), (0, True), (0, False)]
    assert await money(conn, member) == (0, 0, 2_600)
    [held] = await reviews.held(conn, merchant_id=shop.merchant_id, limit=10)
    assert (held.sale_id, held.points, held.reason) == (sold[1].sale_id, 0, reviews.CODE_USED_TWICE)
    await assert_lawful(conn)


async def test_a_held_sale_uses_nothing_that_the_card_carries_and_leaves_it_nothing(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, now=now)
    await bought(conn, shop, member, 4_900, now=now)

    held = await bought(conn, shop, member, 14_900, now=now)
    honest = await bought(conn, shop, member, 100, now=now)

    assert (held.points, held.in_review, honest.points) == (2, True, 1)
    assert await money(conn, member) == (1, 2, 0)
    await assert_lawful(conn)


async def test_a_held_sale_below_the_minimum_is_looked_at_too(conn: Conn, now: datetime) -> None:
    """Its money counts for a tier."""
    shop, member = await opened(conn, replace(RULES, minimum_minor=Minor(50_000)), now=now)

    assert (await bought(conn, shop, member, 10_001, now=now)).in_review


async def test_a_part_that_comes_back_takes_what_it_made_of_the_sale_alone(conn: Conn, now: datetime) -> None:
    # given ₹49 carried, and a held sale of ₹149
    shop, member = await opened(conn, now=now)
    await bought(conn, shop, member, 4_900, now=now)
    held = await bought(conn, shop, member, 10_000, 4_900, now=now)
    # when
    first = await refund(conn, shop.terminal, held.sale_id, "2", now=now)
    second = await refund(conn, shop.terminal, held.sale_id, amount=100, now=now)
    # then
    assert (first.points_taken_back, second.points_taken_back) == (0, 1)
    assert await money(conn, member) == (0, 1, 4_900)
    # and what is left of it counts with the rest once it is released: ₹99 with ₹49
    released = await decided(conn, shop, held, refuse=False, now=now)
    assert released.points == 2
    assert await money(conn, member) == (2, 0, 4_800)
    await assert_lawful(conn)


async def test_nothing_is_held_of_a_sale_that_came_back_wholly(conn: Conn, now: datetime) -> None:
    # given
    shop, member = await opened(conn, now=now)
    await bought(conn, shop, member, 4_900, now=now)
    held = await bought(conn, shop, member, 10_100, now=now)
    await bought(conn, shop, member, 4_900, now=now)
    # when
    await refund(conn, shop.terminal, held.sale_id, now=now)
    # then the two of ₹49 have made their point, and nobody waits
    assert await money(conn, member) == (1, 0, 4_800)
    assert await conn.fetchval("SELECT COUNT(*) FROM lots WHERE held") == 0
    for refuse in (False, True):
        with pytest.raises(InvalidInput):
            await decided(conn, shop, held, refuse=refuse, now=now)
    await assert_lawful(conn)


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize("back_first", [False, True])
async def test_a_refused_sale_leaves_the_carry_as_if_it_had_never_been(
    conn: Conn, now: datetime, back_first: bool
) -> None:
    # given ₹49 carried, a held sale of ₹149, and ₹2 more
    shop, member = await opened(conn, now=now)
    await bought(conn, shop, member, 4_900, now=now)
    held = await bought(conn, shop, member, 14_800, 100, now=now)
    await bought(conn, shop, member, 200, now=now)
    if back_first:
        await refund(conn, shop.terminal, held.sale_id, "2", now=now)
    # when
    refused = await decided(conn, shop, held, refuse=True, now=now)
    after = await money(conn, member)
    refunded = await refund(conn, shop.terminal, held.sale_id, now=now)
    # then ₹51 are a point and ₹1, and the goods that come back take nothing of it
    assert (refused.points, after) == (2, (1, 0, 100))
    assert (refunded.points_taken_back, await money(conn, member)) == (0, after)
    await assert_lawful(conn)


# ---------------------------------------------------------------- released


async def test_what_a_released_sale_left_over_makes_a_step_with_what_is_carried(conn: Conn, now: datetime) -> None:
    # given points that last two months, ₹49 carried and a held sale of ₹149
    shop, member = await opened(conn, replace(RULES, expiry_months=2, pending_days=3), now=now)
    await bought(conn, shop, member, 4_900, now=now)
    held = await bought(conn, shop, member, 14_900, now=now)
    later = now + timedelta(days=20)
    # when
    released = await decided(conn, shop, held, refuse=False, now=later)
    # then its two points have the dates they would have had, and the third is of the day of the release
    assert released.points == 3
    assert await money(conn, member) == (2, 1, 4_800)
    lots = await conn.fetch("SELECT points, activates_at, expires_at, held, sale_id FROM lots ORDER BY lot_id")
    assert [(lot["points"], lot["held"], lot["sale_id"]) for lot in lots] == [
        (2, False, held.sale_id),
        (1, False, held.sale_id),
    ]
    assert [lot["activates_at"] - at for lot, at in zip(lots, (now, later), strict=True)] == [
        timedelta(days=3, hours=9),
        timedelta(days=3, hours=9),
    ]
    entry = await conn.fetchrow("SELECT kind, pending_points, sale_id, occurred_at, reasons FROM entries WHERE seq = 2")
    assert entry is not None
    assert (entry["kind"], entry["pending_points"], entry["occurred_at"]) == ("EARNED", 1, later)
    assert [reason["code"] for reason in entry["reasons"]] == [
        "earned_for_purchase",
        "by_rule",
        "carried_in",
        "carried_on",
    ]
    # and when it comes back all three are due
    refunded = await refund(conn, shop.terminal, held.sale_id, now=later)
    assert (refunded.points_taken_back, await money(conn, member)) == (3, (0, 0, 4_900))
    await assert_lawful(conn)


async def test_a_release_that_completes_no_step_only_carries(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, now=now)
    await bought(conn, shop, member, 1_000, now=now)
    held = await bought(conn, shop, member, 12_000, now=now)

    released = await decided(conn, shop, held, refuse=False, now=now)

    assert (released.points, await money(conn, member)) == (2, (2, 0, 3_000))
    assert [row["kind"] for row in await conn.fetch("SELECT kind FROM entries ORDER BY seq")] == ["EARNED", "ACTIVATED"]
    await assert_lawful(conn)


async def test_without_a_carry_a_release_lets_go_what_was_earned_and_no_more(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, replace(RULES, carry_remainder=False), now=now)
    held = [await bought(conn, shop, member, 14_900, now=now) for _ in range(2)]

    released = [await decided(conn, shop, each, refuse=False, now=now) for each in held]

    assert ([each.points for each in released], await money(conn, member)) == ([2, 2], (4, 0, 0))
    await assert_lawful(conn)


async def test_a_step_that_a_release_completes_pays_what_the_card_owes(conn: Conn, now: datetime) -> None:
    # given a card that owes the 2 points of what came back, and a held sale that left ₹49 over, with ₹49 carried
    shop, member = await opened(conn, replace(RULES, returns_debt=True), now=now)
    held = await bought(conn, shop, member, 14_900, now=now)
    gone = await bought(conn, shop, member, 10_000, now=now)
    await spend(conn, shop, member.card_id, 2, now=now)
    await bought(conn, shop, member, 4_900, now=now)
    await refund(conn, shop.terminal, gone.sale_id, now=now)
    # when
    released = await decided(conn, shop, held, refuse=False, now=now)
    # then
    assert (released.points, released.card.debt, released.card.active) == (3, 1, 2)
    assert await money(conn, member) == (2, 0, 4_800)
    await assert_lawful(conn)
    # and what of it paid is owed again, when that comes back
    refunded = await refund(conn, shop.terminal, held.sale_id, now=now)
    assert (refunded.points_taken_back, refunded.debt, await money(conn, member)) == (2, 1, (0, 0, 4_900))
    await assert_lawful(conn)


async def test_time_that_comes_to_a_released_card_finds_nothing_left_to_do(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, replace(RULES, expiry_months=1), now=now)
    await bought(conn, shop, member, 4_900, now=now)
    held = await bought(conn, shop, member, 14_900, now=now)

    await decided(conn, shop, held, refuse=False, now=now + timedelta(days=100))
    async with conn.transaction():
        late = now + timedelta(days=300)
        await ledger.lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[member.card_id], now=late)

    assert await money(conn, member) == (0, 0, 4_800)
    expired = await conn.fetch("SELECT points FROM entries WHERE kind = 'EXPIRED' ORDER BY seq")
    assert [row["points"] for row in expired] == [-2, -1]
    await assert_lawful(conn)
