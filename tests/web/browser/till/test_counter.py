"""Beside the sale: the list of the day, customers without a phone, new customers, how the till is set."""

import pytest

from tests.web.browser.app.scenes import counter
from tests.web.browser.till.scene import Member, Till

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

EMAIL_SQL = "SELECT email FROM customers WHERE customer_id = $1"
CARDS_SQL = """
    SELECT u.email, u.name, u.locale
    FROM cards AS c
    JOIN customers AS u ON u.customer_id = c.customer_id
    WHERE c.merchant_id = $1
"""


async def sell(till: Till, member: Member, amount: str) -> None:
    await till.scan((await member.code()).token)
    await till.see_customer(member.name)
    await till.type_amount(amount)
    await till.press("Record")
    await till.see_recorded()


async def open_today(till: Till) -> None:
    await till.page.get_by_role("link", name="Today").click()
    await till.page.get_by_role("heading", name="Today", exact=True).wait_for()


async def test_day_without_a_sale_says_what_will_be_here(till: Till) -> None:
    await open_today(till)

    await till.page.get_by_role("heading", name="No sales yet today").wait_for()
    await till.page.go_back()
    await till.page.get_by_role("button", name="New customer").wait_for()


async def test_sales_of_the_day_are_listed_and_summed_up(till: Till) -> None:
    await sell(till, await till.member("Meera"), "80")
    await sell(till, await till.member("Latha"), "20")

    await open_today(till)

    rows = till.page.locator(".operation")
    await rows.nth(1).wait_for()
    assert ["Latha" in await rows.nth(0).inner_text(), "Meera" in await rows.nth(1).inner_text()] == [True, True]
    sums = await till.page.locator(".sums").inner_text()
    assert "₹100" in sums
    assert "100 beans" in sums


async def test_sale_of_the_day_is_undone_from_the_list(till: Till) -> None:
    await sell(till, await till.member("Meera"), "80")
    await open_today(till)

    await till.page.get_by_role("button", name="Undo the sale of Meera").click()
    await till.press("Undo the sale")

    await till.page.get_by_text("80 beans were taken back. Give the customer ₹80.").wait_for()
    await till.page.locator(".operation.undone").get_by_text("Taken back").wait_for()
    assert await till.page.get_by_role("button", name="Undo the sale of Meera").count() == 0


async def test_part_of_a_sale_is_taken_back_and_no_more_than_there_is(till: Till) -> None:
    await sell(till, await till.member("Meera"), "80")
    await open_today(till)

    await till.page.get_by_role("button", name="Take back a part of the sale of Meera").click()
    await till.type_amount("90")
    await till.page.get_by_text("That is more than the ₹80").wait_for()
    assert await till.page.get_by_role("button", name="Take it back").is_disabled()
    for _ in range(2):
        await till.press("Delete the last digit")
    await till.type_amount("30")
    await till.press("Take it back")

    await till.page.get_by_text("30 beans were taken back. Give the customer ₹30.").wait_for()
    await till.page.get_by_text("₹30 taken back").wait_for()


async def test_long_list_goes_on_at_its_end(till: Till) -> None:
    member = await till.member("Meera")
    async with counter(till.live, till.shop) as another:
        for amount in range(1, 23):
            await another.sell(await another.scan((await member.code()).token), amount_minor=25_000 + amount * 100)

    await open_today(till)
    await till.page.locator(".operation").nth(19).scroll_into_view_if_needed()

    await till.page.locator(".operation").nth(21).wait_for()
    assert await till.page.locator(".operation").count() == 22
    assert till.asked.count("today") == 2


async def test_customer_without_a_phone_is_found_by_the_whole_address(till: Till) -> None:
    member = await till.member("Meera", points=12)
    async with till.live.runtime.pool.acquire() as conn:
        email = await conn.fetchval(EMAIL_SQL, member.customer_id)
    await till.press("Find by phone or e-mail")
    field = till.page.get_by_label("Telephone number or e-mail address")
    assert await field.evaluate("field => field === document.activeElement")

    await field.fill(email.partition("@")[0])
    await till.press("Find")
    await till.page.locator(".field .problem").filter(has_text=".").wait_for()
    await field.fill(email)
    await till.press("Find")

    await till.page.locator(".customer").wait_for()
    assert (await till.page.locator(".balance").inner_text()).startswith("12")


async def test_new_customer_has_a_card_and_earns_at_once(till: Till) -> None:
    await till.press("New customer")
    await till.press("Make the card")
    await till.page.get_by_text("Type an e-mail address or a telephone number.").wait_for()
    assert "enrol" not in till.asked
    await till.page.get_by_label("E-mail address").fill("nobody")
    await till.press("Make the card")
    await till.page.locator(".field .problem").filter(has_text=".").first.wait_for()
    email = f"asha.{till.shop.slug}@example.com"
    await till.page.get_by_label("E-mail address").fill(email)
    await till.page.get_by_label("Name").fill("Asha")
    await till.page.get_by_label("Language of the customer").select_option("ml")
    await till.press("Make the card")

    await till.see_customer("Asha")
    await till.type_amount("50")
    await till.press("Record")
    assert "+50" in await till.see_recorded()
    async with till.live.runtime.pool.acquire() as conn:
        rows = await conn.fetch(CARDS_SQL, till.shop.merchant_id)
    assert [(row["email"], row["name"], row["locale"]) for row in rows] == [(email, "Asha", "ml-IN")]


async def test_new_customer_may_have_a_telephone_alone(till: Till) -> None:
    await till.press("New customer")
    await till.page.get_by_label("Telephone number").fill("+91 98470 12345")
    await till.press("Make the card")

    await till.page.locator(".customer").wait_for()
    assert "enrolByPhone" in till.asked


async def test_till_speaks_another_language_when_it_is_told_to(till: Till) -> None:
    await till.press("Settings")

    await till.page.get_by_label("Language of this till").select_option("hi")

    await till.page.locator("html[lang^=hi]").wait_for()
    await till.page.locator(".way").first.wait_for()
    assert till.asked.count("activateTerminal") == 1


async def test_sound_stays_off_after_a_reload(till: Till) -> None:
    await till.press("Settings")
    switch = till.page.get_by_role("switch", name="Sound and vibration")
    assert await switch.is_checked()
    await switch.uncheck()
    await till.press("Done")

    await till.page.reload()
    await till.press("Settings")

    assert not await till.page.get_by_role("switch", name="Sound and vibration").is_checked()
