"""Claiming a gift in a browser, as people do it: with the keyboard, with a wrong code, twice, and by going back."""

import pytest
from playwright.async_api import BrowserContext, Page, Route

from tests.web.browser.visiting import Visit
from tests.web.contents import all_rows, rows_at_rest

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TELUGU_ZERO = 0x0C66

SESSIONS_SQL = """
    SELECT s.ended_because
    FROM sessions AS s
    JOIN customers AS u ON u.customer_id = s.customer_id
    WHERE u.email = $1
"""

KEPT_ANSWERS = """
    () => new Promise((resolve) => {
        indexedDB.open("regulars app").onsuccess = ({ target }) => {
            const database = target.result;
            const counted = database.transaction("answers").objectStore("answers").count();
            counted.onsuccess = () => resolve(counted.result);
        };
    })
"""

NUMBER_SQL = """
    SELECT c.number
    FROM cards AS c
    JOIN customers AS u ON u.customer_id = c.customer_id
    WHERE c.merchant_id = $1 AND u.email = $2
"""


async def test_gift_is_claimed_with_the_keyboard_alone(visit: Visit) -> None:
    # given the opened link
    await visit.open()
    keyboard = visit.page.keyboard

    # when the address and the code are typed, and nothing is clicked
    await keyboard.press("Tab")
    assert await visit.focused() == "email"
    await keyboard.type(visit.recipient)
    await keyboard.press("Enter")
    await visit.page.get_by_label("The six digits of the code").wait_for()
    assert await visit.focused() == "code"
    await keyboard.type(await visit.read_code(count=2))
    await keyboard.press("Enter")

    # then the card is there, and the keyboard with it
    card = await visit.see_result()
    assert await visit.focused() == "done"
    assert "+200 beans" in card
    assert "200 beans" in card.split("You now have")[1]
    assert await visit.received() == [(visit.recipient, 200)]
    assert visit.asked[:3] == ["requestSignInCode", "signIn", "claimGift"]
    assert visit.seen == 1
    assert visit.complaints == []


async def test_card_number_is_shown_in_groups_of_four(visit: Visit) -> None:
    await visit.open()
    await visit.enter_code(await visit.ask_for_code())
    await visit.see_result()

    number = await visit.page.locator(".card-number:visible").inner_text()

    assert [len(group) for group in number.split(" ")] == [4, 4, 4, 4]
    async with visit.live.runtime.pool.acquire() as conn:
        numbers = [row["number"] for row in await conn.fetch("SELECT number FROM cards")]
    assert number.replace(" ", "") in numbers


async def test_page_that_only_runs_its_scripts_sends_and_changes_nothing(visit: Visit) -> None:
    async with visit.live.runtime.pool.acquire() as conn:
        before = await rows_at_rest(conn)

        for _ in range(3):
            await visit.open()
            await visit.page.wait_for_load_state("networkidle")

        assert (visit.asked, visit.seen) == ([], 0)
        assert await all_rows(conn) == before
    assert visit.complaints == []


async def test_second_press_while_the_first_is_under_way_does_nothing(visit: Visit) -> None:
    # given a slow network
    held: list[Route] = []

    async def hold(route: Route) -> None:
        if "requestSignInCode" in (route.request.post_data or ""):
            held.append(route)
        else:
            await route.continue_()

    await visit.page.route("**/graphql", hold)
    await visit.open()
    await visit.page.get_by_label("Your e-mail address").fill(visit.recipient)

    # when the button is pressed three times before an answer comes
    await visit.press("Send me a code")
    button = visit.page.get_by_role("button", name="One moment…")
    await button.click(force=True)
    await visit.page.keyboard.press("Enter")
    assert len(held) == 1
    await held[0].continue_()

    # then it was asked once
    await visit.page.get_by_label("The six digits of the code").wait_for()
    assert visit.asked == ["requestSignInCode"]


