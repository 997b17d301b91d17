"""The camera of the till: a film before it, none, and one that may not be used."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.live import Live
from tests.web.browser.conftest import CHROMIUM, QUIET
from tests.web.browser.till.film import camera_showing, film_of
from tests.web.browser.till.scene import Till

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@asynccontextmanager
async def browser_before(*arguments: str) -> AsyncIterator[BrowserContext]:
    """A phone whose browser was started so."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *arguments])
        context = await browser.new_context(viewport={"width": 360, "height": 740}, locale="en-IN")
        context.set_default_timeout(15_000)
        yield context
        await browser.close()


async def scans(till: Till, page: Page) -> int:
    """How often the page has asked for a scan, once all that it has begun is answered."""
    await page.wait_for_load_state("networkidle")
    return till.asked.count("scan")


async def test_code_before_the_camera_is_read_once_and_the_camera_starts_by_itself_next_time(
    live: Live, chromium: Browser, context: BrowserContext
) -> None:
    # given a till in another window, and a customer who holds up a phone
    shop = await Till.open(live, context)
    member = await shop.member(points=5)
    film = await film_of(chromium, (await member.code()).token)
    async with browser_before(*camera_showing(film)) as there:
        till = await Till.open(live, there, shop=shop.shop)

        # when the camera is started by one touch
        await till.press("Start the camera")

        # then the customer is there, by one scan of the many pictures
        await till.see_customer("Meera")
        assert await till.page.locator(".balance").inner_text() == "5\nbeans"
        assert await scans(till, till.page) == 1
        assert "zxing_reader.wasm" in " ".join(till.loaded)
        assert all(address.startswith(live.base_url) for address in till.loaded)

        # and without a touch the next time
        await till.press("Send the customer away")
        await till.page.reload()
        await till.page.locator(".camera.on").wait_for()
        assert till.complaints == []


async def test_camera_that_may_not_be_used_says_how_to_go_on(live: Live, context: BrowserContext) -> None:
    async with browser_before("--use-fake-device-for-media-stream", "--deny-permission-prompts") as there:
        till = await Till.open(live, there)
        member = await till.member()

        await till.press("Start the camera")

        await till.page.get_by_text("This browser may not use the camera.").wait_for()
        await till.scan((await member.code()).token)
        await till.see_customer("Meera")
        assert till.complaints == []


async def test_device_without_a_camera_says_how_to_go_on(till: Till) -> None:
    await till.press("Start the camera")

    await till.page.get_by_text("No camera was found.").wait_for()
    assert await till.page.get_by_role("button", name="Type the ten digits").is_enabled()
