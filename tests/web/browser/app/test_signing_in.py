"""The way in: by a mailed code, back to where one was, and nothing of one customer before the eyes of another."""

import pytest
from playwright.async_api import Page, Route, expect

from tests.live import Live
from tests.web.browser.app.scenes import CardHolder, Phone, another_card, new_card_holder, new_phone

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

KEPT = """
    async () => {
        const database = await new Promise((resolve) => {
            indexedDB.open("regulars app").onsuccess = ({ target }) => resolve(target.result);
        });
        const all = (shelf) => new Promise((resolve) => {
            database.transaction(shelf).objectStore(shelf).getAll().onsuccess = ({ target }) => resolve(target.result);
        });
        const found = JSON.stringify([await all("answers"), await all("customer"), { ...sessionStorage }]);
        database.close();
        return found;
    }
"""


async def test_mailed_code_leads_to_the_cards(live: Live, page: Page) -> None:
    # given somebody with two cards who is not signed in
    phone = await new_card_holder(live, page, signed_in=False)
    await another_card(phone)
    await phone.open()

    # when they sign in
    await phone.enter_mailed_code()

    # then their cards are there, also after a reload, and scripts hold no token
    await expect(page.locator(".face")).to_have_count(2)
    await page.reload()
    await expect(page.locator(".face")).to_have_count(2)
    [cookie] = await page.context.cookies(f"{live.base_url}/graphql")
    assert cookie["httpOnly"]
    assert await page.evaluate("document.cookie") == ""
    assert phone.complaints == []


async def test_sign_in_survives_a_look_into_the_mailbox(live: Live, page: Page) -> None:
    phone = await new_phone(live, page, signed_in=False)
    await phone.open()
    await page.get_by_label("Your e-mail address").fill(phone.email)
    await phone.press("Send me a code")
    await page.get_by_label("The six digits of the code").wait_for()

    # when the browser gave the page away meanwhile
    await page.reload()
    await page.get_by_label("The six digits of the code").fill(await phone.read_code())
    await phone.press("Sign in")

    await phone.heading("Your cards will be here").wait_for()


async def test_address_of_a_card_leads_to_it_after_signing_in(live: Live, page: Page) -> None:
    holder = await new_card_holder(live, page, signed_in=False)
    await holder.open(holder.place)

    await holder.enter_mailed_code()

    await page.locator(".qr").wait_for()
    assert page.url.endswith(holder.place)


async def test_session_that_was_ended_leads_back_to_the_same_place(holder: CardHolder) -> None:
    # given somebody who reads a history
    await holder.open(f"{holder.place}/history")
    await holder.page.locator(".line").wait_for()

    # when their session is ended from elsewhere, and they go on
    await holder.end_sessions()
    await holder.page.get_by_label("Earned").click()
    await holder.heading("All your cards in one place").wait_for()
    assert "120" not in await holder.page.locator("body").inner_text()
    await holder.enter_mailed_code()

    # then they are where they were
    await holder.page.locator(".line").wait_for()
    assert holder.page.url.endswith(f"{holder.place}/history")


async def test_ended_session_leaves_nothing_on_the_device(holder: CardHolder) -> None:
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()
    assert holder.card in await holder.page.evaluate(KEPT)

    await holder.end_sessions()
    await holder.page.reload()

    await holder.heading("All your cards in one place").wait_for()
    assert holder.card not in await holder.page.evaluate(KEPT)


async def test_another_customer_sees_nothing_of_the_first(live: Live, holder: CardHolder) -> None:
    # given a device on which somebody saw their card
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()
    await holder.page.evaluate("sessionStorage.setItem('draft', 'for Ravi')")

    # when somebody else is signed in there
    other = await new_card_holder(live, holder.page, points=7)
    await holder.page.reload()

    # then the first one's card is no card of theirs, and nothing of it is kept
    await holder.heading("This card is not here").wait_for()
    kept = await holder.page.evaluate(KEPT)
    assert holder.card not in kept
    assert "for Ravi" not in kept
    await other.open(other.place)
    await expect(other.page.locator(".balance strong")).to_contain_text("7")


