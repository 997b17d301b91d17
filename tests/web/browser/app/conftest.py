from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Page

from tests.live import Live
from tests.web.browser.app.scenes import CardHolder, Phone, new_card_holder, new_phone


@pytest_asyncio.fixture(loop_scope="session")
async def phone(live: Live, page: Page) -> AsyncIterator[Phone]:
    """A customer without a card who is signed in. No script raises anything until the test is over."""
    found = await new_phone(live, page)
    yield found
    assert found.complaints == []


@pytest_asyncio.fixture(loop_scope="session")
async def holder(live: Live, page: Page) -> AsyncIterator[CardHolder]:
    """A customer with one card and 120 points who is signed in. No script raises anything until the test is over."""
    found = await new_card_holder(live, page)
    yield found
    assert found.complaints == []
