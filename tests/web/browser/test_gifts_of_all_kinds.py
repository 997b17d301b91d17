"""Gifts of money and of rewards in a browser: opened, claimed, shown at the counter, thanked for, declined."""

import re

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from schema.translations import LANGUAGES, translator
from tests.live import Live
from tests.web.browser.test_looks import CONTRASTS, assert_fits
from tests.web.browser.visiting import Fate, Visit
from tests.web.contents import all_rows, rows_at_rest
from wallet.values import GiftKind

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

QR_DRAWN = "() => document.querySelector('#qr img')?.naturalWidth > 0"

LONG = "സ്പെഷ്യൽഫിൽറ്റർകാപ്പിയുംപരിപ്പുവടയുമടങ്ങിയപ്രഭാതഭക്ഷണപ്പൊതി"
"""A reward with a name that no line of a small phone can hold."""


async def test_money_is_claimed_and_the_code_is_shown_at_the_counter(live: Live, page: Page) -> None:
    visit = await Visit.begin(live, page, kind=GiftKind.VALUE)
    await visit.open()
    assert await page.get_by_text("Meera sent you ₹200 to spend at").is_visible()
    assert await page.locator(".worth").inner_text() == "₹200"

    # when it is claimed
    card = await visit.see_claimed()

    # then the money is there to be seen
    assert await page.get_by_role("heading", name="It is yours").is_visible()
    assert await page.get_by_role("heading", name="It is on your card").count() == 0
    assert re.search(r"₹200\s+Gift card\s+•••• \d{4}\s+You now have\s+₹200", card), card

    # and one press shows the code, which changes before it ends
    async with page.expect_response(lambda answer: "createCheckInCode" in (answer.request.post_data or "")) as answered:
        await visit.press("Show the code")
    code = (await (await answered.value).json())["data"]["createCheckInCode"]
    await page.wait_for_function(QR_DRAWN)
    assert await visit.focused() == "code-shown"
    shown = await page.locator("#code-shown").inner_text()
    assert f"{code['shortCode'][:5]} {code['shortCode'][5:]}" in shown
    assert await page.get_by_role("button", name="Show the code").is_hidden()
    async with live.runtime.pool.acquire() as conn:
        purpose = await conn.fetchval("SELECT purpose FROM check_in_codes WHERE short_code = $1", code["shortCode"])
    assert purpose == "REDEEM"
    assert (await visit.fate()).claimed_by == visit.recipient
    assert visit.complaints == []


async def test_reward_is_claimed_and_its_giver_is_thanked(live: Live, page: Page) -> None:
    visit = await Visit.begin(live, page, kind=GiftKind.REWARD)
    await visit.open()
    assert await page.get_by_text(re.compile("Meera sent you a gift from .*: Masala tea.")).is_visible()

    card = await visit.see_claimed()
    assert "Masala tea" in card
    assert "You now have" not in card

    # when nothing, then a link, then thanks are sent
    await visit.press("Send my thanks")
    await page.get_by_text("Please write a few words.").wait_for()
    words = page.get_by_label("Say thank you to Meera")
    await words.fill("See www.example.com")
    await visit.press("Send my thanks")
    await page.locator("#thanks-problem").filter(has_text="link").wait_for()
    assert (await visit.fate()).thanks is None
    await words.fill("So kind of you!\nLatha")
    await visit.press("Send my thanks")

    # then the giver can read them
    await page.get_by_text("Your thanks are on their way to Meera.").wait_for()
    assert await visit.focused() == "thanked"
    assert (await visit.fate()).thanks == "So kind of you!\nLatha"
    assert await words.is_hidden()
    assert visit.complaints == []


async def test_code_can_be_shown_after_a_reload(live: Live, page: Page) -> None:
    visit = await Visit.begin(live, page, kind=GiftKind.VALUE)
    card = await visit.see_claimed()
    await page.reload()
    assert await visit.see_result() == card

    await visit.press("Show the code")

    await page.wait_for_function(QR_DRAWN)
    assert visit.asked.count("signIn") == visit.asked.count("claimGift") == 1


async def test_code_can_be_shown_after_the_session_by_signing_in_again(live: Live, page: Page) -> None:
    visit = await Visit.begin(live, page, kind=GiftKind.VALUE)
    card = await visit.see_claimed()
    await page.context.clear_cookies()
    await page.reload()
    assert await visit.see_result() == card

    # when the code is asked for, which needs a session
    await visit.press("Show the code")
    await page.get_by_role("heading", name="Sign in to go on").wait_for()
    assert await page.get_by_label("Your e-mail address").input_value() == visit.recipient
    code = await visit.ask_for_code()
    await page.get_by_label("The six digits of the code").fill(code)
    await visit.press("Sign in")

    # then it is shown, and nothing was claimed again
    await page.wait_for_function(QR_DRAWN)
    assert await visit.see_result() == card
    assert visit.asked.count("claimGift") == 1
    assert visit.asked.count("createCheckInCode") == 2  # Once in vain.


