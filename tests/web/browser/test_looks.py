"""How the pages look and read: small phones, six languages, dark and light, without scripts, to a screen reader."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Route

from schema.translations import LANGUAGES
from tests.web.browser.visiting import Visit
from tests.web.demonstration import Demo, Mail, demo_pages

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WIDER_THAN_THE_SCREEN = """
    [...document.querySelectorAll("body *")]
        .filter((part) => part.getBoundingClientRect().right > innerWidth + 1)
        .map((part) => part.tagName + "." + part.className)
"""

CONTRASTS = """
    () => {
        const light = (colour) => {
            const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => {
                const share = part / 255;
                return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
            });
            return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
        };
        const behind = (part) => {
            for (let one = part; one; one = one.parentElement) {
                const colour = getComputedStyle(one).backgroundColor;
                if (!/, 0\\)$/.test(colour)) return colour;
            }
            return "rgb(255, 255, 255)";
        };
        const worst = {};
        for (const part of document.querySelectorAll("main *")) {
            const words = [...part.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
            if (!words || !part.checkVisibility()) continue;
            const shades = [light(getComputedStyle(part).color), light(behind(part))].sort((a, b) => b - a);
            worst[part.textContent.trim().slice(0, 30)] = (shades[0] + 0.05) / (shades[1] + 0.05);
        }
        return worst;
    }
"""

# WCAG 2.2, success criterion 2.5.5: a finger is wider than a cursor.
SMALLER_THAN_A_FINGER = """
    [...document.querySelectorAll("button, input, select")]
        .filter((part) => part.checkVisibility() && part.getBoundingClientRect().height < 44)
        .map((part) => part.outerHTML)
"""

NAMELESS = """
    [...document.querySelectorAll("input, textarea, select")]
        .filter((part) => !part.labels.length)
        .map((part) => part.outerHTML)
"""


async def assert_fits(page: Page) -> None:
    assert await page.evaluate(WIDER_THAN_THE_SCREEN) == []
    assert await page.evaluate(SMALLER_THAN_A_FINGER) == []
    assert await page.evaluate(NAMELESS) == []


async def phone(chromium: Browser, visit: Visit, *, language: str, scheme: str) -> Visit:
    """The same gift on another phone: 320 pixels wide, in that language."""
    context = await chromium.new_context(
        viewport={"width": 320, "height": 640},
        locale=f"{language}-IN",
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(10_000)
    there = Visit(visit.live, await context.new_page(), visit.shop, visit.link, visit.recipient)
    there.listen(there.page)
    return there


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_step_fits_a_small_phone_in_every_language(chromium: Browser, visit: Visit, language: str) -> None:
    there = await phone(chromium, visit, language=language, scheme="light")
    page = there.page

    await there.open()
    assert (await page.locator("html").get_attribute("lang") or "").split("-")[0] == language
    await assert_fits(page)
    await page.locator("#email").fill("a.very.long.address.of.somebody@a-very-long-domain-name.example.com")
    await page.locator("#email").fill(there.recipient)
    await page.keyboard.press("Enter")
    await page.locator("#code").wait_for()
    await assert_fits(page)
    await page.locator("#code").fill("1")
    await page.keyboard.press("Enter")
    await page.locator("#code-problem:not(:empty)").wait_for()
    await assert_fits(page)
    await page.locator("#code").fill(await there.read_code(count=2))
    await page.keyboard.press("Enter")
    await page.locator("#done").wait_for()
    await assert_fits(page)
    assert there.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_words_stand_out_from_what_is_behind_them(chromium: Browser, visit: Visit, scheme: str) -> None:
    """At least 4.5 to 1: WCAG 2.2, success criterion 1.4.3."""
    there = await phone(chromium, visit, language="en", scheme=scheme)
    contrasts: dict[str, float] = {}

    await there.open()
    contrasts |= await there.page.evaluate(CONTRASTS)
    await there.press("Send me a code")
    contrasts |= await there.page.evaluate(CONTRASTS)
    await there.enter_code(await there.ask_for_code())
    await there.see_result()
    contrasts |= await there.page.evaluate(CONTRASTS)

    assert len(contrasts) > 10
    assert {words: ratio for words, ratio in contrasts.items() if ratio < 4.5} == {}


async def test_gift_can_be_read_without_scripts(chromium: Browser, visit: Visit) -> None:
    context = await chromium.new_context(java_script_enabled=False, locale="en-IN")
    page = await context.new_page()

    await page.goto(visit.link)

    assert await page.get_by_role("heading", name="Hello Latha, a gift for you").is_visible()
    assert await page.get_by_text("Meera sent you 200 beans to spend at").is_visible()
    assert await page.get_by_text("Thank you for the mangoes!").is_visible()
    assert await page.get_by_text("It waits for you until").is_visible()
    await page.get_by_text("This part needs scripts").wait_for()
    assert await page.locator("input, button").locator("visible=true").count() == 0


async def test_screen_reader_is_told_what_happens(visit: Visit) -> None:
    await visit.open()

    assert await visit.page.locator("form:has([role=alert])").count() == await visit.page.locator("form").count() == 7
    assert await visit.page.locator("#news[role=status]").count() == 1
    assert await visit.page.locator("h1:visible").count() == 1
    await visit.ask_for_code()
    code = visit.page.get_by_label("The six digits of the code")
    assert await code.get_attribute("autocomplete") == "one-time-code"
    assert await code.get_attribute("inputmode") == "numeric"
    described = (await code.get_attribute("aria-describedby") or "").split()
    assert [await visit.page.locator(f"#{part}").count() for part in described] == [1, 1]
    assert visit.recipient in await visit.page.locator(f"#{described[0]}").inner_text()


@pytest_asyncio.fixture(loop_scope="session")
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    async with demo_pages(tmp_path) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def demo_page(context: BrowserContext, demo: Demo) -> Page:
    """A browser that finds the demo's pages at 127.0.0.1:8000, and nothing anywhere else."""

    async def answer(route: Route) -> None:
        request = route.request
        demo.sought.append(request.url)
        if not request.url.startswith("http://127.0.0.1:8000/"):
            await route.abort()
            return
        found = await demo.client.request(
            request.method, request.url, content=request.post_data_buffer, headers=await request.all_headers()
        )
        await route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.content)

    await context.route("**/*", answer)
    return await context.new_page()


