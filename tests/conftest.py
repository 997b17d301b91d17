"""What every test may ask for: a real PostgreSQL, a database of its own in it, and the time."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import settings

from infra.pool import Pool, create_pool
from tests.database import Database, MigratedServer, StatementCounter, migrated_server
from tests.shelf import Shelf, shelf_of
from wallet.database import Conn

# A busy machine is no failure: no example of a property is given a time to be done in.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def server() -> Iterator[MigratedServer]:
    with migrated_server() as found:
        yield found


@pytest.fixture(scope="session")
def shelf(server: MigratedServer) -> Iterator[Shelf]:
    with shelf_of(server) as found:
        yield found


@pytest.fixture
async def database(shelf: Shelf) -> AsyncIterator[Database]:
    """A migrated database, for this test alone."""
    async with shelf.taken() as found:
        yield found


@pytest.fixture
async def empty_database(server: MigratedServer) -> AsyncIterator[Database]:
    """A database in which nothing has been migrated, for this test alone."""
    async with server.empty() as found:
        yield found


@pytest.fixture
def statements() -> StatementCounter:
    """Counts what the connections of `pool` say."""
    return StatementCounter()


@pytest.fixture
async def pool(database: Database, statements: StatementCounter) -> AsyncIterator[Pool]:
    found = await create_pool(database.dsn, max_size=20, on_query=statements)
    yield found
    await found.close()


@pytest.fixture
async def conn(pool: Pool) -> AsyncIterator[Conn]:
    """A connection of the application, not in a transaction."""
    async with pool.acquire() as found:
        yield found


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
