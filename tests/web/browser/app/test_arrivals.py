"""Points that arrive while the phone lies on the counter, and those that came while nobody looked."""

import pytest
from playwright.async_api import Browser, expect

from tests.live import Live
from tests.web.browser.app.scenes import CardHolder, counter, new_card_holder, window

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_points_of_a_sale_arrive_by_themselves(live: Live, holder: CardHolder) -> None:
    # given a phone that shows its code
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()
    used = await holder.shown_code()

    # when the till scans it and records a sale
    async with counter(live, holder.shop) as till:
        sold = await till.sell(await till.scan(used))
    earned = sold["sale"]["points"]

    # then the phone says so, with the reasons, has the new balance, and another code
    arrival = holder.page.locator(".arrival")
    await expect(arrival).to_contain_text(f"+{earned} beans")
    await expect(arrival).to_contain_text("Purchase")
    await expect(holder.page.locator(".balance .hidden-words")).to_have_text(str(120 + earned))
    await expect(holder.page.locator(".digits-below")).not_to_contain_text(used[:5])
    await expect(holder.page.locator(".lines .line").first).to_contain_text(f"+{earned}")
    assert await holder.page.locator(".arrival-place").get_attribute("role") == "status"


async def test_number_counts_up_and_ends_at_the_balance(live: Live, holder: CardHolder) -> None:
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()

    async with counter(live, holder.shop) as till:
        sold = await till.sell(await till.scan(await holder.shown_code()))

    shown = holder.page.locator(".balance [aria-hidden]")
    await expect(shown).to_have_text(str(120 + sold["sale"]["points"]))


async def test_reduced_motion_shows_the_new_balance_at_once(live: Live, chromium: Browser) -> None:
    async with window(chromium, reduced_motion="reduce") as page:
        holder = await new_card_holder(live, page)
        await holder.open(holder.place)
        await page.locator(".qr").wait_for()
        await page.evaluate("""() => {
            window.seen = [];
            const shown = document.querySelector(".balance [aria-hidden]");
            new MutationObserver(() => window.seen.push(shown.textContent))
                .observe(shown, { characterData: true, childList: true, subtree: true });
        }""")

        async with counter(live, holder.shop) as till:
            sold = await till.sell(await till.scan(await holder.shown_code()))

        balance = str(120 + sold["sale"]["points"])
        await expect(page.locator(".balance [aria-hidden]")).to_have_text(balance)
        assert await page.evaluate("window.seen") == [balance]


async def test_what_came_while_the_network_was_away_is_told_afterwards(live: Live, holder: CardHolder) -> None:
    # given a phone that has lost its network, and a sale meanwhile
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()
    code = await holder.shown_code()
    await holder.context.set_offline(True)
    await holder.page.get_by_text("No network. You see what was there").wait_for()
    async with counter(live, holder.shop) as till:
        sold = await till.sell(await till.scan(code))

    # when the network is back
    await holder.context.set_offline(False)

    # then it is told once, and not again after a reload
    earned = sold["sale"]["points"]
    await expect(holder.page.locator(".arrival")).to_contain_text(f"+{earned} beans")
    await expect(holder.page.locator(".balance .hidden-words")).to_have_text(str(120 + earned))
    await holder.page.reload()
    await holder.page.locator(".qr").wait_for()
    await expect(holder.page.locator(".arrival")).to_have_count(0)


async def test_news_can_be_put_away(live: Live, holder: CardHolder) -> None:
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()
    async with counter(live, holder.shop) as till:
        await till.sell(await till.scan(await holder.shown_code()))
    await holder.page.locator(".arrival").wait_for()

    await holder.press("Close")

    await expect(holder.page.locator(".arrival")).to_have_count(0)
    await expect(holder.page.locator(".lines .line")).to_have_count(2)
