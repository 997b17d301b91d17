"""A shop with a reward, and a member who can pay for it; each step in a transaction of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from infra.sweeps import lapse_vouchers
from tests.factories import Shop, make_card, make_customer, make_points, make_reward, make_shop
from wallet import audit, cards, ledger, rewards
from wallet.cards import Card
from wallet.database import Conn
from wallet.ledger import Cause, StampMove
from wallet.rewards import Cancelled, Claimed, Reward, Voucher
from wallet.values import CardId, CustomerId, RewardId

LOTS_SQL = """
    SELECT points, remaining, expires_at
    FROM lots
    WHERE merchant_id = $1 AND card_id = $2
    ORDER BY expires_at NULLS LAST, lot_id
"""

ENTRIES_SQL = """
    SELECT kind, points, reserved_points, reverses_seq, reverses_wholly, voucher_id, reasons
    FROM entries
    WHERE merchant_id = $1 AND card_id = $2
    ORDER BY seq
"""

TABLES_SQL = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


@dataclass(frozen=True, slots=True)
class Scene:
    shop: Shop
    owner: CustomerId
    card_id: CardId
    reward: Reward


async def make_scene(conn: Conn, *, points: int = 100, stamps: int = 0, now: datetime, **reward: Any) -> Scene:
    """A member with points that expire in thirty days (the first thirty of them), or never (the rest)."""
    shop = await make_shop(conn, now=now)
    owner = await make_customer(conn, now=now)
    card_id = await make_card(conn, shop, owner, now=now)
    if points:
        await make_points(conn, shop, card_id, min(points, 30), now=now, expires_at=now + timedelta(days=30))
    if points > 30:
        await make_points(conn, shop, card_id, points - 30, now=now)
    scene = Scene(shop, owner, card_id, await make_reward(conn, shop, now=now, **reward))
    if stamps:
        await make_stamps(conn, scene, stamps, now=now)
    return scene


async def make_stamps(conn: Conn, scene: Scene, stamps: int, *, now: datetime) -> None:
    async with conn.transaction():
        locked = await ledger.lock_cards(conn, merchant_id=scene.shop.merchant_id, card_ids=[scene.card_id], now=now)
        moves = [StampMove("COLLECTED", stamps)]
        await ledger.move_stamps(conn, locked[scene.card_id], moves=moves, cause=Cause(now), now=now)


async def claim(
    conn: Conn,
    scene: Scene,
    *,
    reward_id: RewardId | None = None,
    customer_id: CustomerId | None = None,
    key: UUID | None = None,
    now: datetime,
) -> Claimed:
    async with conn.transaction():
        return await rewards.claim(
            conn,
            customer_id=customer_id or scene.owner,
            merchant_id=scene.shop.merchant_id,
            card_id=scene.card_id,
            reward_id=reward_id or scene.reward.reward_id,
            idempotency_key=key or uuid4(),
            now=now,
        )


async def cancel(
    conn: Conn,
    scene: Scene,
    voucher: Voucher,
    *,
    customer_id: CustomerId | None = None,
    key: UUID | None = None,
    now: datetime,
) -> Cancelled:
    async with conn.transaction():
        return await rewards.cancel(
            conn,
            customer_id=customer_id or scene.owner,
            merchant_id=scene.shop.merchant_id,
            voucher_id=voucher.voucher_id,
            idempotency_key=key or uuid4(),
            now=now,
        )


async def lapse(conn: Conn, *, limit: int = 50, now: datetime) -> int:
    async with conn.transaction():
        return len(await lapse_vouchers(conn, limit=limit, now=now))


async def card_of(conn: Conn, scene: Scene) -> Card:
    return await cards.get(conn, customer_id=scene.owner, merchant_id=scene.shop.merchant_id, card_id=scene.card_id)


async def balance(conn: Conn, scene: Scene) -> tuple[int, int]:
    """Active and reserved points."""
    card = await card_of(conn, scene)
    return card.active, card.reserved


async def stamps_of(conn: Conn, scene: Scene) -> int:
    stamps: int = await conn.fetchval("SELECT stamps FROM cards WHERE card_id = $1", scene.card_id)
    return stamps


async def stock_of(conn: Conn, reward: Reward) -> int | None:
    stock: int | None = await conn.fetchval("SELECT stock FROM rewards WHERE reward_id = $1", reward.reward_id)
    return stock


async def lots(conn: Conn, scene: Scene) -> Sequence[tuple[int, datetime | None]]:
    rows = await conn.fetch(LOTS_SQL, scene.shop.merchant_id, scene.card_id)
    return [(row["remaining"], row["expires_at"]) for row in rows]


async def entries(conn: Conn, scene: Scene) -> list[tuple[str, int, int]]:
    rows = await conn.fetch(ENTRIES_SQL, scene.shop.merchant_id, scene.card_id)
    return [(row["kind"], row["points"], row["reserved_points"]) for row in rows]


async def read(conn: Conn, scene: Scene, voucher: Voucher, *, now: datetime) -> Voucher:
    """The voucher as it is now."""
    found = await rewards.find_voucher(
        conn,
        customer_id=scene.owner,
        merchant_id=voucher.merchant_id,
        voucher_id=voucher.voucher_id,
        now=now,
    )
    assert found is not None
    return found


async def everything(conn: Conn) -> dict[str, tuple[int, str | None]]:
    """The whole database: for every table how many rows it has, and a fingerprint of all that they hold."""
    found = {}
    for row in await conn.fetch(TABLES_SQL):
        table = row["tablename"]
        look = await conn.fetchrow(f"SELECT count(*), md5(string_agg(t::text, ';' ORDER BY t::text)) FROM {table} AS t")
        assert look is not None
        found[table] = (look[0], look[1])
    return found


async def assert_lawful(conn: Conn) -> None:
    """Every law of the ledger holds, those of vouchers and stamps among them."""
    async for verdict in audit.verdicts(conn):
        assert verdict.broken == (), verdict.law
