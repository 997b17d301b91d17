"""A history as a person reads it: endless, by days, with reasons and what was there afterwards."""

from datetime import timedelta

import pytest
from playwright.async_api import expect

from tests.live import Live
from tests.web.browser.app.scenes import CardHolder, counter

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def fill(holder: CardHolder, count: int) -> None:
    for points in range(1, count + 1):
        await holder.give(points)


async def test_scrolling_brings_all_of_it_once(holder: CardHolder) -> None:
    # given a history of 65 lines
    await fill(holder, 64)
    await holder.open(f"{holder.place}/history")
    lines = holder.page.locator(".line")
    await lines.first.wait_for()

    # when somebody scrolls to its end
    while await holder.page.get_by_text("This is where it began.").count() == 0:
        await holder.page.mouse.wheel(0, 2_000)
        await holder.page.evaluate("new Promise(requestAnimationFrame)")

    # then every line is there once, the newest first
    await expect(lines).to_have_count(65)
    changes = await holder.page.locator(".line-much > strong").evaluate_all(
        "(all) => all.map((one) => parseInt(one.firstChild.textContent))"
    )
    assert changes == [*range(64, 0, -1), 120]


async def test_keyboard_brings_the_next_page(holder: CardHolder) -> None:
    await fill(holder, 30)
    # A browser that watches no scrolling.
    await holder.page.add_init_script("window.IntersectionObserver = class { observe() {} disconnect() {} };")
    await holder.open(f"{holder.place}/history")
    await expect(holder.page.locator(".line")).to_have_count(20)

    await holder.page.get_by_role("button", name="Show earlier ones").focus()
    await holder.page.keyboard.press("Enter")

    await expect(holder.page.locator(".line")).to_have_count(31)
    await expect(holder.page.get_by_role("button", name="Show earlier ones")).to_have_count(0)


async def test_way_back_leads_to_the_same_line(holder: CardHolder) -> None:
    # given somebody who has scrolled far down
    await fill(holder, 64)
    await holder.open(f"{holder.place}/history")
    lines = holder.page.locator(".line")
    await lines.first.wait_for()
    while await lines.count() < 60:
        await holder.page.mouse.wheel(0, 2_000)
        await holder.page.evaluate("new Promise(requestAnimationFrame)")
    await lines.nth(45).scroll_into_view_if_needed()
    place = await holder.page.evaluate("scrollY")
    assert place > 2_000

    # when they go elsewhere and back
    await holder.page.get_by_role("link", name="Cards").click()
    await holder.heading("Your cards").wait_for()
    await holder.page.go_back()

    # then they are where they were
    await lines.nth(45).wait_for()
    assert abs(await holder.page.evaluate("scrollY") - place) < 5


async def test_line_says_what_why_where_and_what_was_there_afterwards(live: Live, holder: CardHolder) -> None:
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()
    async with counter(live, holder.shop) as till:
        sold = await till.sell(await till.scan(await holder.shown_code()))
    earned = sold["sale"]["points"]

    await holder.page.get_by_role("link", name="History").click()

    line = holder.page.locator(".line").first
    for said in ("Purchase", f"+{earned}", f"Balance: {120 + earned}", sold["sale"]["receiptNumber"], "Store"):
        await expect(line).to_contain_text(said)
    await expect(holder.page.locator(".day h2").first).to_be_visible()


async def test_what_was_taken_back_leads_to_what_took_it_back(live: Live, holder: CardHolder) -> None:
    # given a purchase that was returned
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()
    async with counter(live, holder.shop) as till:
        sold = await till.sell(await till.scan(await holder.shown_code()))
        await till.give_back(sold["sale"]["id"])

    await holder.open(f"{holder.place}/history")

    # then each of the two lines says so, and leads to the other
    lines = holder.page.locator(".line")
    await expect(lines).to_have_count(3)
    await lines.nth(0).get_by_role("link", name="Takes back what came on").click()
    await expect(lines.nth(1)).to_be_focused()
    await lines.nth(1).get_by_role("link", name="Taken back on").click()
    await expect(lines.nth(0)).to_be_focused()


async def test_kinds_can_be_chosen_and_are_kept_by_a_reload(holder: CardHolder) -> None:
    await holder.open(f"{holder.place}/history")
    await expect(holder.page.locator(".line")).to_have_count(1)

    await holder.page.get_by_label("Spent").check()
    await holder.heading("Nothing of this kind yet").wait_for()
    await holder.page.reload()

    await holder.heading("Nothing of this kind yet").wait_for()
    await expect(holder.page.get_by_label("Spent")).to_be_checked()


async def test_what_expires_is_told_on_top(live: Live, holder: CardHolder) -> None:
    await holder.give(30, expires_at=live.clock() + timedelta(days=20))
    await holder.open(f"{holder.place}/history")

    await expect(holder.page.locator(".expiring li")).to_contain_text("30 beans")


async def test_points_on_their_way_are_marked(live: Live, holder: CardHolder) -> None:
    await holder.give(40, activates_at=live.clock() + timedelta(days=3))
    await holder.open(f"{holder.place}/history")

    line = holder.page.locator(".line").first
    await expect(line).to_contain_text("+40")
    await expect(line).to_contain_text("pending")
    await expect(line).to_contain_text("Balance: 120")


async def test_lost_page_is_fetched_by_another_press(holder: CardHolder) -> None:
    await fill(holder, 30)
    await holder.page.add_init_script("window.IntersectionObserver = class { observe() {} disconnect() {} };")
    await holder.open(f"{holder.place}/history")
    await expect(holder.page.locator(".line")).to_have_count(20)

    await holder.context.set_offline(True)
    await holder.press("Show earlier ones")
    await holder.page.get_by_text("No connection. Nothing is lost").wait_for()
    await holder.context.set_offline(False)
    await holder.press("Show earlier ones")

    await expect(holder.page.locator(".line")).to_have_count(31)


async def test_history_of_no_card_says_so(holder: CardHolder) -> None:
    await holder.open("/app/cards/nothing/history")

    await holder.heading("This card is not here").wait_for()
