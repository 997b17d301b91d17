"""The till to everybody's eyes, ears and fingers: small and large, light and dark, in short words and long ones."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.factories import make_reward
from tests.live import Live
from tests.web.browser.judging import faults
from tests.web.browser.till.scene import Till
from wallet.values import CheckInPurpose, Minor, RewardKind

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def states(till: Till) -> AsyncIterator[str]:
    """Everything that the till can show, one after the other; what is shown now, in a word."""
    page = till.page
    ways, icons = page.locator(".way"), page.locator(".bar nav > *")
    yield "waiting"
    for at, way in enumerate(("digits", "look-up", "new customer")):
        await ways.nth(at).click()
        yield way
        await page.keyboard.press("Escape")
    await icons.first.click()
    await page.locator(".empty").wait_for()
    yield "no sales"
    await icons.last.click()
    yield "settings"
    await page.keyboard.press("Escape")
    member = await till.member("Meera Krishnan", 120)
    await till.scan((await member.code()).token)
    await page.locator(".customer").wait_for()
    yield "customer"
    await page.keyboard.type("240", delay=150)
    await page.locator(".earns").wait_for()
    yield "amount"
    await page.locator(".usable.more").click()
    await page.locator(".usable.full").first.click()
    yield "what can be used"
    await page.keyboard.press("Escape")
    await page.locator(".outcome .problem").wait_for()
    yield "code to spend needed"
    await till.scan((await member.code(CheckInPurpose.REDEEM)).token)
    await page.locator(".outcome .due").wait_for()
    yield "reward"
    await page.locator(".key.extra").last.click()
    yield "lines"
    await page.keyboard.press("Escape")
    await page.locator(".button.record").click()
    await page.locator(".result-points").wait_for()
    yield "recorded"
    await page.locator(".result .choices .button").first.click()
    yield "undo"
    await page.keyboard.press("Escape")
    await icons.first.click()
    await page.locator(".operation").wait_for()
    yield "day"
    await page.locator(".operation-do .button").last.click()
    yield "a part"
    await page.keyboard.press("Escape")
    await page.locator(".bar-home").click()
    await page.locator(".button.next").click()
    await page.context.set_offline(True)
    await till.scan((await member.code()).token)
    await page.locator(".customer").wait_for()
    await page.keyboard.type("99", delay=150)
    yield "without a network"
    await page.locator(".button.record").click()
    await page.locator(".result-mark").wait_for()
    yield "kept"
    await page.locator(".bar a.pill").click()
    await page.locator(".operation").wait_for()
    yield "queue"


@pytest.mark.parametrize(
    ("language", "scheme", "width", "height"),
    [("en", "light", 1024, 768), ("ml", "dark", 320, 640)],
)
async def test_nothing_is_wrong_with_anything_that_the_till_shows(
    live: Live, chromium: Browser, language: str, scheme: str, width: int, height: int
) -> None:
    context = await chromium.new_context(
        viewport={"width": width, "height": height},
        locale=f"{language}-IN",
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(10_000)
    till = await Till.open(live, context, activated=False)
    async with live.runtime.pool.acquire() as conn:
        await make_reward(conn, till.shop, name="Masala tea", now=live.clock())
        await make_reward(
            conn,
            till.shop,
            name="Ten rupees off your next breakfast",
            kind=RewardKind.AMOUNT_OFF,
            cost_points=20,
            amount_minor=Minor(1_000),
            now=live.clock(),
        )
    await till.page.locator("input.letters").wait_for()
    wrong = {"activation": await faults(till.page)}
    await till.page.locator("input.letters").fill(await till.activation_code())
    await till.page.locator("button[type=submit]").click()
    await till.page.locator(".way").first.wait_for()

    async for state in states(till):
        wrong[state] = await faults(till.page)

    assert {state: found for state, found in wrong.items() if found} == {}
    assert till.complaints == []
    await context.close()


async def test_whole_sale_is_made_with_the_keyboard_alone(till: Till) -> None:
    # given a customer who reads out ten digits
    member = await till.member()
    keyboard = till.page.keyboard

    async def tab_to(name: str) -> None:
        for _ in range(30):
            if await till.page.evaluate("document.activeElement.textContent.trim()") == name:
                return
            await keyboard.press("Tab")
        raise AssertionError(f"The keyboard does not come to {name!r}.")

    await tab_to("Type the ten digits")
    await keyboard.press("Enter")
    await till.page.locator("dialog input:focus").wait_for()
    await keyboard.type((await member.code()).digits, delay=150)
    await till.see_customer("Meera")

    # when the amount is typed and recorded, and undone again
    await keyboard.type("70", delay=150)
    await keyboard.press("Enter")
    await till.see_recorded()
    await tab_to("Undo")
    await keyboard.press("Enter")
    await tab_to("Undo the sale")
    await keyboard.press("Enter")

    # then the result has the keyboard each time
    await till.page.get_by_role("heading", name="The sale is undone").wait_for()
    assert await till.page.evaluate("document.activeElement.textContent") == "The sale is undone"
    assert [sale["total_minor"] for sale in await till.sales()] == [7_000]
