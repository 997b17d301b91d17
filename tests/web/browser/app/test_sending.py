"""Sending a gift in three steps: what, for whom, a last look. Nothing typed is lost, nothing is sent twice."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.database import MigratedServer
from tests.factories import make_reward
from tests.live import Live, live_application
from tests.web.browser.app.belongings import (
    GIFT_CARDS_SQL,
    GIFTS_SQL,
    active,
    add_designs,
    answers_lost,
    listened,
    open_gift_card,
    rows,
    send_gift,
)
from tests.web.browser.app.scenes import CardHolder, new_card_holder, window
from wallet.rules import GiftRules, Rules
from wallet.values import Minor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NO_MONEY = Rules(gifts=GiftRules(value_max_minor=Minor(0)))


@pytest_asyncio.fixture(loop_scope="session")
async def payer(server: MigratedServer, chromium: Browser) -> AsyncIterator[CardHolder]:
    """A card holder where money is taken by the built-in provider."""
    async with (
        server.clone() as database,
        live_application(database, payments="builtin") as live,
        window(chromium) as page,
    ):
        found = await new_card_holder(live, page)
        yield found
        assert found.complaints == []


async def begin(holder: CardHolder, kind: str = "Beans") -> None:
    await holder.open(f"{holder.place}/send")
    await holder.page.get_by_role("radio", name=re.compile(kind, re.IGNORECASE)).first.check()


async def next_step(holder: CardHolder) -> None:
    await holder.page.get_by_role("button", name=re.compile("^Next")).click()


async def say_for_whom(holder: CardHolder, *, email: str = "latha@example.com", message: str = "For you!") -> None:
    await holder.page.get_by_label("Their name").fill("Latha")
    await holder.page.get_by_label("Their e-mail address").fill(email)
    await holder.page.get_by_label("A few words, if you like").fill(message)
    await next_step(holder)


async def come_to_the_look(holder: CardHolder, points: int = 30) -> None:
    await begin(holder)
    await holder.page.get_by_label("How many beans?").fill(str(points))
    await next_step(holder)
    await say_for_whom(holder)
    await holder.heading("Is it all right?").wait_for()


async def test_points_are_sent_with_a_picture_and_words(holder: CardHolder) -> None:
    await add_designs(holder)
    await begin(holder)
    page = holder.page

    # given a choice of pictures that are told in words, too
    await page.get_by_label("How many beans?").fill("30")
    await page.get_by_role("radio", name="A cup of coffee while it rains").check()
    await next_step(holder)
    await say_for_whom(holder)

    # when it is looked at: all of it, and what its mail and its page will be
    await expect(page.locator(".ticket")).to_contain_text("30 beans")
    await expect(page.get_by_alt_text("A cup of coffee while it rains")).to_be_visible()
    await expect(page.locator(".details")).to_contain_text("latha@example.com")
    async with page.context.expect_page() as opened:
        await page.get_by_role("link", name="See the page").click()
    await expect((await opened.value).locator("body")).to_contain_text("For you!")
    await (await opened.value).close()
    await holder.press("Send the gift")

    # then its life is shown, and the points have left
    await expect(holder.heading("Gift for Latha")).to_be_visible()
    [gift] = await rows(holder, GIFTS_SQL)
    assert (gift["points"], gift["recipient_email"], gift["message"]) == (30, "latha@example.com", "For you!")
    assert await active(holder) == 90
    assert (await holder.live.mailbox.wait_for("latha@example.com")).to == "latha@example.com"


async def test_what_cannot_be_sent_is_told_before_it_is_tried(holder: CardHolder) -> None:
    await begin(holder)
    asked = listened(holder.page, "sendGift")
    points = holder.page.get_by_label("How many beans?")
    await expect(holder.page.get_by_text("You have 120 beans. From 1 to 120.")).to_be_visible()

    for typed, said in [("", "Type how many"), ("500", "You have 120 beans."), ("200000", "beans can be sent at most")]:
        await points.fill(typed)
        await next_step(holder)
        await expect(holder.page.locator(".field .problem")).to_contain_text(said)
        await expect(points).to_be_focused()
    await points.fill("२५")
    await next_step(holder)
    await holder.page.get_by_label("Their e-mail address").fill("nobody")
    await next_step(holder)

    await expect(holder.page.get_by_text("Type a name.")).to_be_visible()
    await expect(holder.page.get_by_text("Type an e-mail address.")).to_be_visible()
    await expect(holder.page.get_by_label("Their name")).to_be_focused()
    assert asked == []


async def test_reload_and_back_keep_every_step(holder: CardHolder) -> None:
    await come_to_the_look(holder)
    page = holder.page

    await page.reload()
    await holder.heading("Is it all right?").wait_for()
    await page.go_back()
    await expect(page.get_by_label("Their name")).to_have_value("Latha")
    await page.reload()
    await expect(page.get_by_label("A few words, if you like")).to_have_value("For you!")
    await page.go_back()
    await expect(page.get_by_label("How many beans?")).to_have_value("30")
    await page.reload()
    await expect(page.get_by_label("How many beans?")).to_have_value("30")
    await page.go_forward()
    await page.go_forward()
    await expect(page.locator(".ticket")).to_contain_text("30 beans")
    assert await rows(holder, GIFTS_SQL) == []


async def test_what_the_server_does_not_accept_is_told_at_its_field(holder: CardHolder) -> None:
    await begin(holder)
    await holder.page.get_by_label("How many beans?").fill("30")
    await next_step(holder)

    await say_for_whom(holder, message="Look at https://example.com")

    message = holder.page.get_by_label("A few words, if you like")
    await expect(holder.page.get_by_text("looks like a link")).to_be_visible()
    await expect(message).to_be_focused()
    await message.fill("Look!")
    await next_step(holder)
    await expect(holder.heading("Is it all right?")).to_be_visible()


async def test_points_that_are_gone_meanwhile_lead_back_to_how_many(holder: CardHolder) -> None:
    await come_to_the_look(holder, points=120)
    async with holder.live.runtime.pool.acquire() as conn:
        await make_reward(conn, holder.shop, cost_points=50, now=holder.live.clock())
    other = await holder.another_tab(f"{holder.place}/rewards")
    await other.get_by_role("button", name="Get Free coffee").click()
    await other.get_by_role("button", name="Get it for 50 beans").click()
    await other.locator(".voucher").wait_for()

    await holder.press("Send the gift")

    await expect(holder.page.get_by_text("This needs 120 beans; the card has 70 beans.")).to_be_visible()
    await expect(holder.page.get_by_label("How many beans?")).to_be_focused()
    assert await rows(holder, GIFTS_SQL) == []


async def test_lost_answer_a_reload_and_a_second_press_send_one_gift(holder: CardHolder) -> None:
    await come_to_the_look(holder)
    async with answers_lost(holder.page, "sendGift") as asked:
        await holder.press("Send the gift")
        await holder.page.get_by_text("No connection. Nothing is lost").wait_for()
    assert len(asked) == 1

    # when the page is loaded again, and the button pressed twice in one breath
    await holder.page.reload()
    button = holder.page.get_by_role("button", name="Send the gift")
    await button.evaluate("button => { button.click(); button.click(); }")

    # then it is that same gift
    await expect(holder.heading("Gift for Latha")).to_be_visible()
    assert len(await rows(holder, GIFTS_SQL)) == 1
    assert await active(holder) == 90


async def test_other_words_after_a_lost_answer_are_no_second_gift(holder: CardHolder) -> None:
    await come_to_the_look(holder)
    async with answers_lost(holder.page, "sendGift"):
        await holder.press("Send the gift")
        await holder.page.get_by_text("No connection. Nothing is lost").wait_for()

    await holder.press("Change the gift")
    await holder.page.get_by_label("How many beans?").fill("50")
    await next_step(holder)
    await next_step(holder)
    await holder.press("Send the gift")

    await expect(holder.page.get_by_text("An earlier try did go through, as it was then.")).to_be_visible()
    assert [gift["points"] for gift in await rows(holder, GIFTS_SQL)] == [30]
    await holder.page.get_by_role("link", name="To your gifts").click()
    await expect(holder.page.locator(".gift-line")).to_have_count(1)


async def test_refused_address_after_a_lost_answer_makes_no_second_gift(holder: CardHolder) -> None:
    # given a gift that was sent, though its sender does not know
    await come_to_the_look(holder)
    async with answers_lost(holder.page, "sendGift"):
        await holder.press("Send the gift")
        await holder.page.get_by_text("No connection. Nothing is lost").wait_for()

    # when it is tried with an address that the server refuses, and then with a right one
    email = holder.page.get_by_label("Their e-mail address")
    await holder.press("Change the recipient")
    await email.fill("ravi@example")
    await next_step(holder)
    await holder.press("Send the gift")
    await expect(email).to_be_focused()
    await email.fill("ravi@example.com")
    await next_step(holder)
    await holder.press("Send the gift")

    # then the first one is told of, and is the only one
    await expect(holder.page.get_by_text("An earlier try did go through, as it was then.")).to_be_visible()
    assert [gift["recipient_email"] for gift in await rows(holder, GIFTS_SQL)] == ["latha@example.com"]
    assert await active(holder) == 90


async def test_session_that_ends_meanwhile_loses_nothing(holder: CardHolder) -> None:
    await come_to_the_look(holder)
    await holder.end_sessions()

    # when it is sent, signing in comes first
    await holder.press("Send the gift")
    await holder.enter_mailed_code()

    # then everything is there as it was
    await expect(holder.page.locator(".details")).to_contain_text("latha@example.com")
    await holder.press("Send the gift")
    await expect(holder.heading("Gift for Latha")).to_be_visible()
    assert [gift["points"] for gift in await rows(holder, GIFTS_SQL)] == [30]


async def test_too_many_gifts_say_when_the_next_can_be_sent(holder: CardHolder) -> None:
    await holder.give(500)
    for _ in range(10):
        await send_gift(holder, points=10, email="latha@example.com")

    await come_to_the_look(holder, points=10)
    await holder.press("Send the gift")

    await expect(holder.page.get_by_text("You can send 10 gifts a day. Try again tomorrow. (")).to_be_visible()
    assert len(await rows(holder, GIFTS_SQL)) == 10


async def test_reward_is_sent_on_a_day_to_come(holder: CardHolder) -> None:
    async with holder.live.runtime.pool.acquire() as conn:
        await make_reward(conn, holder.shop, name="Masala tea", now=holder.live.clock())
        await make_reward(conn, holder.shop, name="Feast", cost_points=900, now=holder.live.clock())
        await make_reward(conn, holder.shop, name="Stamped", cost_stamps=9, now=holder.live.clock())
    await begin(holder, "A reward")
    page = holder.page
    await expect(page.get_by_role("radio", name="Feast")).to_be_disabled()
    await expect(page.get_by_role("radio", name="Stamped")).to_have_count(0)
    await next_step(holder)
    await expect(page.get_by_text("Choose a reward.")).to_be_visible()
    await page.get_by_role("radio", name="Masala tea").check()
    await next_step(holder)

    chosen = holder.live.clock() + timedelta(days=40)
    await page.get_by_label("On a day and hour").check()
    await page.get_by_label("Day and hour", exact=True).fill(chosen.strftime("%Y-%m-%dT10:30"))
    await say_for_whom(holder)
    await expect(page.locator(".ticket")).to_contain_text("Masala tea")
    await holder.press("Send the gift")

    await expect(page.locator(".life-stand")).to_have_text("Waits for its moment")
    [gift] = await rows(holder, GIFTS_SQL)
    assert gift["deliver_at"].date() == chosen.date()
    assert await active(holder) == 70


async def test_money_is_passed_on_out_of_a_gift_card(holder: CardHolder) -> None:
    gift_card = await open_gift_card(holder, 50_000)
    await holder.open(f"/app/gift-cards/{gift_card}")
    await holder.page.get_by_role("link", name="Pass it on as a gift").click()

    amount = holder.page.get_by_label("How much?")
    await amount.fill("600")
    await next_step(holder)
    await expect(holder.page.get_by_text("There is only ₹500 on this gift card.")).to_be_visible()
    await amount.fill("₹150.50")
    await next_step(holder)
    await say_for_whom(holder)
    await expect(holder.page.locator(".details")).to_contain_text("₹150.50 out of gift card")
    await holder.press("Send the gift")

    await expect(holder.heading("Gift for Latha")).to_be_visible()
    [gift] = await rows(holder, GIFTS_SQL)
    assert (gift["value_minor"], gift["status"] != "AWAITING_PAYMENT") == (15_050, True)
    assert [row["balance_minor"] for row in await rows(holder, GIFT_CARDS_SQL, holder.customer_id)] == [34_950]


async def test_money_is_paid_for_on_the_page_of_the_provider(payer: CardHolder) -> None:
    await begin(payer, "Money")
    page = payer.page
    await page.get_by_label("How much?").fill("250")
    await next_step(payer)
    await say_for_whom(payer)

    # when it is sent, the page to pay on opens; back from there the gift says that it waits, and can be paid still
    await payer.press("Pay ₹250 and send")
    await page.get_by_role("heading", name="Pay for a gift").wait_for()
    await page.go_back()
    await expect(page.locator(".life-stand")).to_have_text("Not paid yet")
    await page.reload()
    await payer.press("Pay ₹250")
    await page.get_by_role("heading", name="Pay for a gift").wait_for()
    await payer.press("Pay ₹250")
    await page.get_by_role("heading", name="Paid", exact=True).wait_for()
    await page.get_by_role("link", name="See your gifts").click()

    # then it is one gift, paid for and on its way
    line = page.locator(".gift-line")
    await expect(line).to_have_count(1)
    await line.click()
    await expect(page.locator(".timeline")).to_contain_text("You paid for it")
    [gift] = await rows(payer, GIFTS_SQL)
    assert (gift["value_minor"], gift["status"] in {"SCHEDULED", "SENT", "DELIVERED"}) == (25_000, True)


async def test_whole_way_is_gone_with_the_keyboard(holder: CardHolder) -> None:
    await holder.open(f"{holder.place}/send")
    await holder.heading("What do you want to send?").wait_for()
    keyboard = holder.page.keyboard

    async def reach(name: str) -> None:
        for _ in range(40):
            await keyboard.press("Tab")
            if name in await holder.page.evaluate(
                "(document.activeElement.labels?.[0] ?? document.activeElement).textContent"
            ):
                return
        raise AssertionError(name)

    await reach("beans")
    await keyboard.press("Space")
    await reach("How many beans?")
    await keyboard.type("30")
    await keyboard.press("Enter")
    assert await holder.focused() == "For whom is it?"
    await reach("Their name")
    await keyboard.type("Latha")
    await reach("Their e-mail address")
    await keyboard.type("latha@example.com")
    await keyboard.press("Enter")
    await holder.heading("Is it all right?").wait_for()
    assert await holder.focused() == "Is it all right?"
    await reach("Send the gift")
    await keyboard.press("Enter")

    await expect(holder.heading("Gift for Latha")).to_be_visible()
    assert len(await rows(holder, GIFTS_SQL)) == 1


async def test_program_without_gifts_says_so(live: Live, chromium: Browser) -> None:
    async with window(chromium) as page:
        other = await new_card_holder(live, page, rules=Rules(gifts=GiftRules(per_day=0)))
        await other.open(f"{other.place}/send")
        await expect(other.heading("No gifts here")).to_be_visible()
        assert other.complaints == []


async def test_only_kind_there_is_needs_no_choice(live: Live, chromium: Browser) -> None:
    async with window(chromium) as page:
        other = await new_card_holder(live, page, rules=NO_MONEY)
        await other.open(f"{other.place}/send")
        await expect(page.get_by_label("How many beans?")).to_be_visible()
        await expect(page.get_by_role("radio")).to_have_count(0)
        assert other.complaints == []
