"""Becoming a member in a browser: from the poster's page to the card, whoever comes there."""

from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from infra.demo.program import RULES
from schema.translations import LANGUAGES, translator
from tests.factories import make_shop
from tests.live import Live
from tests.web.browser.test_looks import CONTRASTS, assert_fits
from tests.web.browser.test_lost_connections import API, END_SESSIONS_SQL, Network
from tests.web.browser.visiting import Visit
from tests.web.contents import all_rows, rows_at_rest

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CARDS_SQL = """
    SELECT u.email
    FROM cards AS c
    JOIN customers AS u ON u.customer_id = c.customer_id
    WHERE c.merchant_id = $1
"""

CARD = "**/app/cards/*"


async def scan_poster(live: Live, page: Page, newcomer: str | None = None) -> Visit:
    """Somebody before the page of a program that they have never seen."""
    live.clock.advance(timedelta(minutes=61))
    async with live.runtime.pool.acquire() as conn:
        shop = await make_shop(conn, rules=RULES, now=live.clock())
    email = newcomer or f"newcomer.{uuid4().hex[:8]}@example.com"
    visit = Visit(live, page, shop, f"{live.base_url}/join/{shop.slug}", email)
    visit.listen(page)
    return visit


@pytest_asyncio.fixture(loop_scope="session")
async def poster(live: Live, page: Page) -> Visit:
    return await scan_poster(live, page)


async def members(visit: Visit) -> list[str]:
    async with visit.live.runtime.pool.acquire() as conn:
        return [row["email"] for row in await conn.fetch(CARDS_SQL, visit.shop.merchant_id)]


async def sign_in(visit: Visit) -> None:
    code = await visit.ask_for_code()
    await visit.page.get_by_label("The six digits of the code").fill(code)
    await visit.press("Sign in")


async def join(visit: Visit) -> str:
    """By signing in; where that leads."""
    await visit.open()
    await sign_in(visit)
    await visit.page.wait_for_url(CARD)
    return visit.page.url


async def test_newcomer_gets_a_card_with_the_keyboard_alone(poster: Visit) -> None:
    # given the opened page
    await poster.open()
    page = poster.page
    address = page.get_by_label("Your e-mail address")
    await address.wait_for()

    # when the address and the code are typed, and nothing is clicked
    await page.keyboard.press("Tab")
    assert await address.evaluate("(part) => part === document.activeElement")
    await page.keyboard.type(poster.recipient)
    await page.keyboard.press("Enter")
    await page.get_by_label("The six digits of the code").wait_for()
    await page.keyboard.type(await poster.read_code(count=1))
    await page.keyboard.press("Enter")

    # then they are in the app, before their card
    await page.wait_for_url(CARD)
    assert await members(poster) == [poster.recipient]
    assert poster.asked[:4] == ["membership", "requestSignInCode", "signIn", "joinProgram"]
    await page.get_by_text(f"Program {poster.shop.terminal.merchant_name.split()[-1]}").first.wait_for()
    assert poster.complaints == []


async def test_whoever_is_signed_in_joins_by_one_press(poster: Visit, live: Live, page: Page) -> None:
    await join(poster)
    another = await scan_poster(live, page, poster.recipient)
    await another.open()
    button = page.get_by_role("button", name=f"Join as {poster.recipient}")
    await button.wait_for()
    assert await members(another) == []

    await button.click()

    await page.wait_for_url(CARD)
    assert await members(another) == [poster.recipient]
    assert [another.asked.count(name) for name in ("joinProgram", "requestSignInCode", "signIn")] == [1, 0, 0]


async def test_member_is_led_to_the_card(poster: Visit) -> None:
    card = await join(poster)

    await poster.page.go_back()

    await poster.page.get_by_role("heading", name="You are a member already").wait_for()
    await poster.page.get_by_role("link", name="Open your card").click()
    await poster.page.wait_for_url(card)
    assert await members(poster) == [poster.recipient]
    assert poster.asked.count("joinProgram") == 1


async def test_member_on_another_device_gets_the_same_card(poster: Visit) -> None:
    card = await join(poster)
    await poster.page.context.clear_cookies()

    assert await join(poster) == card
    assert await members(poster) == [poster.recipient]


@pytest.mark.parametrize("served", [True, False], ids=["answer lost", "request lost"])
async def test_join_without_an_answer_is_tried_again_by_one_press(poster: Visit, served: bool) -> None:
    # given a connection that breaks twice around joining
    network = Network("joinProgram", served=served, times=2)
    await poster.page.route(API, network)
    await poster.open()
    await sign_in(poster)

    # when the person tries again
    for _ in range(2):
        await poster.page.get_by_text("No connection. Nothing is lost").wait_for()
        await poster.press(f"Join as {poster.recipient}")
    await poster.page.wait_for_url(CARD)

    # then there is one card, under one key
    assert await members(poster) == [poster.recipient]
    assert len(network.keys) == 3
    assert len(set(network.keys)) == 1


async def test_join_without_an_answer_is_found_done_after_a_reload(poster: Visit) -> None:
    await poster.page.route(API, Network("joinProgram", served=True))
    await poster.open()
    await sign_in(poster)
    await poster.page.get_by_text("No connection. Nothing is lost").wait_for()

    await poster.page.reload()

    await poster.page.get_by_role("heading", name="You are a member already").wait_for()
    assert await members(poster) == [poster.recipient]


