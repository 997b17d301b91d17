"""Sales at a till whose line is down, and what a test waits for around them."""

from playwright.async_api import Page

from tests.web.browser.loading import KEPT
from tests.web.browser.till.scene import Member, Till

NOTHING_WAITS = """
    () => new Promise((resolve) => {
        const opening = indexedDB.open("regulars-till");
        opening.onsuccess = () => {
            const asking = opening.result.transaction("sales").objectStore("sales").getAll();
            asking.onsuccess = () => {
                opening.result.close();
                resolve(!asking.result.some(({ state }) => state === "waiting"));
            };
        };
    })
"""


HAS_KEYS = """
    () => new Promise((resolve) => {
        const opening = indexedDB.open("regulars-till");
        opening.onsuccess = () => {
            const asking = opening.result.transaction("device").objectStore("device").get("keys");
            asking.onsuccess = () => {
                opening.result.close();
                resolve(Boolean(asking.result));
            };
        };
    })
"""


async def sell(till: Till, member: Member, amount: str) -> None:
    """A sale up to its one button."""
    await till.scan((await member.code()).token)
    await till.page.locator(".customer").wait_for()
    await till.type_amount(amount)
    await till.press("Record")


async def sell_offline(till: Till, member: Member, amount: str) -> None:
    await sell(till, member, amount)
    await till.page.get_by_role("heading", name="Kept on this device").wait_for()
    await till.press("Next customer")


async def is_ready_for_no_network(page: Page) -> None:
    """The page and the keys of codes are on the device."""
    assert await page.evaluate(KEPT, "/till")
    await page.wait_for_function(HAS_KEYS)


async def wait_for_sent(page: Page) -> None:
    """Nothing on the device waits any more, and the page says so."""
    await page.wait_for_function(NOTHING_WAITS)
    await page.locator(".bar-state").wait_for(state="attached")
    await page.locator(".bar-state a.pill").wait_for(state="detached")
