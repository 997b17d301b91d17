"""What decides beside the basket: tiers, caps, bonuses, a birthday, and what was sold before."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.factories import Shop, make_shop
from tests.wallet.counter import Member, another_till, make_member
from tests.wallet.sales.histories import assert_lawful
from tests.wallet.sales.till import checkout, quote, receipt, refund, standing, visit
from wallet import reviews
from wallet.baskets import Basket, Line
from wallet.database import Conn
from wallet.rules import Bonuses, Caps, Multiplier, ReviewRules, Rules, TierLevel, TierRules
from wallet.sales import Recorded
from wallet.values import EarnStatus, Minor, Points

RULES = Rules(points=Points(1), per_minor=Minor(100))
TIERS = TierRules((TierLevel("Silver", 10, 150), TierLevel("Gold", 100, 200)))


async def opened(conn: Conn, rules: Rules, *, now: datetime) -> tuple[Shop, Member]:
    shop = await make_shop(conn, rules=rules, now=now - timedelta(days=400))
    return shop, await make_member(conn, shop, now=now - timedelta(days=400))


async def bought(conn: Conn, shop: Shop, member: Member, amount: int, *, now: datetime) -> Recorded:
    """A purchase for which the quote had said the same."""
    customer = await visit(conn, shop, member, now=now)
    quoted = await quote(conn, shop.terminal, customer, receipt(amount), now=now)
    return await checkout(conn, shop.terminal, customer, receipt(amount), quote_id=quoted.quote_id, now=now)


async def tier_after(conn: Conn, recorded: Recorded) -> str | None:
    name: str | None = await conn.fetchval("SELECT tier_after FROM sales WHERE sale_id = $1", recorded.sale.sale_id)
    return name


# --- tiers


async def test_a_purchase_that_reaches_a_level_raises_the_tier_at_once(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, replace(RULES, tiers=TIERS, pending_days=3), now=now)

    first = await bought(conn, shop, member, 900, now=now)
    second = await bought(conn, shop, member, 100, now=now)
    third = await bought(conn, shop, member, 1_000, now=now)

    # The purchase that reaches it earns as before; the next one counts one and a half times.
    assert [each.sale.points for each in (first, second, third)] == [9, 1, 15]
    assert [await tier_after(conn, each) for each in (first, second, third)] == [None, "Silver", None]
    assert [each.card.standing.tier for each in (first, second, third)] == [None, "Silver", "Silver"]
    assert (second.card.standing.since, second.card.pending) == (now, 10)


async def test_several_levels_are_reached_at_once_and_by_money_too(conn: Conn, now: datetime) -> None:
    by_spending = replace(TIERS, basis="spend", levels=(TierLevel("Silver", 1_000), TierLevel("Gold", 5_000)))
    shop, member = await opened(conn, replace(RULES, per_minor=Minor(1_000_000), tiers=by_spending), now=now)

    assert (await bought(conn, shop, member, 5_000, now=now)).card.standing.tier == "Gold"


async def test_what_came_back_and_what_is_too_long_ago_does_not_count_for_a_tier(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, replace(RULES, tiers=TIERS), now=now)
    await bought(conn, shop, member, 900, now=now - timedelta(days=380))
    gone = await bought(conn, shop, member, 900, now=now)
    await refund(conn, shop.terminal, gone.sale.sale_id, now=now)

    assert (await bought(conn, shop, member, 900, now=now)).card.standing.tier is None
    assert (await bought(conn, shop, member, 100, now=now)).card.standing.tier == "Silver"


async def test_a_held_sale_does_not_count_for_a_tier(conn: Conn, now: datetime) -> None:
    rules = replace(RULES, tiers=TIERS, review=ReviewRules(amount_minor=Minor(4_999)))
    shop, member = await opened(conn, rules, now=now)

    held = await bought(conn, shop, member, 5_000, now=now)
    small = await bought(conn, shop, member, 900, now=now)

    assert (held.sale.in_review, held.card.standing.tier, await tier_after(conn, held)) == (True, None, None)
    assert (small.card.standing.tier, small.sale.points) == (None, 9)


async def test_an_odd_sale_that_earns_no_point_waits_too_and_counts_for_a_tier_by_money_once_it_is_released(
    conn: Conn, now: datetime
) -> None:
    by_spending = replace(TIERS, basis="spend", levels=(TierLevel("Silver", 5_000),))
    review = ReviewRules(amount_minor=Minor(4_999))
    shop, member = await opened(
        conn, replace(RULES, per_minor=Minor(1_000_000), tiers=by_spending, review=review), now=now
    )

    odd = await bought(conn, shop, member, 5_000, now=now)

    assert (odd.sale.points, odd.sale.in_review, odd.card.standing.tier) == (0, True, None)
    assert await tier_after(conn, odd) is None
    # and when the merchant has looked
    released_at = now + timedelta(hours=1)
    async with conn.transaction():
        done = await reviews.release(conn, merchant_id=shop.merchant_id, sale_id=odd.sale.sale_id, now=released_at)
    assert (done.points, done.card.tier, done.card.standing.since) == (0, "Silver", released_at)
    await assert_lawful(conn)


async def test_an_odd_sale_of_which_nothing_counts_waits_for_nobody(conn: Conn, now: datetime) -> None:
    """It holds nothing back that the merchant could release, and what the card carries stays."""
    rules = replace(
        RULES, carry_remainder=True, excluded_categories=("tobacco",), review=ReviewRules(amount_minor=Minor(4_999))
    )
    shop, member = await opened(conn, rules, now=now)
    await bought(conn, shop, member, 50, now=now)
    customer = await visit(conn, shop, member, now=now)
    basket = Basket("R-1", "INR", (Line("1", Minor(5_000), category="tobacco"),))

    odd = await checkout(conn, shop.terminal, customer, basket, now=now)

    assert (odd.sale.points, odd.sale.in_review) == (0, False)
    assert (await bought(conn, shop, member, 50, now=now)).sale.points == 1
    await assert_lawful(conn)


# --- caps


async def test_caps_bound_a_sale_a_day_and_a_month_and_not_bonuses(conn: Conn, now: datetime) -> None:
    caps = Caps(per_sale=Points(10), per_day=Points(15), per_month=Points(18))
    bonuses = Bonuses(visit=Points(3), visit_hours=1)
    shop, member = await opened(conn, replace(RULES, caps=caps, bonuses=bonuses), now=now)
    # 23:40 in Kolkata, the next day 00:20, and the first of the next month
    evening = datetime(2026, 11, 28, 18, 10, tzinfo=UTC)
    moments = [evening - timedelta(hours=2), evening, evening + timedelta(minutes=40), evening + timedelta(hours=2)]
    moments.append(datetime(2026, 11, 30, 18, 40, tzinfo=UTC))

    sold = [await bought(conn, shop, member, 1_200, now=at) for at in moments]

    # Ten for the sale; five more for the day; then three more for the month, and none; then a new month.
    assert [each.sale.points for each in sold] == [13, 8, 3, 3, 13]
    rows = await conn.fetch("SELECT bonus_points, capped_points FROM sales ORDER BY occurred_at")
    assert [row["bonus_points"] for row in rows] == [3, 3, 0, 3, 3]
    assert [row["capped_points"] for row in rows] == [2, 7, 9, 12, 2]
    assert [each.sale.lines[0].status for each in sold] == [EarnStatus.CAP_REACHED] * 5
    reasons = await conn.fetchval("SELECT reasons FROM entries WHERE seq = 2")
    assert {"code": "capped", "facts": {"points": 7}} in reasons


async def test_what_came_back_makes_room_under_a_cap(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, replace(RULES, caps=Caps(per_day=Points(10))), now=now)
    first = await bought(conn, shop, member, 1_000, now=now)
    await refund(conn, shop.terminal, first.sale.sale_id, amount=400, now=now)

    assert (await bought(conn, shop, member, 1_000, now=now)).sale.points == 4


# --- bonuses


async def test_the_first_purchase_and_a_visit_bring_their_bonus_once(conn: Conn, now: datetime) -> None:
    bonuses = Bonuses(first_purchase=Points(50), visit=Points(5), visit_hours=20)
    shop, member = await opened(conn, replace(RULES, bonuses=bonuses), now=now)

    points = [
        (await bought(conn, shop, member, 200, now=now + timedelta(hours=hours))).sale.points
        for hours in (0, 19, 20, 41)
    ]

    assert points == [57, 2, 7, 7]
    reasons = await conn.fetchval("SELECT reasons FROM entries WHERE seq = 1")
    assert [reason["code"] for reason in reasons][-2:] == ["bonus_first_purchase", "bonus_visit"]
    await assert_lawful(conn)


async def test_a_bonus_goes_back_with_the_last_of_the_goods_and_may_be_had_again(conn: Conn, now: datetime) -> None:
    bonuses = Bonuses(first_purchase=Points(50), visit=Points(5))
    shop, member = await opened(conn, replace(RULES, bonuses=bonuses), now=now)
    customer = await visit(conn, shop, member, now=now)
    sold = await checkout(conn, shop.terminal, customer, receipt(200, 300), now=now)

    taken = [
        (await refund(conn, shop.terminal, sold.sale.sale_id, line_id, now=now)).points_taken_back
        for line_id in ("1", "2")
    ]

    assert (sold.sale.points, taken) == (60, [2, 58])
    assert (await bought(conn, shop, member, 200, now=now)).sale.points == 57


async def test_a_bonus_alone_is_an_entry_of_its_kind(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, replace(RULES, bonuses=Bonuses(first_purchase=Points(50))), now=now)

    recorded = await bought(conn, shop, member, 99, now=now)

    assert recorded.sale.points == 50
    assert await conn.fetchval("SELECT kind FROM entries") == "BONUS"
    await assert_lawful(conn)


# --- multipliers


@pytest.mark.parametrize(
    ("born", "today", "times"),
    [
        (date(1990, 11, 22), datetime(2026, 11, 22, 9, 30, tzinfo=UTC), 3),
        # It is the 22nd in Kolkata already, or no longer.
        (date(1990, 11, 22), datetime(2026, 11, 21, 18, 30, tzinfo=UTC), 3),
        (date(1990, 11, 22), datetime(2026, 11, 22, 18, 30, tzinfo=UTC), 1),
        (date(1992, 2, 29), datetime(2027, 2, 28, 9, 30, tzinfo=UTC), 3),
        (date(1992, 2, 29), datetime(2028, 2, 28, 9, 30, tzinfo=UTC), 1),
        (date(1992, 2, 29), datetime(2028, 2, 29, 9, 30, tzinfo=UTC), 3),
        (None, datetime(2026, 11, 22, 9, 30, tzinfo=UTC), 1),
    ],
)
async def test_a_birthday_is_the_day_in_the_store(
    conn: Conn, now: datetime, born: date | None, today: datetime, times: int
) -> None:
    rules = replace(RULES, multipliers=(Multiplier("Birthday", 300, birthday=True),))
    shop, member = await opened(conn, rules, now=now)
    if born:
        await conn.execute(
            "UPDATE customers SET birth_month = $2, birth_day = $3 WHERE customer_id = $1",
            member.customer_id,
            born.month,
            born.day,
        )

    recorded = await bought(conn, shop, member, 500, now=today)

    assert recorded.sale.points == 5 * times


async def test_the_first_purchase_counts_more_until_it_stays(conn: Conn, now: datetime) -> None:
    rules = replace(RULES, multipliers=(Multiplier("Welcome", 200, first_purchase=True),))
    shop, member = await opened(conn, rules, now=now)

    first = await bought(conn, shop, member, 500, now=now)
    second = await bought(conn, shop, member, 500, now=now)
    for each in (first, second):
        await refund(conn, shop.terminal, each.sale.sale_id, now=now)
    third = await bought(conn, shop, member, 500, now=now)

    assert [each.sale.points for each in (first, second, third)] == [10, 5, 10]


# --- what makes the points wait until somebody has looked


async def test_a_sale_that_looks_odd_is_recorded_like_any_and_its_points_wait(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, replace(RULES, review=ReviewRules(amount_minor=Minor(5_000))), now=now)

    usual = await bought(conn, shop, member, 5_000, now=now)
    odd = await bought(conn, shop, member, 5_001, now=now)

    assert [each.sale.in_review for each in (usual, odd)] == [False, True]
    assert (odd.sale.points, odd.card.active, odd.card.pending) == (50, 50, 50)
    row = await conn.fetchrow("SELECT review, review_reason FROM sales WHERE sale_id = $1", odd.sale.sale_id)
    assert row is not None
    assert (row["review"], row["review_reason"]) == ("HELD", "review_large_amount")
    reasons = await conn.fetchval("SELECT reasons FROM entries WHERE seq = 2")
    assert reasons[-1]["code"] == "held_for_review"
    # and no time lets them go
    late = await bought(conn, shop, member, 100, now=now + timedelta(days=40))
    assert (late.card.active, late.card.pending) == (51, 50)
    await assert_lawful(conn)


async def test_a_held_sale_that_comes_back_wholly_waits_for_nobody(conn: Conn, now: datetime) -> None:
    shop, member = await opened(conn, replace(RULES, review=ReviewRules(amount_minor=Minor(100))), now=now)
    held = await bought(conn, shop, member, 5_000, now=now)

    partly = await refund(conn, shop.terminal, held.sale.sale_id, amount=1_000, now=now)
    wholly = await refund(conn, shop.terminal, held.sale.sale_id, now=now)

    assert [each.sale.in_review for each in (partly, wholly)] == [True, False]
    assert [each.card.pending for each in (partly, wholly)] == [40, 0]
    await assert_lawful(conn)


async def test_many_sales_of_a_card_in_a_day_and_of_a_till_in_an_hour_look_odd(conn: Conn, now: datetime) -> None:
    review = ReviewRules(sales_per_day=2, sales_per_hour_of_terminal=4)
    shop, member = await opened(conn, replace(RULES, review=review), now=now)
    others = [await make_member(conn, shop, now=now) for _ in range(3)]

    mine = [await bought(conn, shop, member, 100, now=now) for _ in range(3)]
    theirs = [await bought(conn, shop, other, 100, now=now + timedelta(minutes=59)) for other in others[:2]]
    later = await bought(conn, shop, others[2], 100, now=now + timedelta(minutes=60))

    assert [each.sale.in_review for each in mine] == [False, False, True]
    assert [each.sale.in_review for each in (*theirs, later)] == [False, True, False]
    rows = await conn.fetch("SELECT review_reason FROM sales WHERE review = 'HELD' ORDER BY posted_at")
    assert [row["review_reason"] for row in rows] == ["review_one_card_at_one_till", "review_many_sales_of_till"]


async def test_another_till_s_sales_are_the_card_s_and_not_this_till_s(conn: Conn, now: datetime) -> None:
    review = ReviewRules(sales_per_day=1, sales_per_hour_of_terminal=2)
    shop, member = await opened(conn, replace(RULES, review=review), now=now)
    till = await another_till(conn, shop, now=now)
    customer = await visit(conn, shop, member, now=now)
    await checkout(conn, till, customer, receipt(100), now=now)

    await checkout(conn, shop.terminal, customer, receipt(100), now=now)

    assert await conn.fetchval("SELECT review_reason FROM sales WHERE review = 'HELD'") == "review_many_sales_of_card"
    assert (await standing(conn, member.card_id))["active"] == 1
