"""Random programs and random lives of a card in them: what laws over sales, refunds and decisions are tried on."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from infra.sweeps import lapse_vouchers
from tests.factories import Shop, make_points, make_reward, make_shop
from tests.wallet import drawn
from tests.wallet.counter import Member, make_member
from tests.wallet.sales.till import checkout, claimed, picked, quote, refund, spend, visit
from wallet import audit, ledger, reviews, sales
from wallet.baskets import Basket, Line
from wallet.database import Conn
from wallet.errors import InsufficientPoints, RewardUnavailable, VoucherNotUsable
from wallet.rewards import Reward
from wallet.rules import (
    Bonuses,
    Caps,
    MonthDay,
    ReviewRules,
    Rules,
    StampRules,
    TierLevel,
    TierRules,
)
from wallet.sales import Recorded, Wanted
from wallet.values import CheckInPurpose, LineKind, Minor, Points, RewardKind, SaleId, VoucherId

START = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)

CARD_SQL = """
    SELECT lifetime_earned, carries, debt, stamps
    FROM cards WHERE card_id = $1
"""
ACCOUNTS_SQL = """
    SELECT account_id, kind, balance
    FROM accounts WHERE card_id = $1 AND balance > 0
"""
LOTS_SQL = """
    SELECT lot_id, remaining, activates_at, activated_at IS NOT NULL AS active, expires_at, held
    FROM lots WHERE card_id = $1 AND remaining > 0
"""
VOUCHERS_SQL = """
    SELECT voucher_id, reward_id, origin, state, usable_until, used_sale_id
    FROM vouchers WHERE card_id = $1 AND state IN ('USABLE', 'USED')
"""
STOCK_SQL = """
    SELECT reward_id, stock
    FROM rewards WHERE merchant_id = $1
"""
TIER_INPUT_SQL = """
    SELECT COALESCE(SUM(kept_points), 0)::bigint AS points, COALESCE(SUM(kept_minor), 0)::bigint AS minor
    FROM sales WHERE card_id = $1 AND review IS DISTINCT FROM 'REFUSED'
"""

LOST_SQL = """
    SELECT EXISTS (
        SELECT FROM lots AS l
        JOIN lot_movements AS m ON m.lot_id = l.lot_id
        JOIN entries AS e ON e.card_id = m.card_id AND e.seq = m.seq
        WHERE l.sale_id = $1 AND e.kind = 'EXPIRED'
    )
"""

LEVELS = (TierLevel("Silver", 8, 150), TierLevel("Gold", 20, 250))
PUNCH_CARDS = (
    StampRules("item", 4, "free-coffee", cooldown_hours=0),
    StampRules("item", 3, "free-loaf", categories=("bread",)),
    StampRules("visit", 2, "free-coffee", cooldown_hours=5),
)


HELD_SQL = """
    SELECT sale_id
    FROM sales WHERE card_id = $1 AND review = 'HELD' ORDER BY sale_id
"""

# Points wherever they are, and what is owed taken off them, stamps wherever they are.
SUMS_SQL = """
    SELECT c.carries, c.lifetime_earned - c.debt AS lifetime,
           (SELECT SUM(a.balance) FROM accounts AS a WHERE a.card_id = c.card_id) - c.debt AS points,
           c.stamps + COALESCE((SELECT SUM(v.stamps) FROM vouchers AS v
                                WHERE v.card_id = c.card_id AND v.origin = 'STAMPS' AND v.state = 'USABLE'
                                  AND v.usable_until > $2), 0) AS stamps
    FROM cards AS c WHERE c.card_id = $1
