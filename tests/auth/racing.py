"""Two and more connections that want the same thing at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from infra.pool import Pool
from wallet.database import Conn

T = TypeVar("T")

Move = Callable[[Conn], Awaitable[object]]
"""What somebody does in a transaction."""

BLOCKED_SQL = """
    SELECT cardinality(pg_blocking_pids($1)) > 0
"""


async def race(pool: Pool, runners: int, work: Callable[[Conn], Awaitable[T]]) -> list[T | BaseException]:
    """What each of the runners got, every one in a transaction of its own, begun before any of them works."""
    start = asyncio.Barrier(runners)

    async def run() -> T:
        async with pool.acquire() as conn, conn.transaction():
            await conn.execute("SELECT 1")
            await start.wait()
            return await work(conn)

    return await asyncio.gather(*(run() for _ in range(runners)), return_exceptions=True)


async def until_blocked(observer: Conn, pid: int) -> None:
    """Returns once the connection with this pid waits for a lock that another one holds."""
    async with asyncio.timeout(10):
        while not await observer.fetchval(BLOCKED_SQL, pid):
            pass


async def pid_of(conn: Conn) -> int:
    """The server process of this connection."""
    return int(await conn.fetchval("SELECT pg_backend_pid()"))


async def second_waits_for_first(pool: Pool, first: Move, second: Move) -> object:
    """What the second gets who comes while the first has done its work and not yet committed."""
    async with pool.acquire() as one, pool.acquire() as two, pool.acquire() as observer:
        async with one.transaction():
            await first(one)
            pid = await pid_of(two)
            waiting = asyncio.create_task(in_transaction(two, second))
            await until_blocked(observer, pid)
        return (await asyncio.gather(waiting, return_exceptions=True))[0]


async def in_transaction(conn: Conn, work: Move) -> object:
    async with conn.transaction():
        return await work(conn)
