"""The running application at one moment, as the people of these stories meet it: over HTTP."""

from collections.abc import AsyncIterator

import pytest

from tests.database import Database
from tests.factories import Shop
from tests.journeys import Scene, Till, open_shop, opened, till
from tests.proofs.conftest import StandingClock, quiet_logs
from wallet.rules import Rules
from wallet.values import Minor, Points

__all__ = ["quiet_logs"]

A_BEAN_FOR_TEN_RUPEES = Rules(points=Points(1), per_minor=Minor(1_000))


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[Scene]:
    """The application under a clock that stands until it is moved, without its worker."""
    async with opened(database, clock=StandingClock(), pool_min=4) as found:
        yield found


@pytest.fixture
async def shop(scene: Scene) -> Shop:
    return await open_shop(scene, rules=A_BEAN_FOR_TEN_RUPEES)


@pytest.fixture
async def at(scene: Scene, shop: Shop) -> Till:
    return await till(scene, shop)