"""

ACTS = ("sell", "sell", "give away", "sell", "claim", "bring back", "decide", "sweep")


@dataclass
class History:
    """A member of a program, and what has been sold to them so far. `now` is when the next thing happens."""

    conn: Conn
    shop: Shop
    member: Member
    rewards: Sequence[Reward]
    now: datetime
    sold: list[Recorded] = field(default_factory=list)
    vouchers_made: list[VoucherId] = field(default_factory=list)


@st.composite
def programs(draw: st.DrawFn) -> Rules:
    """Rules with small steps, so that every one of them decides something, of every kind that there is."""
    points = draw(st.integers(1, 3))
    ends = draw(st.sampled_from(("never", "months", "dates", "inactivity")))
    cap = st.none() | st.integers(points, 12 * points).map(Points)
    tiers = draw(st.none() | st.builds(TierRules, st.just(LEVELS), st.sampled_from(("points", "spend"))))
    multipliers = [each for each in drawn.MULTIPLIERS if tiers or not each.tiers]
    return Rules(
        points=Points(points),
        per_minor=Minor(draw(st.sampled_from((70, 100, 333)))),
        earning_kinds=frozenset(draw(st.sampled_from(([LineKind.ITEM], [LineKind.ITEM, LineKind.TIP])))),
        minimum_minor=Minor(draw(st.sampled_from((0, 0, 400)))),
        carry_remainder=draw(st.booleans()),
        pending_days=draw(st.sampled_from((0, 0, 1, 3))),
        excluded_categories=draw(st.sampled_from(((), ("tobacco",)))),
        multipliers=tuple(draw(st.lists(st.sampled_from(multipliers), max_size=3, unique=True))),
        bonuses=draw(
            st.sampled_from((Bonuses(), Bonuses(first_purchase=Points(5)), Bonuses(visit=Points(2), visit_hours=6)))
        ),
        caps=draw(st.just(Caps()) | st.builds(Caps, cap, cap, cap)),
        stamps=draw(st.sampled_from((None, *PUNCH_CARDS))),
        tiers=tiers,
        expiry_months=1 if ends == "months" else None,
        expiry_dates=(MonthDay(11, 24), MonthDay(12, 31)) if ends == "dates" else (),
        inactivity_months=draw(st.integers(2, 3)) if ends == "inactivity" else None,
        returns_debt=draw(st.booleans()),
        review=draw(st.sampled_from((ReviewRules(), ReviewRules(amount_minor=Minor(2_500))))),
    )


@st.composite
def baskets(draw: st.DrawFn, *, least: int = 1) -> Basket:
    lines = [
        Line(
            line_id=str(at),
            amount_minor=Minor(draw(st.sampled_from((240, 700, 1_999, 100, 55, 150, 0)))),
            kind=draw(st.sampled_from([LineKind.ITEM] * 5 + [LineKind.TIP])),
            sku=draw(st.none() | st.sampled_from(drawn.SKUS)),
            category=draw(st.sampled_from(("coffee", "bread", "tobacco", None))),
            quantity=draw(st.integers(1, 4)),
        )
        for at in range(1, draw(st.integers(least, 4)) + 1)
    ]
    return Basket("R-1", "INR", tuple(lines))


def forgetful_programs() -> st.SearchStrategy[Rules]:
    """Rules by which a sale earns by its money alone, whatever else was bought, and what it earns does not lapse."""
    return programs().map(_forgetful)


def _forgetful(rules: Rules) -> Rules:
    asking_nothing = [each for each in rules.multipliers if not each.tiers and not each.first_purchase]
    return replace(
        rules,
        multipliers=tuple(asking_nothing),
        bonuses=Bonuses(),
        caps=Caps(),
        stamps=rules.stamps if rules.stamps and rules.stamps.per == "item" else None,
        tiers=None,
        expiry_months=None,
        expiry_dates=(),
        inactivity_months=None,
    )


async def begin(conn: Conn, data: st.DataObject, rules: Rules) -> History:
    """A program of the rules with rewards of every kind, and a member who has some points of various lives."""
    shop = await make_shop(conn, rules=rules, now=START)
    member = await make_member(conn, shop, now=START)
    catalogue = [
        await make_reward(conn, shop, slug="off", kind=RewardKind.AMOUNT_OFF, amount_minor=Minor(130), cost_points=3,
                          stock=4, now=START),
        await make_reward(conn, shop, slug="tenth", kind=RewardKind.PERCENT_OFF, percent=10, cost_points=2,
                          per_member=3, now=START),
        await make_reward(conn, shop, slug="bread", cost_points=7, categories=("bread",), stock=3, now=START),
        await make_reward(conn, shop, slug="tasting", kind=RewardKind.PERK, cost_points=4, now=START),
        await make_reward(conn, shop, slug="free-coffee", categories=("coffee",), cost_stamps=2, stock=5, now=START),
        await make_reward(conn, shop, slug="free-loaf", cost_stamps=1, voucher_days=3, now=START),
    ]  # fmt: skip
    for days in data.draw(st.lists(st.sampled_from((2, 5, 40, None)), min_size=1, max_size=4)):
        expires_at = START + timedelta(days=days) if days else None
        points = data.draw(st.sampled_from((3, 5, 9)))
        await make_points(conn, shop, member.card_id, points, expires_at=expires_at, now=START)
    return History(conn, shop, member, catalogue, START)


async def live(history: History, data: st.DataObject, *, steps: int) -> None:
    """So many random things happen to the card, one after the other."""
    for _ in range(steps):
        history.now += data.draw(st.sampled_from((timedelta(0), timedelta(hours=4), timedelta(days=1))))
        match data.draw(st.sampled_from(ACTS)):
            case "sell":
                await sell(history, data)
            case "claim":
                await claim(history, data.draw(st.sampled_from(history.rewards)))
            case "give away":
                await give_away(history, data.draw(st.none() | st.integers(1, 9)))
            case "bring back" if history.sold:
                at = data.draw(st.integers(0, len(history.sold) - 1))
                await bring_back(history, data, history.sold[at].sale.sale_id, wholly=False)
            case "decide":
                held = await history.conn.fetch(HELD_SQL, history.member.card_id)
                if held:
                    await decide(history, data.draw(st.sampled_from(held))["sale_id"], refuse=data.draw(st.booleans()))
            case "sweep":
                await sweep(history)
            case _:
                pass


async def decide(history: History, sale_id: SaleId, *, refuse: bool) -> None:
    """The merchant has looked at the sale, if it was held."""
    if await history.conn.fetchval("SELECT review = 'HELD' FROM sales WHERE sale_id = $1", sale_id):
        decision = reviews.refuse if refuse else reviews.release
        async with history.conn.transaction():
            await decision(history.conn, merchant_id=history.shop.merchant_id, sale_id=sale_id, now=history.now)


async def sweep(history: History) -> None:
    """The worker has closed the vouchers whose time is over."""
    async with history.conn.transaction():
        await lapse_vouchers(history.conn, limit=100, now=history.now)


async def sell_plainly(history: History, basket: Basket) -> SaleId:
    """A sale without rewards."""
    customer = await visit(history.conn, history.shop, history.member, now=history.now)
    done = await checkout(history.conn, history.shop.terminal, customer, basket, now=history.now)
    return done.sale.sale_id


async def sell(history: History, data: st.DataObject, *, rich: bool = False) -> Recorded:
    """A sale, with rewards where they can be had, that does exactly what its quote had said. A `rich` one is of several
    lines, and a reward at least is tried.
    """
    basket, wanted = data.draw(baskets(least=2 if rich else 1)), await _wanted(history, data, rich=rich)
    conn, terminal, now = history.conn, history.shop.terminal, history.now
    customer = await visit(conn, history.shop, history.member, CheckInPurpose.REDEEM, now=now)
    try:
        quoted = await quote(conn, terminal, customer, basket, wanted=wanted, now=now)
    except (RewardUnavailable, InsufficientPoints, VoucherNotUsable):
        wanted = Wanted()
        quoted = await quote(conn, terminal, customer, basket, now=now)
    recorded = await checkout(conn, terminal, customer, basket, wanted=wanted, quote_id=quoted.quote_id, now=now)
    assert_as_quoted(quoted, recorded)
    found = await sales.find(conn, terminal=terminal, sale_id=recorded.sale.sale_id)
    assert found is not None
    assert replace(found, discounts=()) == replace(recorded.sale, discounts=())
    assert _told(found) == _told(recorded.sale)
    history.sold.append(recorded)
    return recorded


def assert_as_quoted(quoted: sales.Quote, recorded: Recorded, *, at_once: bool = True) -> None:
    """What was recorded is what the quote had said; a tier is held from the sale on, if not `at_once`."""
    plan, sale, card = quoted.plan, recorded.sale, recorded.card
    assert (plan.points, plan.earning.stamps, quoted.due_minor) == (sale.points, sale.stamps, sale.due.amount_minor)
    assert [(each.last4, each.amount, each.balance_after) for each in quoted.tenders] == [
        (each.last4, each.paid.amount_minor, each.balance_after.amount_minor) for each in sale.tenders
    ]
    assert [(line.line_id, line.points, line.status, line.reason) for line in plan.earning.lines] == [
        (line.line_id, line.points, line.status, line.reason) for line in sale.lines
    ]
    assert sum(part.amount_minor for part in plan.discounts) == sum(part.amount.amount_minor for part in sale.discounts)
    assert (quoted.balance_after, plan.stamps_after) == (card.active, card.stamps)
    assert plan.standing is None or plan.standing.tier == card.standing.tier
    assert plan.standing in (None, card.standing) or not at_once
    assert (plan.held is not None) == sale.in_review


def _told(sale: sales.Sale) -> list[tuple[str, str | None, int]]:
    """The discounts; how many of the rewards are left is of the moment at which it is asked."""
    return [(part.reward.slug, part.line_id, part.amount.amount_minor) for part in sale.discounts]


async def claim(history: History, reward: Reward) -> None:
    """The member buys a voucher in the app, if they can."""
    with suppress(RewardUnavailable, InsufficientPoints):
        await claimed(history.conn, history.shop, history.member, reward, now=history.now)


async def give_away(history: History, points: int | None) -> None:
    """So many of the member's points stand in a gift, if there are as many; all, if it is not said how many."""
    conn, card_id = history.conn, history.member.card_id
    wanted = points or await conn.fetchval(
        "SELECT balance FROM accounts WHERE card_id = $1 AND kind = 'active'", card_id
    )
    if wanted:
        with suppress(InsufficientPoints):
            await spend(conn, history.shop, card_id, wanted, now=history.now)


