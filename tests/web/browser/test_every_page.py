"""Every page, judged as far as that needs no person: accessible, readable, and not wider than the smallest phone."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Browser, Page, ViewportSize

from schema.translations import LANGUAGES
from tests.live import Live
from tests.web.browser.judging import faults, misfits
from tests.web.browser.tour import tour

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STOPS = 31
SMALLEST: ViewportSize = {"width": 320, "height": 640}
DESK: ViewportSize = {"width": 1280, "height": 800}
ZOOMED = {"width": DESK["width"] // 2, "height": DESK["height"] // 2}
"""What a window of a desk has left at 200 % (WCAG 2.2, 1.4.4): half as many pixels each way, twice as dense."""


Judge = Callable[[Page], Awaitable[list[str]]]


async def judged(live: Live, chromium: Browser, judge: Judge, **options: object) -> dict[str, list[str]]:
    """What is wrong with each stop of the tour where anything is."""
    found: dict[str, list[str]] = {}
    async with tour(live, chromium, reduced_motion="reduce", **options) as walk:
        async for name, page in walk.stops():
            found[name] = await judge(page)
        assert walk.complaints == []
    assert len(found) == STOPS
    return {name: wrong for name, wrong in found.items() if wrong}


# Malayalam is looked at more closely below.
@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"ml"}))
async def test_every_page_fits_the_smallest_phone_in_every_language(
    live: Live, chromium: Browser, language: str
) -> None:
    assert await judged(live, chromium, misfits, viewport=SMALLEST, locale=f"{language}-IN") == {}


@pytest.mark.parametrize(
    ("language", "scheme", "size"), [("en", "light", DESK), ("ml", "dark", SMALLEST)], ids=["en-desk", "ml-phone"]
)
async def test_every_page_is_for_everybody(
    live: Live, chromium: Browser, language: str, scheme: str, size: ViewportSize
) -> None:
    assert await judged(live, chromium, faults, viewport=size, locale=f"{language}-IN", color_scheme=scheme) == {}


async def test_every_page_can_be_read_at_twice_its_size(live: Live, chromium: Browser) -> None:
    options = {"viewport": ZOOMED, "device_scale_factor": 2, "locale": "te-IN"}

    assert await judged(live, chromium, misfits, **options) == {}


async def test_what_is_wrong_is_found(chromium: Browser) -> None:
    page = await chromium.new_page(viewport=SMALLEST)
    await page.set_content(
        """<!doctype html><html lang=en><title>All of it</title><main><h1>All of it</h1>
        <p style="color: #999; background: #fff">Pale words</p><button style="height: 30px">Small</button>
        <div style="width: 400px">Wide</div>
        <p style="width: 60px; overflow: hidden; white-space: nowrap">Cut off here</p>
        <input></main></html>"""
    )

    found = [fault.split(":")[0] for fault in await faults(page)]
    await page.close()

    assert sorted(found) == [
        "beside the screen",
        "beside the screen",
        "color-contrast",
        "label",
        "smaller than a finger",
        "smaller than a finger",
    ]
