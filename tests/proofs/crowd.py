"""The full database that crowd.sql makes, and how its rows are named."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg

from tests.database import Database, MigratedServer

CROWD_SQL = Path(__file__).with_name("crowd.sql")
LONG_HISTORY = 200_000
"""The entries of card 0."""


def named(kind: str, n: int) -> UUID:
    """The id of the n-th of a kind, e.g. of "card" 0."""
    return UUID(hashlib.md5(f"{kind}{n}".encode(), usedforsecurity=False).hexdigest())


@asynccontextmanager
async def crowded(server: MigratedServer) -> AsyncIterator[Database]:
    """A database with the crowd in it, vacuumed and analysed, for this block alone."""
    async with server.clone() as database:
        conn = await asyncpg.connect(database.superuser_dsn)
        try:
            await conn.execute(CROWD_SQL.read_text(), timeout=300)
            await conn.execute("VACUUM ANALYZE", timeout=300)
        finally:
            await conn.close()
        yield database