async def test_reload_keeps_the_place_for_the_code(poster: Visit) -> None:
    await poster.open()
    code = await poster.ask_for_code()

    await poster.page.reload()
    await poster.page.get_by_label("The six digits of the code").fill(code)
    await poster.press("Sign in")

    await poster.page.wait_for_url(CARD)
    assert await members(poster) == [poster.recipient]


async def test_page_that_cannot_find_out_who_is_there_can_be_asked_again(poster: Visit) -> None:
    await poster.page.route(API, lambda route: route.abort(), times=1)
    await poster.open()
    await poster.page.get_by_text("No connection. Nothing is lost").wait_for()

    await poster.press("Try again")

    await poster.page.get_by_label("Your e-mail address").wait_for()


async def test_another_address_can_be_used_instead_also_after_a_reload(poster: Visit, live: Live, page: Page) -> None:
    # given a device where another is signed in
    await join(poster)
    another = await scan_poster(live, page)
    await another.open()

    # when they say so, look back, and load the page again
    await another.press("Use another address")
    await another.press(f"Go on as {poster.recipient}")
    await another.press("Use another address")
    await page.reload()
    await sign_in(another)

    # then the card is the other's
    await page.wait_for_url(CARD)
    assert await members(another) == [another.recipient]


async def test_session_that_ended_elsewhere_leads_to_signing_in(poster: Visit, live: Live, page: Page) -> None:
    await join(poster)
    another = await scan_poster(live, page, poster.recipient)
    await another.open()
    await page.get_by_role("button", name="Join as").wait_for()
    async with live.runtime.pool.acquire() as conn:
        await conn.execute(END_SESSIONS_SQL, live.clock())

    await another.press("Join as")
    await sign_in(another)

    await page.wait_for_url(CARD)
    assert await members(another) == [poster.recipient]


async def test_session_that_was_over_all_along_is_not_offered(poster: Visit, live: Live, page: Page) -> None:
    await join(poster)
    another = await scan_poster(live, page, poster.recipient)
    async with live.runtime.pool.acquire() as conn:
        await conn.execute(END_SESSIONS_SQL, live.clock())

    await another.open()

    await page.get_by_label("Your e-mail address").wait_for()


async def test_page_that_only_runs_its_scripts_changes_nothing(poster: Visit) -> None:
    async with poster.live.runtime.pool.acquire() as conn:
        before = await rows_at_rest(conn)

        for _ in range(3):
            await poster.open()
            await poster.page.wait_for_load_state("networkidle")

        assert await all_rows(conn) == before
    assert set(poster.asked) == {"membership"}


async def test_program_can_be_read_without_scripts(chromium: Browser, poster: Visit) -> None:
    context = await chromium.new_context(java_script_enabled=False, locale="en-IN")
    page = await context.new_page()

    await page.goto(poster.link)

    assert await page.get_by_text("You get 20 beans for joining.").first.is_visible()
    await page.get_by_text("This part needs scripts").wait_for()
    assert await page.locator("input, button, select").locator("visible=true").count() == 0
    await page.get_by_text("All the rules").click()
    assert await page.get_by_text("Gold begins at 600 beans.").is_visible()
    await context.close()


async def test_language_is_chosen_and_stays(poster: Visit) -> None:
    page = poster.page
    await poster.open()

    await page.get_by_label("Language").select_option("ml-IN")

    await page.locator("html[lang=ml-IN]").wait_for()
    say = translator("ml-IN")
    await page.get_by_label(say.gettext("Your e-mail address")).wait_for()
    await page.goto(poster.live.base_url)
    assert await page.locator("html[lang=ml-IN]").count() == 1
    await page.get_by_role("combobox").select_option("en-IN")
    await page.locator("html[lang=en-IN]").wait_for()
    assert poster.complaints == []


async def test_pages_fit_a_small_phone_in_every_language(chromium: Browser, poster: Visit) -> None:
    small = await chromium.new_context(viewport={"width": 320, "height": 640}, reduced_motion="reduce")
    small.set_default_timeout(10_000)
    page = await small.new_page()
    contrasts: dict[str, float] = {}
    for number, language in enumerate(LANGUAGES):
        say = translator(f"{language}-IN")
        await small.set_extra_http_headers({"Accept-Language": f"{language}-IN"})
        await page.emulate_media(color_scheme="dark" if number % 2 else "light")
        for path in ("/", "/join/nothing", f"/join/{poster.shop.slug}"):
            await page.goto(poster.live.base_url + path)
            assert (await page.locator("html").get_attribute("lang") or "") == say.tag
            if path.endswith(poster.shop.slug):
                await page.get_by_label(say.gettext("Your e-mail address")).wait_for()
                await page.locator("summary").click()
            await assert_fits(page)
            contrasts |= await page.evaluate(CONTRASTS)

    assert len(contrasts) > 100
    assert {words: ratio for words, ratio in contrasts.items() if ratio < 4.5} == {}
    await small.close()


async def test_sign_in_does_not_move_what_stands_below(poster: Visit) -> None:
    """Neither while it is asked who is there, nor when the form comes."""
    await poster.page.add_init_script("""
        globalThis.moved = 0;
        new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.moved += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
    """)

    await poster.open()
    await poster.page.get_by_label("Your e-mail address").wait_for()
    await poster.page.wait_for_load_state("networkidle")

    assert await poster.page.evaluate("globalThis.moved") < 0.01
