"""Databases that a test is done with, emptied for the next one: cloning one takes ten times as long as emptying it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import asyncpg

from tests.database import Database, MigratedServer, run

T = TypeVar("T")

USES_MAX = 50
"""Deleted rows stay on the disk: after so many tests a database has had its time."""

KEEPER = "regulars shelf"
"""What the connections are called that stay between two tests."""

SIZE_MAX = 2
"""As many times the size of a fresh one, and it has had its time."""

OTHERS_SQL = """
    SELECT pg_terminate_backend(pid, 5000)
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

# Whatever a test changed but rows: tables and their files, columns, triggers, functions, rights, settings, statistics.
SHAPE_SQL = """
    SELECT md5(concat_ws(
        '|',
        (SELECT string_agg(concat(oid, relfilenode, relacl), ',' ORDER BY oid)
         FROM pg_class WHERE relnamespace = 'public'::regnamespace),
        (SELECT string_agg(concat(attrelid, attname, atttypid, attnotnull, attacl), ',' ORDER BY attrelid, attnum)
         FROM pg_attribute
         WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)),
        (SELECT string_agg(concat(oid, tgenabled), ',' ORDER BY oid) FROM pg_trigger),
        (SELECT string_agg(concat(oid, xmin), ',' ORDER BY oid) FROM pg_constraint),
        (SELECT string_agg(concat(oid, xmin), ',' ORDER BY oid)
         FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
        (SELECT string_agg(concat(oid, xmin), ',' ORDER BY oid) FROM pg_namespace WHERE nspname !~ '^pg_'),
        (SELECT string_agg(setconfig::text, ',') FROM pg_db_role_setting
         WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())),
        (SELECT count(*) FROM pg_statistic
         WHERE starelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace))
    ))
"""

TABLES_SQL = (
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
)

SEQUENCES_SQL = """
    SELECT setval(seqrelid, seqstart, FALSE)
    FROM pg_sequence
    WHERE seqrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
"""

KEPT = {"schema_migrations"}
"""What a database that was just migrated has rows in."""


@dataclass(slots=True, eq=False)
class Copy:
    """A database, what it looked like when it was new, and how many tests have had it.

    `keeper` is a connection that stays: to a new one PostgreSQL has to read of all tables what they are like, which
    costs more than emptying them.
    """

    database: Database
    keeper: asyncpg.Connection
    tables: list[str]
    shape: str
    size: int
    uses: int = 0


@dataclass(slots=True, eq=False)
class Shelf:
    """Fresh databases, for one test at a time each. What a test did to the rows of one is undone, and where it did
    anything else the database is dropped.

    A test's event loop ends with the test, so the keepers live in another one, in a thread of their own.
    """

    server: MigratedServer
    loop: asyncio.AbstractEventLoop
    free: list[Copy] = field(default_factory=list)

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[Database]:
        """A migrated database, for this block alone."""
        copy = self.free.pop() if self.free else await self._there(self._made())
        try:
            yield copy.database
        finally:
            await self._there(self._put_back(copy))

    async def clear(self) -> None:
        while self.free:
            await self._there(self._drop(self.free.pop()))

    def _there(self, work: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))

    async def _made(self) -> Copy:
        database = await self.server.make()
        keeper = await asyncpg.connect(database.superuser_dsn, server_settings={"application_name": KEEPER})
        tables = [row["relname"] for row in await keeper.fetch(TABLES_SQL) if row["relname"] not in KEPT]
        size = await keeper.fetchval("SELECT pg_database_size(current_database())")
        return Copy(database, keeper, tables, await keeper.fetchval(SHAPE_SQL), size)

    async def _put_back(self, copy: Copy) -> None:
        copy.uses += 1
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            if copy.uses < USES_MAX and await _emptied(copy):
                self.free.append(copy)
                return
        await self._drop(copy)

    async def _drop(self, copy: Copy) -> None:
        copy.keeper.terminate()
        await self.server.drop(copy.database)


@contextmanager
def shelf_of(server: MigratedServer) -> Iterator[Shelf]:
    """An empty shelf. What is on it is dropped when the block is left."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=KEEPER, daemon=True)
    thread.start()
    shelf = Shelf(server, loop)
    try:
        yield shelf
        run(shelf.clear())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _emptied(copy: Copy) -> bool:
    """Whether nothing tells the database from a fresh one any more."""
    keeper = copy.keeper
    await keeper.fetch(OTHERS_SQL)
    if await keeper.fetchval(SHAPE_SQL) != copy.shape:
        return False
    if await keeper.fetchval("SELECT pg_database_size(current_database())") > SIZE_MAX * copy.size:
        return False
    asked = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in copy.tables)
    filled = [row[0] for row in await keeper.fetch(asked)]
    # Minds neither foreign keys nor the triggers that keep rows from being deleted.
    emptying = "; ".join(f"DELETE FROM {name}" for name in filled)
    await keeper.execute(f"SET session_replication_role = replica; {emptying}")
    await keeper.fetch(SEQUENCES_SQL)
    return True
