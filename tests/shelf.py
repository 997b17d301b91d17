"""Databases that a test is done with, emptied for the next one: cloning one takes ten times as long as emptying it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import asyncpg

from tests.database import Database, MigratedServer

USES_MAX = 50
"""Deleted rows stay on the disk: after so many tests a database has had its time."""

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
    """A database, what it looked like when it was new, and how many tests have had it."""

    database: Database
    tables: list[str]
    shape: str
    size: int
    uses: int = 0


@dataclass(slots=True, eq=False)
class Shelf:
    """Fresh databases, for one test at a time each. What a test did to the rows of one is undone, and where it did
    anything else the database is dropped.
    """

    server: MigratedServer
    free: list[Copy] = field(default_factory=list)

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[Database]:
        """A migrated database, for this block alone."""
        copy = self.free.pop() if self.free else await _made(await self.server.make())
        try:
            yield copy.database
        finally:
            await self._put_back(copy)

    async def clear(self) -> None:
        while self.free:
            await self.server.drop(self.free.pop().database)

    async def _put_back(self, copy: Copy) -> None:
        copy.uses += 1
        with suppress(asyncpg.PostgresError, OSError):
            if copy.uses < USES_MAX and await _emptied(copy):
                self.free.append(copy)
                return
        await self.server.drop(copy.database)


async def _made(database: Database) -> Copy:
    conn = await asyncpg.connect(database.superuser_dsn)
    try:
        tables = [row["relname"] for row in await conn.fetch(TABLES_SQL) if row["relname"] not in KEPT]
        size = await conn.fetchval("SELECT pg_database_size(current_database())")
        return Copy(database, tables, await conn.fetchval(SHAPE_SQL), size)
    finally:
        await conn.close()


async def _emptied(copy: Copy) -> bool:
    """Whether nothing tells the database from a fresh one any more."""
    conn = await asyncpg.connect(copy.database.superuser_dsn)
    try:
        await conn.fetch(OTHERS_SQL)
        if await conn.fetchval(SHAPE_SQL) != copy.shape:
            return False
        if await conn.fetchval("SELECT pg_database_size(current_database())") > SIZE_MAX * copy.size:
            return False
        asked = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in copy.tables)
        filled = [row[0] for row in await conn.fetch(asked)]
        # Minds neither foreign keys nor the triggers that keep rows from being deleted.
        emptying = "; ".join(f"DELETE FROM {name}" for name in filled)
        await conn.execute(f"SET session_replication_role = replica; {emptying}")
        await conn.fetch(SEQUENCES_SQL)
        return True
    finally:
        await conn.close()