async def test_wrong_code_says_how_many_tries_are_left(visit: Visit) -> None:
    await visit.open()
    code = await visit.ask_for_code()
    wrong = f"{(int(code) + 1) % 1_000_000:06}"

    await visit.enter_code(wrong)
    await visit.page.get_by_text("You can try 4 more times.").wait_for()
    assert await visit.focused() == "code"
    assert await visit.page.locator("#code").get_attribute("aria-invalid") == "true"
    await visit.enter_code(wrong)
    await visit.page.get_by_text("You can try 3 more times.").wait_for()
    await visit.enter_code(code)

    await visit.see_result()
    assert await visit.received() == [(visit.recipient, 200)]


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef"])
async def test_what_is_no_code_is_not_sent(visit: Visit, typed: str) -> None:
    await visit.open()
    await visit.ask_for_code()

    await visit.enter_code(typed)

    await visit.page.get_by_text("The code has six digits.").wait_for()
    assert await visit.focused() == "code"
    assert visit.asked == ["requestSignInCode"]


async def test_code_is_read_in_any_script_and_with_spaces(visit: Visit) -> None:
    await visit.open()
    code = await visit.ask_for_code()
    native = "".join(chr(TELUGU_ZERO + int(digit)) for digit in code)

    await visit.enter_code(f" {native[:3]} {native[3:]} ")

    await visit.see_result()


@pytest.mark.parametrize(("typed", "said"), [("", "Please enter your e-mail address."), ("nobody", "e-mail")])
async def test_address_that_is_none_is_told_at_its_field(visit: Visit, typed: str, said: str) -> None:
    await visit.open()
    await visit.page.get_by_label("Your e-mail address").fill(typed)

    await visit.press("Send me a code")

    problem = visit.page.locator("#email-problem")
    await problem.filter(has_text=said).wait_for()
    assert await visit.focused() == "email"
    assert await visit.page.locator("#email").get_attribute("aria-describedby") == "email-problem"
    assert len([mail for mail in visit.live.mailbox.messages if mail.to == visit.recipient]) == 1


async def test_too_many_codes_say_when_to_come_back(visit: Visit) -> None:
    await visit.open()
    await visit.ask_for_code()
    for n in range(2, 6):
        await visit.press("Send a new code")
        await visit.page.get_by_text("We sent a new code.").wait_for()
        await visit.read_code(count=n + 1)

    await visit.press("Send a new code")

    problem = visit.page.locator("#code-problem")
    await problem.filter(has_text="Too many tries. Please try again in 60 minutes.").wait_for()
    assert any(character.isdigit() for character in (await problem.inner_text()).partition("(")[2])


async def test_new_code_takes_the_place_of_the_old(visit: Visit) -> None:
    await visit.open()
    old = await visit.ask_for_code()

    await visit.press("Send a new code")
    await visit.page.get_by_text("We sent a new code.").wait_for()
    assert await visit.focused() == "code"
    new = await visit.read_code(count=3)

    if old != new:
        await visit.enter_code(old)
        await visit.page.get_by_text("You can try 4 more times.").wait_for()
    await visit.enter_code(new)
    await visit.see_result()


async def test_reload_keeps_the_place_for_the_code(visit: Visit) -> None:
    await visit.open()
    code = await visit.ask_for_code()

    await visit.page.reload()

    await visit.page.get_by_text(f"We sent a code to {visit.recipient}.").wait_for()
    await visit.enter_code(code)
    await visit.see_result()


async def test_going_back_leads_to_the_address_and_forward_to_the_code(visit: Visit) -> None:
    await visit.open()
    code = await visit.ask_for_code()

    await visit.press("Use another address")
    address = visit.page.get_by_label("Your e-mail address")
    await address.wait_for()
    assert await address.input_value() == visit.recipient
    assert await visit.focused() == "email"

    await visit.page.go_forward()
    await visit.enter_code(code)
    await visit.see_result()

    await visit.page.go_back()
    await visit.see_result()
    assert visit.asked.count("claimGift") == 1


