"""Whoever is cancelled in the middle of a statement harms nobody who has the connection afterwards."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from types import FrameType
from typing import Any

import pytest

from infra.pool import Limits, Pool, create_pool
from tests.database import Database
from wallet.database import Conn

STATEMENT_MS = 100
LONGER_SQL = "SELECT pg_sleep(0.2)"


@pytest.fixture
async def hasty(database: Database) -> AsyncIterator[Pool]:
    """One connection, on which a statement may take a tenth of a second."""
    found = await create_pool(database.dsn, min_size=1, max_size=1, limits=Limits(statement_ms=STATEMENT_MS))
    yield found
    await found.close()


async def test_a_statement_given_up_between_parse_and_bind_leaves_no_timeout_behind(hasty: Pool, conn: Conn) -> None:
    # given
    assert await give_up_after_parse(hasty)
    # when: longer than a statement may take
    await conn.execute(LONGER_SQL)
    # then
    async with hasty.acquire() as mine:
        assert await mine.fetchval("SELECT 1") == 1


async def test_a_pool_closes_after_a_statement_was_given_up(hasty: Pool, conn: Conn) -> None:
    assert await give_up_after_parse(hasty)
    await conn.execute(LONGER_SQL)
    async with asyncio.timeout(5):
        await hasty.close()


async def give_up_after_parse(pool: Pool) -> bool:
    """A task ran a statement for the first time on the connection, and was cancelled when the answer to Parse had come
    and Bind had not been sent. Returns whether it was so."""

    async def work() -> None:
        async with pool.acquire() as conn:
            await conn.fetchval("SELECT 40 + 2")

    task: Any = asyncio.create_task(work())
    while not task.done():
        await asyncio.sleep(0)
        answered = task._fut_waiter is not None and task._fut_waiter.done()
        if answered and any(frame.f_code.co_name == "_get_statement" for frame in frames_of(task)):
            task.cancel()
            break
    await asyncio.gather(task, return_exceptions=True)
    return bool(task.cancelled())


def frames_of(task: Any) -> Iterator[FrameType]:
    """The frames of the coroutines in which the task waits, outermost first."""
    inner = task.get_coro()
    while inner is not None:
        frame = getattr(inner, "cr_frame", None) or getattr(inner, "gi_frame", None)
        if frame is not None:
            yield frame
        inner = getattr(inner, "cr_await", None) or getattr(inner, "gi_yieldfrom", None)