async def test_sign_in_on_another_page_leaves_nothing_of_the_first(live: Live, holder: CardHolder) -> None:
    # given a device that keeps somebody's cards, with the app open in one tab, and a poster's page in another
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()
    joining = await holder.another_tab(f"/join/{holder.shop.slug}")
    other = await new_card_holder(live, joining, points=7, signed_in=False)

    # when somebody else signs in there
    await joining.get_by_role("button", name="Use another address").click()
    await other.enter_mailed_code()
    await joining.locator(".qr").wait_for()

    # then the open app is theirs, too, and the device keeps nothing of the first
    await holder.heading("This card is not here").wait_for()
    assert holder.card not in await holder.page.evaluate(KEPT)


async def test_cards_of_the_first_are_not_shown_to_the_next_before_an_answer_comes(
    live: Live, holder: CardHolder
) -> None:
    # given a device that keeps somebody's cards
    await another_card(holder)
    await holder.open("/app")
    await expect(holder.page.locator(".face")).to_have_count(2)

    # when another one signs in there on a poster's page, and then the network is gone
    async def lose(route: Route) -> None:
        known = (route.request.post_data_json or {}).get("operationName")
        await (route.fallback() if known in {"requestSignInCode", "signIn"} else route.abort())

    other = await new_card_holder(live, holder.page, points=7, signed_in=False)
    await other.open(f"/join/{other.shop.slug}")
    await other.page.get_by_role("button", name="Use another address").wait_for()
    await other.context.route("**/graphql", lose)
    await other.press("Use another address")
    await other.enter_mailed_code()
    await other.page.get_by_text("No connection.").wait_for()
    await other.open("/app")

    # then the app has nothing to show
    await other.page.get_by_text("No connection.").wait_for()
    assert await other.page.locator(".face").count() == 0
    await other.context.unroute("**/graphql", lose)


async def test_signing_in_in_one_tab_brings_the_other_back(holder: CardHolder) -> None:
    # given two tabs whose session was ended
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()
    other = await holder.another_tab(f"{holder.place}/history")
    await other.locator(".line").wait_for()
    await holder.end_sessions()
    for tab in (holder.page, other):
        await tab.reload()
        await tab.get_by_label("Your e-mail address").wait_for()

    # when one of them is signed in again
    await holder.enter_mailed_code()

    # then both are where they were
    await holder.page.locator(".qr").wait_for()
    await other.locator(".line").wait_for()
    assert other.url.endswith("/history")


async def test_signing_out_in_one_tab_is_seen_in_the_other(holder: CardHolder) -> None:
    # given two tabs of one customer
    await holder.open("/app/me")
    other = await holder.another_tab(holder.place)
    await other.locator(".qr").wait_for()
    await other.evaluate("sessionStorage.setItem('draft', 'for Ravi')")

    # when one of them signs out
    await holder.press("Sign out")
    await holder.page.get_by_role("dialog").get_by_role("button", name="Sign out").click()

    # then the other shows nothing any more, and neither the device
    for tab in (holder.page, other):
        await tab.get_by_label("Your e-mail address").wait_for()
    assert "120" not in await other.locator("body").inner_text()
    kept = await other.evaluate(KEPT)
    assert holder.card not in kept
    assert "for Ravi" not in kept


async def test_keyboard_alone_signs_in_and_opens_the_code(live: Live, page: Page) -> None:
    holder = await new_card_holder(live, page, signed_in=False)
    await holder.open()
    await page.get_by_label("Your e-mail address").wait_for()

    # when nothing but keys are pressed
    await page.keyboard.press("Tab")
    await page.keyboard.type(holder.email)
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("The six digits of the code")).to_be_focused()
    await page.keyboard.type(await holder.read_code())
    await page.keyboard.press("Enter")

    # then the only card is open, its heading read first, and the purpose is a key away
    await page.locator(".qr").wait_for()
    before = await holder.shown_code()
    await page.get_by_label("Collect", exact=True).focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_label("Spend points or a voucher")).to_be_checked()
    await expect(page.locator(".digits-below")).not_to_contain_text(before[:5])
    assert page.url.endswith("?spend")


async def test_unknown_address_says_so(phone: Phone) -> None:
    await phone.open("/app/nothing/here")
    await phone.heading("Nothing is here").wait_for()

    await phone.page.get_by_role("link", name="To your cards").click()

    await phone.heading("Your cards").wait_for()


async def test_link_that_was_cut_off_says_so(phone: Phone) -> None:
    # The last character of an id is written %3D in an address.
    await phone.open("/app/cards/Q2FyZA%3")

    await phone.heading("Nothing is here").wait_for()
