"""The work of a midnight, cut off at every statement: before PostgreSQL hears it, and before anybody hears the answer.

What is done is done wholly or not at all, and whoever comes next ends where an undisturbed worker would have ended.
"""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import asyncpg

from infra.pool import connect
from infra.sweeps import sweeps
from infra.worker import Step
from tests.database import Database
from tests.factories import Shop, make_card, make_customer, make_reward, make_shop
from tests.faults.proxy import Cut
from tests.faults.statement_proxy import StatementProxy, statement_proxy_to
from tests.shelf import KEEPER
from tests.wallet.counter import make_member
from tests.wallet.gifts.scenes import Scene, send
from tests.wallet.ledger.midnight import KOLKATA, LEVELS, bought, kinds, settled, stand, standing_of, there
from tests.wallet.sales.till import checkout, visit
from wallet import audit, rewards
from wallet.baskets import Basket, Line
from wallet.database import Conn
from wallet.rules import Rules, StampRules, TierRules
from wallet.tiers import Standing
from wallet.values import CardId, CustomerId, Minor

RULES = Rules(
    pending_days=2,
    expiry_months=3,
    notice_days=14,
    tiers=TierRules(LEVELS),
    stamps=StampRules("item", 2, "free-coffee"),
)
MIDNIGHT = there(KOLKATA, 2027, 2, 1)
CARDS = 2

TROUBLES = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)

TABLES = (
    "accounts",
    "cards",
    "entries",
    "expiry_notices",
    "gift_events",
    "gift_links",
    "gifts",
    "lot_movements",
    "lots",
    "outbox",
    "rewards",
    "sales",
    "stamp_movements",
    "transfers",
    "vouchers",
)

OTHERS_SQL = f"""
    SELECT COUNT(*)
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> '{KEEPER}'
"""


class _Undone(Exception):
    """Rolls back what was only tried."""


@dataclass(frozen=True, slots=True)
class Town:
    shop: Shop
    cards: Sequence[CardId]
    claimant: CardId
    sender: CardId
    stamper: CardId


async def everything(conn: Conn) -> dict[str, list[str]]:
    """All rows but for the ids that are new each time something is tried."""
    found = dict[str, list[str]]()
    for table in TABLES:
        rows = await conn.fetch(
            f"SELECT (to_jsonb(t) - 'transfer_id' - 'outbox_id' - 'event_id')::text AS row FROM {table} AS t ORDER BY 1"
        )
        found[table] = [row["row"] for row in rows]
    return found


async def make_town(conn: Conn) -> Town:
    """Two members on whose cards all is due at one midnight: points that come, points that go, a tier that falls,
    and a reminder of what goes later. One with a voucher that lapses then, one with a gift that goes back then, both of
    points that go then; and one with the voucher of a full punch card, which lapses then.
    """
    start = there(KOLKATA, 2026, 10, 30)
    shop = await make_shop(conn, rules=RULES, now=start)
    reward = await make_reward(conn, shop, cost_points=5, voucher_days=30, stock=9, now=start)
    cards = []
    for _ in range(CARDS):
        card_id = await make_card(conn, shop, now=start)
        await bought(conn, shop, card_id, 30, rules=RULES, at=start)
        await bought(conn, shop, card_id, 20, rules=RULES, at=there(KOLKATA, 2026, 11, 10))
        await bought(conn, shop, card_id, 7, rules=RULES, at=there(KOLKATA, 2027, 1, 30))
        await stand(conn, shop, card_id, Standing("Gold", start, MIDNIGHT, MIDNIGHT), now=start)
        await settled(conn, shop, card_id, now=there(KOLKATA, 2027, 1, 31))
        cards.append(card_id)
    customer_id = await make_customer(conn, now=start)
    claimant = await make_card(conn, shop, customer_id, now=start)
    await bought(conn, shop, claimant, 30, rules=RULES, at=start)
    await _claim(conn, shop, customer_id, claimant, reward, now=there(KOLKATA, 2027, 1, 1, 12))
    sender = await _with_a_gift_out(conn, shop, start)
    stamper = await _with_a_full_punch_card(conn, shop, start)
    return Town(shop, cards, claimant, sender, stamper)


async def _with_a_gift_out(conn: Conn, shop: Shop, start: datetime) -> CardId:
    customer_id, friend = await make_customer(conn, now=start), await make_customer(conn, now=start)
    card_id = await make_card(conn, shop, customer_id, now=start)
    await bought(conn, shop, card_id, 30, rules=RULES, at=start)
    scene = Scene(shop, customer_id, card_id, friend)
    await send(conn, scene, points=8, now=there(KOLKATA, 2027, 1, 1, 12))
    return card_id


