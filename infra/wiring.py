"""What every command needs, made from the settings: the database, a pool on it, the box that seals."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from auth import keys
from auth.secrets import SecretBox
from infra import migrate
from infra import settings as environment
from infra.clock import Clock
from infra.migrate import MigrationError
from infra.pool import Pool, QueryLogger, create_pool
from infra.postgres.server import Server, running
from infra.settings import Settings


@dataclass(frozen=True, slots=True)
class Database:
    """Where the data is. `server` is the embedded one, None where DATABASE_URL names another."""

    app_dsn: str
    owner_dsn: str
    server: Server | None


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The database of the settings, running. Raises PostgresError if the embedded one cannot run."""
    if settings.database_url is None:
        async with running(settings.data_dir) as server:
            yield Database(server.app_dsn, server.owner_dsn, server)
        return
    app_dsn = settings.database_url.get_secret_value()
    owner = settings.migration_database_url
    yield Database(app_dsn, owner.get_secret_value() if owner else app_dsn, None)


@asynccontextmanager
async def connected(
    settings: Settings, *, application_name: str, on_query: QueryLogger | None = None
) -> AsyncIterator[tuple[Database, Pool]]:
    """The database with every migration of this code, and a pool on it.

    The embedded database is migrated here; another one by `regulars migrate`, when its operator says so.
    `on_query` is told of every statement of the pool.
    Raises PostgresError, MigrationError, DatabaseUnavailable.
    """
    async with database(settings) as found:
        if found.server is not None:
            await migrate.apply(found.owner_dsn)
        pool = await create_pool(
            found.app_dsn,
            application_name=application_name,
            min_size=settings.pool_min,
            max_size=settings.pool_max,
            on_query=on_query,
        )
        try:
            async with pool.acquire() as conn:
                missing = await migrate.pending(conn)
            if missing:
                raise MigrationError(f"The database lacks {missing[0].file}. Run: regulars migrate")
            yield found, pool
        finally:
            await pool.close()


async def opened_box(settings: Settings, pool: Pool, clock: Clock) -> SecretBox:
    """The box of the settings' secret key, with signing keys made if there were none.

    Raises SettingsError, KeysUnreadable if the keys in the database were sealed with another secret key.
    """
    box = SecretBox(environment.secret_key_bytes(settings))
    async with pool.acquire() as conn, conn.transaction():
        await keys.ensure(conn, box=box, now=clock())
        await keys.load(conn, box=box, now=clock())
    return box
