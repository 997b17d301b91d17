"""A quote says what the checkout will do, and does nothing."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.database import StatementCounter
from tests.factories import Shop, make_points, make_reward, make_shop
from tests.wallet.counter import Member, another_store, counts, make_member, qr, show
from tests.wallet.sales.till import TABLES, checkout, mixed_receipt, quote, receipt, standing, visit
from wallet import programs
from wallet.database import Conn
from wallet.errors import CodeAlreadyUsed, CodeExpired, CodeInvalid, InvalidInput, NotFound, RewardUnavailable
from wallet.rules import Rules, TierLevel, TierRules
from wallet.sales import Wanted
from wallet.values import CheckInPurpose, Minor, Points, RewardKind, TypedCode, VisitId

CARRYING = Rules(points=Points(1), per_minor=Minor(10_000), carry_remainder=True)


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, rules=CARRYING, now=now)


@pytest.fixture
async def member(conn: Conn, shop: Shop, now: datetime) -> Member:
    return await make_member(conn, shop, now=now)


async def test_a_quote_says_what_the_checkout_then_does(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    await make_points(conn, shop, member.card_id, 5, now=now)
    customer = await visit(conn, shop, member, now=now)
    await checkout(conn, shop.terminal, customer, receipt(6_000), now=now)

    quoted = await quote(conn, shop.terminal, customer, mixed_receipt(), now=now)
    recorded = await checkout(conn, shop.terminal, customer, mixed_receipt(), now=now)

    assert quoted.plan.points == recorded.sale.points == 4
    assert quoted.balance_after == recorded.card.active == 9
    assert [(line.line_id, line.points, line.status, line.reason) for line in quoted.plan.earning.lines] == [
        (line.line_id, line.points, line.status, line.reason) for line in recorded.sale.lines
    ]


async def test_a_quote_writes_nothing_and_uses_no_code_up(
    conn: Conn, now: datetime, shop: Shop, member: Member, statements: StatementCounter
) -> None:
    code = qr(await show(conn, shop, member, now=now))
    before, card = await counts(conn, *TABLES), await standing(conn, member.card_id)

    async with statements.counted() as said:
        for _ in range(2):
            await quote(conn, shop.terminal, code, receipt(20_000), now=now)

    assert not [statement for statement in said if statement.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert not [statement for statement in said if " FOR " in statement]
    assert await counts(conn, *TABLES) == before
    assert await standing(conn, member.card_id) == card
    assert (await checkout(conn, shop.terminal, code, receipt(20_000), now=now)).sale.points == 2


async def test_points_that_will_wait_are_not_in_the_balance_after(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, rules=replace(CARRYING, pending_days=2), now=now)
    member = await make_member(conn, shop, now=now)
    customer = await visit(conn, shop, member, now=now)

    today = await quote(conn, shop.terminal, customer, receipt(20_000), now=now)
    long_ago = receipt(20_000, occurred_at=now - timedelta(days=2, hours=15))
    waited_already = await quote(conn, shop.terminal, customer, long_ago, now=now)

    assert (today.plan.points, today.balance_after) == (2, 0)
    assert (waited_already.plan.points, waited_already.balance_after) == (2, 2)


async def test_what_time_has_done_since_is_in_the_balance_after(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    soon = now + timedelta(minutes=5)
    await make_points(conn, shop, member.card_id, 10, expires_at=soon, now=now)
    await make_points(conn, shop, member.card_id, 30, activates_at=soon, now=now)
    await make_points(conn, shop, member.card_id, 100, activates_at=soon, expires_at=soon + timedelta(1), now=now)
    customer = await visit(conn, shop, member, now=now)

    before = await quote(conn, shop.terminal, customer, receipt(10_000), now=soon - timedelta(microseconds=1))
    after = await quote(conn, shop.terminal, customer, receipt(10_000), now=soon)
    recorded = await checkout(conn, shop.terminal, customer, receipt(10_000), now=soon)

    assert before.balance_after == 11
    assert after.balance_after == recorded.card.active == 131


async def test_a_quote_refuses_what_the_checkout_would_refuse(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    minted = await show(conn, shop, member, now=now)
    used = qr(await show(conn, shop, member, now=now))
    await checkout(conn, shop.terminal, used, receipt(10_000), now=now)
    customer = await visit(conn, shop, member, now=now)
    elsewhere = await another_store(conn, shop, now=now)
    good, late = receipt(10_000), now + timedelta(minutes=15)

    for refusal, terminal, who, basket, at in (
        (InvalidInput, shop.terminal, customer, receipt(), now),
        (NotFound, shop.terminal, VisitId(uuid4()), good, now),
        (NotFound, shop.terminal, customer, good, late),
        (NotFound, elsewhere, customer, good, now),
        (CodeInvalid, shop.terminal, TypedCode("0000000000"), good, now),
        (CodeExpired, shop.terminal, qr(minted), good, late),
        (CodeAlreadyUsed, shop.terminal, used, good, now),
    ):
        with pytest.raises(refusal):
            await quote(conn, terminal, who, basket, now=at)


async def test_the_id_stays_while_the_outcome_would_and_changes_with_it(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    customer = await visit(conn, shop, member, now=now)
    other = await visit(conn, shop, member, now=now)
    first = await quote(conn, shop.terminal, customer, receipt(10_500), now=now)

    ids = [first.quote_id]
    assert (await quote(conn, shop.terminal, customer, receipt(10_500), now=now)).quote_id == first.quote_id
    ids.append((await quote(conn, shop.terminal, customer, receipt(10_501), now=now)).quote_id)
    ids.append((await quote(conn, shop.terminal, other, receipt(10_500), now=now)).quote_id)
    await make_points(conn, shop, member.card_id, 1, now=now)
    ids.append((await quote(conn, shop.terminal, customer, receipt(10_500), now=now)).quote_id)
    await checkout(conn, shop.terminal, customer, receipt(9_500), now=now)
    ids.append((await quote(conn, shop.terminal, customer, receipt(10_500), now=now)).quote_id)
    thrice = replace(CARRYING, points=Points(3))
    await programs.revise(
        conn, merchant_id=shop.merchant_id, program_id=shop.program_id, rules=thrice, valid_from=now, now=now
    )
    ids.append((await quote(conn, shop.terminal, customer, receipt(10_500), now=now)).quote_id)

    assert len(set(ids)) == len(ids)


async def test_a_quote_is_of_the_tier_that_a_checkout_would_find(conn: Conn, now: datetime) -> None:
    # given: Gold that was due to be reviewed long ago, twice as much for it, and points that went meanwhile
    tiers = TierRules((TierLevel("Silver", 20), TierLevel("Gold", 50, 200)), basis="points", window="rolling", months=1)
    rules = Rules(points=Points(1), per_minor=Minor(100), tiers=tiers, expiry_months=1, pending_days=3)
    shop = await make_shop(conn, now=now, rules=rules)
    member = await make_member(conn, shop, now=now)
    gold_only = await make_reward(conn, shop, kind=RewardKind.PERK, tiers=("Gold",), cost_points=1, now=now)
    await checkout(conn, shop.terminal, await visit(conn, shop, member, now=now), receipt(10_000), now=now)
    for days in (32, 200):
        # when: after one review Silver is left of it, and after two nothing
        late = now + timedelta(days=days)
        customer = await visit(conn, shop, member, CheckInPurpose.REDEEM, now=late)
        quoted = await quote(conn, shop.terminal, customer, receipt(1_000), now=late)
        with pytest.raises(RewardUnavailable):
            await quote(
                conn, shop.terminal, customer, receipt(1_000), wanted=Wanted((), (gold_only.reward_id,)), now=late
            )
        assert await conn.fetchval("SELECT tier FROM cards") == ("Gold" if days == 32 else "Silver")
        # then
        assert quoted.plan.points == 10
        recorded = await checkout(conn, shop.terminal, customer, receipt(1_000), quote_id=quoted.quote_id, now=late)
        assert (recorded.sale.points, recorded.card.active) == (10, quoted.balance_after)
