"""Rewards in the app: bought once however it goes, shown at the counter, cancelled."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.factories import make_reward
from tests.web.browser.app.belongings import VOUCHERS_SQL, active, answers_lost, listened, rows
from tests.web.browser.app.scenes import CardHolder
from tests.web.browser.loading import KEPT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def offer(holder: CardHolder, **facts: Any) -> None:
    async with holder.live.runtime.pool.acquire() as conn:
        await make_reward(conn, holder.shop, now=holder.live.clock(), **facts)


async def test_reward_is_bought_shown_and_cancelled(holder: CardHolder) -> None:
    # given a reward within reach, and one that is not
    await offer(holder, name="Masala tea", cost_points=50)
    await offer(holder, name="Breakfast", cost_points=300)
    await holder.open(f"{holder.place}/rewards")
    offers = holder.page.locator(".offer")
    await expect(offers).to_have_count(2)
    await expect(offers.nth(1)).to_contain_text("180 beans more needed.")
    await expect(offers.nth(1).get_by_role("button")).to_have_count(0)

    # when it is bought, having read what it costs and leaves
    await holder.press("Get Masala tea")
    sheet = holder.page.get_by_role("dialog")
    await expect(sheet).to_contain_text("It costs50 beans")
    await expect(sheet).to_contain_text("You then have70 beans")
    await holder.press("Get it for 50 beans")

    # then it is a voucher, and leads to the code with which it is used
    await expect(holder.page.get_by_text("Masala tea is yours.")).to_be_visible()
    await expect(holder.page.locator(".voucher")).to_have_count(1)
    await expect(holder.page.locator(".purse")).to_contain_text("70")
    assert await active(holder) == 70
    await holder.page.get_by_role("link", name="Show the code at the counter").click()
    await expect(holder.page.get_by_label("Spend points or a voucher")).to_be_checked()
    await holder.page.go_back()

    # and cancelled it gives its points back, and is listed as past
    await holder.press("Cancel the voucher Masala tea")
    await expect(holder.page.get_by_role("dialog")).to_contain_text("50 beans come back to your card.")
    await sheet.get_by_role("button", name="Cancel the voucher").click()
    await expect(holder.page.get_by_text("Masala tea is cancelled.")).to_be_visible()
    await expect(holder.page.locator(".voucher")).to_have_count(0)
    await holder.press("Show used and past vouchers")
    await expect(holder.page.locator(".rows li")).to_have_text(["Masala teaCancelled"])
    assert await active(holder) == 120


async def test_lost_answer_and_a_reload_buy_one_voucher(holder: CardHolder) -> None:
    await offer(holder, name="Masala tea", cost_points=50)
    await holder.open(f"{holder.place}/rewards")

    # given a purchase of which the page never heard
    async with answers_lost(holder.page, "claimReward") as asked:
        await holder.press("Get Masala tea")
        await holder.press("Get it for 50 beans")
        await holder.page.get_by_text("No connection. Nothing is lost").wait_for()
    assert len(asked) == 1

    # when the page is loaded again and the button pressed again
    await holder.page.reload()
    await holder.press("Get Masala tea")
    await holder.press("Get it for 50 beans")
    await expect(holder.page.get_by_text("Masala tea is yours.")).to_be_visible()

    # then one was bought
    assert [row["state"] for row in await rows(holder, VOUCHERS_SQL)] == ["USABLE"]
    assert await active(holder) == 70


async def test_second_press_sends_nothing(holder: CardHolder) -> None:
    await offer(holder, name="Masala tea", cost_points=50)
    await holder.open(f"{holder.place}/rewards")
    asked = listened(holder.page, "claimReward")

    await holder.press("Get Masala tea")
    button = holder.page.get_by_role("dialog").get_by_role("button").nth(1)
    await button.evaluate("button => { button.click(); button.click(); button.click(); }")
    await expect(holder.page.locator(".voucher")).to_have_count(1)

    assert len(asked) == 1
    assert await active(holder) == 70


async def test_reward_that_is_gone_meanwhile_is_told_and_nothing_is_paid(holder: CardHolder) -> None:
    await offer(holder, name="Masala tea", cost_points=50, stock=1)
    await holder.open(f"{holder.place}/rewards")
    await holder.press("Get Masala tea")
    async with holder.live.runtime.pool.acquire() as conn:
        await conn.execute("UPDATE rewards SET stock = 0 WHERE merchant_id = $1", holder.shop.merchant_id)

    await holder.press("Get it for 50 beans")

    sheet = holder.page.get_by_role("dialog")
    await expect(sheet.get_by_role("alert")).to_contain_text("There are none left.")
    assert await active(holder) == 120
    assert await rows(holder, VOUCHERS_SQL) == []


async def test_program_without_rewards_says_so(holder: CardHolder) -> None:
    await holder.open(f"{holder.place}/rewards")

    await expect(holder.heading("No rewards yet")).to_be_visible()


async def test_rewards_seen_before_are_there_without_a_network(holder: CardHolder) -> None:
    await offer(holder, name="Masala tea", cost_points=50)
    await holder.open(f"{holder.place}/rewards")
    await expect(holder.page.locator(".offer")).to_have_count(1)
    assert await holder.page.evaluate(KEPT, "/app")

    await holder.context.set_offline(True)
    await holder.page.reload()

    await expect(holder.page.locator(".offer")).to_have_count(1)
    await holder.press("Get Masala tea")
    await holder.press("Get it for 50 beans")
    await expect(holder.page.get_by_role("dialog")).to_contain_text("No connection. Nothing is lost")
    assert await active(holder) == 120
