"""How the heart of the app looks and reads: a small phone and a desk, dark and light, long words and short ones."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page, expect

from tests.factories import make_reward
from tests.live import Live
from tests.web.browser.app.scenes import CardHolder, another_card, new_card_holder, window
from tests.web.browser.judging import faults
from wallet.rules import Rules, StampRules, TierLevel, TierRules

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SMALL = {"viewport": {"width": 320, "height": 640}, "reduced_motion": "reduce"}


# A word that is longer than what it stands in lies over its neighbour.
LONGER_THAN_ITS_PLACE = """
    () => [...document.querySelectorAll(".purpose span, .ways a, .ways-on a, .bar, .tier-name, .line-much, .button")]
        .filter((part) => part.checkVisibility() && part.scrollWidth > part.clientWidth + 1)
        .map((part) => part.textContent.trim())
"""


async def wrong(page: Page) -> list[str]:
    return [*await faults(page), *await page.evaluate(LONGER_THAN_ITS_PLACE)]


async def full_card(live: Live, page: Page) -> CardHolder:
    """A card with everything on it that a card can have, and a second one."""
    tiers = TierRules(basis="points", levels=(TierLevel("Gold", 5_000, perks=("A free birthday cake",)),))
    holder = await new_card_holder(
        live, page, points=1_250, rules=Rules(stamps=StampRules(per="item", needed=10, reward="tea"), tiers=tiers)
    )
    now = live.clock()
    async with live.runtime.pool.acquire() as conn:
        await make_reward(
            conn, holder.shop, slug="tea", name="Masala tea and a banana fritter", now=now, cost_stamps=10
        )
    await holder.give(30, expires_at=now + timedelta(days=20))
    await holder.give(40, activates_at=now + timedelta(days=3))
    await another_card(holder, points=1_234_567)
    return holder


async def every_place(holder: CardHolder) -> AsyncIterator[str]:
    """Opens one place after another, and says which."""
    page = holder.page
    await holder.open("/app")
    await expect(page.locator(".face")).to_have_count(2)
    yield "wallet"
    await holder.open(holder.place)
    await page.locator(".qr").wait_for()
    await page.locator(".facts .icon").nth(2).wait_for()
    yield "card"
    await page.locator(".card-foot button").click()
    await page.locator("dialog").wait_for()
    yield "rules"
    await holder.open(f"{holder.place}/history")
    await page.locator(".line").first.wait_for()
    yield "history"
    await holder.open("/app/nowhere")
    await page.locator(".empty").wait_for()
    yield "nowhere"
    await holder.end_sessions()
    await holder.open("/app")
    await page.locator(".welcome").wait_for()
    yield "welcome"


# The languages with the longest words on the smallest phone; that every other one fits is test_every_page.py's.
@pytest.mark.parametrize(
    ("language", "scheme", "width"), [("ml", "light", 320), ("te", "dark", 320), ("en", "dark", 1280)]
)
async def test_nothing_is_wrong_with_a_card_that_has_everything(
    live: Live, chromium: Browser, language: str, scheme: str, width: int
) -> None:
    options = {"viewport": {"width": width, "height": 640}, "locale": f"{language}-IN", "color_scheme": scheme}
    async with window(chromium, reduced_motion="reduce", **options) as page:
        holder = await full_card(live, page)

        found = {place: await wrong(page) async for place in every_place(holder)}

        assert set(found) == {"wallet", "card", "rules", "history", "nowhere", "welcome"}
        assert {place: said for place, said in found.items() if said} == {}
        assert holder.complaints == []


async def test_without_a_network_nothing_is_covered_that_is_to_be_read(live: Live, chromium: Browser) -> None:
    async with window(chromium, locale="ml-IN", **SMALL) as page:
        holder = await full_card(live, page)
        await page.clock.install()
        await holder.open(holder.place)
        await page.locator(".qr").wait_for()
        await holder.context.set_offline(True)
        await page.clock.run_for(100_000)
        await page.locator(".no-code .icon").wait_for()

        # then the words fit, and the foot of the page can be scrolled from under the bar
        assert await wrong(page) == []
        await page.evaluate("scrollTo(0, document.body.scrollHeight)")
        [foot, bar] = await page.evaluate("""() => [
            document.querySelector(".card-foot").getBoundingClientRect().bottom,
            document.querySelector(".bars").getBoundingClientRect().top,
        ]""")
        assert foot <= bar


async def test_pages_say_where_one_is(holder: CardHolder) -> None:
    await holder.open("/app/nowhere")
    await expect(holder.page).to_have_title("Nothing is here · Regulars")

    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()
    name = await holder.page.locator("h1").inner_text()
    await expect(holder.page).to_have_title(f"{name} · Regulars")

    await holder.open(f"{holder.place}/history")
    await expect(holder.page).to_have_title(f"History · {name} · Regulars")


async def test_parts_of_the_page_have_names(live: Live, holder: CardHolder) -> None:
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()

    said = await holder.page.locator("body").aria_snapshot()

    for part in ('navigation "Parts of the app"', 'region "For the counter"', 'group "What the code is for"'):
        assert part in said
    assert await holder.page.get_by_role("img", name="QR code to show at the counter").is_visible()
    assert await holder.page.locator(".balance .hidden-words").inner_text() == "120"
