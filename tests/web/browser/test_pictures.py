"""Pictures of every page for docs/pictures/pages: `make pictures` takes them, and looking at them is the test.

On a phone in the light and on a desk in the dark, in two languages, as somebody who walks through it all sees them.
"""

import asyncio
from base64 import b64decode
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.live import Live
from tests.web.browser.tour import tour

pytestmark = [pytest.mark.pictures, pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "pictures" / "pages"
SCREENS = {
    "phone": {"viewport": {"width": 390, "height": 780}, "color_scheme": "light"},
    "desk": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
}
QUALITY = 80


@pytest.mark.parametrize("language", ["en", "ml"])
@pytest.mark.parametrize("screen", SCREENS)
async def test_every_page_has_its_picture(live: Live, chromium: Browser, screen: str, language: str) -> None:
    await asyncio.to_thread(FOLDER.mkdir, parents=True, exist_ok=True)
    async with tour(live, chromium, **SCREENS[screen], locale=f"{language}-IN", reduced_motion="reduce") as walk:
        async for name, page in walk.stops():
            await take(page, FOLDER / f"{name}-{screen}-{language}.webp")


async def take(page: Page, path: Path) -> None:
    """What is on the screen, as WebP: a tenth of the same as PNG."""
    session = await page.context.new_cdp_session(page)
    shot = await session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    await asyncio.to_thread(path.write_bytes, b64decode(shot["data"]))
    await session.detach()
