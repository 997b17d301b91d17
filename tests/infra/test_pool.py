import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from infra.pool import GOES_AWAY, STATEMENTS_MAX, DatabaseUnavailable, Limits, Pool, connect, create_pool
from infra.postgres import client
from tests.database import Database, StatementCounter, on
from wallet.database import Conn

PREPARED_SQL = "SELECT statement, prepare_time FROM pg_prepared_statements ORDER BY statement"
HASTY = Limits(acquire_seconds=30, statement_ms=500, lock_ms=50, idle_in_transaction_ms=300)


@pytest.mark.parametrize("login", ["dsn", "owner_dsn", "superuser_dsn"])
async def test_whoever_logs_in_acts_as_a_role_that_owns_nothing(database: Database, login: str) -> None:
    pool = await create_pool(getattr(database, login))

    async with pool.acquire() as conn:
        who = await conn.fetchrow("SELECT current_user::text AS role, current_setting('is_superuser') AS is_superuser")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.execute("DROP TABLE cards")
    # and again, on the same connection after it was given back
    async with pool.acquire() as conn:
        again = await conn.fetchval("SELECT current_user::text")

    assert who is not None
    assert (who["role"], who["is_superuser"], again) == ("regulars_app", "off", "regulars_app")
    await pool.close()


@pytest.mark.parametrize("value", [{"a": [1, None, "ക"], "b": {}}, [], "text", 1, True, 2**53, {"n": -1.5}])
async def test_jsonb_is_python_both_ways(conn: Conn, value: object) -> None:
    assert await conn.fetchval("SELECT $1::jsonb", value) == value


async def test_sql_null_and_json_null_are_both_none(conn: Conn) -> None:
    row = await conn.fetchrow("SELECT NULL::jsonb AS sql, 'null'::jsonb AS json, $1::jsonb IS NULL AS sent", None)

    assert row is not None
    assert (row["sql"], row["json"], row["sent"]) == (None, None, True)


async def test_moments_are_utc(conn: Conn) -> None:
    moment = await conn.fetchval("SELECT '2026-11-22 15:00+05:30'::timestamptz")

    assert moment == datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    assert moment.tzinfo is UTC or moment.utcoffset().total_seconds() == 0


async def test_an_unfinished_transaction_does_not_reach_the_next_user(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await conn.execute("BEGIN")
        await conn.execute("INSERT INTO rate_limits VALUES ('s', '\\x01', 1, '2026-11-22')")
    async with pool.acquire() as conn:
        assert await conn.fetchval("SELECT count(*) FROM rate_limits") == 0


async def test_a_statement_a_lock_and_an_idle_transaction_end_in_time(database: Database) -> None:
    pool = await create_pool(database.dsn, limits=HASTY, max_size=2)

    async with pool.acquire() as conn:
        with pytest.raises(asyncpg.QueryCanceledError):
            await conn.execute("SELECT pg_sleep(10)")

    async with pool.acquire() as holder, holder.transaction(), pool.acquire() as waiter:
        await holder.execute("SELECT pg_advisory_xact_lock(1)")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await waiter.execute("SELECT pg_advisory_xact_lock(1)")

    async with pool.acquire() as idler:
        pid = await idler.fetchval("SELECT pg_backend_pid()")
        await idler.execute("BEGIN")
        async with pool.acquire() as watcher:
            while await watcher.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid):
                pass
        with pytest.raises((*GOES_AWAY, asyncpg.PostgresError, asyncpg.InterfaceError)):
            await idler.execute("SELECT 1")

    # then: the pool is none the worse
    async with pool.acquire() as conn:
        assert await conn.fetchval("SELECT 1") == 1
    await pool.close()


async def test_a_pool_that_is_all_in_use_says_so_in_time(database: Database) -> None:
    pool = await create_pool(database.dsn, limits=Limits(acquire_seconds=0.2), max_size=1)

    async with pool.acquire():
        with pytest.raises(DatabaseUnavailable, match="every connection is in use"):
            async with pool.acquire():
                pass

    assert (pool.size, pool.idle) == (1, 1)
    await pool.close()


