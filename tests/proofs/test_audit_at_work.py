"""The audit looks at one moment, stands in nobody's way, and is fast."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import asyncpg
import pytest

from infra.cli.auditing import judged, one_moment
from infra.pool import Pool, create_pool
from tests.database import Database, MigratedServer
from tests.factories import make_card, make_points, make_shop
from wallet import audit
from wallet.audit import Extent, Verdict, chains
from wallet.database import Conn

BOOKS_SQL = Path(__file__).with_name("books.sql")
ENTRIES = 1_000_000
TIMES_BARE_MAX = 12
"""How often as long as reading the entries and hashing as many bytes the audit may take, on the same machine."""

BARE_SQL = "SELECT COUNT(sha256(hash || hash || hash || hash || hash || hash)) FROM entries"


async def all_judged(conns: Sequence[Conn]) -> list[Verdict]:
    async with asyncio.TaskGroup() as group:
        tasks = judged(group, conns)
    return [task.result() for task in tasks]


async def test_all_connections_of_an_audit_see_one_moment_and_nobody_waits(pool: Pool, now: datetime) -> None:
    # given: a card with one entry
    async with pool.acquire() as conn:
        shop = await make_shop(conn, now=now)
        card_id = await make_card(conn, shop, now=now)
        await make_points(conn, shop, card_id, 10, now=now)
        # when: the audit has begun, and others go on
        async with one_moment(pool, 3) as conns:
            for points in range(1, 20):
                await asyncio.wait_for(make_points(conn, shop, card_id, points, now=now), timeout=5)
            found = [await audit.extent(each) for each in conns]
            verdicts = await all_judged(conns)
        # then
        assert [each.entries for each in found] == [1, 1, 1]
        assert [verdict.law for verdict in verdicts] == [law for law, _ in audit.LAWS]
        assert [verdict for verdict in verdicts if verdict.count] == []
        assert (await audit.extent(conn)).entries == 20


async def test_an_audit_can_write_nothing(pool: Pool) -> None:
    async with one_moment(pool, 2) as conns:
        for conn in conns:
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await conn.execute("UPDATE cards SET revision = 0")


async def test_the_chains_of_the_crowd_hold(crowd: Database) -> None:
    """What plans are measured on is hashed as what the product writes."""
    pool = await create_pool(crowd.dsn, max_size=1)
    async with pool.acquire() as conn, conn.transaction():
        await conn.execute("SET LOCAL statement_timeout = 0")
        [(law, query), _] = chains.LAWS
        verdict = await audit.judge(conn, law, query)
    await pool.close()
    assert verdict == Verdict(law, 0, ())


@pytest.mark.soak
async def test_a_million_entries_are_audited_in_seconds(server: MigratedServer) -> None:
    async with server.clone() as database:
        # given
        owner = await asyncpg.connect(database.superuser_dsn)
        await owner.execute(BOOKS_SQL.read_text(), timeout=900)
        await owner.execute("VACUUM ANALYZE", timeout=300)
        pool = await create_pool(database.dsn, max_size=4)
        # when
        begun = time.monotonic()
        async with one_moment(pool, 4) as conns:
            looked_at = await audit.extent(conns[0])
            verdicts = await all_judged(conns)
        seconds = time.monotonic() - begun
        # then
        bare, chained = [await seconds_of(pool, sql) for sql in (BARE_SQL, chains.ENTRIES_SQL)]
        say(looked_at, seconds, chained, bare)
        assert looked_at.entries == ENTRIES
        assert [verdict for verdict in verdicts if verdict.count] == []
        # and one entry among the million is found
        await owner.execute("SET session_replication_role = replica")
        card_id = await owner.fetchval("SELECT card_id FROM cards ORDER BY reference DESC LIMIT 1")
        await owner.execute("UPDATE entries SET points = points + 1 WHERE card_id = $1 AND seq = 33", card_id)
        async with one_moment(pool, 1) as [conn]:
            [(law, query), _] = chains.LAWS
            assert (await audit.judge(conn, law, query)).broken == (
                f"card {card_id}, entry 33: it is not what was written",
            )
        await owner.close()
        await pool.close()
        assert seconds <= TIMES_BARE_MAX * bare


async def seconds_of(pool: Pool, sql: str) -> float:
    async with one_moment(pool, 1) as [conn]:
        begun = time.monotonic()
        await conn.fetch(sql)
        return time.monotonic() - begun


def say(looked_at: Extent, seconds: float, chained: float, bare: float) -> None:
    counted = ", ".join(f"{count:,} {what}" for what, count in asdict(looked_at).items() if count)
    speed, alone = (f"{looked_at.entries / each:,.0f} entries a second" for each in (seconds, chained))
    print(f"\naudit of {counted}: {seconds:.1f} s, {speed}; the chains alone {alone}; bare hashing {bare:.1f} s")  # noqa: T201