async def test_claimed_gift_stays_to_be_seen_where_it_was_claimed_and_nowhere_else(
    visit: Visit, context: BrowserContext
) -> None:
    await visit.open()
    await visit.enter_code(await visit.ask_for_code())
    card = await visit.see_result()

    await visit.page.reload()
    assert await visit.see_result() == card
    assert await visit.page.get_by_text("cannot be opened").is_hidden()

    elsewhere = await context.new_page()
    answer = await elsewhere.goto(visit.link)
    assert answer is not None
    assert answer.status == 404
    assert await elsewhere.get_by_text("This gift cannot be opened").is_visible()
    assert await elsewhere.get_by_label("Your e-mail address").is_hidden()


async def test_gift_that_another_claimed_meanwhile_is_told(visit: Visit, context: BrowserContext) -> None:
    # given two who hold the link, both with a code
    await visit.open()
    code = await visit.ask_for_code()
    other = Visit(visit.live, await context.new_page(), visit.shop, visit.link, f"other.{visit.recipient}")
    await other.open()
    await other.enter_code(await other.ask_for_code())
    await other.see_result()

    # when the second one claims
    await visit.enter_code(code)

    # then it says so, once, and the first keeps it
    await visit.page.get_by_role("heading", name="This gift could not be claimed").wait_for()
    assert await visit.focused() == "ended"
    assert await visit.page.get_by_text("This gift cannot be claimed with this link.").is_visible()
    assert await visit.received() == [(other.recipient, 200)]
    await visit.page.reload()
    assert await visit.page.get_by_text("This gift cannot be opened").is_visible()


async def ended(visit: Visit) -> list[str | None]:
    """Why each session of the recipient is over; None for one that lasts."""
    async with visit.live.runtime.pool.acquire() as conn:
        return [row["ended_because"] for row in await conn.fetch(SESSIONS_SQL, visit.recipient)]


async def test_whoever_claimed_stays_signed_in_and_finds_the_card_in_the_app(visit: Visit) -> None:
    # given a claimed gift
    card = await visit.see_claimed()

    # when the wallet is opened
    await visit.page.get_by_role("link", name="Open your wallet").click()

    # then it is the card of the gift, without signing in
    await visit.page.wait_for_url("**/app/cards/*")
    async with visit.live.runtime.pool.acquire() as conn:
        number = await conn.fetchval(NUMBER_SQL, visit.shop.merchant_id, visit.recipient)
    assert number.replace(" ", "") in card.replace(" ", "")
    await visit.page.get_by_text(f"Program {visit.shop.terminal.merchant_name.split()[-1]}").first.wait_for()
    assert await ended(visit) == [None]
    assert visit.asked.count("signIn") == 1

    # and going back shows the claimed gift again
    await visit.page.go_back()
    assert await visit.see_result() == card


async def test_sign_out_here_leaves_nothing_of_the_claim(visit: Visit) -> None:
    # given a claimed gift on a computer that others use, too
    await visit.see_claimed()

    # when they sign out
    await visit.press("Sign out here")

    # then the session is over, and neither the page nor the browser knows anything any more
    await visit.page.get_by_role("heading", name="You are signed out here").wait_for()
    assert await visit.focused() == "left"
    assert await ended(visit) == ["signed_out"]
    assert await visit.page.context.cookies() == []
    kept = await visit.page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, history.state])")
    assert visit.recipient not in kept
    assert "claimed" not in kept
    await visit.page.reload()
    assert await visit.page.get_by_text("This gift cannot be opened").is_visible()
    assert visit.complaints == []


