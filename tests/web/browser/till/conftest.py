"""A till of a shop of its own, on a tablet's browser."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import BrowserContext

from tests.live import Live
from tests.web.browser.till.scene import Till


@pytest_asyncio.fixture(loop_scope="session")
async def till(live: Live, context: BrowserContext) -> AsyncIterator[Till]:
    found = await Till.open(live, context)
    yield found
    assert found.complaints == []
