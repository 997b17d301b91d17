"""Suspicion: what is held back, and what the merchant's decision does to the card."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from infra.pool import Pool
from tests.factories import Shop, make_points, make_reward, make_shop
from tests.wallet.counter import Member, another_till, counts, make_member, race, until_waiting
from tests.wallet.sales.till import checkout, picked, receipt, refund, standing, visit
from wallet import audit, gifts, ledger, reviews
from wallet.database import Conn
from wallet.errors import InvalidInput, NotFound
from wallet.refunds import Refunded
from wallet.reviews import Decided, Velocity
from wallet.rules import ReviewRules, Rules, StampRules, TierLevel, TierRules
from wallet.sales import Recorded
from wallet.values import Minor, Points, SaleId

A_POINT_PER_RUPEE = Rules(
    points=Points(1), per_minor=Minor(100), review=ReviewRules(amount_minor=Minor(10_000)), expiry_months=12
)
TABLES = ("sales", "refunds", "entries", "transfers", "lots", "lot_movements")
SALE_SQL = "SELECT review, review_reason, points, kept_points FROM sales WHERE sale_id = $1"
ENTRY_SQL = """
    SELECT kind, points, pending_points, reverses_seq, reverses_wholly, sale_id, store_id, occurred_at, reasons
    FROM entries
    WHERE card_id = $1
    ORDER BY seq DESC
    LIMIT 1
