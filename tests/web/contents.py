"""What stands in the database, as one short text to compare with another."""

from wallet.database import Conn

TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"


async def all_rows(conn: Conn) -> dict[str, str]:
    """A digest of the rows of each table."""
    tables = sorted(row["relname"] for row in await conn.fetch(TABLES))
    return {table: await conn.fetchval(digest_of(table)) for table in tables}


def digest_of(table: str) -> str:
    return f"SELECT count(*) || ':' || md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} AS t"
