"""What stands at a counter in tests: members who show codes, other tills, and callers who wait for each other."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from tests.factories import Shop, make_card, make_customer
from wallet import check_ins, stores
from wallet.check_ins import Minted
from wallet.database import Conn, Pool
from wallet.values import CardId, CheckInPurpose, CustomerId, SignedCode, Terminal, TypedCode

T = TypeVar("T")

WAITING_SQL = """
    SELECT COUNT(DISTINCT l.pid)
    FROM pg_locks AS l
    JOIN pg_stat_activity AS a ON a.pid = l.pid
    WHERE a.datname = current_database() AND NOT l.granted
"""


@dataclass(frozen=True, slots=True)
class Member:
    customer_id: CustomerId
    card_id: CardId


async def make_member(conn: Conn, shop: Shop, *, name: str | None = None, now: datetime) -> Member:
    customer_id = await make_customer(conn, name=name, now=now)
    return Member(customer_id, await make_card(conn, shop, customer_id, now=now))


async def show(
    conn: Conn, shop: Shop, member: Member, purpose: CheckInPurpose = CheckInPurpose.EARN, *, now: datetime
) -> Minted:
    """The member's phone has a new code."""
    async with conn.transaction():
        return await check_ins.mint(
            conn,
            customer_id=member.customer_id,
            merchant_id=shop.merchant_id,
            card_id=member.card_id,
            purpose=purpose,
            now=now,
        )


def qr(minted: Minted) -> SignedCode:
    """What a till reads from the picture."""
    return SignedCode(minted.purpose, minted.program_number, minted.card_reference, minted.expires_at, minted.jti)


def typed(minted: Minted) -> TypedCode:
    """What a cashier types."""
    return TypedCode(minted.short_code)


async def another_till(conn: Conn, shop: Shop, *, now: datetime) -> Terminal:
    """A second till of the same store."""
    terminal_id = await stores.create_terminal(
        conn, merchant_id=shop.merchant_id, store_id=shop.store_id, name="Till 2", now=now
    )
    return replace(shop.terminal, terminal_id=terminal_id, name="Till 2")


async def another_store(conn: Conn, shop: Shop, *, now: datetime) -> Terminal:
    """A till of a second store of the same merchant."""
    store_id = await stores.create_store(
        conn, merchant_id=shop.merchant_id, program_id=shop.program_id, name="Other store", now=now
    )
    terminal_id = await stores.create_terminal(
        conn, merchant_id=shop.merchant_id, store_id=store_id, name="Till 1", now=now
    )
    return replace(shop.terminal, terminal_id=terminal_id, store_id=store_id, store_name="Other store")


async def count(conn: Conn, table: str) -> int:
    """All rows of the table."""
    return int(await conn.fetchval(f"SELECT COUNT(*) FROM {table}"))


async def counts(conn: Conn, *tables: str) -> dict[str, int]:
    return {table: await count(conn, table) for table in tables}


async def race(pool: Pool, racers: Sequence[Callable[[Conn], Awaitable[T]]]) -> list[T | BaseException]:
    """What each racer returned or raised; each ran in a transaction of its own, on a connection of its own."""
    ready = asyncio.Barrier(len(racers))

    async def run(racer: Callable[[Conn], Awaitable[T]]) -> T:
        async with pool.acquire() as conn:
            await ready.wait()
            async with conn.transaction():
                return await racer(conn)

    return await asyncio.gather(*(run(racer) for racer in racers), return_exceptions=True)


async def until_waiting(conn: Conn, callers: int = 1) -> None:
    """So many connections to this database wait for somebody else's lock."""
    async with asyncio.timeout(10):
        while await conn.fetchval(WAITING_SQL) < callers:
            pass
