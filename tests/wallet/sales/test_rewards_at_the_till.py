"""Vouchers used, and rewards bought and used in one go: paid for once, off the right lines, or nothing at all."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from infra.pool import Pool
from tests.factories import Shop, make_points, make_reward, make_shop
from tests.wallet.counter import Member, another_store, count, counts, make_member, qr, race, show
from tests.wallet.sales.histories import assert_lawful
from tests.wallet.sales.till import (
    REWARD_TABLES,
    TABLES,
    checkout,
    claimed,
    picked,
    quote,
    receipt,
    refund,
    standing,
    visit,
)
from wallet import rewards, sales
from wallet.baskets import Basket, Line
from wallet.database import Conn
from wallet.errors import (
    IdempotencyKeyReused,
    InsufficientPoints,
    InvalidInput,
    NotFound,
    RedeemCodeNeeded,
    RewardUnavailable,
    VoucherNotUsable,
)
from wallet.rewards import Reward
from wallet.rules import Rules, StampRules, TierLevel, TierRules
from wallet.sales import Recorded, Wanted
from wallet.values import CheckInPurpose, LineKind, Minor, Money, Points, RewardId, RewardKind, VisitId, VoucherId

EVERYTHING = (*TABLES, *REWARD_TABLES)
REDEEM = CheckInPurpose.REDEEM
RULES = Rules(points=Points(1), per_minor=Minor(100))


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, rules=RULES, now=now)


@pytest.fixture
async def member(conn: Conn, shop: Shop, now: datetime) -> Member:
    """With 100 points, the first 30 of which expire."""
    member = await make_member(conn, shop, now=now)
    await make_points(conn, shop, member.card_id, 30, expires_at=now + timedelta(days=30), now=now)
    await make_points(conn, shop, member.card_id, 70, now=now)
    return member


@pytest.fixture
async def customer(conn: Conn, shop: Shop, member: Member, now: datetime) -> VisitId:
    return await visit(conn, shop, member, REDEEM, now=now)


async def two_off(conn: Conn, shop: Shop, *, now: datetime, **more: Any) -> Reward:
    """₹2 off, for 40 points."""
    return await make_reward(
        conn, shop, kind=RewardKind.AMOUNT_OFF, amount_minor=Minor(200), cost_points=40, now=now, **more
    )


async def voucher(conn: Conn, voucher_id: VoucherId) -> dict[str, Any]:
    row = await conn.fetchrow("SELECT state, origin, used_at, used_sale_id, closed_at FROM vouchers WHERE voucher_id = $1", voucher_id)  # noqa: E501  # fmt: skip
    return picked(row, "state", "origin", "used_at", "used_sale_id", "closed_at")


async def stock_of(conn: Conn, reward: Reward) -> int | None:
    stock: int | None = await conn.fetchval("SELECT stock FROM rewards WHERE reward_id = $1", reward.reward_id)
    return stock


async def entries(conn: Conn, member: Member) -> list[tuple[str, int, int]]:
    """Kind, points and reserved points, without the first two."""
    rows = await conn.fetch(
        "SELECT kind, points, reserved_points FROM entries WHERE card_id = $1 AND seq > 2 ORDER BY seq", member.card_id
    )
    return [(row["kind"], row["points"], row["reserved_points"]) for row in rows]


# --- what is done


async def test_a_reward_bought_on_the_spot_is_paid_for_and_what_is_paid_earns(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    reward = await two_off(conn, shop, stock=5, now=now)

    recorded = await checkout(
        conn, shop.terminal, customer, receipt(600, 200), wanted=Wanted(reward_ids=(reward.reward_id,)), now=now
    )

    sale = recorded.sale
    assert (sale.total, sale.due) == (Money(Minor(800), "INR"), Money(Minor(600), "INR"))
    assert [(part.reward.slug, part.line_id, part.amount.amount_minor) for part in sale.discounts] == [
        (reward.slug, "1", 150),
        (reward.slug, "2", 50),
    ]
    # 450 and 150 are paid: six points, and 40 have left the lots that expire first.
    assert (sale.points, [line.points for line in sale.lines]) == (6, [4, 2])
    assert (recorded.card.active, await entries(conn, member)) == (66, [("REDEEMED", -40, 0), ("EARNED", 6, 0)])
    lots = await conn.fetch("SELECT remaining FROM lots WHERE card_id = $1 ORDER BY lot_id", member.card_id)
    assert [lot["remaining"] for lot in lots] == [0, 60, 6]
    assert await stock_of(conn, reward) == 4
    row = await conn.fetchrow("SELECT state, origin, points, used_at, used_sale_id, redeemed_seq FROM vouchers")
    assert picked(row, "state", "origin", "points", "used_at", "used_sale_id", "redeemed_seq") == {
        "state": "USED",
        "origin": "TILL",
        "points": 40,
        "used_at": now,
        "used_sale_id": sale.sale_id,
        "redeemed_seq": 3,
    }
    assert await conn.fetchval("SELECT redeemed_seq FROM sales") == 3
    reasons = await conn.fetchval("SELECT reasons FROM entries WHERE card_id = $1 AND seq = 3", member.card_id)
    assert reasons == [{"code": "redeemed_at_till", "facts": {"reward": "Free coffee"}}]
    await assert_lawful(conn)


async def test_a_claimed_voucher_is_used_without_a_line_in_the_history(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    reward = await two_off(conn, shop, stock=5, now=now)
    voucher_id = await claimed(conn, shop, member, reward, now=now)
    assert await stock_of(conn, reward) == 4

    recorded = await checkout(
        conn, shop.terminal, customer, receipt(600), wanted=Wanted(voucher_ids=(voucher_id,)), now=now
    )

    assert (recorded.sale.due.amount_minor, recorded.sale.points, recorded.card.active) == (400, 4, 64)
    assert await entries(conn, member) == [("REDEEMED", -40, 40), ("VOUCHER_USED", 0, -40), ("EARNED", 4, 0)]
    assert await voucher(conn, voucher_id) == {
        "state": "USED",
        "origin": "CLAIMED",
        "used_at": now,
        "used_sale_id": recorded.sale.sale_id,
        "closed_at": now,
    }
    assert await stock_of(conn, reward) == 4
    await assert_lawful(conn)


async def test_vouchers_and_rewards_of_one_sale_are_one_entry(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    off = await two_off(conn, shop, now=now)
    coffee = await make_reward(conn, shop, cost_points=10, categories=("coffee",), now=now)
    tasting = await make_reward(conn, shop, kind=RewardKind.PERK, cost_points=5, now=now)
    used = await claimed(conn, shop, member, off, now=now)
    basket = Basket("R-1", "INR", (Line("1", Minor(300), category="coffee"), Line("2", Minor(500))))

    recorded = await checkout(
        conn,
        shop.terminal,
        customer,
        basket,
        wanted=Wanted((used,), (tasting.reward_id, coffee.reward_id)),
        now=now,
    )

    # The coffee is free; the ₹2 come off what is left.
    assert [(part.reward.slug, part.line_id, part.amount.amount_minor) for part in recorded.sale.discounts] == [
        (off.slug, "2", 200),
        (tasting.slug, None, 0),
        (coffee.slug, "1", 300),
    ]
    assert (recorded.sale.due.amount_minor, recorded.sale.points) == (300, 3)
    assert await entries(conn, member) == [("REDEEMED", -40, 40), ("REDEEMED", -15, -40), ("EARNED", 3, 0)]
    assert recorded.card.active == 100 - 40 - 15 + 3
    await assert_lawful(conn)


async def test_a_reward_is_not_paid_with_the_points_of_its_own_sale(
    conn: Conn, now: datetime, shop: Shop, customer: VisitId
) -> None:
    reward = await make_reward(conn, shop, cost_points=101, now=now)
    before = await counts(conn, *EVERYTHING)

    with pytest.raises(InsufficientPoints) as refused:
        await checkout(
            conn, shop.terminal, customer, receipt(90_000), wanted=Wanted(reward_ids=(reward.reward_id,)), now=now
        )

    assert (refused.value.needed, refused.value.available) == (101, 100)
    assert await counts(conn, *EVERYTHING) == before


async def test_a_reward_paid_with_stamps_takes_them_off_the_punch_card(conn: Conn, now: datetime) -> None:
    stamps = StampRules("item", 10, "free-coffee")
    shop = await make_shop(conn, rules=Rules(points=Points(0), per_minor=Minor(100), stamps=stamps), now=now)
    member = await make_member(conn, shop, now=now)
    await make_reward(conn, shop, slug="free-coffee", now=now)
    biscuit = await make_reward(conn, shop, kind=RewardKind.PERK, cost_stamps=3, now=now)
    customer = await visit(conn, shop, member, REDEEM, now=now)
    four = Basket("R-1", "INR", (Line("1", Minor(400), quantity=4),))
    await checkout(conn, shop.terminal, customer, four, now=now)

    recorded = await checkout(
        conn, shop.terminal, customer, receipt(100), wanted=Wanted(reward_ids=(biscuit.reward_id,)), now=now
    )

    assert (recorded.card.stamps, recorded.sale.stamps) == (2, 1)
    rows = await conn.fetch("SELECT kind, stamps, stamps_after FROM stamp_movements ORDER BY movement_id")
    assert [(row["kind"], row["stamps"], row["stamps_after"]) for row in rows] == [
        ("COLLECTED", 4, 4),
        ("SPENT", -3, 1),
        ("COLLECTED", 1, 2),
    ]
    await assert_lawful(conn)
    with pytest.raises(RewardUnavailable) as refused:
        await checkout(
            conn, shop.terminal, customer, receipt(100), wanted=Wanted(reward_ids=(biscuit.reward_id,)), now=now
        )
    assert [reason.facts for reason in refused.value.reasons] == [{"stamps": 1}]


# --- what is refused, and nothing with it


@pytest.mark.parametrize("by", ["visit", "code"])
async def test_a_code_to_earn_spends_nothing(conn: Conn, now: datetime, shop: Shop, member: Member, by: str) -> None:
    reward = await two_off(conn, shop, now=now)
    voucher_id = await claimed(conn, shop, member, reward, now=now)
    customer = (
        await visit(conn, shop, member, now=now) if by == "visit" else qr(await show(conn, shop, member, now=now))
    )
    before = await counts(conn, *EVERYTHING)

    for wanted in (Wanted(voucher_ids=(voucher_id,)), Wanted(reward_ids=(reward.reward_id,))):
        with pytest.raises(RedeemCodeNeeded):
            await quote(conn, shop.terminal, customer, receipt(600), wanted=wanted, now=now)
        with pytest.raises(RedeemCodeNeeded):
            await checkout(conn, shop.terminal, customer, receipt(600), wanted=wanted, now=now)

    assert await counts(conn, *EVERYTHING) == before
    redeem = qr(await show(conn, shop, member, REDEEM, now=now))
    used = await checkout(conn, shop.terminal, redeem, receipt(600), wanted=Wanted((voucher_id,)), now=now)
    assert used.sale.due.amount_minor == 400


async def test_what_is_not_the_member_s_to_use_is_not_found(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    reward = await two_off(conn, shop, now=now)
    friend = await make_member(conn, shop, now=now)
    await make_points(conn, shop, friend.card_id, 50, now=now)
    theirs = await claimed(conn, shop, friend, reward, now=now)
    stranger = await make_shop(conn, now=now)
    elsewhere = await make_reward(conn, stranger, now=now)
    before = await counts(conn, *EVERYTHING)

    for wanted in (
        Wanted((theirs,)),
        Wanted((VoucherId(uuid4()),)),
        Wanted(reward_ids=(RewardId(uuid4()),)),
        Wanted(reward_ids=(elsewhere.reward_id,)),
    ):
        for way in (quote, checkout):
            with pytest.raises(NotFound):
                await way(conn, shop.terminal, customer, receipt(600), wanted=wanted, now=now)

    assert await counts(conn, *EVERYTHING) == before


async def test_a_voucher_that_was_used_cancelled_or_is_over_is_not_usable(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    reward = await make_reward(conn, shop, cost_points=5, voucher_days=1, now=now)
    used, cancelled, lapsed = [await claimed(conn, shop, member, reward, now=now) for _ in range(3)]
    await checkout(conn, shop.terminal, customer, receipt(600), wanted=Wanted((used,)), now=now)
    async with conn.transaction():
        await rewards.cancel(
            conn,
            customer_id=member.customer_id,
            merchant_id=shop.merchant_id,
            voucher_id=cancelled,
            idempotency_key=uuid4(),
            now=now,
        )
    # The one that is over is not swept yet.
    late = now + timedelta(days=3)
    visits = {used: (customer, now), cancelled: (customer, now)}
    visits[lapsed] = (await visit(conn, shop, member, REDEEM, now=late), late)
    before = await counts(conn, *EVERYTHING)

    for voucher_id, (who, at) in visits.items():
        for way in (quote, checkout):
            with pytest.raises(VoucherNotUsable) as refused:
                await way(conn, shop.terminal, who, receipt(600), wanted=Wanted((voucher_id,)), now=at)
            assert refused.value.voucher_id == voucher_id

    assert await counts(conn, *EVERYTHING) == before


async def test_a_voucher_is_used_in_the_stores_that_hand_it_over(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    there = await another_store(conn, shop, now=now)
    reward = await make_reward(conn, shop, cost_points=5, stores=(there.store_id,), now=now)
    voucher_id = await claimed(conn, shop, member, reward, now=now)
    here = await visit(conn, shop, member, REDEEM, now=now)

    with pytest.raises(VoucherNotUsable):
        await checkout(conn, shop.terminal, here, receipt(600), wanted=Wanted((voucher_id,)), now=now)
    with pytest.raises(RewardUnavailable) as refused:
        await checkout(conn, shop.terminal, here, receipt(600), wanted=Wanted((), (reward.reward_id,)), now=now)

    assert [reason.code for reason in refused.value.reasons] == ["reward_elsewhere"]
    code = qr(await show(conn, shop, member, REDEEM, now=now))
    used = await checkout(conn, there, code, receipt(600), wanted=Wanted((voucher_id,)), now=now)
    assert used.sale.due.amount_minor == 0


async def test_all_that_is_bought_at_once_must_be_paid_for(
    conn: Conn, now: datetime, shop: Shop, customer: VisitId
) -> None:
    three = [await make_reward(conn, shop, cost_points=cost, now=now) for cost in (50, 30, 21)]
    before = await counts(conn, *EVERYTHING)
    wanted = Wanted(reward_ids=tuple(reward.reward_id for reward in three))

    for way in (quote, checkout):
        with pytest.raises(InsufficientPoints) as refused:
            await way(conn, shop.terminal, customer, receipt(600), wanted=wanted, now=now)
        assert (refused.value.needed, refused.value.available) == (101, 100)

    assert await counts(conn, *EVERYTHING) == before


async def test_every_reason_against_a_reward_is_said(
    conn: Conn, now: datetime, customer: VisitId, shop: Shop, member: Member
) -> None:
    tomorrow = now + timedelta(days=1)
    unavailable = [
        await make_reward(conn, shop, claimable_from=tomorrow, now=now),
        await make_reward(conn, shop, stock=1, per_member=1, cost_points=1, now=now),
    ]
    second = unavailable[1].reward_id
    await checkout(conn, shop.terminal, customer, receipt(600), wanted=Wanted((), (second,)), now=now)
    before = await counts(conn, *EVERYTHING)

    wanted = Wanted(reward_ids=tuple(reward.reward_id for reward in unavailable))
    for way in (quote, checkout):
        with pytest.raises(RewardUnavailable) as refused:
            await way(conn, shop.terminal, customer, receipt(600), wanted=wanted, now=now)
        assert [reason.code for reason in refused.value.reasons] == [
            "reward_not_yet",
            "reward_none_left",
            "reward_had",
        ]

    assert await counts(conn, *EVERYTHING) == before


async def test_a_voucher_that_is_over_does_not_count_against_the_limit_of_a_member(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    reward = await make_reward(conn, shop, per_member=1, cost_points=5, voucher_days=1, now=now)
    await claimed(conn, shop, member, reward, now=now)
    late = now + timedelta(days=3)
    customer = await visit(conn, shop, member, REDEEM, now=late)

    again = await checkout(
        conn, shop.terminal, customer, receipt(600), wanted=Wanted((), (reward.reward_id,)), now=late
    )

    assert again.sale.due.amount_minor == 0


async def test_a_reward_of_a_tier_is_for_its_members(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, rules=Rules(tiers=TierRules((TierLevel("Silver", 10),))), now=now)
    member = await make_member(conn, shop, now=now)
    reward = await make_reward(conn, shop, kind=RewardKind.PERK, cost_points=1, tiers=("Silver",), now=now)
    customer, wanted = await visit(conn, shop, member, REDEEM, now=now), Wanted((), (reward.reward_id,))
    await checkout(conn, shop.terminal, customer, receipt(500), now=now)
    with pytest.raises(RewardUnavailable):
        await checkout(conn, shop.terminal, customer, receipt(500), wanted=wanted, now=now)
    await checkout(conn, shop.terminal, customer, receipt(500), now=now)

    assert (await checkout(conn, shop.terminal, customer, receipt(500), wanted=wanted, now=now)).card.active == 14


async def test_nothing_is_named_twice(conn: Conn, now: datetime, shop: Shop, customer: VisitId) -> None:
    reward, voucher_id = await two_off(conn, shop, now=now), VoucherId(uuid4())
    many = tuple(RewardId(uuid4()) for _ in range(21))
    before = await counts(conn, *EVERYTHING)

    for wanted, field in (
        (Wanted((), (reward.reward_id,) * 2), "rewardIds[1]"),
        (Wanted((voucher_id,) * 2), "voucherIds[1]"),
        (Wanted((), many), "rewardIds"),
    ):
        for way in (quote, checkout):
            with pytest.raises(InvalidInput) as refused:
                await way(conn, shop.terminal, customer, receipt(600), wanted=wanted, now=now)
            assert [problem.field for problem in refused.value.problems] == [field]

    assert await counts(conn, *EVERYTHING) == before


# --- once


async def test_the_same_key_uses_and_buys_once(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    reward = await two_off(conn, shop, stock=9, now=now)
    wanted = Wanted((await claimed(conn, shop, member, reward, now=now),), (reward.reward_id,))
    key = uuid4()
    first = await checkout(conn, shop.terminal, customer, receipt(900), wanted=wanted, key=key, now=now)
    before = await counts(conn, *EVERYTHING)

    again = await checkout(
        conn, shop.terminal, customer, receipt(900), wanted=wanted, key=key, now=now + timedelta(days=3)
    )

    assert again.replayed
    assert [(d.reward.slug, d.line_id, d.amount) for d in again.sale.discounts] == [
        (d.reward.slug, d.line_id, d.amount) for d in first.sale.discounts
    ]
    assert (again.sale.due, again.sale.points, again.card) == (first.sale.due, first.sale.points, first.card)
    for other in (Wanted(), Wanted(wanted.voucher_ids), Wanted((), wanted.reward_ids)):
        with pytest.raises(IdempotencyKeyReused):
            await checkout(conn, shop.terminal, customer, receipt(900), wanted=other, key=key, now=now)
    assert await counts(conn, *EVERYTHING) == before
    assert await stock_of(conn, reward) == 7


def buying(shop: Shop, customer: VisitId, wanted: Wanted, now: datetime) -> Callable[[Conn], Awaitable[Recorded]]:
    return lambda conn: sales.checkout(
        conn,
        terminal=shop.terminal,
        customer=customer,
        basket=receipt(600),
        wanted=wanted,
        idempotency_key=uuid4(),
        now=now,
    )


async def test_of_two_who_want_the_last_one_one_has_it(pool: Pool, conn: Conn, now: datetime, shop: Shop) -> None:
    # given perks of which one each is left, in both orders, and tills that serve different members
    members = [await make_member(conn, shop, now=now) for _ in range(4)]
    for each in members:
        await make_points(conn, shop, each.card_id, 100, now=now)
    customers = [await visit(conn, shop, each, REDEEM, now=now) for each in members]
    for _ in range(5):
        pair = [await make_reward(conn, shop, kind=RewardKind.PERK, cost_points=10, stock=1, now=now) for _ in range(2)]
        orders = [tuple(reward.reward_id for reward in order) for order in (pair, pair[::-1])] * 2
        before = await counts(conn, *EVERYTHING)
        # when
        racers = [
            buying(shop, customer, Wanted((), order), now) for customer, order in zip(customers, orders, strict=True)
        ]
        results = await race(pool, racers)
        # then one till has both, and the others have nothing at all
        assert sorted(type(result).__name__ for result in results) == ["Recorded"] + ["RewardUnavailable"] * 3, results
        assert [await stock_of(conn, reward) for reward in pair] == [0, 0]
        after = await counts(conn, *EVERYTHING)
        assert (after["sales"] - before["sales"], after["vouchers"] - before["vouchers"]) == (1, 2)
    await assert_lawful(conn)


async def test_one_voucher_at_once_at_many_tills_is_used_once(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    reward = await two_off(conn, shop, now=now)
    voucher_id = await claimed(conn, shop, member, reward, now=now)

    results = await race(pool, [buying(shop, customer, Wanted((voucher_id,)), now)] * 4)

    assert sorted(type(result).__name__ for result in results) == ["Recorded"] + ["VoucherNotUsable"] * 3, results
    assert (await standing(conn, member.card_id))["active"] == 60 + 4
    assert await count(conn, "sales") == 1
    await assert_lawful(conn)


async def test_points_are_spent_once_by_tills_at_once(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    reward = await make_reward(conn, shop, kind=RewardKind.PERK, cost_points=60, now=now)

    results = await race(pool, [buying(shop, customer, Wanted((), (reward.reward_id,)), now)] * 4)

    assert sorted(type(result).__name__ for result in results) == ["InsufficientPoints"] * 3 + ["Recorded"], results
    assert (await standing(conn, member.card_id))["active"] == 46
    await assert_lawful(conn)


# --- what does not fit


async def test_what_takes_nothing_off_is_not_used_up(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    # given: bread to have, and a basket of coffee, a tip, and something that costs nothing
    bread = await make_reward(conn, shop, cost_points=10, categories=("bread",), now=now)
    held = await claimed(conn, shop, member, bread, now=now)
    lines = (Line("1", Minor(500), category="coffee"), Line("2", Minor(90), LineKind.TIP), Line("3", Minor(0)))
    basket, before = Basket("R-1", "INR", lines), await counts(conn, *EVERYTHING)

    for doing in (quote, checkout):
        with pytest.raises(VoucherNotUsable) as unused:
            await doing(conn, shop.terminal, customer, basket, wanted=Wanted((held,), ()), now=now)
        assert (unused.value.voucher_id, unused.value.takes_nothing_off) == (held, True)
        with pytest.raises(RewardUnavailable) as refused:
            await doing(conn, shop.terminal, customer, basket, wanted=Wanted((), (bread.reward_id,)), now=now)
        assert [reason.code for reason in refused.value.reasons] == ["reward_takes_nothing_off"]

    assert (await counts(conn, *EVERYTHING), (await voucher(conn, held))["state"]) == (before, "USABLE")


async def test_what_finds_nothing_left_to_pay_is_not_used_up(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    # given: two of ₹2 off, and ₹1 to pay
    reward = await two_off(conn, shop, now=now)
    held = await claimed(conn, shop, member, reward, now=now)
    both, before = Wanted((held,), (reward.reward_id,)), await counts(conn, *EVERYTHING)

    with pytest.raises(RewardUnavailable):
        await checkout(conn, shop.terminal, customer, receipt(100), wanted=both, now=now)

    assert (await counts(conn, *EVERYTHING), (await voucher(conn, held))["state"]) == (before, "USABLE")
    # and where there is as much as a paisa for the second, both are used
    done = await checkout(conn, shop.terminal, customer, receipt(201), wanted=both, now=now)
    assert [part.amount.amount_minor for part in done.sale.discounts] == [200, 1]


async def test_a_perk_is_used_though_no_line_stands_for_it_and_is_told_of(
    conn: Conn, now: datetime, shop: Shop, customer: VisitId
) -> None:
    perk = await make_reward(conn, shop, kind=RewardKind.PERK, cost_points=10, now=now)

    quoted = await quote(conn, shop.terminal, customer, receipt(500), wanted=Wanted((), (perk.reward_id,)), now=now)
    done = await checkout(conn, shop.terminal, customer, receipt(500), wanted=Wanted((), (perk.reward_id,)), now=now)

    told = [(part.reward.slug, part.line_id, part.amount.amount_minor) for part in done.sale.discounts]
    assert (told, done.sale.due.amount_minor, done.card.active) == ([(perk.slug, None, 0)], 500, 95)
    assert sales.receipts.discounts_of(quoted.basket, quoted.plan) == done.sale.discounts
    # and the sale says so for as long as it was used with it
    found = await sales.find(conn, terminal=shop.terminal, sale_id=done.sale.sale_id)
    assert found is not None
    assert [(part.reward.slug, part.line_id, part.amount) for part in found.discounts] == [
        (perk.slug, None, Money(Minor(0), "INR"))
    ]
    await refund(conn, shop.terminal, done.sale.sale_id, now=now)
    found = await sales.find(conn, terminal=shop.terminal, sale_id=done.sale.sale_id)
    assert found is not None
    assert found.discounts == ()


async def test_as_much_as_can_be_used_at_once_with_the_longest_names_has_room_in_an_entry(
    conn: Conn, now: datetime, shop: Shop, member: Member, customer: VisitId
) -> None:
    # given: twenty vouchers and twenty rewards, each with eighty letters of four octets
    named = [
        await make_reward(conn, shop, slug=f"r{n}", name="𑄇" * 80, kind=RewardKind.PERK, cost_points=1, now=now)
        for n in range(20)
    ]
    held = tuple([await claimed(conn, shop, member, reward, now=now) for reward in named])
    wanted = Wanted(held, tuple(reward.reward_id for reward in named))
    # when
    done = await checkout(conn, shop.terminal, customer, receipt(500), wanted=wanted, now=now)
    await refund(conn, shop.terminal, done.sale.sale_id, now=now)
    # then: the entries name as many as they have room for, and say how many more there were
    rows = await conn.fetch(
        "SELECT kind, reasons FROM entries WHERE sale_id = $1 AND kind IN ('REDEEMED', 'RETURNED') ORDER BY seq",
        done.sale.sale_id,
    )
    assert [row["kind"] for row in rows] == ["REDEEMED", "RETURNED"]
    for row, code in zip(rows, ("redeemed_at_till", "reward_given_back"), strict=True):
        assert [reason["code"] for reason in row["reasons"]] == [code] * 20 + ["more_rewards"]
        assert row["reasons"][-1]["facts"] == {"rewards": 20}
    await assert_lawful(conn)
