"""Checkout: the sale, the used code, the points, all or nothing; once for a key, once for a code."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from infra.pool import Pool
from tests.database import StatementCounter
from tests.factories import Shop, make_points, make_shop
from tests.wallet.counter import (
    Member,
    another_store,
    another_till,
    count,
    counts,
    make_member,
    qr,
    race,
    show,
    typed,
)
from tests.wallet.sales.till import TABLES, checkout, mixed_receipt, picked, receipt, standing, visit
from wallet import programs, sales, stores
from wallet.baskets import Basket
from wallet.database import Conn
from wallet.errors import CodeAlreadyUsed, CodeExpired, CodeInvalid, IdempotencyKeyReused, InvalidInput, NotFound
from wallet.rules import Rules
from wallet.sales import CustomerRef, Recorded
from wallet.values import EarnStatus, Minor, Money, Points, Terminal, TypedCode, VisitId

PER_HUNDRED_RUPEES = Rules(points=Points(1), per_minor=Minor(10_000), expiry_months=12)


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, rules=PER_HUNDRED_RUPEES, now=now)


@pytest.fixture
async def member(conn: Conn, shop: Shop, now: datetime) -> Member:
    return await make_member(conn, shop, name="Anu", now=now)


def checking_out(
    terminal: Terminal, customer: CustomerRef, basket: Basket, key: UUID, now: datetime
) -> Callable[[Conn], Awaitable[Recorded]]:
    return lambda conn: sales.checkout(
        conn, terminal=terminal, customer=customer, basket=basket, idempotency_key=key, now=now
    )


# --- what is recorded


async def test_a_purchase_earns_what_the_rules_say(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    # given
    await make_points(conn, shop, member.card_id, 5, now=now)
    customer = await visit(conn, shop, member, now=now)
    # when
    recorded = await checkout(conn, shop.terminal, customer, mixed_receipt(), now=now)
    # then
    sale = recorded.sale
    assert (sale.points, sale.refunded_points, sale.total) == (3, 0, Money(Minor(38_900), "INR"))
    assert (sale.receipt_number, sale.store_name, sale.store_id) == ("R-9", shop.terminal.store_name, shop.store_id)
    assert (sale.occurred_at, sale.posted_at, sale.offline, sale.revision) == (now, now, False, 1)
    assert [(line.line_id, line.points, line.status, line.reason.code) for line in sale.lines] == [
        ("1", 2, EarnStatus.EARNED, "line_earned"),
        ("2", 0, EarnStatus.EXCLUDED_KIND, "line_excluded_tip"),
        ("3", 0, EarnStatus.NO_RULE, "line_free"),
        ("4", 1, EarnStatus.EARNED, "line_earned_with_lines"),
    ]
    card = recorded.card
    assert (card.card_id, card.display_name, card.active, card.pending, card.revision) == (
        member.card_id,
        "Anu",
        8,
        0,
        2,
    )
    assert not recorded.replayed
    assert await sales.find(conn, terminal=shop.terminal, sale_id=sale.sale_id) == sale


async def test_the_lines_are_kept_as_the_till_said_them(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    customer = await visit(conn, shop, member, now=now)

    recorded = await checkout(conn, shop.terminal, customer, mixed_receipt(), now=now)

    rows = await conn.fetch(
        "SELECT position, line_id, kind, sku, category, description, quantity, amount_minor, points, status "
        "FROM sale_lines WHERE sale_id = $1 ORDER BY position",
        recorded.sale.sale_id,
    )
    columns = ("position", "line_id", "kind", "sku", "category", "description", "quantity", "amount_minor")
    judged = ("points", "status")
    assert [tuple(picked(row, *columns, *judged).values()) for row in rows[:2]] == [
        (1, "1", "ITEM", "C-1", "coffee", "Flat white", 2, 25_000, 2, "EARNED"),
        (2, "2", "TIP", None, None, None, 1, 4_000, 0, "EXCLUDED_KIND"),
    ]
    assert len(rows) == 4


async def test_the_entry_says_why(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    earlier = now - timedelta(hours=3)
    customer = await visit(conn, shop, member, now=now)

    recorded = await checkout(conn, shop.terminal, customer, replace(mixed_receipt(), occurred_at=earlier), now=now)

    entry = await conn.fetchrow(
        "SELECT e.kind, e.points, e.occurred_at, e.posted_at, e.store_id, e.sale_id, e.reasons, s.entry_seq, e.seq "
        "FROM entries AS e JOIN sales AS s ON s.sale_id = e.sale_id WHERE e.card_id = $1",
        member.card_id,
    )
    assert entry is not None
    assert (entry["kind"], entry["points"], entry["seq"], entry["entry_seq"]) == ("EARNED", 3, 1, 1)
    assert (entry["occurred_at"], entry["posted_at"]) == (earlier, now)
    assert (entry["store_id"], entry["sale_id"]) == (shop.store_id, recorded.sale.sale_id)
    assert entry["reasons"] == [
        {"code": "earned_for_purchase", "facts": {"points": 3, "amount_minor": 34_900, "currency": "INR"}},
        {"code": "by_rule", "facts": {"points": 1, "per_minor": 10_000, "currency": "INR"}},
    ]


async def test_points_expire_by_the_rules(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    customer = await visit(conn, shop, member, now=now)

    await checkout(conn, shop.terminal, customer, receipt(30_000), now=now)

    lot = await conn.fetchrow("SELECT points, remaining, activates_at, activated_at, expires_at FROM lots")
    assert picked(lot, "points", "remaining", "activates_at", "activated_at", "expires_at") == {
        "points": 3,
        "remaining": 3,
        "activates_at": now,
        "activated_at": now,
        # The first midnight of Kolkata's after a year.
        "expires_at": datetime(2027, 11, 22, 18, 30, tzinfo=UTC),
    }


async def test_points_wait_from_the_purchase_on_if_the_rules_say_so(conn: Conn, now: datetime) -> None:
    rules = Rules(points=Points(1), per_minor=Minor(10_000), pending_days=14, expiry_months=1)
    shop = await make_shop(conn, rules=rules, now=now)
    member = await make_member(conn, shop, now=now)
    customer = await visit(conn, shop, member, now=now)
    occurred_at = now - timedelta(days=2)

    recorded = await checkout(conn, shop.terminal, customer, receipt(30_000, occurred_at=occurred_at), now=now)

    assert (recorded.card.active, recorded.card.pending) == (0, 3)
    lot = await conn.fetchrow("SELECT activates_at, activated_at, expires_at FROM lots")
    activates_at = datetime(2026, 12, 4, 18, 30, tzinfo=UTC)
    assert picked(lot, "activates_at", "activated_at", "expires_at") == {
        "activates_at": activates_at,
        "activated_at": None,
        "expires_at": datetime(2027, 1, 4, 18, 30, tzinfo=UTC),
    }
    reasons = await conn.fetchval("SELECT reasons FROM entries")
    assert reasons[-1] == {"code": "pending_until", "facts": {"active_at": activates_at.isoformat()}}


async def test_earning_nothing_is_recorded_with_its_reasons_and_makes_no_entry(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    customer = await visit(conn, shop, member, now=now)

    recorded = await checkout(conn, shop.terminal, customer, receipt(9_999), now=now)

    assert recorded.sale.points == 0
    assert [line.reason.code for line in recorded.sale.lines] == ["line_too_little"]
    assert (recorded.card.active, recorded.card.revision) == (0, 0)
    assert await counts(conn, "sales", "sale_lines", "entries", "lots") == {
        "sales": 1,
        "sale_lines": 1,
        "entries": 0,
        "lots": 0,
    }
    assert await conn.fetchval("SELECT entry_seq FROM sales") is None


async def test_small_purchases_add_up_where_the_remainder_is_carried(conn: Conn, now: datetime) -> None:
    rules = Rules(points=Points(1), per_minor=Minor(5_000), carry_remainder=True)
    shop = await make_shop(conn, rules=rules, now=now)
    member = await make_member(conn, shop, now=now)
    customer = await visit(conn, shop, member, now=now)

    first = await checkout(conn, shop.terminal, customer, receipt(3_000), now=now)
    assert first.sale.points == 0
    assert await standing(conn, member.card_id) == {
        "active": 0,
        "pending": 0,
        "revision": 0,
        "carry": 300_000,
        "lifetime_earned": 0,
    }
    second = await checkout(conn, shop.terminal, customer, receipt(2_500), now=now)

    assert second.sale.points == 1
    assert await standing(conn, member.card_id) == {
        "active": 1,
        "pending": 0,
        "revision": 1,
        "carry": 50_000,
        "lifetime_earned": 1,
    }
    reasons = await conn.fetchval("SELECT reasons FROM entries")
    assert [reason["code"] for reason in reasons] == ["earned_for_purchase", "by_rule", "carried_in", "carried_on"]


async def test_the_rules_of_the_moment_of_the_purchase_judge_it(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    double = replace(PER_HUNDRED_RUPEES, points=Points(2))
    noon = now + timedelta(hours=3)
    await programs.revise(
        conn, merchant_id=shop.merchant_id, program_id=shop.program_id, rules=double, valid_from=noon, now=now
    )
    later = noon + timedelta(hours=1)
    customer = await visit(conn, shop, member, now=later)

    before = await checkout(
        conn, shop.terminal, customer, receipt(30_000, occurred_at=noon - timedelta(seconds=1)), now=later
    )
    after = await checkout(conn, shop.terminal, customer, receipt(30_000), now=later)

    assert [(r.sale.revision, r.sale.points) for r in (before, after)] == [(1, 3), (2, 6)]


async def test_a_till_whose_clock_is_ahead_sells_now(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    customer = await visit(conn, shop, member, now=now)

    ahead = receipt(30_000, occurred_at=now + timedelta(minutes=2))
    recorded = await checkout(conn, shop.terminal, customer, ahead, now=now)

    assert recorded.sale.occurred_at == now
    assert (recorded.card.active, recorded.card.pending) == (3, 0)


# --- whom it is for


async def test_a_code_can_be_checked_out_without_a_scan_before(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    by_picture = qr(await show(conn, shop, member, now=now))
    by_digits = typed(await show(conn, shop, member, now=now))

    for customer in (by_picture, by_digits):
        recorded = await checkout(conn, shop.terminal, customer, receipt(10_000), now=now)
        assert recorded.sale.card_id == member.card_id

    assert await count(conn, "used_codes") == 2
    assert (await standing(conn, member.card_id))["active"] == 2


async def test_a_used_code_sells_nothing(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    code = qr(await show(conn, shop, member, now=now))
    await checkout(conn, shop.terminal, code, receipt(10_000), now=now)
    before = await counts(conn, *TABLES)

    with pytest.raises(CodeAlreadyUsed) as refused:
        await checkout(conn, shop.terminal, code, receipt(10_000), now=now + timedelta(seconds=1))

    assert refused.value.used_at == now
    assert await counts(conn, *TABLES) == before


async def test_an_expired_code_sells_nothing(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    minted = await show(conn, shop, member, now=now)
    late = minted.expires_at + timedelta(seconds=5)

    with pytest.raises(CodeExpired) as refused:
        await checkout(conn, shop.terminal, qr(minted), receipt(10_000), now=late)

    assert refused.value.expired_at == minted.expires_at
    assert set((await counts(conn, *TABLES)).values()) == {0}
    just_in_time = late - timedelta(microseconds=1)
    assert (await checkout(conn, shop.terminal, qr(minted), receipt(10_000), now=just_in_time)).sale.points == 1


async def test_an_unknown_code_sells_nothing(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    with pytest.raises(CodeInvalid):
        await checkout(conn, shop.terminal, TypedCode("0000000000"), receipt(10_000), now=now)

    assert set((await counts(conn, *TABLES)).values()) == {0}


async def test_a_code_of_another_merchant_sells_nothing(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    other = await make_shop(conn, now=now)
    code = qr(await show(conn, shop, member, now=now))

    with pytest.raises(CodeInvalid):
        await checkout(conn, other.terminal, code, receipt(10_000), now=now)

    assert set((await counts(conn, *TABLES)).values()) == {0}


async def test_a_visit_serves_several_sales_until_it_ends(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    customer = await visit(conn, shop, member, now=now)
    end = now + timedelta(minutes=15)
    for at in (now, now, end - timedelta(microseconds=1)):
        await checkout(conn, shop.terminal, customer, receipt(10_000), now=at)

    with pytest.raises(NotFound):
        await checkout(conn, shop.terminal, customer, receipt(10_000), now=end)

    assert (await standing(conn, member.card_id))["active"] == 3
    assert await count(conn, "sales") == 3
    assert await conn.fetchval("SELECT COUNT(*) FROM sales WHERE visit_id = $1", customer) == 3


async def test_a_visit_is_its_own_store_s(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    customer = await visit(conn, shop, member, now=now)
    elsewhere = await another_store(conn, shop, now=now)
    stranger = await make_shop(conn, now=now)
    before = await counts(conn, *TABLES)

    for terminal in (elsewhere, stranger.terminal):
        with pytest.raises(NotFound):
            await checkout(conn, terminal, customer, receipt(10_000), now=now)
    with pytest.raises(NotFound):
        await checkout(conn, shop.terminal, VisitId(uuid4()), receipt(10_000), now=now)

    assert await counts(conn, *TABLES) == before
    neighbour = await another_till(conn, shop, now=now)
    assert (await checkout(conn, neighbour, customer, receipt(10_000), now=now)).sale.points == 1


async def test_a_basket_that_cannot_be_uses_no_code_up(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    code = qr(await show(conn, shop, member, now=now))

    with pytest.raises(InvalidInput) as refused:
        await checkout(conn, shop.terminal, code, receipt(10_000, currency="EUR"), now=now)

    assert [problem.field for problem in refused.value.problems] == ["currency"]
    assert set((await counts(conn, *TABLES)).values()) == {0}
    assert (await checkout(conn, shop.terminal, code, receipt(10_000), now=now)).sale.points == 1


# --- once for a key


async def test_the_same_key_gives_the_same_sale_and_the_card_of_today(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    code = qr(await show(conn, shop, member, now=now))
    key = uuid4()
    first = await checkout(conn, shop.terminal, code, mixed_receipt(), key=key, now=now)
    await make_points(conn, shop, member.card_id, 10, now=now)
    before = await counts(conn, *TABLES)

    again = await checkout(conn, shop.terminal, code, mixed_receipt(), key=key, now=now + timedelta(days=400))

    assert again.replayed
    assert again.sale == first.sale
    assert (again.card.active, again.card.revision) == (13, 2)
    assert await counts(conn, *TABLES) == before


async def test_a_retry_is_answered_when_nothing_of_it_would_be_good_any_more(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    """The code's row is cleared away, the visit is over, the purchase lies too far back: it was recorded though."""
    digits = typed(await show(conn, shop, member, now=now))
    customer = await visit(conn, shop, member, now=now)
    basket = receipt(10_000, occurred_at=now)
    keys = [uuid4(), uuid4()]
    firsts = [
        await checkout(conn, shop.terminal, digits, basket, key=keys[0], now=now),
        await checkout(conn, shop.terminal, customer, basket, key=keys[1], now=now),
    ]
    await conn.execute("DELETE FROM check_in_codes")
    await conn.execute("DELETE FROM used_codes")

    late = now + timedelta(days=30)
    again = [
        await checkout(conn, shop.terminal, digits, basket, key=keys[0], now=late),
        await checkout(conn, shop.terminal, customer, basket, key=keys[1], now=late),
    ]

    assert [recorded.replayed for recorded in again] == [True, True]
    assert [recorded.sale for recorded in again] == [recorded.sale for recorded in firsts]
    assert await count(conn, "sales") == 2