async def bring_back(history: History, data: st.DataObject, sale_id: SaleId, *, wholly: bool) -> int:
    """The sale comes back, by lines and by amounts in any order: all of it, or as much of it as happens to. In how many
    refunds.
    """
    refunds = 0
    while left := await lines_left(history, sale_id):
        money = sum(minor for _, minor in left)
        match data.draw(st.sampled_from(("lines", "lines", "amount", "rest"))):
            case "lines":
                chosen = data.draw(st.lists(st.sampled_from([line_id for line_id, _ in left]), min_size=1, unique=True))
                await refund(history.conn, history.shop.terminal, sale_id, *chosen, now=history.now)
            case "amount" if money:
                amount = data.draw(st.just(money) | st.integers(1, money))
                await refund(history.conn, history.shop.terminal, sale_id, amount=amount, now=history.now)
            case _:
                await refund(history.conn, history.shop.terminal, sale_id, now=history.now)
        refunds += 1
        if not wholly and data.draw(st.booleans()):
            break
    return refunds


async def lines_left(history: History, sale_id: SaleId) -> list[tuple[str, int]]:
    """The lines that are not wholly back, and the money of each that is not."""
    rows = await history.conn.fetch(
        "SELECT l.line_id, l.paid_minor - COALESCE(SUM(r.amount_minor), 0)::bigint AS minor FROM sale_lines AS l"
        " LEFT JOIN refund_lines AS r ON r.sale_id = l.sale_id AND r.position = l.position"
        " WHERE l.sale_id = $1 GROUP BY l.position, l.line_id, l.paid_minor"
        " HAVING NOT COALESCE(bool_or(r.wholly), FALSE) ORDER BY l.position",
        sale_id,
    )
    return [(row["line_id"], row["minor"]) for row in rows]


