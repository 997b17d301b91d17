"""A database that throws everybody out and lets nobody in, for as long as a test wants."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.database import Database, on

TERMINATE_SQL = """
    SELECT pg_terminate_backend(pid, 5000)
    FROM pg_stat_activity
    WHERE datname = $1
"""


class Switch:
    """Turns the database off and on again."""

    def __init__(self, database: Database, superuser: "asyncpg.Connection") -> None:
        self._name = database.name
        self._superuser = superuser

    async def off(self) -> None:
        await self._superuser.execute(f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS false")
        await self._superuser.execute(TERMINATE_SQL, self._name)

    async def on(self) -> None:
        await self._superuser.execute(f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS true")


@asynccontextmanager
async def switch(database: Database) -> AsyncIterator[Switch]:
    """The switch of the database; it is on again after the block."""
    superuser = await asyncpg.connect(on(database.superuser_dsn, "postgres"))
    found = Switch(database, superuser)
    try:
        yield found
    finally:
        await found.on()
        await superuser.close()
