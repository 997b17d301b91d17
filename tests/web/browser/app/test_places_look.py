"""The places that are gone to later: nothing stands beside the screen, is too small, or breaks a rule of axe."""

from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page

from tests.factories import make_reward
from tests.live import Live
from tests.web.browser.app.belongings import add_designs, open_gift_card, receive_gift, send_gift
from tests.web.browser.app.scenes import CardHolder, new_card_holder, window
from tests.web.browser.judging import faults
from tests.web.browser.till.scene import CLOCK

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

DEVICES = {
    "small phone, dark, Malayalam": ((320, 640), "dark", "ml-IN"),
    "desk, light, English": ((1280, 800), "light", "en-IN"),
}


async def furnished(live: Live, page: Page) -> CardHolder:
    """A customer who has some of everything."""
    holder = await new_card_holder(live, page)
    async with live.runtime.pool.acquire() as conn:
        await make_reward(conn, holder.shop, name="Masala tea", description="Hot and sweet.", now=live.clock())
        await make_reward(conn, holder.shop, name="Breakfast for two", cost_points=300, now=live.clock())
    await add_designs(holder)
    await send_gift(
        holder, message="Happy birthday!\nHave a coffee on me.", deliver_at=live.clock() + timedelta(days=3)
    )
    return holder


async def send_until_the_last_look(page: Page, told: list[str]) -> None:
    """Through the three steps, each looked at as it is and with something wrong."""
    forward = page.locator(".step > .button")
    await forward.click()
    told += await faults(page)
    for kind in (2, 1, 0):
        await page.locator(".tiles input").nth(kind).check()
        told += await faults(page)
    await page.locator("input.large").fill("30")
    await forward.click()
    await forward.click()
    await page.locator(".choice input").nth(1).check()
    told += await faults(page)
    await page.locator(".step input").nth(0).fill("Latha")
    await page.locator(".step input").nth(1).fill("latha@example.com")
    await forward.click()
    await page.locator(".looks a[href]").first.wait_for()
    told += await faults(page)


@pytest.mark.parametrize("device", DEVICES)
async def test_every_place_is_right(live: Live, chromium: Browser, device: str) -> None:
    (width, height), scheme, locale = DEVICES[device]
    async with window(
        chromium,
        viewport={"width": width, "height": height},
        locale=locale,
        color_scheme=scheme,
        reduced_motion="reduce",
    ) as page:
        holder, told = await furnished(live, page), list[str]()
        # What is to be sent tomorrow must be of tomorrow to the server, too, whose clock other tests have moved.
        await page.context.add_init_script(CLOCK % (live.clock.ahead / timedelta(milliseconds=1)))
        card = await open_gift_card(holder, 50_000)
        await open_gift_card(holder, 12_050)
        gift = await receive_gift(holder, message="Thanks for the mangoes")

        # rewards, what buying one asks, and the voucher
        await holder.open(f"{holder.place}/rewards")
        await page.locator(".offer .button").first.click()
        told += await faults(page)
        await page.locator("dialog .button").first.click()
        await page.locator(".voucher").wait_for()
        told += await faults(page)

        # sending
        await holder.open(f"{holder.place}/send")
        await page.locator(".step").wait_for()
        await send_until_the_last_look(page, told)

        # both lists, a gift that was sent, and one that was received
        for path in ("/app/gifts?received", "/app/gifts"):
            await holder.open(path)
            await page.locator(".gift-line").first.wait_for()
            told += await faults(page)
        await page.locator(".gift-line").first.click()
        await page.locator(".doings .danger").click()
        told += await faults(page)
        await holder.open(f"/app/gifts/{gift}")
        await page.locator("textarea").wait_for()
        told += await faults(page)

        # a gift card, and the customer
        await holder.open(f"/app/gift-cards/{card}")
        await page.locator(".rows li").first.wait_for()
        await page.locator(".doings .button").last.click()
        told += await faults(page)
        await holder.open("/app/me")
        await page.locator(".languages").wait_for()
        told += await faults(page)
        assert told == []
        assert holder.complaints == []