async def state(history: History) -> dict[str, Any]:
    """All that a refund may have to put back, settled as of now. Vouchers that were made since are told apart by what
    they are, not by their ids.
    """
    conn, card_id = history.conn, history.member.card_id
    async with conn.transaction():
        await ledger.lock_cards(conn, merchant_id=history.shop.merchant_id, card_ids=[card_id], now=history.now)
    card = await conn.fetchrow(CARD_SQL, card_id)
    tier = await conn.fetchrow(TIER_INPUT_SQL, card_id)
    assert card is not None
    assert tier is not None
    known = set(history.vouchers_made)
    return {
        "card": (card["carries"], card["debt"], card["stamps"]),
        "lifetime": card["lifetime_earned"],
        "tier input": (tier["points"], tier["minor"]),
        "accounts": sorted(map(_values, await conn.fetch(ACCOUNTS_SQL, card_id))),
        "lots": sorted(map(_values, await conn.fetch(LOTS_SQL, card_id))),
        "stock": sorted(map(_values, await conn.fetch(STOCK_SQL, history.shop.merchant_id))),
        "vouchers": sorted(
            (str(row["voucher_id"]) if row["voucher_id"] in known else "new", *_values(row)[1:])
            for row in await conn.fetch(VOUCHERS_SQL, card_id)
        ),
    }


