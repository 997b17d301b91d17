"""The wallet: all cards of a customer, and what it says when there are none."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from tests.factories import make_card, make_reward, make_shop
from tests.live import Live
from tests.web.browser.app.belongings import open_gift_card
from tests.web.browser.app.scenes import CardHolder, Phone, another_card, new_phone
from wallet.rules import Rules, StampRules

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_empty_wallet_says_how_to_get_a_card(phone: Phone) -> None:
    await phone.open()

    await phone.heading("Your cards will be here").wait_for()
    assert await phone.page.get_by_text("Scan the poster of a shop").is_visible()
    assert await phone.page.title() == "Your cards · Regulars"


async def test_cards_have_their_shops_colours_and_balances(holder: CardHolder) -> None:
    await another_card(holder, points=7)
    await holder.open()
    faces = holder.page.locator(".face")
    await expect(faces).to_have_count(2)

    shown = [await faces.nth(at).inner_text() for at in range(2)]
    colours = await holder.page.evaluate(
        "[...document.querySelectorAll('.face')].map((face) => getComputedStyle(face).backgroundColor)"
    )
    assert sorted(int(re.findall(r"\d+(?=\s*beans)", text)[0]) for text in shown) == [7, 120]
    assert all(colour != "rgba(0, 0, 0, 0)" for colour in colours)


async def test_stamps_are_dots(live: Live, page: Page) -> None:
    phone = await new_phone(live, page)
    async with live.runtime.pool.acquire() as conn:
        rules = Rules(stamps=StampRules(per="item", needed=8, reward="tea"))
        shop = await make_shop(conn, rules=rules, now=live.clock())
        await make_reward(conn, shop, slug="tea", name="Masala tea", cost_points=None, cost_stamps=8, now=live.clock())
        await make_card(conn, shop, phone.customer_id, now=live.clock())
    await another_card(phone)

    await phone.open()

    await expect(page.get_by_role("img", name="0 of 8 stamps")).to_be_visible()
    await expect(page.locator(".dots i")).to_have_count(8)
    assert phone.complaints == []


async def test_gift_cards_lie_below_and_keep_the_wallet_open(holder: CardHolder) -> None:
    gift_card = await open_gift_card(holder, 50_000)

    await holder.open()

    slim = holder.page.locator(".slim-card")
    await expect(slim).to_contain_text("₹500")
    assert str(await slim.get_attribute("href")).endswith(gift_card)
    assert holder.page.url.endswith("/app")


async def test_only_card_is_opened_at_once_and_the_wallet_is_one_step_back(holder: CardHolder) -> None:
    await holder.open()
    await holder.page.locator(".qr").wait_for()
    assert holder.page.url.endswith(holder.place)

    # when they go back, or reload the wallet, they stay in it
    await holder.press("Back")
    await holder.heading("Your cards").wait_for()
    await holder.page.reload()
    await holder.page.locator(".face").wait_for()
    assert holder.page.url.endswith("/app")


async def test_back_and_forward_lead_where_one_was(holder: CardHolder) -> None:
    await another_card(holder)
    await holder.open()
    await holder.page.locator(f'a[href="{holder.place}"]').click()
    await holder.page.locator(".qr").wait_for()
    await holder.page.get_by_role("link", name="History").click()
    await holder.heading("History").wait_for()
    assert await holder.focused() == "History"

    await holder.page.go_back()
    await holder.page.locator(".qr").wait_for()
    await holder.page.go_back()
    await expect(holder.page.locator(".face")).to_have_count(2)
    await holder.page.go_forward()
    await holder.page.locator(".qr").wait_for()

    assert holder.page.url.endswith(holder.place)


async def test_cards_can_be_opened_in_a_tab_of_their_own(holder: CardHolder) -> None:
    await another_card(holder)
    await holder.open()
    async with holder.context.expect_page() as opened:
        await holder.page.locator(f'a[href="{holder.place}"]').click(modifiers=["Control"])

    other = holder.listen(await opened.value)
    await other.locator(".qr").wait_for()
    await expect(holder.page.locator(".face")).to_have_count(2)


async def test_card_says_what_is_on_it(live: Live, holder: CardHolder) -> None:
    # given points that expire, and points on their way
    now = live.clock()
    await holder.give(30, expires_at=now + timedelta(days=20))
    await holder.give(40, activates_at=now + timedelta(days=3))
    await holder.open(holder.place)

    facts = holder.page.locator(".facts")
    await expect(facts).to_contain_text("30 beans last until")
    await expect(facts).to_contain_text("40 beans more can be spent from")
    await expect(holder.page.locator(".balance .hidden-words")).to_have_text("150")


async def test_rules_are_told_in_a_sheet(holder: CardHolder) -> None:
    await holder.open(holder.place)
    await holder.press("How this program works")
    sheet = holder.page.get_by_role("dialog")
    await expect(sheet.locator("li").first).to_be_visible()

    await holder.page.keyboard.press("Escape")

    await expect(sheet).to_have_count(0)
    assert await holder.focused() == "How this program works"
