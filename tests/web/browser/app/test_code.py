"""The code that is held out at the counter: always one that works, and never one that jumps."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.live import Live
from tests.web.browser.app.scenes import CardHolder, counter, new_card_holder

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WATCH_SHIFTS = """
    () => {
        window.shifts = [];
        const note = (list) => list.getEntries().forEach(({ value, sources }) => {
            window.shifts.push([value, sources.map(({ node }) => node && node.className)]);
        });
        new PerformanceObserver(note).observe({ type: "layout-shift", buffered: false });
    }
"""

HIDE = """
    (hidden) => {
        const get = () => (hidden ? "hidden" : "visible");
        Object.defineProperty(document, "visibilityState", { configurable: true, get });
        document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    }
"""


async def renewed(holder: CardHolder, before: str) -> str:
    """The code that takes the place of the one before; there may be none between the two."""
    another = re.compile(rf"\b(?!{before[:5]}\s{before[5:]})\d{{5}}\s\d{{5}}\b")
    await expect(holder.page.locator(".digits-below")).to_have_text(another)
    return await holder.shown_code()


async def test_code_is_renewed_before_it_ends_and_nothing_moves(holder: CardHolder) -> None:
    # given a code that is shown
    await holder.page.clock.install()
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()
    first = await holder.shown_code()
    await holder.page.evaluate(WATCH_SHIFTS)

    # when two thirds of its time are over, twice
    await holder.page.clock.run_for(58_000)
    assert await holder.shown_code() == first
    await holder.page.clock.fast_forward(5_000)
    second = await renewed(holder, first)
    await holder.page.clock.fast_forward(63_000)
    third = await renewed(holder, second)

    # then each was another one, there was always one, and nothing moved
    assert len({first, second, third}) == 3
    assert await holder.page.evaluate("window.shifts") == []


async def test_digits_below_open_a_visit_at_the_till(live: Live, holder: CardHolder) -> None:
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()

    async with counter(live, holder.shop) as till:
        visit_id = await till.scan(await holder.shown_code())

    assert visit_id


async def test_spending_has_a_code_of_its_own_that_a_reload_keeps(holder: CardHolder) -> None:
    asked: list[str] = []
    holder.page.on("request", lambda request: asked.append(request.post_data or ""))
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()
    collecting = await holder.shown_code()

    await holder.page.get_by_label("Spend points or a voucher").check()
    spending = await renewed(holder, collecting)
    await holder.page.reload()
    await renewed(holder, spending)

    await expect(holder.page.get_by_label("Spend points or a voucher")).to_be_checked()
    purposes = [said.partition('"purpose":"')[2].partition('"')[0] for said in asked if '"purpose"' in said]
    assert purposes == ["EARN", "REDEEM", "REDEEM"]


async def test_two_tabs_show_the_same_code_for_spending(holder: CardHolder) -> None:
    # given a tab that shows a code for spending
    await holder.open(f"{holder.place}?spend")
    await holder.page.locator(".qr").wait_for()
    first = await holder.shown_code()

    # when a second one asks for another, which ends the first
    other = await holder.another_tab(f"{holder.place}?spend")
    await other.locator(".qr").wait_for()
    shown = (await other.locator(".digits-below").inner_text())[-11:]

    # then both show the one that works
    await expect(holder.page.locator(".digits-below")).to_contain_text(shown)
    assert first != await holder.shown_code()


async def test_hidden_page_asks_for_no_codes_and_has_a_fresh_one_at_once(holder: CardHolder) -> None:
    await holder.page.clock.install()
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()
    first = await holder.shown_code()
    asked: list[str] = []
    holder.page.on("request", lambda request: asked.append(request.post_data or ""))

    # when the phone is locked for five minutes
    await holder.page.evaluate(HIDE, True)
    await holder.page.clock.run_for(300_000)
    assert [said for said in asked if "createCheckInCode" in said] == []
    await holder.page.evaluate(HIDE, False)

    # then there is one the moment it is unlocked
    await holder.page.locator(".qr").wait_for()
    await renewed(holder, first)
    assert len([said for said in asked if "createCheckInCode" in said]) == 1


async def test_too_many_codes_say_when_the_next_one_comes(holder: CardHolder) -> None:
    # given a customer who has asked for more codes than anybody needs
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()
    for _ in range(16):
        for purpose in ("Spend points or a voucher", "Collect"):
            async with holder.page.expect_response("**/graphql"):
                await holder.page.get_by_label(purpose).check()

    # then they are told so, with the hour
    await holder.page.get_by_text("Those were many codes in a short time.").wait_for()
    assert await holder.page.get_by_text("The next one comes by itself at").is_visible()


async def test_without_a_network_the_code_stays_until_its_end_and_then_the_page_says_what_still_works(
    holder: CardHolder,
) -> None:
    # given a code that is shown, and then no network
    await holder.page.clock.install()
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()
    first = await holder.shown_code()
    await holder.context.set_offline(True)

    # when it would be renewed
    await holder.page.clock.run_for(70_000)
    await holder.page.get_by_text("No network. This code still works until").wait_for()
    assert await holder.shown_code() == first

    # when it is over
    await holder.page.clock.run_for(25_000)
    await holder.page.get_by_text("No network, so no code.").wait_for()
    assert await holder.page.get_by_text("your purchase counts all the same").is_visible()
    assert len(await holder.shown_code()) == 16
    assert "120" in await holder.page.locator(".balance").inner_text()

    # when the network is back
    await holder.context.set_offline(False)
    await holder.page.locator(".qr").wait_for()
    assert len(await holder.shown_code()) == 10


async def test_card_of_somebody_else_is_not_here(live: Live, holder: CardHolder, page: Page) -> None:
    stranger = await new_card_holder(live, await holder.context.new_page(), signed_in=False)

    await holder.open(stranger.place)

    await holder.heading("This card is not here").wait_for()
    assert await page.get_by_role("link", name="To your cards").is_visible()
