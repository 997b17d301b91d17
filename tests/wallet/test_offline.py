"""Offline settlement: judged as of the scan, however late it is told."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from infra.pool import Pool
from tests.factories import Shop, make_shop
from tests.wallet.counter import Member, another_till, count, counts, make_member, qr, race, show, typed
from tests.wallet.sales.till import TABLES, checkout, picked, receipt, standing, visit
from wallet import offline, programs, sales
from wallet.baskets import Basket
from wallet.database import Conn
from wallet.errors import CodeExpired, CodeInvalid, IdempotencyKeyReused, InvalidInput, Refusal
from wallet.rules import Rules, TierLevel, TierRules
from wallet.sales import CustomerRef, Recorded
from wallet.values import CheckInPurpose, Minor, Points, Terminal

RULES = Rules(points=Points(1), per_minor=Minor(10_000))
TWO_DAYS = timedelta(days=2)


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    """It exists since long before the sales that are told late."""
    return await make_shop(conn, rules=RULES, now=now - timedelta(days=365))


@pytest.fixture
async def member(conn: Conn, shop: Shop, now: datetime) -> Member:
    return await make_member(conn, shop, now=now - timedelta(days=365))


def settling(
    terminal: Terminal, customer: CustomerRef, basket: Basket, scanned_at: datetime, key: UUID, now: datetime
) -> Callable[[Conn], Awaitable[Recorded]]:
    return lambda conn: offline.settle(
        conn,
        terminal=terminal,
        customer=customer,
        basket=basket,
        scanned_at=scanned_at,
        idempotency_key=key,
        now=now,
    )


async def settle(
    conn: Conn,
    terminal: Terminal,
    customer: CustomerRef,
    basket: Basket,
    *,
    scanned_at: datetime,
    key: UUID | None = None,
    now: datetime,
) -> Recorded:
    async with conn.transaction():
        return await settling(terminal, customer, basket, scanned_at, key or uuid4(), now)(conn)


async def test_a_code_that_was_good_when_it_was_scanned_earns_days_later(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    scanned_at = now - TWO_DAYS
    code = qr(await show(conn, shop, member, now=scanned_at))

    recorded = await settle(conn, shop.terminal, code, receipt(30_000), scanned_at=scanned_at, now=now)

    sale = recorded.sale
    assert (sale.points, sale.offline, sale.occurred_at, sale.posted_at) == (3, True, scanned_at, now)
    assert (recorded.card.active, recorded.replayed) == (3, False)
    assert await sales.find(conn, terminal=shop.terminal, sale_id=sale.sale_id) == sale
    assert await count(conn, "used_codes") == 1
    entry = await conn.fetchrow("SELECT occurred_at, posted_at FROM entries")
    assert entry is not None
    assert (entry["occurred_at"], entry["posted_at"]) == (scanned_at, now)


async def test_a_tier_that_a_sale_of_before_raises_neither_begins_nor_ends_before_the_one_that_stands(
    conn: Conn, now: datetime
) -> None:
    # given Silver since now, for a month, and a sale of two days ago that a till tells of after that
    levels = (TierLevel("Silver", 50), TierLevel("Gold", 100))
    rules = replace(RULES, per_minor=Minor(100), tiers=TierRules(levels, months=1))
    shop = await make_shop(conn, rules=rules, now=now - timedelta(days=40))
    member = await make_member(conn, shop, now=now - timedelta(days=40))
    silver = await checkout(conn, shop.terminal, await visit(conn, shop, member, now=now), receipt(6_000), now=now)
    code = qr(await show(conn, shop, member, now=now - TWO_DAYS))
    # when
    gold = await settle(conn, shop.terminal, code, receipt(5_000), scanned_at=now - TWO_DAYS, now=now)
    # then
    before, after = silver.card.standing, gold.card.standing
    assert (before.tier, after.tier) == ("Silver", "Gold")
    assert (after.since, after.until, after.review_at) == (before.since, before.until, before.review_at)
    assert before.since == now


async def test_the_phone_s_code_may_have_been_cleared_away_since(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    code = qr(await show(conn, shop, member, now=now - TWO_DAYS))
    await conn.execute("DELETE FROM check_in_codes")

    recorded = await settle(conn, shop.terminal, code, receipt(30_000), scanned_at=now - TWO_DAYS, now=now)

    assert recorded.sale.points == 3


async def test_the_rules_of_then_judge(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    then = now - TWO_DAYS
    await programs.revise(
        conn,
        merchant_id=shop.merchant_id,
        program_id=shop.program_id,
        rules=replace(RULES, points=Points(10)),
        valid_from=now - timedelta(days=1),
        now=now - timedelta(days=1),
    )
    codes = [qr(await show(conn, shop, member, now=then)) for _ in range(2)]

    by_scan = await settle(conn, shop.terminal, codes[0], receipt(10_000), scanned_at=then, now=now)
    said = receipt(10_000, occurred_at=now - timedelta(hours=1))
    by_word = await settle(conn, shop.terminal, codes[1], said, scanned_at=then, now=now)

    assert [(r.sale.revision, r.sale.points) for r in (by_scan, by_word)] == [(1, 1), (2, 10)]


async def test_points_that_waited_long_enough_meanwhile_are_active_at_once(conn: Conn, now: datetime) -> None:
    rules = replace(RULES, pending_days=2)
    shop = await make_shop(conn, rules=rules, now=now - timedelta(days=365))
    member = await make_member(conn, shop, now=now)
    then = now - TWO_DAYS - timedelta(hours=15)
    code = qr(await show(conn, shop, member, now=then))

    recorded = await settle(conn, shop.terminal, code, receipt(10_000), scanned_at=then, now=now)

    assert (recorded.card.active, recorded.card.pending) == (1, 0)


async def test_a_code_that_was_over_when_it_was_scanned_earns_nothing(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    minted = await show(conn, shop, member, now=now - TWO_DAYS)
    over = minted.expires_at + timedelta(seconds=5)

    with pytest.raises(CodeExpired):
        await settle(conn, shop.terminal, qr(minted), receipt(10_000), scanned_at=over, now=now)

    assert set((await counts(conn, *TABLES)).values()) == {0}
    just_in_time = over - timedelta(microseconds=1)
    settled = await settle(conn, shop.terminal, qr(minted), receipt(10_000), scanned_at=just_in_time, now=now)
    assert settled.sale.points == 1


@pytest.mark.parametrize(
    ("offset", "code"),
    [
        (timedelta(hours=-72), None),
        (timedelta(hours=-72, seconds=-1), "too_old"),
        (timedelta(minutes=2), None),
        (timedelta(minutes=2, seconds=1), "in_future"),
    ],
)
async def test_a_scan_is_72_hours_old_at_most_and_not_to_come(
    conn: Conn, now: datetime, shop: Shop, member: Member, offset: timedelta, code: str | None
) -> None:
    scanned_at = now + offset
    shown = qr(await show(conn, shop, member, now=scanned_at))
    if code is None:
        recorded = await settle(conn, shop.terminal, shown, receipt(10_000), scanned_at=scanned_at, now=now)
        assert recorded.sale.occurred_at == min(scanned_at, now)
        return
    with pytest.raises(InvalidInput) as refused:
        await settle(conn, shop.terminal, shown, receipt(10_000), scanned_at=scanned_at, now=now)
    assert [(p.field, p.phrase.code) for p in refused.value.problems] == [("scannedAt", code)]
    assert set((await counts(conn, *TABLES)).values()) == {0}


async def test_only_a_signed_earn_code_counts(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    then = now - timedelta(hours=1)
    minted = await show(conn, shop, member, now=then)
    redeem = qr(await show(conn, shop, member, CheckInPurpose.REDEEM, now=then))
    opened = await visit(conn, shop, member, now=then)
    stranger = await make_shop(conn, now=now)
    before = await counts(conn, *TABLES)

    refusals: list[tuple[type[Refusal], Terminal, CustomerRef]] = [
        (InvalidInput, shop.terminal, typed(minted)),
        (InvalidInput, shop.terminal, opened),
        (CodeInvalid, shop.terminal, redeem),
        (CodeInvalid, shop.terminal, replace(qr(minted), card_reference=1)),
        (CodeInvalid, stranger.terminal, qr(minted)),
    ]
    for refusal, terminal, customer in refusals:
        with pytest.raises(refusal):
            await settle(conn, terminal, customer, receipt(10_000), scanned_at=then, now=now)

    assert await counts(conn, *TABLES) == before


async def test_the_basket_is_checked_as_any_other(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    code = qr(await show(conn, shop, member, now=now))

    with pytest.raises(InvalidInput) as refused:
        await settle(conn, shop.terminal, code, receipt(10_000, currency="EUR"), scanned_at=now, now=now)

    assert [problem.field for problem in refused.value.problems] == ["currency"]


async def test_a_second_sale_with_one_code_is_recorded_and_its_points_wait(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    # given a code that a till used up on line
    then = now - timedelta(hours=1)
    code = qr(await show(conn, shop, member, now=then))
    await checkout(conn, shop.terminal, code, receipt(10_000), now=then)
    key = uuid4()
    # when another tells of a sale with it
    recorded = await settle(conn, shop.terminal, code, receipt(30_000), scanned_at=then, key=key, now=now)
    # then nobody at the till is refused, and the merchant is asked before the points can be spent
    assert (recorded.sale.points, recorded.sale.in_review) == (3, True)
    assert (recorded.card.active, recorded.card.pending) == (1, 3)
    row = await conn.fetchrow("SELECT review, review_reason FROM sales WHERE sale_id = $1", recorded.sale.sale_id)
    assert picked(row, "review", "review_reason") == {"review": "HELD", "review_reason": "review_code_used_twice"}
    assert await conn.fetchval("SELECT held FROM lots WHERE sale_id = $1", recorded.sale.sale_id)
    assert await count(conn, "used_codes") == 1
    # and telling of it again is telling of the same
    again = await settle(conn, shop.terminal, code, receipt(30_000), scanned_at=then, key=key, now=now)
    assert (again.replayed, again.sale) == (True, recorded.sale)


async def test_a_code_that_was_used_and_over_when_it_was_scanned_is_refused_like_any(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    then = now - timedelta(hours=3)
    minted = await show(conn, shop, member, now=then)
    await checkout(conn, shop.terminal, qr(minted), receipt(10_000), now=then)
    before = await counts(conn, *TABLES)

    for scanned_at, refusal in (
        (minted.expires_at + timedelta(seconds=5), CodeExpired),
        (then - timedelta(minutes=2, seconds=1), CodeInvalid),
    ):
        with pytest.raises(refusal):
            await settle(conn, shop.terminal, qr(minted), receipt(30_000), scanned_at=scanned_at, now=now)

    assert await counts(conn, *TABLES) == before


async def test_the_same_key_gives_the_same_sale_however_late(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    code = qr(await show(conn, shop, member, now=now))
    key = uuid4()
    first = await settle(conn, shop.terminal, code, receipt(10_000), scanned_at=now, key=key, now=now)

    late = now + timedelta(days=30)
    again = await settle(conn, shop.terminal, code, receipt(10_000), scanned_at=now, key=key, now=late)

    assert again.replayed
    assert again.sale == first.sale
    assert await count(conn, "sales") == 1


async def test_the_same_key_with_other_input_is_refused(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    code = qr(await show(conn, shop, member, now=now))
    key = uuid4()
    await settle(conn, shop.terminal, code, receipt(10_000), scanned_at=now, key=key, now=now)
    before = await counts(conn, *TABLES)

    a_second_later = now + timedelta(seconds=1)
    with pytest.raises(IdempotencyKeyReused):
        await settle(conn, shop.terminal, code, receipt(10_000), scanned_at=a_second_later, key=key, now=now)
    with pytest.raises(IdempotencyKeyReused):
        await checkout(conn, shop.terminal, code, receipt(10_000), key=key, now=now)

    assert await counts(conn, *TABLES) == before


async def test_of_two_tills_that_settle_one_code_at_once_one_has_it_and_the_other_waits(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    then = now - timedelta(hours=1)
    till = await another_till(conn, shop, now=now)
    for round_number in range(1, 6):
        code = qr(await show(conn, shop, member, now=then))
        racers = [
            settling(terminal, code, receipt(10_000), then, uuid4(), now) for terminal in (shop.terminal, till) * 2
        ]

        results = await race(pool, racers)

        recorded = [result for result in results if isinstance(result, Recorded)]
        assert sorted(each.sale.in_review for each in recorded) == [False, True, True, True], results
        stands = await standing(conn, member.card_id)
        assert (stands["active"], stands["pending"]) == (round_number, 3 * round_number)
        assert await count(conn, "used_codes") == round_number


async def test_a_sale_from_before_its_code_was_made_is_refused(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    # given a code, and a till whose clock may be two minutes behind
    made = now - timedelta(hours=1)
    code = qr(await show(conn, shop, member, now=made))
    before = await counts(conn, *TABLES)
    # when it claims to have scanned the code hours or a second earlier than that
    for early in (timedelta(hours=48), timedelta(minutes=2, seconds=1)):
        with pytest.raises(CodeInvalid):
            await settle(conn, shop.terminal, code, receipt(30_000), scanned_at=made - early, now=now)
    # then nothing is recorded, and the code is still good
    assert await counts(conn, *TABLES) == before
    behind = made - timedelta(minutes=2)
    assert (await settle(conn, shop.terminal, code, receipt(30_000), scanned_at=behind, now=now)).sale.points == 3