async def sums(history: History) -> dict[str, Any]:
    """What the member has in all, wherever it stands, settled as of now."""
    conn, card_id = history.conn, history.member.card_id
    async with conn.transaction():
        await ledger.lock_cards(conn, merchant_id=history.shop.merchant_id, card_ids=[card_id], now=history.now)
    row = await conn.fetchrow(SUMS_SQL, card_id, history.now)
    return picked(row, "carries", "lifetime", "points", "stamps")


async def has_lost(history: History, sale_id: SaleId) -> bool:
    """Whether points of the sale have expired. They were earned once, whatever comes back after that."""
    lost: bool = await history.conn.fetchval(LOST_SQL, sale_id)
    return lost


async def remember_vouchers(history: History) -> None:
    """From now on the vouchers that there are now are told apart by their ids."""
    rows = await history.conn.fetch("SELECT voucher_id FROM vouchers WHERE card_id = $1", history.member.card_id)
    history.vouchers_made = [row["voucher_id"] for row in rows]


async def assert_lawful(conn: Conn) -> None:
    async for verdict in audit.verdicts(conn):
        assert verdict.broken == (), verdict.law


async def _wanted(history: History, data: st.DataObject, *, rich: bool) -> Wanted:
    rows = await history.conn.fetch(
        "SELECT voucher_id FROM vouchers"
        " WHERE card_id = $1 AND state = 'USABLE' AND (usable_until IS NULL OR usable_until > $2) ORDER BY voucher_id",
        history.member.card_id,
        history.now,
    )
    usable = [VoucherId(row["voucher_id"]) for row in rows]
    used = data.draw(st.lists(st.sampled_from(usable), min_size=1, max_size=3, unique=True)) if usable else []
    ids = [reward.reward_id for reward in history.rewards]
    some = st.lists(st.sampled_from(ids), min_size=1, max_size=2, unique=True)
    bought = data.draw(some if rich else st.just([]) | some)
    return Wanted(tuple(used), tuple(bought))


def _values(row: Any) -> tuple[str, ...]:
    return tuple(str(value) if not isinstance(value, UUID) else value.hex for value in row.values())