"""

# ---------------------------------------------------------------- what is odd

LIMITS = ReviewRules(sales_per_day=3, sales_per_hour_of_terminal=5, amount_minor=Minor(50_000))
USUAL = Velocity(
    sales_of_card_today=2,
    sales_of_card_at_terminal_today=2,
    sales_of_terminal_last_hour=4,
    amount_minor=Minor(50_000),
)


def test_as_many_sales_and_as_much_money_as_the_rules_allow_are_not_odd() -> None:
    assert reviews.suspicion(LIMITS, USUAL) is None


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (replace(USUAL, amount_minor=Minor(50_001)), reviews.LARGE_AMOUNT),
        (replace(USUAL, sales_of_card_today=3), reviews.MANY_SALES_OF_CARD),
        (
            replace(USUAL, sales_of_card_today=3, sales_of_card_at_terminal_today=3),
            reviews.ONE_CARD_AT_ONE_TILL,
        ),
        (replace(USUAL, sales_of_terminal_last_hour=5), reviews.MANY_SALES_OF_TILL),
        (
            replace(USUAL, sales_of_card_today=9, sales_of_terminal_last_hour=9, amount_minor=Minor(90_000)),
            reviews.LARGE_AMOUNT,
        ),
        (replace(USUAL, sales_of_card_today=9, sales_of_terminal_last_hour=9), reviews.MANY_SALES_OF_CARD),
    ],
    ids=["amount", "card", "card at one till", "till", "amount first", "then the card"],
)
def test_one_more_is_odd_and_the_reason_says_what(odd: Velocity, reason: object) -> None:
    assert reviews.suspicion(LIMITS, odd) == reason


def test_a_program_without_limits_suspects_nobody() -> None:
    most = Velocity(10_000, 10_000, 10_000, Minor(2**31 - 1))
    assert reviews.suspicion(ReviewRules(), most) is None


def test_the_first_sale_of_a_day_is_odd_to_nobody_who_allows_one() -> None:
    first = Velocity(0, 0, 0, Minor(1))
    assert reviews.suspicion(ReviewRules(sales_per_day=1, sales_per_hour_of_terminal=1), first) is None


# ---------------------------------------------------------------- a sale that is held


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, now=now, rules=A_POINT_PER_RUPEE)


@pytest.fixture
async def member(conn: Conn, shop: Shop, now: datetime) -> Member:
    return await make_member(conn, shop, now=now)


async def odd_sale(conn: Conn, shop: Shop, member: Member, amount: int = 20_000, *, now: datetime) -> Recorded:
    """A sale of more money than the rules expect."""
    basket = receipt(amount, number=f"R-{amount}")
    return await checkout(conn, shop.terminal, await visit(conn, shop, member, now=now), basket, now=now)


async def release(conn: Conn, shop: Shop, sale_id: SaleId, *, now: datetime) -> Decided:
    async with conn.transaction():
        return await reviews.release(conn, merchant_id=shop.merchant_id, sale_id=sale_id, now=now)


async def refuse(conn: Conn, shop: Shop, sale_id: SaleId, *, now: datetime) -> Decided:
    async with conn.transaction():
        return await reviews.refuse(conn, merchant_id=shop.merchant_id, sale_id=sale_id, now=now)


async def sale_row(conn: Conn, sale_id: SaleId) -> tuple[str | None, str | None, int, int]:
    row = picked(await conn.fetchrow(SALE_SQL, sale_id), "review", "review_reason", "points", "kept_points")
    return row["review"], row["review_reason"], row["points"], row["kept_points"]


async def assert_lawful(conn: Conn) -> None:
    assert [verdict async for verdict in audit.verdicts(conn) if verdict.count] == []


async def test_an_odd_sale_is_recorded_and_its_points_wait_and_stand_in_the_list(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    # when
    sale = (await odd_sale(conn, shop, member, now=now)).sale
    # then
    assert (sale.points, sale.in_review) == (200, True)
    assert await sale_row(conn, sale.sale_id) == ("HELD", "review_large_amount", 200, 200)
    card = await standing(conn, member.card_id)
    assert (card["active"], card["pending"]) == (0, 200)
    # and the points stay pending, however late it becomes
    async with conn.transaction():
        late = now + timedelta(days=900)
        await ledger.lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[member.card_id], now=late)
    assert await standing(conn, member.card_id) == card
    # and the merchant sees it
    [held] = await reviews.held(conn, merchant_id=shop.merchant_id, limit=10)
    assert (held.sale_id, held.card_id, held.points, held.reason) == (
        sale.sale_id,
        member.card_id,
        200,
        reviews.LARGE_AMOUNT,
    )
    assert (held.receipt_number, held.terminal_name, held.operator_name) == ("R-20000", "Till 1", None)
    assert (held.total, held.occurred_at) == (sale.total, now)
    await assert_lawful(conn)


async def test_nobody_else_s_held_sales_are_listed_and_the_longest_waiting_comes_first(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    other = await make_shop(conn, now=now, rules=A_POINT_PER_RUPEE)
    later = await odd_sale(conn, shop, member, 30_000, now=now + timedelta(minutes=1))
    first = await odd_sale(conn, shop, member, 20_000, now=now)
    assert await reviews.held(conn, merchant_id=other.merchant_id, limit=10) == []
    listed = await reviews.held(conn, merchant_id=shop.merchant_id, limit=10)
    assert [held.sale_id for held in listed] == [first.sale.sale_id, later.sale.sale_id]
    assert len(await reviews.held(conn, merchant_id=shop.merchant_id, limit=1)) == 1


# ---------------------------------------------------------------- released


async def test_released_points_can_be_spent_if_their_day_has_come(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    # given
    sale = (await odd_sale(conn, shop, member, now=now)).sale
    later = now + timedelta(days=3)
    # when
    decided = await release(conn, shop, sale.sale_id, now=later)
    # then
    assert (decided.points, decided.card.active, decided.card.pending) == (200, 200, 0)
    assert await sale_row(conn, sale.sale_id) == ("RELEASED", "review_large_amount", 200, 200)
    card = await standing(conn, member.card_id)
    assert (card["active"], card["pending"], card["lifetime_earned"]) == (200, 0, 200)
    assert await reviews.held(conn, merchant_id=shop.merchant_id, limit=10) == []
    await assert_lawful(conn)


async def test_released_points_still_wait_for_the_day_that_the_rules_say(conn: Conn, now: datetime) -> None:
    # given
    shop = await make_shop(conn, now=now, rules=replace(A_POINT_PER_RUPEE, pending_days=14))
    member = await make_member(conn, shop, now=now)
    sale = (await odd_sale(conn, shop, member, now=now)).sale
    # when
    decided = await release(conn, shop, sale.sale_id, now=now + timedelta(days=1))
    # then
    assert (decided.points, decided.card.active, decided.card.pending) == (200, 0, 200)
    # and on that day they activate by themselves
    async with conn.transaction():
        late = now + timedelta(days=16)
        cards = await ledger.lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[member.card_id], now=late)
    assert (cards[member.card_id].active, cards[member.card_id].pending) == (200, 0)


async def test_points_released_after_their_time_come_and_go(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    sale = (await odd_sale(conn, shop, member, now=now)).sale
    decided = await release(conn, shop, sale.sale_id, now=now + timedelta(days=500))
    assert (decided.card.active, decided.card.pending) == (0, 0)
    kinds = [row["kind"] for row in await conn.fetch("SELECT kind FROM entries ORDER BY seq")]
    assert kinds == ["EARNED", "ACTIVATED", "EXPIRED"]
    await assert_lawful(conn)


async def test_a_released_sale_counts_for_the_tier_at_once_and_not_before(conn: Conn, now: datetime) -> None:
    # given
    silver = TierRules(basis="points", window="rolling", months=12, levels=(TierLevel("Silver", 150),))
    shop = await make_shop(conn, now=now, rules=replace(A_POINT_PER_RUPEE, tiers=silver))
    member = await make_member(conn, shop, now=now)
    sale = (await odd_sale(conn, shop, member, now=now)).sale
    assert await conn.fetchval("SELECT tier FROM cards WHERE card_id = $1", member.card_id) is None
    # when
    await release(conn, shop, sale.sale_id, now=now + timedelta(hours=1))
    # then
    assert await conn.fetchval("SELECT tier FROM cards WHERE card_id = $1", member.card_id) == "Silver"


@pytest.mark.parametrize("other_sale", [False, True])
async def test_a_tier_that_a_released_sale_brings_begins_with_the_release(
    conn: Conn, now: datetime, other_sale: bool
) -> None:
    """However long ago the day was on which its points could have been spent, or those of another sale."""
    # given
    silver = TierRules(basis="points", window="rolling", months=12, levels=(TierLevel("Silver", 150),))
    shop = await make_shop(conn, now=now, rules=replace(A_POINT_PER_RUPEE, tiers=silver, pending_days=7))
    member = await make_member(conn, shop, now=now)
    sale = (await odd_sale(conn, shop, member, now=now)).sale
    if other_sale:
        customer = await visit(conn, shop, member, now=now)
        await checkout(conn, shop.terminal, customer, receipt(100), now=now)
    # when
    later = now + timedelta(days=20)
    decided = await release(conn, shop, sale.sale_id, now=later)
    # then
    assert (decided.card.active, decided.card.tier, decided.card.standing.since) == (200 + other_sale, "Silver", later)
    assert await conn.fetchval("SELECT tier_since FROM cards WHERE card_id = $1", member.card_id) == later
    await assert_lawful(conn)


# ---------------------------------------------------------------- refused


async def test_a_refused_sale_has_earned_nothing(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    # given
    await make_points(conn, shop, member.card_id, 50, now=now)
    sale = (await odd_sale(conn, shop, member, now=now)).sale
    later = now + timedelta(hours=2)
    # when
    decided = await refuse(conn, shop, sale.sale_id, now=later)
    # then
    assert (decided.points, decided.card.active, decided.card.pending) == (200, 50, 0)
    assert await sale_row(conn, sale.sale_id) == ("REFUSED", "review_large_amount", 200, 0)
    card = await standing(conn, member.card_id)
    assert (card["active"], card["pending"], card["lifetime_earned"]) == (50, 0, 50)
    entry = await conn.fetchrow(ENTRY_SQL, member.card_id)
    assert picked(entry, "kind", "points", "pending_points", "reverses_seq", "reverses_wholly") == {
        "kind": "REVERSED",
        "points": 0,
        "pending_points": -200,
        "reverses_seq": 2,
        "reverses_wholly": True,
    }
    assert picked(entry, "sale_id", "store_id", "occurred_at", "reasons") == {
        "sale_id": sale.sale_id,
        "store_id": shop.store_id,
        "occurred_at": later,
        "reasons": [{"code": "review_refused", "facts": {}}],
    }
    await assert_lawful(conn)


async def test_what_came_back_before_the_refusal_is_not_taken_twice(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    # given a held sale of two lines, one of which came back
    customer = await visit(conn, shop, member, now=now)
    sale = (await checkout(conn, shop.terminal, customer, receipt(15_000, 5_000), now=now)).sale
    assert (await refund(conn, shop.terminal, sale.sale_id, "2", now=now)).points_taken_back == 50
    # when
    decided = await refuse(conn, shop, sale.sale_id, now=now)
    # then
    assert (decided.points, decided.card.pending, decided.card.debt) == (150, 0, 0)
    entry = await conn.fetchrow(ENTRY_SQL, member.card_id)
    assert picked(entry, "kind", "reverses_wholly") == {"kind": "REVERSED", "reverses_wholly": False}
    await assert_lawful(conn)


async def test_goods_of_a_refused_sale_come_back_without_taking_other_points(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    # given
    await make_points(conn, shop, member.card_id, 500, now=now)
    sale = (await odd_sale(conn, shop, member, now=now)).sale
    await refuse(conn, shop, sale.sale_id, now=now)
    # when
    refunded = await refund(conn, shop.terminal, sale.sale_id, now=now)
    # then
    assert (refunded.points_taken_back, refunded.card.active, refunded.card.pending) == (0, 500, 0)
    await assert_lawful(conn)


async def test_a_held_sale_that_came_back_wholly_waits_for_nobody(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    # given
    sale = (await odd_sale(conn, shop, member, now=now)).sale
    await refund(conn, shop.terminal, sale.sale_id, now=now)
    before, card = await counts(conn, *TABLES), await standing(conn, member.card_id)
    # then
    assert await reviews.held(conn, merchant_id=shop.merchant_id, limit=10) == []
    for decide in (release, refuse):
        with pytest.raises(InvalidInput):
            await decide(conn, shop, sale.sale_id, now=now)
    assert (await counts(conn, *TABLES), await standing(conn, member.card_id)) == (before, card)
    assert (card["active"], card["pending"]) == (0, 0)


async def owing(conn: Conn, now: datetime) -> tuple[Shop, Member]:
    """A card that owes 30 points: they were earned and given away before the goods came back."""
    shop = await make_shop(conn, now=now, rules=replace(A_POINT_PER_RUPEE, returns_debt=True))
    member = await make_member(conn, shop, now=now)
    earned = await odd_sale(conn, shop, member, 3_000, now=now)
    async with conn.transaction():
        await gifts.send(
            conn,
            customer_id=member.customer_id,
            merchant_id=shop.merchant_id,
            card_id=member.card_id,
            points=Points(30),
            recipient_name="Friend",
            recipient_email="friend@example.com",
            recipient_email_key="friend@example.com",
            message=None,
            deliver_at=None,
            locale="en",
            idempotency_key=uuid4(),
            now=now,
        )
    assert (await refund(conn, shop.terminal, earned.sale.sale_id, now=now)).debt == 30
    return shop, member


@pytest.mark.parametrize("returned", [0, 5_000, 18_000])
async def test_a_debt_that_a_refused_sale_had_paid_is_owed_again(conn: Conn, now: datetime, returned: int) -> None:
    # given a sale that is held and has paid a debt, of which a part came back
    shop, member = await owing(conn, now)
    customer = await visit(conn, shop, member, now=now)
    basket = receipt(20_000 - returned, *[returned] * bool(returned), number="R-2")
    sale = (await checkout(conn, shop.terminal, customer, basket, now=now)).sale
    debt = "SELECT debt FROM cards WHERE card_id = $1"
    assert (await conn.fetchval(debt, member.card_id), (await standing(conn, member.card_id))["pending"]) == (0, 170)
    if returned:
        await refund(conn, shop.terminal, sale.sale_id, "2", now=now)
    # when
    decided = await refuse(conn, shop, sale.sale_id, now=now)
    # then the card is as it was before the sale
    assert decided.card.debt == await conn.fetchval(debt, member.card_id) == 30
    card = await standing(conn, member.card_id)
    assert (card["active"], card["pending"], card["lifetime_earned"]) == (0, 0, 30)
    await assert_lawful(conn)


# ---------------------------------------------------------------- who cannot decide


async def test_what_is_decided_or_was_never_held_is_not_decided_again(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    # given a sale that was released, one that was refused, and one that nobody minded
    released, refused = [(await odd_sale(conn, shop, member, 20_000 + at, now=now)).sale for at in (0, 100)]
    usual = (await odd_sale(conn, shop, member, 5_000, now=now)).sale
    await release(conn, shop, released.sale_id, now=now)
    await refuse(conn, shop, refused.sale_id, now=now)
    assert await sale_row(conn, usual.sale_id) == (None, None, 50, 50)
    before, card = await counts(conn, *TABLES), await standing(conn, member.card_id)
    # when
    for sale in (released, refused, usual):
        for decide in (release, refuse):
            with pytest.raises(InvalidInput) as refusal:
                await decide(conn, shop, sale.sale_id, now=now)
            assert [problem.phrase.code for problem in refusal.value.problems] == ["sale_not_held"]
    # then
    assert (await counts(conn, *TABLES), await standing(conn, member.card_id)) == (before, card)


async def test_another_merchant_decides_nothing(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    # given
    other = await make_shop(conn, now=now, rules=A_POINT_PER_RUPEE)
    sale = (await odd_sale(conn, shop, member, now=now)).sale
    before = await standing(conn, member.card_id)
    # when
    for sale_id in (sale.sale_id, SaleId(uuid4())):
        for decide in (release, refuse):
            with pytest.raises(NotFound):
                await decide(conn, other, sale_id, now=now)
    # then
    assert await standing(conn, member.card_id) == before
    assert (await sale_row(conn, sale.sale_id))[0] == "HELD"


# ---------------------------------------------------------------- racers


@pytest.mark.parametrize("round_", range(5))
async def test_of_two_who_release_and_refuse_at_once_one_decides(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, member: Member, round_: int
) -> None:
    # given
    sale = (await odd_sale(conn, shop, member, now=now)).sale

    def deciding(decide: Callable[..., Awaitable[Decided]]) -> Callable[[Conn], Awaitable[Decided]]:
        return lambda racer: decide(racer, merchant_id=shop.merchant_id, sale_id=sale.sale_id, now=now)

    # when
    deciders = [deciding(reviews.release), deciding(reviews.refuse)]
    answers = await race(pool, deciders if round_ % 2 else deciders[::-1])
    # then
    assert [type(answer) for answer in answers].count(Decided) == 1
    assert [type(answer) for answer in answers].count(InvalidInput) == 1
    verdict = (await sale_row(conn, sale.sale_id))[0]
    card = await standing(conn, member.card_id)
    assert (verdict, card["active"], card["pending"]) in [("RELEASED", 200, 0), ("REFUSED", 0, 0)]
    assert await conn.fetchval("SELECT COUNT(*) FROM lots WHERE held") == 0
    await assert_lawful(conn)


async def test_whoever_waits_for_a_refusal_finds_it_decided(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    # given
    sale = (await odd_sale(conn, shop, member, now=now)).sale
    async with pool.acquire() as other:
        # when one refuses and has not committed, and another releases
        async with conn.transaction():
            await reviews.refuse(conn, merchant_id=shop.merchant_id, sale_id=sale.sale_id, now=now)
            waiting = asyncio.create_task(release(other, shop, sale.sale_id, now=now))
            async with pool.acquire() as third:
                await until_waiting(third)
        # then
        with pytest.raises(InvalidInput):
            await waiting
    assert (await standing(conn, member.card_id))["active"] == 0


async def test_a_refusal_and_a_refund_at_once_take_the_points_once(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    # given
    await make_points(conn, shop, member.card_id, 500, now=now)
    till = await another_till(conn, shop, now=now)
    for at in range(4):
        sale = (await odd_sale(conn, shop, member, 20_000 + at * 100, now=now)).sale
        # when
        async with pool.acquire() as first, pool.acquire() as second:
            refused, refunded = await asyncio.gather(
                refuse(first, shop, sale.sale_id, now=now),
                refund(second, till, sale.sale_id, now=now),
                return_exceptions=True,
            )
        # then: whoever was first took the points; a sale that has come back waits for no decision
        assert isinstance(refused, Decided | InvalidInput)
        assert isinstance(refunded, Refunded)
        taken = refused.points if isinstance(refused, Decided) else 0
        assert taken + refunded.points_taken_back == sale.points
        card = await standing(conn, member.card_id)
        assert (card["active"], card["pending"]) == (500, 0)
    await assert_lawful(conn)


async def test_a_refused_sale_leaves_no_stamps_and_gives_none_back_when_it_comes_back(
    conn: Conn, now: datetime
) -> None:
    # given a punch card that a held sale filled, and an item of it that came back
    stamps = StampRules("item", 3, "free-coffee")
    shop = await make_shop(conn, rules=replace(A_POINT_PER_RUPEE, stamps=stamps), now=now)
    await make_reward(conn, shop, slug="free-coffee", now=now)
    member = await make_member(conn, shop, now=now)
    customer = await visit(conn, shop, member, now=now)
    await checkout(conn, shop.terminal, customer, receipt(100), now=now)
    held = await checkout(conn, shop.terminal, customer, receipt(9_000, 9_000, 9_000), now=now)
    await refund(conn, shop.terminal, held.sale.sale_id, "1", now=now)
    assert (held.sale.in_review, held.card.stamps) == (True, 1)
    assert await conn.fetchval("SELECT stamps FROM cards") == 0
    # when the merchant refuses it, and the rest comes back
    async with conn.transaction():
        await reviews.refuse(conn, merchant_id=shop.merchant_id, sale_id=held.sale.sale_id, now=now)
    refused = await conn.fetchval("SELECT stamps FROM cards")
    refunded = await refund(conn, shop.terminal, held.sale.sale_id, now=now)
    # then the one stamp of before is there, and no voucher
    assert (refused, refunded.card.stamps, refunded.points_taken_back) == (1, 1, 0)
    assert await conn.fetchval("SELECT state FROM vouchers") == "CANCELLED"
    async for verdict in audit.verdicts(conn):
        assert verdict.broken == (), verdict.law