async def test_gift_is_declined_by_two_presses_and_not_by_one(live: Live, page: Page, context: BrowserContext) -> None:
    visit = await Visit.begin(live, page, kind=GiftKind.REWARD)
    await visit.open()

    # when it is almost declined, and kept
    await page.get_by_role("link", name="Decline the gift").click()
    await page.get_by_role("heading", name="Decline this gift?").wait_for()
    assert await visit.focused() == "decline-heading"
    assert await page.get_by_label("Your e-mail address").is_hidden()
    await visit.press("Keep the gift")
    await page.get_by_label("Your e-mail address").wait_for()
    assert visit.asked == []

    # and when it is declined
    await page.get_by_role("link", name="Decline the gift").click()
    await visit.press("Decline the gift")

    # then it goes back, which this tab still knows after a reload, and no other browser can open it
    await page.get_by_role("heading", name="You declined the gift").wait_for()
    assert await visit.focused() == "declined"
    assert await page.get_by_text("It goes back to Meera.", exact=True).is_visible()
    assert (await visit.fate()).status == "DECLINED"
    await page.reload()
    await page.get_by_role("heading", name="You declined the gift").wait_for()
    elsewhere = await context.new_page()
    answer = await elsewhere.goto(visit.link)
    assert answer is not None
    assert answer.status == 404
    assert visit.complaints == []


async def test_gift_is_declined_without_scripts(live: Live, chromium: Browser, page: Page) -> None:
    visit = await Visit.begin(live, page, kind=GiftKind.REWARD)
    context = await chromium.new_context(java_script_enabled=False, locale="en-IN")
    there = await context.new_page()
    await there.goto(visit.link)
    assert await there.get_by_text("Masala tea").first.is_visible()
    await there.get_by_text("This part needs scripts").wait_for()

    await there.get_by_role("link", name="Decline the gift").click()
    await there.get_by_role("heading", name="Decline this gift?").wait_for()
    assert (await visit.fate()).status != "DECLINED"
    await there.get_by_role("button", name="Decline the gift").click()

    await there.get_by_role("heading", name="You declined the gift").wait_for()
    assert await visit.fate() == Fate("DECLINED", None, viewed=False, claimed_by=None)
    await there.reload()
    assert await there.get_by_role("heading", name="You declined the gift").is_visible()
    await context.close()


async def test_pages_that_only_run_their_scripts_change_nothing(live: Live, page: Page) -> None:
    visits = [await Visit.begin(live, page, kind=kind) for kind in (GiftKind.VALUE, GiftKind.REWARD)]
    async with live.runtime.pool.acquire() as conn:
        before = await rows_at_rest(conn)

        for visit in visits:
            await visit.open()
            await page.wait_for_load_state("networkidle")
            await page.goto(f"{visit.link}/decline")

        assert [(visit.asked, visit.seen) for visit in visits] == [([], 0)] * 2
        assert await all_rows(conn) == before


async def test_gift_fits_a_small_phone_in_every_language(live: Live, chromium: Browser, page: Page) -> None:
    """One gift with the longest of words, looked at in all languages in one tab; the last one claims it."""
    visit = await Visit.begin(live, page, kind=GiftKind.REWARD, reward=LONG)
    small = await chromium.new_context(viewport={"width": 320, "height": 640}, reduced_motion="reduce")
    small.set_default_timeout(10_000)
    there = await small.new_page()
    contrasts: dict[str, float] = {}
    for number, language in enumerate(LANGUAGES):
        say = translator(f"{language}-IN")
        await small.set_extra_http_headers({"Accept-Language": f"{language}-IN"})
        await there.emulate_media(color_scheme="dark" if number % 2 else "light")
        await there.goto(visit.link)
        assert await there.get_by_role("heading", name=say.gettext("Claim your gift")).is_visible()
        await assert_fits(there)
        await there.get_by_role("link", name=say.gettext("Decline the gift")).click()
        assert await there.get_by_role("heading", name=say.gettext("Decline this gift?")).is_visible()
        await assert_fits(there)
        contrasts |= await there.evaluate(CONTRASTS)
        await there.get_by_role("button", name=say.gettext("Keep the gift")).click()

    # when it is claimed, its code shown, and its giver thanked
    await there.locator("#email").fill(visit.recipient)
    await there.keyboard.press("Enter")
    await there.locator("#code").fill(await visit.read_code(count=2))
    await there.keyboard.press("Enter")
    await there.locator("#done").wait_for()
    await there.locator("#counter button").click()
    await there.wait_for_function(QR_DRAWN)
    await assert_fits(there)
    contrasts |= await there.evaluate(CONTRASTS)
    await there.locator("#thanks textarea").fill("ขอบคุณ")
    await there.locator("#thanks button").click()
    await there.locator("#thanked").wait_for()
    await assert_fits(there)

    # then all of it can be read
    assert len(contrasts) > 5 * len(LANGUAGES)
    assert {words: ratio for words, ratio in contrasts.items() if ratio < 4.5} == {}
    assert (await visit.fate()).thanks == "ขอบคุณ"
    await small.close()