async def test_app_opens_after_signing_out_here_though_it_is_open_in_another_tab(
    visit: Visit, context: BrowserContext
) -> None:
    # given a claimed gift, whose card is open in another tab
    await visit.see_claimed()
    app = await context.new_page()
    await app.goto(f"{visit.live.base_url}/app")
    await app.locator(".qr").wait_for()

    # when they sign out here, and open the wallet
    await visit.press("Sign out here")
    await visit.page.get_by_role("link", name="Open the wallet").click()

    # then both tabs lead to the sign-in, and the device keeps nothing
    for tab in (visit.page, app):
        await tab.get_by_role("heading", name="All your cards in one place").wait_for()
    assert await app.evaluate(KEPT_ANSWERS) == 0


async def test_signing_out_in_the_app_takes_the_claim_off_the_page(visit: Visit, context: BrowserContext) -> None:
    # given a claimed gift, and the app in another tab
    await visit.see_claimed()
    app = await context.new_page()
    await app.goto(f"{visit.live.base_url}/app/me")

    # when they sign out in the app
    await app.get_by_role("button", name="Sign out").click()
    await app.get_by_role("dialog").get_by_role("button", name="Sign out").click()

    # then the page of the gift knows nothing of it any more
    await visit.page.get_by_role("heading", name="You are signed out here").wait_for()
    assert "claimed" not in await visit.page.evaluate("JSON.stringify({...sessionStorage})")
    await visit.page.reload()
    await visit.page.get_by_text("This gift cannot be opened").wait_for()
    assert visit.complaints == []


async def test_whoever_is_signed_in_claims_by_one_press(visit: Visit, page: Page) -> None:
    # given somebody who is signed in on this device
    await visit.see_claimed()
    another = await Visit.begin(visit.live, page)
    visit.asked.clear()
    await another.open()

    # when they press the one button
    await page.get_by_role("button", name=f"Claim as {visit.recipient}").wait_for()
    assert await page.get_by_label("Your e-mail address").is_hidden()
    assert another.seen == 0
    await another.press(f"Claim as {visit.recipient}")

    # then it is theirs
    assert "+200 beans" in await another.see_result()
    assert await another.received() == [(visit.recipient, 200)]
    assert another.asked == ["account", "claimGift"]


async def test_another_address_can_be_used_instead(visit: Visit, page: Page) -> None:
    # given a gift for somebody on a device where another is signed in
    await visit.see_claimed()
    another = await Visit.begin(visit.live, page)
    await another.open()

    # when they say so, and change their mind twice
    await another.press("Use another address")
    assert await another.focused() == "email"
    assert await page.get_by_label("Your e-mail address").input_value() == ""
    await page.go_back()
    await page.get_by_role("button", name=f"Claim as {visit.recipient}").wait_for()
    await another.press("Use another address")
    await page.reload()
    await page.get_by_label("Your e-mail address").wait_for()
    await another.enter_code(await another.ask_for_code())

    # then it is the other's, and the device is theirs
    await another.see_result()
    assert await another.received() == [(another.recipient, 200)]
    assert await ended(visit) == ["replaced"]
    assert await ended(another) == [None]


async def test_session_that_was_over_all_along_is_not_offered(visit: Visit, page: Page) -> None:
    await visit.see_claimed()
    await page.context.clear_cookies()
    another = await Visit.begin(visit.live, page)

    await another.open()

    await page.get_by_label("Your e-mail address").wait_for()
    assert await page.get_by_role("button", name="Claim as").count() == 0
    await another.open()
    assert another.asked == ["account"]  # Not asked again: nobody is signed in.


async def test_sign_in_in_another_tab_is_noticed(visit: Visit, context: BrowserContext) -> None:
    # given the opened gift, and somebody who signs in beside it
    await visit.open()
    await visit.page.get_by_label("Your e-mail address").wait_for()
    beside = await Visit.begin(visit.live, await context.new_page())
    await beside.see_claimed()

    # when they come back to it
    await visit.page.bring_to_front()
    await visit.page.evaluate("dispatchEvent(new Event('visibilitychange'))")

    # then one press is enough
    await visit.press(f"Claim as {beside.recipient}")
    await visit.see_result()
    assert await visit.received() == [(beside.recipient, 200)]
