"""Brings a database to the version of this code: plain numbered SQL files, forward only, each applied once.

`NNNN_name.sql` runs in one transaction together with the row that records it. A file whose first line is
`-- no-transaction` runs outside of one (CREATE INDEX CONCURRENTLY); it holds one statement that may run twice.
"""

import asyncio
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from wallet.database import Conn

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
NO_TRANSACTION = "-- no-transaction"
LOCK_KEY = 0x726567756C617273
"""`regulars` in ASCII. The advisory lock of whoever migrates this database."""
LOCK_STEP_SECONDS = 0.1
LOCK_PATIENCE_SECONDS = 600.0
TABLE_LOCK_TIMEOUT = "5s"

CREATE_TABLE_SQL = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version integer NOT NULL,
    name text NOT NULL,
    checksum bytea NOT NULL,
    applied_at timestamptz NOT NULL,
    CONSTRAINT schema_migrations_pk PRIMARY KEY (version)
)
"""
TABLE_EXISTS_SQL = """
SELECT to_regclass('schema_migrations') IS NOT NULL
"""
APPLIED_SQL = """
SELECT version, name, checksum
FROM schema_migrations
ORDER BY version
"""
RECORD_SQL = """
INSERT INTO schema_migrations (version, name, checksum, applied_at)
VALUES ($1, $2, $3, $4)
"""
TRY_LOCK_SQL = """
SELECT pg_try_advisory_lock($1)
"""


class MigrationError(Exception):
    """One sentence for the operator. The database is as it was before the migration that the sentence names."""


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    name: str
    sql: str

    @property
    def file(self) -> str:
        return f"{self.version:04}_{self.name}.sql"

    @property
    def checksum(self) -> bytes:
        """SHA-256 of the text in UTF-8, with newlines as \\n on every system."""
        return hashlib.sha256(self.sql.encode()).digest()

    @property
    def in_transaction(self) -> bool:
        return not self.sql.startswith(NO_TRANSACTION)


def load(folder: Path = MIGRATIONS) -> list[Migration]:
    """The migrations of this code in their order. Raises MigrationError unless they are numbered 1, 2, 3 ..."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = FILE_NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name} is no name for a migration: it is four digits, _, a-z 0-9 _, .sql.")
        found.append(Migration(int(match[1]), match[2], path.read_text(encoding="utf-8")))
    for number, migration in enumerate(found, start=1):
        if migration.version != number:
            raise MigrationError(
                f"{migration.file} should have the number {number:04}: numbers have no gaps and no twins."
            )
    return found


async def pending(conn: Conn, migrations: list[Migration] | None = None) -> list[Migration]:
    """What this code has and the database lacks; empty means ready. The application's role may ask this.

    Raises MigrationError if the database was made by other migrations than these.
    """
    known = load() if migrations is None else migrations
    if not await conn.fetchval(TABLE_EXISTS_SQL):
        return known
    rows = await conn.fetch(APPLIED_SQL)
    by_version = {migration.version: migration for migration in known}
    for row in rows:
        migration = by_version.get(row["version"])
        if migration is None:
            newest = known[-1].file if known else "none"
            raise MigrationError(
                f"The database is newer than this code: it has migration {row['version']:04}_{row['name']}, and the "
                f"newest here is {newest}. Run the newer code, or restore a backup from before."
            )
        if migration.checksum != row["checksum"]:
            raise MigrationError(
                f"{migration.file} is not the file that was applied to this database: an applied migration is never "
                "edited. Put it back as it was, and write what should change as a new migration."
            )
    return known[len(rows) :]


async def apply(dsn: str, folder: Path = MIGRATIONS) -> list[Migration]:
    """Applies what is pending, as the role of `dsn`, which then owns what was made. Returns what this call applied.

    Several may call it at once: one works, the others wait and then find nothing to do.
    Raises MigrationError; the migrations before the one that failed stay applied.
    """
    migrations = load(folder)
    settings = {"application_name": "regulars migrate", "statement_timeout": "0", "lock_timeout": TABLE_LOCK_TIMEOUT}
    try:
        conn = await asyncpg.connect(dsn, server_settings=settings)
        try:
            return await _apply_pending(conn, migrations)
        finally:
            await conn.close()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise MigrationError(f"The database cannot be migrated: {error}") from error


async def _apply_pending(conn: Conn, migrations: list[Migration]) -> list[Migration]:
    await _lock(conn)
    await conn.execute(CREATE_TABLE_SQL)
    todo = await pending(conn, migrations)
    for migration in todo:
        await _apply_one(conn, migration)
    return todo


async def _lock(conn: Conn) -> None:
    """Asks again and again: to wait inside PostgreSQL holds a snapshot, which CREATE INDEX CONCURRENTLY waits for."""
    deadline = asyncio.get_running_loop().time() + LOCK_PATIENCE_SECONDS
    while not await conn.fetchval(TRY_LOCK_SQL, LOCK_KEY):
        if asyncio.get_running_loop().time() > deadline:
            raise MigrationError(
                "Another process has been migrating this database for ten minutes: look at it, then run again."
            )
        await asyncio.sleep(LOCK_STEP_SECONDS)


async def _apply_one(conn: Conn, migration: Migration) -> None:
    record = (migration.version, migration.name, migration.checksum, datetime.now(UTC))
    try:
        if migration.in_transaction:
            async with conn.transaction():
                await conn.execute(migration.sql)
                await conn.execute(RECORD_SQL, *record)
        else:
            await conn.execute(migration.sql)
            await conn.execute(RECORD_SQL, *record)
    except asyncpg.LockNotAvailableError as error:
        raise MigrationError(
            f"{migration.file} waited {TABLE_LOCK_TIMEOUT} for a table that somebody is using, and gave up so as not "
            "to hold up everybody else: run it again."
        ) from error
    except asyncpg.PostgresError as error:
        raise MigrationError(f"{migration.file} failed: {error}") from error
