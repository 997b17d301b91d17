"""A database for each test, cloned from one that was migrated once, on a server that only this run uses."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from infra import migrate
from infra.postgres.server import ephemeral

T = TypeVar("T")

OTHER_SERVER = "REGULARS_TEST_DATABASE_URL"
"""A superuser's URL of a server to use instead of a throwaway one."""


@dataclass(frozen=True, slots=True)
class Database:
    """`dsn` logs in as the application does, `owner_dsn` as the one who migrates."""

    name: str
    dsn: str
    owner_dsn: str
    superuser_dsn: str


@dataclass(frozen=True, slots=True)
class MigratedServer:
    """Where databases are cloned. `template` is migrated, and nobody may connect to it."""

    app_dsn: str
    owner_dsn: str
    superuser_dsn: str
    owner: str
    template: str

    async def make(self) -> Database:
        """A migrated database; whoever made it drops it."""
        return await self._make(f"TEMPLATE {self.template} STRATEGY WAL_LOG")

    async def drop(self, database: Database) -> None:
        await run_sql(self.superuser_dsn, f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)")

    @asynccontextmanager
    async def clone(self) -> AsyncIterator[Database]:
        """A migrated database for this block alone."""
        async with self._dropped(await self.make()) as database:
            yield database

    @asynccontextmanager
    async def empty(self) -> AsyncIterator[Database]:
        """A database in which nothing has been migrated, for this block alone."""
        async with self._dropped(await self._make("TEMPLATE template1")) as database:
            yield database

    async def _make(self, how: str) -> Database:
        name = f"regulars_test_{secrets.token_hex(6)}"
        await run_sql(self.superuser_dsn, f"CREATE DATABASE {name} OWNER {self.owner} {how}")
        return Database(name, on(self.app_dsn, name), on(self.owner_dsn, name), on(self.superuser_dsn, name))

    @asynccontextmanager
    async def _dropped(self, database: Database) -> AsyncIterator[Database]:
        try:
            yield database
        finally:
            await self.drop(database)


@dataclass(slots=True, eq=False)
class StatementCounter:
    """Sees every statement of a pool, BEGIN and COMMIT included."""

    statements: list[str] = field(default_factory=list)

    def __call__(self, logged: Any) -> None:
        self.statements.append(" ".join(logged.query.split()))

    @asynccontextmanager
    async def counted(self) -> AsyncIterator[list[str]]:
        """Collects the statements of this block into the list that it gives; read it after the block.

        asyncpg tells its loggers in the next turn of the event loop, so both ends let one pass.
        """
        await asyncio.sleep(0)
        start = len(self.statements)
        seen: list[str] = []
        yield seen
        await asyncio.sleep(0)
        seen.extend(self.statements[start:])


@contextmanager
def migrated_server() -> Iterator[MigratedServer]:
    """A server with a migrated template, gone with this process whatever becomes of it."""
    other = os.environ.get(OTHER_SERVER)
    if other:
        owner = urlsplit(other).username or "postgres"
        with _with_template(other, other, other, owner) as found:
            yield found
        return
    with (
        ephemeral() as server,
        _with_template(server.superuser_dsn, server.owner_dsn, server.app_dsn, "regulars_owner") as found,
    ):
        yield found


@contextmanager
def _with_template(superuser_dsn: str, owner_dsn: str, app_dsn: str, owner: str) -> Iterator[MigratedServer]:
    template = f"regulars_template_{secrets.token_hex(6)}"
    run(run_sql(superuser_dsn, f"CREATE DATABASE {template} OWNER {owner} TEMPLATE template1"))
    try:
        run(migrate.apply(on(owner_dsn, template)))
        run(run_sql(superuser_dsn, f"ALTER DATABASE {template} ALLOW_CONNECTIONS false"))
        yield MigratedServer(app_dsn, owner_dsn, superuser_dsn, owner, template)
    finally:
        run(run_sql(superuser_dsn, f"DROP DATABASE IF EXISTS {template} WITH (FORCE)"))


def on(dsn: str, database: str) -> str:
    """The same login on another database of the same server."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))


async def run_sql(dsn: str, sql: str) -> None:
    conn = await asyncpg.connect(dsn)
    try:
        await conn.execute(sql)
    finally:
        await conn.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs it to its end in a loop of its own, wherever the caller stands."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
