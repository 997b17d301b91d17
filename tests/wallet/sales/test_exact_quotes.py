"""A checkout that names a quote does exactly what that said, or nothing, and says what it would do now."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.factories import Shop, make_points, make_reward, make_shop
from tests.wallet.counter import Member, counts, make_member
from tests.wallet.sales.till import REWARD_TABLES, TABLES, checkout, claimed, quote, receipt, standing, visit
from wallet.database import Conn
from wallet.errors import IdempotencyKeyReused, QuoteChanged, VoucherNotUsable
from wallet.rules import Caps, ReviewRules, Rules, TierLevel, TierRules
from wallet.sales import NOTHING, Wanted, quoting
from wallet.values import CheckInPurpose, EarnStatus, Minor, Points, RewardKind, VisitId

EVERYTHING = (*TABLES, *REWARD_TABLES)
RULES = Rules(points=Points(1), per_minor=Minor(100))


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, rules=RULES, now=now)


@pytest.fixture
async def member(conn: Conn, shop: Shop, now: datetime) -> Member:
    return await make_member(conn, shop, now=now)


@pytest.fixture
async def customer(conn: Conn, shop: Shop, member: Member, now: datetime) -> VisitId:
    return await visit(conn, shop, member, CheckInPurpose.REDEEM, now=now)


async def test_a_quote_that_still_holds_is_done(conn: Conn, now: datetime, shop: Shop, customer: VisitId) -> None:
    quoted = await quote(conn, shop.terminal, customer, receipt(500), now=now)

    last = quoted.expires_at - timedelta(seconds=1)
    last = min(last, now + timedelta(minutes=14))
    recorded = await checkout(conn, shop.terminal, customer, receipt(500), quote_id=quoted.quote_id, now=last)

    assert (recorded.sale.points, recorded.card.active) == (quoted.plan.points, quoted.balance_after) == (5, 5)
    assert quoted.expires_at == now + timedelta(minutes=15)


async def test_another_balance_is_another_quote(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    quoted = await quote(conn, shop.terminal, customer, receipt(500), now=now)
    await make_points(conn, shop, member.card_id, 7, now=now)
    before = await counts(conn, *EVERYTHING)

    with pytest.raises(QuoteChanged) as refused:
        await checkout(conn, shop.terminal, customer, receipt(500), quote_id=quoted.quote_id, now=now)

    # then nothing was done, and the quote of now can be taken
    assert await counts(conn, *EVERYTHING) == before
    offered = refused.value.quote
    assert (offered.balance_after, offered.quote_id == quoted.quote_id) == (12, False)
    recorded = await checkout(conn, shop.terminal, customer, receipt(500), quote_id=offered.quote_id, now=now)
    assert recorded.card.active == 12


async def test_as_many_points_for_another_reason_are_another_quote(conn: Conn, now: datetime) -> None:
    # given a purchase that would be carried on, by one who may earn 3 points a day, spendable from tomorrow on
    capped = replace(RULES, carry_remainder=True, caps=Caps(per_day=Points(3)), pending_days=1)
    shop = await make_shop(conn, rules=capped, now=now)
    customer = await visit(conn, shop, await make_member(conn, shop, now=now), now=now)
    quoted = await quote(conn, shop.terminal, customer, receipt(75), now=now)
    assert [(line.points, line.status) for line in quoted.plan.earning.lines] == [(0, EarnStatus.NO_RULE)]
    # when another purchase has used the day up, and left 50 on the way to the next point
    await checkout(conn, shop.terminal, customer, receipt(350), now=now)
    # then nothing is earned all the same, but the money is lost to the cap, and that is not what was said
    with pytest.raises(QuoteChanged) as refused:
        await checkout(conn, shop.terminal, customer, receipt(75), quote_id=quoted.quote_id, now=now)
    offered = refused.value.quote
    assert offered.balance_after == quoted.balance_after
    assert [(line.points, line.status) for line in offered.plan.earning.lines] == [(0, EarnStatus.CAP_REACHED)]


async def test_points_that_would_wait_for_the_merchant_are_another_quote(conn: Conn, now: datetime) -> None:
    # given points that are spendable from tomorrow on, and at most one sale a day that nobody looks at
    careful = replace(RULES, pending_days=1, review=ReviewRules(sales_per_day=1))
    shop = await make_shop(conn, rules=careful, now=now)
    customer = await visit(conn, shop, await make_member(conn, shop, now=now), now=now)
    quoted = await quote(conn, shop.terminal, customer, receipt(500), now=now)
    # when that one is another
    await checkout(conn, shop.terminal, customer, receipt(300), now=now)
    # then the balance would be as it was said, but not on the day that the receipt names
    with pytest.raises(QuoteChanged) as refused:
        await checkout(conn, shop.terminal, customer, receipt(500), quote_id=quoted.quote_id, now=now)
    offered = refused.value.quote
    assert (offered.balance_after, quoted.plan.held is None, offered.plan.held is None) == (0, True, False)


async def test_a_voucher_that_was_used_between_is_not_used_again(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    # given a quote with a voucher
    reward = await make_reward(conn, shop, kind=RewardKind.AMOUNT_OFF, amount_minor=Minor(200), cost_points=3, now=now)
    await make_points(conn, shop, member.card_id, 3, now=now)
    wanted = Wanted(voucher_ids=(await claimed(conn, shop, member, reward, now=now),))
    quoted = await quote(conn, shop.terminal, customer, receipt(500), wanted=wanted, now=now)
    assert (quoted.plan.due_minor, quoted.plan.points) == (300, 3)
    # when the voucher goes elsewhere first
    await checkout(conn, shop.terminal, customer, receipt(900), wanted=wanted, now=now)
    before = await counts(conn, *EVERYTHING)
    # then
    with pytest.raises(VoucherNotUsable):
        await checkout(conn, shop.terminal, customer, receipt(500), wanted=wanted, quote_id=quoted.quote_id, now=now)
    assert await counts(conn, *EVERYTHING) == before


async def test_an_old_quote_is_none_though_the_outcome_would_be_the_same(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    quoted = await quote(conn, shop.terminal, customer, receipt(500), now=now)
    late = now + timedelta(minutes=15)
    fresh = await visit(conn, shop, member, now=late)
    before = await counts(conn, *EVERYTHING)

    for who, at in ((fresh, late), (fresh, late + timedelta(seconds=1))):
        with pytest.raises(QuoteChanged) as refused:
            await checkout(conn, shop.terminal, who, receipt(500), quote_id=quoted.quote_id, now=at)
        assert refused.value.quote.expires_at == at + timedelta(minutes=15)

    assert await counts(conn, *EVERYTHING) == before


@pytest.mark.parametrize("forge", ["", "-", "x", "ffffffffffffffffffffff-00", "later", "other", "shorter", "\x00"])
async def test_an_id_that_no_quote_had_is_none(
    conn: Conn, now: datetime, shop: Shop, customer: VisitId, forge: str
) -> None:
    quoted = await quote(conn, shop.terminal, customer, receipt(500), now=now)
    until, _, outcome = quoted.quote_id.partition("-")
    forged = {
        "later": f"{int(until, 16) + 60:x}-{outcome}",
        "other": f"{until}-{'0' * len(outcome)}",
        "shorter": quoted.quote_id[:-1],
    }.get(forge, forge)
    before = await counts(conn, *EVERYTHING)

    with pytest.raises(QuoteChanged) as refused:
        await checkout(conn, shop.terminal, customer, receipt(500), quote_id=forged, now=now)

    assert refused.value.quote.plan == quoted.plan
    assert await counts(conn, *EVERYTHING) == before


async def test_a_quote_is_of_its_own_customer_basket_and_rewards(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    reward = await make_reward(conn, shop, kind=RewardKind.PERK, cost_points=1, now=now)
    await make_points(conn, shop, member.card_id, 3, now=now)
    quoted = await quote(conn, shop.terminal, customer, receipt(500), now=now)
    other = await visit(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    before = await counts(conn, *EVERYTHING)

    for who, basket, wanted in (
        (other, receipt(500), Wanted()),
        (customer, receipt(250, 250), Wanted()),
        (customer, receipt(500), Wanted(reward_ids=(reward.reward_id,))),
    ):
        with pytest.raises(QuoteChanged):
            await checkout(conn, shop.terminal, who, basket, wanted=wanted, quote_id=quoted.quote_id, now=now)

    assert await counts(conn, *EVERYTHING) == before


async def test_points_that_would_wait_till_another_day_are_another_quote(conn: Conn, now: datetime) -> None:
    # given a quote a minute before midnight in Kolkata
    shop = await make_shop(conn, rules=replace(RULES, pending_days=1), now=now)
    member = await make_member(conn, shop, now=now)
    evening = now.replace(hour=18, minute=29)
    customer = await visit(conn, shop, member, now=evening)
    quoted = await quote(conn, shop.terminal, customer, receipt(500), now=evening)
    # when it is taken a minute before midnight, and a minute after
    with pytest.raises(QuoteChanged):
        await checkout(
            conn, shop.terminal, customer, receipt(500), quote_id=quoted.quote_id, now=evening + timedelta(minutes=2)
        )
    again = await checkout(
        conn, shop.terminal, customer, receipt(500), quote_id=quoted.quote_id, now=evening + timedelta(seconds=30)
    )
    assert again.sale.points == 5


async def test_a_retry_with_a_quote_that_is_over_has_its_sale(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    quoted, key = await quote(conn, shop.terminal, customer, receipt(500), now=now), uuid4()
    first = await checkout(conn, shop.terminal, customer, receipt(500), quote_id=quoted.quote_id, key=key, now=now)

    late = now + timedelta(days=1)
    again = await checkout(conn, shop.terminal, customer, receipt(500), quote_id=quoted.quote_id, key=key, now=late)

    assert (again.replayed, again.changed, again.sale) == (True, False, first.sale)
    with pytest.raises(IdempotencyKeyReused):
        await checkout(conn, shop.terminal, customer, receipt(501), quote_id=quoted.quote_id, key=key, now=late)
    assert (await standing(conn, member.card_id))["active"] == 5


async def test_a_quote_says_which_tier_it_brings_and_what_a_cap_takes(conn: Conn, now: datetime) -> None:
    rules = replace(
        RULES, tiers=TierRules((TierLevel("Silver", 5), TierLevel("Gold", 50))), caps=Caps(per_sale=Points(7))
    )
    shop = await make_shop(conn, rules=rules, now=now)
    member = await make_member(conn, shop, now=now)
    customer = await visit(conn, shop, member, now=now)

    quoted = await quote(conn, shop.terminal, customer, receipt(900), now=now)
    recorded = await checkout(conn, shop.terminal, customer, receipt(900), quote_id=quoted.quote_id, now=now)

    assert quoted.plan.standing is not None
    assert (quoted.plan.standing.tier, quoted.plan.points, quoted.plan.earning.capped_points) == ("Silver", 7, 2)
    assert (recorded.card.standing, recorded.sale.points) == (quoted.plan.standing, 7)


async def test_an_id_that_says_it_is_good_for_longer_than_quotes_are_is_none(
    conn: Conn, now: datetime, shop: Shop, customer: VisitId
) -> None:
    # given: the ids that quotes of these moments would have, made by somebody who knows how they are made
    later = {more: now + quoting.LIFE + timedelta(seconds=more) for more in (0, 1, 3_600)}
    plan = (await quote(conn, shop.terminal, customer, receipt(500), now=now)).plan
    forged = {
        more: quoting.described(
            shop.terminal, customer, receipt(500), NOTHING, plan, (),
            active=Points(0), debt=Points(0), expires_at=until, now=now,
        ).quote_id
        for more, until in later.items()
    }  # fmt: skip
    before = await counts(conn, *EVERYTHING)
    # then
    for more in (1, 3_600):
        with pytest.raises(QuoteChanged):
            await checkout(conn, shop.terminal, customer, receipt(500), quote_id=forged[more], now=now)
        assert await counts(conn, *EVERYTHING) == before
    # but one of now is good
    assert (await checkout(conn, shop.terminal, customer, receipt(500), quote_id=forged[0], now=now)).sale.points == 5
