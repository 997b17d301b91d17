"""What the proofs have in common: a running application, and logs that do not cost more than what they tell of."""

import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
import structlog

from tests.database import Database, MigratedServer
from tests.journeys import Scene, opened
from tests.live import MovableClock
from tests.proofs.crowd import crowded


class StandingClock(MovableClock):
    """Stands still until it is moved, so that tokens last for as long as the longest run takes."""

    def __init__(self) -> None:
        super().__init__()
        self._began = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self._began + self.ahead


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    """Warnings and errors alone: a line for each of thousands of requests takes longer than the request."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.configure(**before)


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[Scene]:
    """The application at one moment, and without its worker: nothing happens that nobody asked for."""
    async with opened(database, clock=StandingClock(), payments="builtin") as found:
        yield found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def crowd(server: MigratedServer) -> AsyncIterator[Database]:
    """A full database, made once. A test may add to it, and relies on nothing that another one added."""
    async with crowded(server) as found:
        yield found
