"""`regulars audit`."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict

from infra.cli.app import answer, opened
from wallet import audit as auditing
from wallet.audit import Verdict
from wallet.database import Conn, Pool

ONE_MOMENT_SQL = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
NO_HURRY_SQL = "SET LOCAL statement_timeout = 0"
MAY_WAIT_SQL = "SET LOCAL idle_in_transaction_session_timeout = 0"
ROOMY_SQL = "SET LOCAL work_mem = '128MB'"
SHARE_SQL = "SELECT pg_export_snapshot()"

AT_ONCE_MAX = 4
"""Connections that look at the same moment: the longest law takes a quarter of the work of all."""


async def audit(*, json: bool = False) -> None:
    """Prove the ledger's laws on the live database, as it stands at one moment, without blocking anybody.

    Exit code 1 if a law is broken.
    """
    verdicts: list[Verdict] = []
    begun = time.monotonic()
    async with opened() as (settings, pool, _clock), one_moment(pool, min(AT_ONCE_MAX, settings.pool_max)) as conns:
        extent = await auditing.extent(conns[0])
        async with asyncio.TaskGroup() as group:
            for judging in judged(group, conns):
                verdicts.append(await judging)
                if not json:
                    show(verdicts[-1])
    seconds = round(time.monotonic() - begun, 1)
    if json:
        facts = {"laws": [asdict(verdict) for verdict in verdicts], "looked_at": asdict(extent), "seconds": seconds}
        answer(facts, as_json=True)
    else:
        print()
        answer({**asdict(extent), "seconds": seconds}, as_json=False)
    if any(verdict.count for verdict in verdicts):
        sys.exit(1)


def show(verdict: Verdict) -> None:
    print(f"{'broken' if verdict.count else 'holds '}  {verdict.law}")
    for line in verdict.broken:
        print(f"        {line}")


@asynccontextmanager
async def one_moment(pool: Pool, connections: int) -> AsyncIterator[Sequence[Conn]]:
    """So many connections that all see the database as it is now, and change nothing."""
    async with AsyncExitStack() as open_ones:
        conns: list[Conn] = []
        snapshot = ""
        for _ in range(connections):
            conn = await open_ones.enter_async_context(pool.acquire())
            await open_ones.enter_async_context(conn.transaction())
            await conn.execute(ONE_MOMENT_SQL)
            if conns:
                # A utility statement takes no parameters; the name comes from PostgreSQL and is hexadecimal.
                await conn.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
            else:
                snapshot = await conn.fetchval(SHARE_SQL)
            for setting in (NO_HURRY_SQL, MAY_WAIT_SQL, ROOMY_SQL):
                await conn.execute(setting)
            conns.append(conn)
        yield conns


def judged(group: asyncio.TaskGroup, conns: Sequence[Conn]) -> list[asyncio.Task[Verdict]]:
    """Each law's verdict to come, in the order of the laws; as many at a time as there are connections."""
    idle: asyncio.Queue[Conn] = asyncio.Queue()
    for conn in conns:
        idle.put_nowait(conn)

    async def judge(law: str, query: str) -> Verdict:
        conn = await idle.get()
        try:
            return await auditing.judge(conn, law, query)
        finally:
            idle.put_nowait(conn)

    return [group.create_task(judge(law, query)) for law, query in auditing.LAWS]
