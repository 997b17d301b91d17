"""What stands in the database, as one short text to compare with another."""

import asyncio

from wallet.database import Conn

REST_SECONDS = 1.5
"""Longer than a worker waits between two sweeps."""

TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"


async def all_rows(conn: Conn) -> dict[str, str]:
    """A digest of the rows of each table."""
    tables = sorted(row["relname"] for row in await conn.fetch(TABLES))
    return {table: await conn.fetchval(digest_of(table)) for table in tables}


def digest_of(table: str) -> str:
    return f"SELECT count(*) || ':' || md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} AS t"


async def rows_at_rest(conn: Conn) -> dict[str, str]:
    """The same, as soon as a worker beside us has nothing left to do."""
    async with asyncio.timeout(30):
        while True:
            before = await all_rows(conn)
            await asyncio.sleep(REST_SECONDS)
            if await all_rows(conn) == before:
                return before