async def test_the_same_key_with_other_input_is_refused(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    customer = await visit(conn, shop, member, now=now)
    other_visit = await visit(conn, shop, member, now=now)
    code = qr(await show(conn, shop, member, now=now))
    key = uuid4()
    await checkout(conn, shop.terminal, customer, receipt(10_000), key=key, now=now)
    before = await counts(conn, *TABLES)

    for who, basket in (
        (customer, receipt(10_001)),
        (customer, receipt(10_000, number="R-2")),
        (customer, receipt(10_000, occurred_at=now)),
        (customer, receipt(10_000, currency="EUR")),
        (other_visit, receipt(10_000)),
        (code, receipt(10_000)),
        (VisitId(uuid4()), receipt(10_000)),
    ):
        with pytest.raises(IdempotencyKeyReused):
            await checkout(conn, shop.terminal, who, basket, key=key, now=now)

    assert await counts(conn, *TABLES) == before


async def test_keys_are_each_till_s_own(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    customer = await visit(conn, shop, member, now=now)
    key = uuid4()
    await checkout(conn, shop.terminal, customer, receipt(10_000), key=key, now=now)

    till = await another_till(conn, shop, now=now)
    second = await checkout(conn, till, customer, receipt(20_000), key=key, now=now)

    assert not second.replayed
    assert await count(conn, "sales") == 2


async def test_a_refusal_is_not_remembered(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    key = uuid4()
    with pytest.raises(NotFound):
        await checkout(conn, shop.terminal, VisitId(uuid4()), receipt(10_000), key=key, now=now)

    customer = await visit(conn, shop, member, now=now)
    recorded = await checkout(conn, shop.terminal, customer, receipt(10_000), key=key, now=now)

    assert not recorded.replayed


# --- at once


@pytest.mark.parametrize("by", ["visit", "code"])
async def test_one_key_at_once_makes_one_sale_and_replays(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, member: Member, by: str
) -> None:
    code = qr(await show(conn, shop, member, now=now))
    customer = code if by == "code" else await visit(conn, shop, member, now=now)
    racer = checking_out(shop.terminal, customer, receipt(10_000), uuid4(), now)

    results = await race(pool, [racer] * 4)

    recorded = [result for result in results if isinstance(result, Recorded)]
    assert sorted(result.replayed for result in recorded) == [False, True, True, True], results
    assert len({result.sale.sale_id for result in recorded}) == 1
    assert await counts(conn, "sales", "used_codes", "entries") == {"sales": 1, "used_codes": 1, "entries": 1}
    assert (await standing(conn, member.card_id))["active"] == 1


async def test_one_code_at_once_under_two_keys_makes_one_sale(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    till = await another_till(conn, shop, now=now)
    for round_number in range(1, 6):
        code = qr(await show(conn, shop, member, now=now))
        racers = [
            checking_out(terminal, code, receipt(10_000), uuid4(), now)
            for terminal in (shop.terminal, till, shop.terminal, till)
        ]

        results = await race(pool, racers)

        assert sorted(type(result).__name__ for result in results) == ["CodeAlreadyUsed"] * 3 + ["Recorded"]
        assert await count(conn, "sales") == await count(conn, "used_codes") == round_number
        assert (await standing(conn, member.card_id))["active"] == round_number


async def test_sales_of_one_card_at_once_are_all_counted(pool: Pool, conn: Conn, now: datetime) -> None:
    rules = Rules(points=Points(1), per_minor=Minor(10_000), carry_remainder=True)
    shop = await make_shop(conn, rules=rules, now=now)
    member = await make_member(conn, shop, now=now)
    customer = await visit(conn, shop, member, now=now)
    racers = [checking_out(shop.terminal, customer, receipt(2_500), uuid4(), now) for _ in range(10)]

    results = await race(pool, racers)

    assert {type(result).__name__ for result in results} == {"Recorded"}, results
    assert sorted(r.sale.points for r in results if isinstance(r, Recorded)) == [0] * 8 + [1] * 2
    assert await standing(conn, member.card_id) == {
        "active": 2,
        "pending": 0,
        "revision": 2,
        "carry": 500_000,
        "lifetime_earned": 2,
    }


# --- how many statements


@pytest.mark.parametrize("lines", [1, 500])
async def test_a_checkout_takes_eleven_statements(
    conn: Conn, now: datetime, shop: Shop, member: Member, statements: StatementCounter, lines: int
) -> None:
    # On its first run a connection asks PostgreSQL for the types of its parameters.
    warming_up = qr(await show(conn, shop, member, now=now))
    await checkout(conn, shop.terminal, warming_up, receipt(20_000), now=now)
    code = qr(await show(conn, shop, member, now=now))
    basket = receipt(*[20_000] * lines)

    async with statements.counted() as said, conn.transaction():
        terminal = await stores.load_terminal(
            conn, merchant_id=shop.merchant_id, terminal_id=shop.terminal_id, session_id=shop.session_id, now=now
        )
        recorded = await sales.checkout(
            conn, terminal=terminal, customer=code, basket=basket, idempotency_key=uuid4(), now=now
        )

    assert recorded.sale.points == 2 * lines
    assert said[0].startswith("BEGIN")
    assert said[-1].startswith("COMMIT")
    assert len(said) == 11