async def test_mail_in_the_mailbox_can_do_nothing_but_be_read(demo_page: Page, demo: Demo) -> None:
    # given a mail that tries everything
    demo.mails.append(
        Mail(
            "a@example.com",
            "Hello",
            "text",
            """<!doctype html><html><head><style>p { color: rgb(1, 2, 3) }</style></head><body>
            <p style="margin: 7px">Words</p>
            <script>top.document.title = "taken"; fetch("http://elsewhere.example/script")</script>
            <img src="http://elsewhere.example/pixel.png" onerror="top.document.title = 'taken'">
            <link rel="stylesheet" href="http://elsewhere.example/style.css">
            <iframe src="http://elsewhere.example/frame"></iframe>
            <meta http-equiv="refresh" content="0; url=http://elsewhere.example/refresh"></body></html>""",
        )
    )

    # when a person looks at it
    await demo_page.goto("http://127.0.0.1:8000/demo/mailbox")
    words = demo_page.frame_locator("iframe").get_by_text("Words")
    await words.wait_for()
    await demo_page.wait_for_load_state("networkidle")

    # then it looks as it was meant to, and that is all
    assert await words.evaluate("(part) => getComputedStyle(part).color") == "rgb(1, 2, 3)"
    assert await words.evaluate("(part) => getComputedStyle(part).marginTop") == "7px"
    assert await demo_page.title() == "Mailbox (1)"
    assert [url for url in demo.sought if "elsewhere" in url] == []


async def test_link_in_a_mail_opens_beside_the_mailbox(demo_page: Page, demo: Demo) -> None:
    demo.mails.append(Mail("a@example.com", "Hello", "", '<a href="http://127.0.0.1:8000/demo">See your gift</a>'))
    await demo_page.goto("http://127.0.0.1:8000/demo/mailbox")

    async with demo_page.expect_popup() as opened:
        await demo_page.frame_locator("iframe").get_by_text("See your gift").click()

    assert await (await opened.value).get_by_role("heading", name="The Regulars demo").is_visible()
    assert demo_page.url == "http://127.0.0.1:8000/demo/mailbox"


async def test_guide_makes_a_code_for_the_till_when_it_is_wanted(demo_page: Page, demo: Demo) -> None:
    await demo_page.goto("http://127.0.0.1:8000/demo")
    await demo_page.get_by_role("button", name="Show a code").wait_for()
    assert [url for url in demo.sought if url.endswith("/demo.json")] == []

    await demo_page.get_by_role("button", name="Show a code").click()

    await demo_page.get_by_text("CODE 0001").wait_for()
    assert [url for url in demo.sought if url.endswith("/demo.json")] == ["http://127.0.0.1:8000/demo.json"]
    await assert_fits(demo_page)


async def test_text_of_twice_the_size_fits_a_phone(visit: Visit) -> None:
    """WCAG 2.2, success criterion 1.4.4."""
    for address in (
        visit.link,
        f"{visit.link}/decline",
        visit.live.base_url,
        f"{visit.live.base_url}/join/{visit.shop.slug}",
    ):
        await visit.page.goto(address)
        await visit.page.wait_for_load_state("networkidle")
        await visit.page.evaluate("document.documentElement.style.fontSize = '212.5%'")
        assert await visit.page.evaluate(WIDER_THAN_THE_SCREEN) == [], address


async def test_gift_is_unwrapped_unless_motion_is_unwelcome(chromium: Browser, visit: Visit) -> None:
    styles = "['::before', '::after'].map((part) => getComputedStyle(document.querySelector('#gift'), part))"
    moves = f"{styles}.map((style) => style.animationName)"
    calm = await phone(chromium, visit, language="en", scheme="light")

    await visit.open()
    await calm.open()

    assert await visit.page.evaluate(moves) == ["unwrap", "untie"]
    await visit.page.wait_for_function(f"() => {styles}.every((style) => style.visibility === 'hidden')")
    assert await calm.page.evaluate(moves) == ["none", "none"]
    assert await calm.page.evaluate(f"{styles}.map((style) => style.content)") == ["none", "none"]
