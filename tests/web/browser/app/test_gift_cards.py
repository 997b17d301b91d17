"""A gift card in the app: what is on it, how it is paid with, and moving money to another one."""

import pytest
from playwright.async_api import expect

from tests.web.browser.app.belongings import GIFT_CARDS_SQL, answers_lost, open_gift_card, rows
from tests.web.browser.app.scenes import CardHolder, another_card
from tests.web.browser.loading import KEPT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def balances(holder: CardHolder) -> list[int]:
    return [row["balance_minor"] for row in await rows(holder, GIFT_CARDS_SQL, holder.customer_id)]


async def test_card_says_what_is_on_it_and_leads_to_the_code_that_pays(holder: CardHolder) -> None:
    gift_card = await open_gift_card(holder, 50_050)
    await holder.open()
    await holder.page.locator(".slim-card").click()
    assert gift_card in holder.page.url

    await expect(holder.page.locator(".ticket")).to_contain_text("₹500.50")
    await expect(holder.page.locator(".ticket")).to_contain_text("It does not expire.")
    await expect(holder.page.locator(".rows li")).to_have_count(1)
    await expect(holder.page.locator(".rows")).to_contain_text("+₹500.50")
    await expect(holder.page.get_by_role("button", name="Move money")).to_have_count(0)
    await holder.page.get_by_role("link", name="Show the code at the counter").click()

    await expect(holder.page.get_by_label("Spend points or a voucher")).to_be_checked()
    await holder.page.locator(".qr").wait_for()


async def test_money_moves_once_though_the_answer_was_lost(holder: CardHolder) -> None:
    # given two gift cards of one shop
    gift_card = await open_gift_card(holder, 50_000)
    await open_gift_card(holder, 10_000)
    await holder.open(f"/app/gift-cards/{gift_card}")
    await holder.press("Move money to another gift card")
    amount = holder.page.get_by_label("How much?")

    # when too much is typed, it is told
    for typed, said in [("", "Type an amount."), ("500.01", "There is only ₹500 on this gift card.")]:
        await amount.fill(typed)
        await holder.press("Move it")
        await expect(holder.page.get_by_role("dialog")).to_contain_text(said)

    # and the answer to the right amount is lost
    await amount.fill("120.50")
    async with answers_lost(holder.page, "transferGiftCardBalance") as asked:
        await holder.press("Move it")
        await holder.page.get_by_text("No connection. Nothing is lost").wait_for()
    assert len(asked) == 1
    await holder.press("Move it")

    # then it has moved once
    await expect(holder.page.get_by_text("₹120.50 is on gift card …")).to_be_visible()
    await expect(holder.page.locator(".ticket")).to_contain_text("₹379.50")
    await expect(holder.page.locator(".rows li").first).to_contain_text("Moved away")
    assert await balances(holder) == [22_050, 37_950]


async def test_other_amount_after_a_lost_answer_shows_what_is_there_first(holder: CardHolder) -> None:
    # given money that was moved, though its owner does not know
    gift_card = await open_gift_card(holder, 50_000)
    await open_gift_card(holder, 10_000)
    await holder.open(f"/app/gift-cards/{gift_card}")
    await holder.press("Move money to another gift card")
    await holder.page.get_by_label("How much?").fill("100")
    async with answers_lost(holder.page, "transferGiftCardBalance"):
        await holder.press("Move it")
        await holder.page.get_by_text("No connection. Nothing is lost").wait_for()

    # when another amount is tried
    await holder.page.get_by_label("How much?").fill("50")
    await holder.press("Move it")

    # then nothing moves, and what is left is told before it is tried again
    sheet = holder.page.get_by_role("dialog")
    await expect(sheet).to_contain_text("This was already done with other details")
    await expect(sheet).to_contain_text("There is ₹400 on this one.")
    assert await balances(holder) == [20_000, 40_000]


async def test_card_that_is_emptied_meanwhile_is_told(holder: CardHolder) -> None:
    gift_card = await open_gift_card(holder, 50_000)
    await open_gift_card(holder, 10_000)
    await holder.open(f"/app/gift-cards/{gift_card}")
    await holder.press("Move money to another gift card")
    other = await holder.another_tab(f"/app/gift-cards/{gift_card}")
    await other.get_by_role("button", name="Move money to another gift card").click()
    await other.get_by_label("How much?").fill("450")
    await other.get_by_role("button", name="Move it").click()
    await other.get_by_text("₹450 is on gift card …").wait_for()

    await holder.press("Move it")

    await expect(holder.page.get_by_role("dialog")).to_contain_text("the gift card has ₹50")
    assert await balances(holder) == [5_000, 55_000]


async def test_money_goes_only_to_cards_of_the_same_shop(holder: CardHolder) -> None:
    gift_card = await open_gift_card(holder, 50_000)
    await another_card(holder)
    await holder.open(f"/app/gift-cards/{gift_card}")
    await holder.page.locator(".rows li").first.wait_for()

    await expect(holder.page.get_by_role("button", name="Move money")).to_have_count(0)


async def test_card_seen_before_is_there_without_a_network(holder: CardHolder) -> None:
    gift_card = await open_gift_card(holder, 50_000)
    await holder.open(f"/app/gift-cards/{gift_card}")
    await holder.page.locator(".rows li").first.wait_for()
    assert await holder.page.evaluate(KEPT, "/app")

    await holder.context.set_offline(True)
    await holder.page.reload()

    await expect(holder.page.locator(".ticket")).to_contain_text("₹500")
    await expect(holder.page.locator(".rows li")).to_have_count(1)
    await expect(holder.page.get_by_text("No network. You see what was there")).to_be_visible()


async def test_card_of_somebody_else_is_not_shown(holder: CardHolder) -> None:
    await holder.open("/app/gift-cards/nothing")

    await expect(holder.heading("You have no such gift card.")).to_be_visible()
