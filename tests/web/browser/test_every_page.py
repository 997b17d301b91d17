"""Every page, judged as far as that needs no person: accessible, readable, and not wider than the smallest phone."""

import pytest
from playwright.async_api import Browser

from schema.translations import LANGUAGES
from tests.live import Live
from tests.web.browser.judging import faults
from tests.web.browser.tour import tour

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STOPS = 31
SMALLEST = {"width": 320, "height": 640}
DESK = {"width": 1280, "height": 800}
ZOOMED = {"width": DESK["width"] // 2, "height": DESK["height"] // 2}
"""What a window of a desk has left at 200 % (WCAG 2.2, 1.4.4): half as many pixels each way, twice as dense."""


async def judged(live: Live, chromium: Browser, **options: object) -> dict[str, list[str]]:
    """What is wrong with each stop of the tour where anything is."""
    wrong: dict[str, list[str]] = {}
    count = 0
    async with tour(live, chromium, reduced_motion="reduce", **options) as walk:
        async for name, page in walk.stops():
            count += 1
            if found := await faults(page):
                wrong[name] = found
        assert walk.complaints == []
    assert count == STOPS
    return wrong


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_fits_the_smallest_phone_in_every_language(
    live: Live, chromium: Browser, language: str
) -> None:
    assert await judged(live, chromium, viewport=SMALLEST, locale=f"{language}-IN", color_scheme="light") == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_can_be_read_on_a_desk(live: Live, chromium: Browser, scheme: str) -> None:
    assert await judged(live, chromium, viewport=DESK, locale="en-IN", color_scheme=scheme) == {}


async def test_every_page_can_be_read_at_twice_its_size(live: Live, chromium: Browser) -> None:
    options = {"viewport": ZOOMED, "device_scale_factor": 2, "locale": "ml-IN", "color_scheme": "dark"}

    assert await judged(live, chromium, **options) == {}