async def _with_a_full_punch_card(conn: Conn, shop: Shop, start: datetime) -> CardId:
    await make_reward(conn, shop, slug="free-coffee", cost_stamps=2, voucher_days=30, now=start)
    member, now = await make_member(conn, shop, now=start), there(KOLKATA, 2027, 1, 1, 12)
    two = Basket("R-1", "INR", (Line("1", Minor(10), quantity=2),))
    await checkout(conn, shop.terminal, await visit(conn, shop, member, now=now), two, now=now)
    return member.card_id


async def _claim(
    conn: Conn, shop: Shop, customer_id: CustomerId, card_id: CardId, reward: rewards.Reward, *, now: datetime
) -> None:
    async with conn.transaction():
        await rewards.claim(
            conn,
            customer_id=customer_id,
            merchant_id=shop.merchant_id,
            card_id=card_id,
            reward_id=reward.reward_id,
            idempotency_key=uuid4(),
            now=now,
        )


def step_of(name: str) -> Step:
    """The sweep as a worker that has just started has it."""
    return next(sweep.step for sweep in sweeps() if sweep.name == name)


async def done(conn: Conn, name: str) -> None:
    """One step of the sweep, as the worker takes it."""
    async with conn.transaction():
        await step_of(name)(conn, limit=50, now=MIDNIGHT)


async def tried(conn: Conn, name: str) -> dict[str, list[str]]:
    """What there would be after an undisturbed step; nothing is."""
    found = dict[str, list[str]]()
    try:
        async with conn.transaction():
            await done(conn, name)
            found = await everything(conn)
            raise _Undone
    except _Undone:
        return found


async def cut_off(proxy: StatementProxy, name: str, *, statement: int, where: Cut) -> bool:
    """Whether the step was cut off at its statement of this number; else it had fewer, and is done."""
    conn: Any = await connect(proxy.dsn, application_name="regulars test")
    proxy.arm(statement, where)
    try:
        await done(conn, name)
    except TROUBLES:
        assert proxy.has_cut
    finally:
        proxy.disarm()
        conn.terminate()
    return proxy.has_cut


async def alone(conn: Conn) -> None:
    """PostgreSQL has noticed that nobody else is there, and has undone what they did not finish."""
    async with asyncio.timeout(10):
        while await conn.fetchval(OTHERS_SQL):
            await asyncio.sleep(0.002)


async def cut_off_everywhere(conn: Conn, proxy: StatementProxy, name: str) -> int:
    """The step was cut off at each of its statements, and is done in the end. How often it was cut off."""
    before, expected = await everything(conn), await tried(conn, name)
    cuts = 0
    for statement in itertools.count(1):
        for where in Cut:
            was_cut = await cut_off(proxy, name, statement=statement, where=where)
            await alone(conn)
            found = await everything(conn)
            # done wholly, or not at all; and in both cases the next worker ends in the same place
            assert found in (before, expected), (name, statement, where)
            assert was_cut or found == expected
            assert await tried(conn, name) == expected, (name, statement, where)
            cuts += was_cut
            if not was_cut or (found == expected and before != expected):
                return cuts
    raise AssertionError("a step ends")


async def test_midnight_cut_off_at_any_statement_ends_as_if_nothing_had_happened(database: Database) -> None:
    conn: Any = await connect(database.dsn, application_name="regulars test")
    cuts = dict[str, int]()
    async with statement_proxy_to(database.dsn) as proxy:
        town = await make_town(conn)
        for name in (sweep.name for sweep in sweeps()):
            cuts[name] = await cut_off_everywhere(conn, proxy, name)
        # then all that was due has happened once
        for card_id in town.cards:
            assert await kinds(conn, town.shop, card_id) == [
                ("ACTIVATED", 30),
                ("ACTIVATED", 20),
                ("ACTIVATED", 7),
                ("EXPIRED", -30),
            ]
            assert (await standing_of(conn, town.shop, card_id)).tier == "Silver"
        assert await kinds(conn, town.shop, town.claimant) == [
            ("ACTIVATED", 30),
            ("REDEEMED", -5),
            ("EXPIRED", -25),
            ("RETURNED", 5),
            ("EXPIRED", -5),
        ]
        assert await kinds(conn, town.shop, town.sender) == [
            ("ACTIVATED", 30),
            ("GIFT_SENT", -8),
            ("EXPIRED", -22),
            ("GIFT_RETURNED", 8),
            ("EXPIRED", -8),
        ]
        assert await kinds(conn, town.shop, town.stamper) == []
        punched = await conn.fetch("SELECT origin, state FROM vouchers WHERE card_id = $1", town.stamper)
        assert [tuple(row) for row in punched] == [("STAMPS", "LAPSED")]
        assert await conn.fetchval("SELECT COUNT(*) FROM outbox WHERE topic = 'mail.expiring'") == CARDS
        assert [verdict async for verdict in audit.verdicts(conn) if verdict.count] == []
    await conn.close()
    assert cuts["points"] >= 2 * 10 * CARDS
    assert min(cuts["gifts"], cuts["vouchers"]) >= 2 * 8
    assert cuts["reminders"] >= 2 * CARDS