async def test_taking_and_giving_back_costs_no_statement(pool: Pool, statements: StatementCounter) -> None:
    async with pool.acquire():
        pass

    async with statements.counted() as seen:
        async with pool.acquire() as conn, conn.transaction():
            await conn.fetchval("SELECT 1")
        async with pool.acquire() as conn:
            await conn.fetchval("SELECT $1::int", 2)

    assert seen == ["BEGIN;", "SELECT 1", "COMMIT;", "SELECT $1::int"]


async def test_a_connection_keeps_all_that_it_has_prepared(pool: Pool) -> None:
    # given more statements than asyncpg keeps by itself, and as many as we have
    texts = [f"SELECT $1::int + {n}" for n in range(STATEMENTS_MAX - 2)]
    async with pool.acquire() as conn:
        for text in texts:
            await conn.fetchval(text, 1)
        # when they are asked for once more
        before = await conn.fetch(PREPARED_SQL)
        for text in texts:
            await conn.fetchval(text, 1)
        after = await conn.fetch(PREPARED_SQL)
    # then none had to be prepared again
    kept = [(row["statement"], row["prepare_time"]) for row in after]
    assert set(texts) <= {text for text, _ in kept}
    assert kept == [(row["statement"], row["prepare_time"]) for row in before]


async def test_a_cancelled_caller_gives_its_connection_back(database: Database) -> None:
    pool = await create_pool(database.dsn, max_size=1)

    async def work() -> None:
        async with pool.acquire() as conn, conn.transaction():
            await conn.execute("SELECT pg_sleep(10)")

    for _ in range(5):
        task = asyncio.create_task(work())
        while pool.idle:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async with pool.acquire() as conn:
        assert await conn.fetchval("SELECT 1") == 1
    await pool.close()


async def test_a_connection_that_the_server_closed_is_not_handed_out(database: Database) -> None:
    # given: an idle connection in the pool, ended while our event loop has no time to hear of it
    pool = await create_pool(database.dsn, max_size=1)
    async with pool.acquire() as conn:
        pid = await conn.fetchval("SELECT pg_backend_pid()")
    client.run("psql", database.superuser_dsn, "--command", f"SELECT pg_terminate_backend({pid}, 10000)")

    # when
    async with pool.acquire() as conn:
        again = await conn.fetchval("SELECT pg_backend_pid()")

    # then
    assert again != pid
    await pool.close()


async def test_a_connection_for_listening_is_like_those_of_the_pool(database: Database) -> None:
    conn = await connect(database.superuser_dsn, application_name="regulars listener")
    heard: asyncio.Queue[str] = asyncio.Queue()
    await conn.add_listener("card_changed", lambda *said: heard.put_nowait(said[-1]))

    assert await conn.fetchval("SELECT current_user") == "regulars_app"
    assert await conn.fetchval("""SELECT '{"a": 1}'::jsonb""") == {"a": 1}
    await conn.execute("SELECT pg_notify('card_changed', 'x')")

    assert await asyncio.wait_for(heard.get(), 10) == "x"
    await conn.close()


async def test_a_database_that_does_not_know_us_is_told_in_a_sentence(database: Database) -> None:
    place = database.dsn.partition("@")[2]

    with pytest.raises(DatabaseUnavailable, match="PostgreSQL turns us away: password authentication failed"):
        await create_pool(f"postgresql://regulars:wrong@{place}")
    with pytest.raises(DatabaseUnavailable, match='turns us away: database "nowhere" does not exist'):
        await create_pool(on(database.dsn, "nowhere"))
    with pytest.raises(DatabaseUnavailable, match="PostgreSQL does not answer"):
        await create_pool("postgresql://u:p@/d?host=/nowhere")
