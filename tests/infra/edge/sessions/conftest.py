from collections.abc import AsyncIterator

import pytest

from tests.database import Database, StatementCounter
from tests.infra.edge.sessions.keeping import FRIEND, sign_in
from tests.infra.edge.sessions.page import Page
from tests.journeys import Scene, opened
from tests.proofs.conftest import StandingClock


@pytest.fixture
async def scene(database: Database, statements: StatementCounter) -> AsyncIterator[Scene]:
    async with opened(
        database, clock=StandingClock(), pool_min=4, on_query=statements, cors_origins=(FRIEND,)
    ) as found:
        yield found


@pytest.fixture
async def page(scene: Scene) -> Page:
    """Asha, signed in on a page."""
    found = Page(scene)
    await sign_in(found)
    return found
