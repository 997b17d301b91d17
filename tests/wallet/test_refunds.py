"""Refunds: goods come back, and what they earned goes back with them, in any split, once."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from infra.pool import Pool
from tests.factories import Shop, make_points, make_shop
from tests.wallet.counter import Member, another_store, another_till, count, counts, make_member, race
from tests.wallet.sales.till import TABLES, checkout, picked, receipt, refund, spend, standing, visit
from wallet import audit, programs, refunds
from wallet.baskets import Basket, Line
from wallet.database import Conn
from wallet.errors import IdempotencyKeyReused, InvalidInput, LineAlreadyRefunded, NotFound
from wallet.refunds import Refunded
from wallet.rules import Rules
from wallet.sales import CustomerRef, Recorded
from wallet.values import EarnStatus, LineKind, Minor, Points, SaleId, Terminal

DROPPING = Rules(points=Points(1), per_minor=Minor(10_000))
CARRYING = replace(DROPPING, carry_remainder=True)


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, rules=DROPPING, now=now)


@pytest.fixture
async def member(conn: Conn, shop: Shop, now: datetime) -> Member:
    return await make_member(conn, shop, now=now)


@pytest.fixture
async def customer(conn: Conn, shop: Shop, member: Member, now: datetime) -> CustomerRef:
    return await visit(conn, shop, member, now=now)


async def carrying_shop(conn: Conn, *, now: datetime, rules: Rules = CARRYING) -> tuple[Shop, Member, CustomerRef]:
    shop = await make_shop(conn, rules=rules, now=now)
    member = await make_member(conn, shop, now=now)
    return shop, member, await visit(conn, shop, member, now=now)


def refunding(
    terminal: Terminal, sale_id: SaleId, line_ids: list[str] | None, key: UUID, now: datetime
) -> Callable[[Conn], Awaitable[Refunded]]:
    return lambda conn: refunds.refund(
        conn, terminal=terminal, sale_id=sale_id, line_ids=line_ids, idempotency_key=key, now=now
    )


# --- what goes back


async def test_a_whole_sale_goes_back_as_if_it_had_not_been(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: CustomerRef
) -> None:
    sold = await checkout(conn, shop.terminal, customer, receipt(20_000, 15_000), now=now)
    later = now + timedelta(days=1)

    refunded = await refund(conn, shop.terminal, sold.sale.sale_id, now=later)

    assert (refunded.points_taken_back, refunded.replayed) == (3, False)
    assert (refunded.sale.points, refunded.sale.refunded_points) == (3, 3)
    assert [line.status for line in refunded.sale.lines] == [EarnStatus.REFUNDED] * 2
    assert (refunded.card.card_id, refunded.card.active, refunded.card.revision) == (member.card_id, 0, 2)
    assert await standing(conn, member.card_id) == {
        "active": 0,
        "pending": 0,
        "revision": 2,
        "carry": 0,
        "lifetime_earned": 0,
    }
    entry = await conn.fetchrow(
        "SELECT kind, points, occurred_at, store_id, sale_id, reverses_seq, reverses_wholly, reasons "
        "FROM entries WHERE seq = 2"
    )
    assert picked(
        entry, "kind", "points", "occurred_at", "store_id", "sale_id", "reverses_seq", "reverses_wholly", "reasons"
    ) == {
        "kind": "REFUNDED",
        "points": -3,
        "occurred_at": later,
        "store_id": shop.store_id,
        "sale_id": sold.sale.sale_id,
        "reverses_seq": 1,
        "reverses_wholly": True,
        "reasons": [{"code": "goods_returned", "facts": {"amount_minor": 35_000, "currency": "INR"}}],
    }


async def test_lines_go_back_one_by_one_for_what_they_make_the_difference(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: CustomerRef
) -> None:
    # 5,000 + 15,000 + 12,000 = 32,000: three points; without the first line 27,000: two; without the third 15,000: one.
    sold = await checkout(conn, shop.terminal, customer, receipt(5_000, 15_000, 12_000), now=now)

    taken = [
        (await refund(conn, shop.terminal, sold.sale.sale_id, line_id, now=now)).points_taken_back
        for line_id in ("1", "3", "2")
    ]

    assert taken == [1, 1, 1]
    assert (await standing(conn, member.card_id))["active"] == 0
    rows = await conn.fetch("SELECT reverses_seq, reverses_wholly FROM entries WHERE kind = 'REFUNDED' ORDER BY seq")
    assert [(row["reverses_seq"], row["reverses_wholly"]) for row in rows] == [(1, False)] * 3


async def test_what_is_left_goes_back_when_no_line_is_named(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: CustomerRef
) -> None:
    sold = await checkout(conn, shop.terminal, customer, receipt(20_000, 10_000, 10_000), now=now)
    await refund(conn, shop.terminal, sold.sale.sale_id, "1", now=now)

    rest = await refund(conn, shop.terminal, sold.sale.sale_id, now=now)

    assert (rest.points_taken_back, rest.sale.refunded_points) == (2, 4)
    assert await conn.fetchval("SELECT COUNT(*) FROM refund_lines") == 3
    assert (await standing(conn, member.card_id))["active"] == 0


async def test_less_than_the_minimum_left_takes_all_of_it(conn: Conn, now: datetime) -> None:
    shop, member, customer = await carrying_shop(conn, rules=replace(CARRYING, minimum_minor=Minor(20_000)), now=now)
    sold = await checkout(conn, shop.terminal, customer, receipt(15_000, 10_000), now=now)

    first = await refund(conn, shop.terminal, sold.sale.sale_id, "2", now=now)
    second = await refund(conn, shop.terminal, sold.sale.sale_id, "1", now=now)

    assert (sold.sale.points, first.points_taken_back, second.points_taken_back) == (2, 2, 0)
    assert await standing(conn, member.card_id) == {
        "active": 0,
        "pending": 0,
        "revision": 2,
        "carry": 0,
        "lifetime_earned": 0,
    }


async def test_lines_that_earned_nothing_go_back_for_nothing(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: CustomerRef
) -> None:
    basket = Basket("R-1", "INR", (Line("1", Minor(10_000)), Line("tip", Minor(50_000), LineKind.TIP)))
    sold = await checkout(conn, shop.terminal, customer, basket, now=now)

    refunded = await refund(conn, shop.terminal, sold.sale.sale_id, "tip", now=now)

    assert (refunded.points_taken_back, refunded.card.active, refunded.card.revision) == (0, 1, 1)
    assert [line.status for line in refunded.sale.lines] == [EarnStatus.EARNED, EarnStatus.REFUNDED]


async def test_pending_points_go_first(conn: Conn, now: datetime) -> None:
    shop, member, customer = await carrying_shop(conn, rules=replace(DROPPING, pending_days=14), now=now)
    await make_points(conn, shop, member.card_id, 10, now=now)
    sold = await checkout(conn, shop.terminal, customer, receipt(30_000), now=now)
    assert (await standing(conn, member.card_id))["pending"] == 3

    refunded = await refund(conn, shop.terminal, sold.sale.sale_id, now=now)

    assert refunded.points_taken_back == 3
    assert (refunded.card.active, refunded.card.pending) == (10, 0)


async def test_what_was_spent_already_is_recorded_as_due_and_not_taken(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: CustomerRef
) -> None:
    sold = await checkout(conn, shop.terminal, customer, receipt(50_000), now=now)
    await spend(conn, shop, member.card_id, 4, now=now)

    refunded = await refund(conn, shop.terminal, sold.sale.sale_id, now=now)

    assert (refunded.points_taken_back, refunded.sale.refunded_points, refunded.card.active) == (1, 1, 0)
    row = await conn.fetchrow("SELECT points_due, points_taken_back FROM refunds")
    assert picked(row, "points_due", "points_taken_back") == {"points_due": 5, "points_taken_back": 1}


async def test_a_card_with_nothing_left_is_refunded_without_an_entry(conn: Conn, now: datetime) -> None:
    shop, member, customer = await carrying_shop(conn, now=now)
    sold = await checkout(conn, shop.terminal, customer, receipt(25_000), now=now)
    await spend(conn, shop, member.card_id, 2, now=now)
    entries = await count(conn, "entries")

    refunded = await refund(conn, shop.terminal, sold.sale.sale_id, now=now)

    assert (refunded.points_taken_back, await count(conn, "entries")) == (0, entries)
    assert await conn.fetchval("SELECT points_due FROM refunds") == 2
    assert (await standing(conn, member.card_id))["carry"] == 0


# --- with a carry


async def test_a_purchase_and_its_refund_leave_points_and_carry_as_they_were(conn: Conn, now: datetime) -> None:
    shop, member, customer = await carrying_shop(conn, now=now)
    await checkout(conn, shop.terminal, customer, receipt(17_000), now=now)
    before = await standing(conn, member.card_id)
    sold = await checkout(conn, shop.terminal, customer, receipt(8_000, 9_500), now=now)
    assert (sold.sale.points, (await standing(conn, member.card_id))["carry"]) == (2, 450_000)

    await refund(conn, shop.terminal, sold.sale.sale_id, "1", now=now)
    await refund(conn, shop.terminal, sold.sale.sale_id, "2", now=now)

    assert await standing(conn, member.card_id) == {**before, "revision": before["revision"] + 3}


async def test_a_purchase_that_only_filled_the_carry_takes_the_point_that_it_helped_to_make(
    conn: Conn, now: datetime
) -> None:
    shop, member, customer = await carrying_shop(conn, now=now)
    first = await checkout(conn, shop.terminal, customer, receipt(6_000), now=now)
    second = await checkout(conn, shop.terminal, customer, receipt(6_000), now=now)
    assert [first.sale.points, second.sale.points] == [0, 1]

    refunded = await refund(conn, shop.terminal, first.sale.sale_id, now=now)

    assert refunded.points_taken_back == 1
    assert await standing(conn, member.card_id) == {
        "active": 0,
        "pending": 0,
        "revision": 2,
        "carry": 600_000,
        "lifetime_earned": 0,
    }
    assert await conn.fetchval("SELECT reverses_seq FROM entries WHERE kind = 'REFUNDED'") is None


async def test_the_rules_that_judged_the_sale_judge_its_refund(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: CustomerRef
) -> None:
    sold = await checkout(conn, shop.terminal, customer, receipt(30_000, 20_000), now=now)
    generous = replace(CARRYING, points=Points(100), per_minor=Minor(100))
    await programs.revise(
        conn, merchant_id=shop.merchant_id, program_id=shop.program_id, rules=generous, valid_from=now, now=now
    )

    refunded = await refund(conn, shop.terminal, sold.sale.sale_id, "1", now=now)

    assert refunded.points_taken_back == 3


@pytest.mark.parametrize("seed", range(4))
async def test_sales_and_refunds_in_any_order_keep_the_count_of_the_money(conn: Conn, now: datetime, seed: int) -> None:
    """After each step: points earned less points due = steps in the money kept; at the end nothing is left of it."""
    chance = random.Random(seed)
    rules = replace(CARRYING, points=Points(3), per_minor=Minor(700))
    shop, member, customer = await carrying_shop(conn, rules=rules, now=now)
    open_sales: dict[SaleId, dict[str, int]] = {}
    stands = await standing(conn, member.card_id)
    sold = 0
    while sold < 8 or open_sales:
        if sold < 8 and (not open_sales or chance.random() < 0.5):
            amounts = [chance.randrange(0, 2_000) for _ in range(chance.randint(1, 4))]
            recorded = await checkout(conn, shop.terminal, customer, receipt(*amounts), now=now)
            open_sales[recorded.sale.sale_id] = {str(at): amount for at, amount in enumerate(amounts, start=1)}
            sold += 1
        else:
            sale_id = chance.choice(list(open_sales))
            left = open_sales[sale_id]
            named = chance.sample(sorted(left), chance.randint(1, len(left)))
            await refund(conn, shop.terminal, sale_id, *named, now=now)
            open_sales[sale_id] = {line_id: amount for line_id, amount in left.items() if line_id not in named}
            if not open_sales[sale_id]:
                del open_sales[sale_id]
        money = sum(sum(lines.values()) for lines in open_sales.values())
        stands = await standing(conn, member.card_id)
        assert (stands["active"], stands["carry"]) == (money // 700 * 3, money % 700 * 100)
        assert stands["lifetime_earned"] == stands["active"]

    assert (stands["active"], stands["carry"]) == (0, 0)
    async for verdict in audit.verdicts(conn):
        assert verdict.broken == (), verdict.law


# --- when the rate changes


async def test_a_purchase_that_comes_back_puts_off_no_date(conn: Conn, now: datetime) -> None:
    # given points that lapse a month after the last purchase, and a purchase of ten days later
    shop, member, customer = await carrying_shop(conn, rules=replace(DROPPING, inactivity_months=1), now=now)
    await checkout(conn, shop.terminal, customer, receipt(30_000), now=now)
    expires_at = await conn.fetchval("SELECT expires_at FROM lots")
    later = now + timedelta(days=10)
    sold = await checkout(conn, shop.terminal, await visit(conn, shop, member, now=later), receipt(20_000), now=later)
    assert await conn.fetchval("SELECT MIN(expires_at) FROM lots") > expires_at + timedelta(days=9)
    # when
    await refund(conn, shop.terminal, sold.sale.sale_id, now=later + timedelta(days=1))
    # then
    assert await conn.fetchval("SELECT expires_at FROM lots WHERE remaining > 0") == expires_at


async def revise(conn: Conn, shop: Shop, rules: Rules, *, now: datetime) -> None:
    await programs.revise(
        conn, merchant_id=shop.merchant_id, program_id=shop.program_id, rules=rules, valid_from=now, now=now
    )


async def test_money_carried_at_one_rate_makes_no_steps_at_another(conn: Conn, now: datetime) -> None:
    dear, cheap = replace(CARRYING, per_minor=Minor(100_000)), replace(CARRYING, per_minor=Minor(100))
    shop, member, customer = await carrying_shop(conn, rules=dear, now=now)
    old = await checkout(conn, shop.terminal, customer, receipt(99_900), now=now)
    await revise(conn, shop, cheap, now=now + timedelta(seconds=1))
    later = now + timedelta(seconds=2)

    new = await checkout(conn, shop.terminal, customer, receipt(150), now=later)

    assert (old.sale.points, new.sale.points) == (0, 1)
    assert await conn.fetchval("SELECT carries FROM cards") == {"1/100000": 9_990_000, "1/100": 5_000}
    assert (await refund(conn, shop.terminal, old.sale.sale_id, now=later)).points_taken_back == 0
    assert (await refund(conn, shop.terminal, new.sale.sale_id, now=later)).points_taken_back == 1
    assert await conn.fetchval("SELECT carries FROM cards") == {}
    assert (await standing(conn, member.card_id))["active"] == 0


async def test_small_purchases_of_an_older_rate_keep_no_points_when_all_come_back(conn: Conn, now: datetime) -> None:
    shop, member, customer = await carrying_shop(conn, now=now)
    sold = [await checkout(conn, shop.terminal, customer, receipt(5_000), now=now) for _ in range(4)]
    assert [recorded.sale.points for recorded in sold] == [0, 1, 0, 1]
    await revise(conn, shop, replace(CARRYING, points=Points(7)), now=now + timedelta(seconds=1))
    later = now + timedelta(seconds=2)
    await checkout(conn, shop.terminal, customer, receipt(15_000), now=later)

    taken = [
        (await refund(conn, shop.terminal, recorded.sale.sale_id, now=later)).points_taken_back for recorded in sold
    ]

    assert taken == [1, 0, 1, 0]
    assert await conn.fetchval("SELECT carries FROM cards") == {"7/10000": 500_000}
    assert (await standing(conn, member.card_id))["active"] == 7


# --- when points expired


async def test_points_that_expired_are_not_taken_from_other_purchases(conn: Conn, now: datetime) -> None:
    shop, member, customer = await carrying_shop(conn, rules=replace(DROPPING, expiry_months=1), now=now)
    sold = await checkout(conn, shop.terminal, customer, receipt(50_000, 50_000), now=now)
    await make_points(conn, shop, member.card_id, 20, now=now)
    late = now + timedelta(days=40)

    refunded = await refund(conn, shop.terminal, sold.sale.sale_id, now=late)

    assert (refunded.points_taken_back, refunded.card.active) == (0, 20)
    row = await conn.fetchrow("SELECT points_due, points_taken_back FROM refunds")
    assert picked(row, "points_due", "points_taken_back") == {"points_due": 10, "points_taken_back": 0}


async def test_spent_points_are_taken_elsewhere_and_expired_ones_count_once_over_all_returns(
    conn: Conn, now: datetime
) -> None:
    # Of ten points six are spent and four expire; the lines come back one by one, five points each.
    shop, member, customer = await carrying_shop(conn, rules=replace(DROPPING, expiry_months=1), now=now)
    sold = await checkout(conn, shop.terminal, customer, receipt(50_000, 50_000), now=now)
    await spend(conn, shop, member.card_id, 6, now=now)
    await make_points(conn, shop, member.card_id, 20, now=now)
    late = now + timedelta(days=40)

    taken = [
        (await refund(conn, shop.terminal, sold.sale.sale_id, line_id, now=late)).points_taken_back
        for line_id in ("1", "2")
    ]

    assert taken == [1, 5]
    assert (await standing(conn, member.card_id))["active"] == 14


# --- what is refused


async def test_a_line_comes_back_once(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: CustomerRef
) -> None:
    sold = await checkout(conn, shop.terminal, customer, receipt(20_000, 10_000, 10_000), now=now)
    await refund(conn, shop.terminal, sold.sale.sale_id, "1", "3", now=now)
    before, card = await counts(conn, *TABLES), await standing(conn, member.card_id)

    with pytest.raises(LineAlreadyRefunded) as refused:
        await refund(conn, shop.terminal, sold.sale.sale_id, "3", "2", "1", now=now)

    assert refused.value.line_ids == ("3", "1")
    assert await counts(conn, *TABLES) == before
    assert await standing(conn, member.card_id) == card


async def test_a_sale_that_came_back_wholly_has_nothing_left(
    conn: Conn, now: datetime, shop: Shop, customer: CustomerRef
) -> None:
    sold = await checkout(conn, shop.terminal, customer, receipt(20_000, 10_000), now=now)
    await refund(conn, shop.terminal, sold.sale.sale_id, now=now)
    before = await counts(conn, *TABLES)

    with pytest.raises(LineAlreadyRefunded) as refused:
        await refund(conn, shop.terminal, sold.sale.sale_id, now=now)

    assert refused.value.line_ids == ("1", "2")
    assert await counts(conn, *TABLES) == before


async def test_a_line_that_the_sale_does_not_have_is_named(
    conn: Conn, now: datetime, shop: Shop, customer: CustomerRef
) -> None:
    sold = await checkout(conn, shop.terminal, customer, receipt(20_000), now=now)
    before = await counts(conn, *TABLES)

    for line_ids, problem in (
        (["1", "9"], ("lineIds[1]", "unknown_line")),
        (["1", "1"], ("lineIds[1]", "repeated")),
        (["\x00\ud800"], ("lineIds[0]", "unknown_line")),
        ([], ("lineIds", "lines_needed")),
        ([str(n) for n in range(501)], ("lineIds", "too_many")),
    ):
        with pytest.raises(InvalidInput) as refused:
            async with conn.transaction():
                await refunding(shop.terminal, sold.sale.sale_id, line_ids, uuid4(), now)(conn)
        assert [(p.field, p.phrase.code) for p in refused.value.problems] == [problem]

    assert await counts(conn, *TABLES) == before


async def test_another_store_s_sale_is_not_found(conn: Conn, now: datetime, shop: Shop, customer: CustomerRef) -> None:
    sold = await checkout(conn, shop.terminal, customer, receipt(20_000), now=now)
    elsewhere = await another_store(conn, shop, now=now)
    stranger = await make_shop(conn, now=now)
    before = await counts(conn, *TABLES)

    for terminal, sale_id in (
        (elsewhere, sold.sale.sale_id),
        (stranger.terminal, sold.sale.sale_id),
        (shop.terminal, SaleId(uuid4())),
    ):
        with pytest.raises(NotFound):
            await refund(conn, terminal, sale_id, now=now)

    assert await counts(conn, *TABLES) == before
    assert (await refund(conn, await another_till(conn, shop, now=now), sold.sale.sale_id, now=now)).points_taken_back


# --- once for a key


async def test_the_same_key_gives_the_same_refund_and_the_card_of_today(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: CustomerRef
) -> None:
    sold = await checkout(conn, shop.terminal, customer, receipt(20_000, 10_000), now=now)
    key = uuid4()
    first = await refund(conn, shop.terminal, sold.sale.sale_id, "1", key=key, now=now)
    await make_points(conn, shop, member.card_id, 7, now=now)
    await refund(conn, shop.terminal, sold.sale.sale_id, now=now)
    before = await counts(conn, *TABLES)

    again = await refund(conn, shop.terminal, sold.sale.sale_id, "1", key=key, now=now + timedelta(days=400))

    assert (first.points_taken_back, first.replayed) == (2, False)
    assert (again.points_taken_back, again.replayed) == (2, True)
    assert (again.sale.refunded_points, again.card.active) == (3, 7)
    assert await counts(conn, *TABLES) == before


async def test_the_same_key_with_other_input_is_refused(
    conn: Conn, now: datetime, shop: Shop, customer: CustomerRef
) -> None:
    sold = await checkout(conn, shop.terminal, customer, receipt(20_000, 10_000), now=now)
    other = await checkout(conn, shop.terminal, customer, receipt(20_000, 10_000), now=now)
    key = uuid4()
    await refund(conn, shop.terminal, sold.sale.sale_id, "1", key=key, now=now)
    before = await counts(conn, *TABLES)

    for sale_id, line_ids in (
        (sold.sale.sale_id, ["2"]),
        (sold.sale.sale_id, ["1", "2"]),
        (sold.sale.sale_id, []),
        (other.sale.sale_id, ["1"]),
    ):
        with pytest.raises(IdempotencyKeyReused):
            await refund(conn, shop.terminal, sale_id, *line_ids, key=key, now=now)

    assert await counts(conn, *TABLES) == before


# --- at once


async def test_one_key_at_once_makes_one_refund_and_replays(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, member: Member, customer: CustomerRef
) -> None:
    sold = await checkout(conn, shop.terminal, customer, receipt(20_000), now=now)
    racer = refunding(shop.terminal, sold.sale.sale_id, None, uuid4(), now)

    results = await race(pool, [racer] * 4)

    refunded = [result for result in results if isinstance(result, Refunded)]
    assert sorted(result.replayed for result in refunded) == [False, True, True, True], results
    assert {result.points_taken_back for result in refunded} == {2}
    assert await count(conn, "refunds") == 1
    assert (await standing(conn, member.card_id))["active"] == 0


async def test_one_line_at_once_under_many_keys_comes_back_once(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, member: Member, customer: CustomerRef
) -> None:
    till = await another_till(conn, shop, now=now)
    await make_points(conn, shop, member.card_id, 100, now=now)
    for round_number in range(1, 6):
        sold = await checkout(conn, shop.terminal, customer, receipt(20_000, 10_000), now=now)
        racers = [
            refunding(terminal, sold.sale.sale_id, line_ids, uuid4(), now)
            for terminal in (shop.terminal, till)
            for line_ids in (["1"], None)
        ]

        results = await race(pool, racers)

        # One of the racers for everything may come after one for the first line, and have the rest.
        winners = [result for result in results if isinstance(result, Refunded)]
        losers = [result for result in results if isinstance(result, LineAlreadyRefunded)]
        assert len(winners) + len(losers) == 4, results
        lines = await conn.fetchval("SELECT COUNT(*) FROM refund_lines WHERE sale_id = $1", sold.sale.sale_id)
        assert lines == 2
        assert sum(winner.points_taken_back for winner in winners) == 3
        stands = await standing(conn, member.card_id)
        assert (stands["active"], stands["lifetime_earned"]) == (100, 100)
        assert round_number == await conn.fetchval("SELECT COUNT(DISTINCT sale_id) FROM refund_lines")


async def test_a_sale_and_a_refund_at_once_are_both_counted(pool: Pool, conn: Conn, now: datetime) -> None:
    shop, member, customer = await carrying_shop(conn, now=now)
    sold = [await checkout(conn, shop.terminal, customer, receipt(6_000), now=now) for _ in range(4)]

    def selling(conn: Conn) -> Awaitable[Recorded | Refunded]:
        return checkout(conn, shop.terminal, customer, receipt(5_000), now=now)

    def returning(sale_id: SaleId) -> Callable[[Conn], Awaitable[Recorded | Refunded]]:
        return refunding(shop.terminal, sale_id, None, uuid4(), now)

    racers = [selling] * 4 + [returning(recorded.sale.sale_id) for recorded in sold]
    results = await race(pool, racers)

    assert all(isinstance(result, Recorded | Refunded) for result in results), results
    stands = await standing(conn, member.card_id)
    assert (stands["active"], stands["carry"]) == (2, 0)
