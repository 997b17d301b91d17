"""The pages alone, over a real database, without a server."""

from collections.abc import AsyncIterator
from datetime import datetime

import httpx
import pytest
from starlette.applications import Starlette

from auth.secrets import SecretBox
from infra.pool import Pool
from web.pages.facts import PageFacts
from web.routes import page_routes

BOX = SecretBox(bytes(32))


class Hands:
    """The hands of a clock: where they are put, there they stay."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hands(now: datetime) -> Hands:
    return Hands(now)


@pytest.fixture
async def browser(pool: Pool, hands: Hands) -> AsyncIterator[httpx.AsyncClient]:
    """Opens pages, as a browser without scripts does."""
    app = Starlette(routes=page_routes(PageFacts(pool=lambda: pool, clock=hands, box=lambda: BOX)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
        yield client
