"""A walk through every page: the demo's shop, its customer with a phone, its till, a gift and whoever gets it.

The same walk is judged by a test, in every language on the smallest screen, and photographed for docs/pictures.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from playwright.async_api import Browser, BrowserContext, Page

from auth import terminals
from infra.demo.shop import SLUG, Place, new_terminal, open_shop
from schema.ids import CardKey, encode
from tests.factories import make_card, make_points, make_shop
from tests.live import Live
from tests.web.browser.app.scenes import Phone
from tests.web.browser.till.scene import CLOCK, wedge
from wallet.values import CardId, CustomerId, MerchantId

ASHA, RAVI = "asha@example.com", "ravi@example.com"
GIFT_LINK = re.compile(r"http://\S+/g/[A-Za-z0-9_-]{43}")
MESSAGE = "Happy birthday! Have a coffee on me."

CARDS_SQL = "SELECT COUNT(*) FROM cards WHERE customer_id = $1"

CARD_SQL = """
    SELECT c.merchant_id, c.card_id, c.customer_id
    FROM cards AS c
    JOIN customers AS u ON u.customer_id = c.customer_id
    WHERE u.email_key = $1 AND c.merchant_id = $2
"""


@dataclass(slots=True)
class Tour:
    """One walk. Each stop is a page as somebody sees it, under a name that says which."""

    live: Live
    browser: Browser
    place: Place
    options: Mapping[str, Any]
    """Of the browser's windows: the language, dark or light, how wide."""
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    async def window(self) -> Page:
        """A device that knows nothing yet. Its clock is the server's."""
        context = await self.browser.new_context(**self.options)
        context.set_default_timeout(15_000)
        await context.add_init_script(CLOCK % (self.live.clock.ahead / timedelta(milliseconds=1)))
        self.contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    async def open(self, page: Page, path: str, shown: str) -> Page:
        """The page at the path, as soon as what the selector says is there."""
        await page.goto(self.live.base_url + path)
        await page.locator(shown).first.wait_for()
        return page

    async def card(self, email: str) -> tuple[MerchantId, CardId, CustomerId]:
        async with self.live.runtime.pool.acquire() as conn:
            row = await conn.fetchrow(CARD_SQL, email, self.place.merchant_id)
        assert row is not None, email
        return row["merchant_id"], row["card_id"], row["customer_id"]

    async def stops(self) -> AsyncIterator[tuple[str, Page]]:
        async for stop in self._doors():
            yield stop
        async for stop in self._app():
            yield stop
        async for stop in self._till():
            yield stop

    async def _doors(self) -> AsyncIterator[tuple[str, Page]]:
        """What is open to everybody."""
        page = await self.window()
        yield "home", await self.open(page, "/", "h1")
        yield "join", await self.open(page, f"/join/{SLUG}", "input[type=email]")
        yield "join-nothing", await self.open(page, "/join/nothing-here", "h1")
        yield "gift-nothing", await self.open(page, "/g/nothing", "h1")
        yield "app-welcome", await self.open(page, "/app", "input[type=email]")
        await page.locator("input[type=email]").fill(f"tour.{self.live.clock():%f}@example.com")
        await page.keyboard.press("Enter")
        await page.locator("input.digits").wait_for()
        yield "app-code", page

    async def _app(self) -> AsyncIterator[tuple[str, Page]]:
        """A customer's phone, from the wallet to a gift that is claimed on another."""
        page = await self.window()
        phone = await self._signed_in(page, ASHA)
        merchant_id, card_id, _ = await self.card(ASHA)
        card = f"/app/cards/{quote(encode(CardKey(merchant_id, card_id)), safe='')}"
        yield "app-card", await self.open(page, card, ".counter img")
        yield "app-card-spend", await self.open(page, f"{card}?spend", ".counter img")
        yield "app-history", await self.open(page, f"{card}/history", ".lines li")
        yield "app-rewards", await self.open(page, f"{card}/rewards", ".offers li")
        await page.locator(".offers .button").first.click()
        await page.locator("dialog[open]").wait_for()
        yield "app-reward", page
        await self._second_card(phone)
        await self.open(page, card, ".counter img")
        await page.locator("nav.ways a").first.click()
        await page.locator(".wallet li:nth-child(2)").wait_for()
        yield "app-wallet", page
        async for stop in self._sending(page, card):
            yield stop
        yield "app-gifts", await self.open(page, "/app/gifts", "main a[href^='/app/gifts/']")
        yield "app-me", await self.open(page, "/app/me", "main form, main section")
        async for stop in self._claiming():
            yield stop
        await page.context.set_offline(True)
        yield "app-offline", await self.open(page, card, ".bar")

    async def _sending(self, page: Page, card: str) -> AsyncIterator[tuple[str, Page]]:
        await self.open(page, f"{card}/send", "form.step")
        await page.locator("form.step .tiles input").first.check(force=True)
        await page.locator("form.step input.large").fill("20")
        yield "app-send-what", page
        await page.locator("form.step button[type=submit]").click()
        await page.locator("form.step input[type=email]").fill(RAVI)
        await page.locator("form.step input:not([type])").first.fill("Ravi")
        await page.locator("form.step textarea").fill(MESSAGE)
        yield "app-send-whom", page
        await page.locator("form.step button[type=submit]").click()
        await page.locator(".ticket").wait_for()
        yield "app-send-look", page
        await page.locator("form.step button[type=submit]").click()
        await page.wait_for_url("**/app/gifts/*")
        await page.locator("ol.timeline").wait_for()
        yield "app-gift", page

    async def _claiming(self) -> AsyncIterator[tuple[str, Page]]:
        """The gift in another hand, by the link in its mail."""
        mail = await self.live.mailbox.wait_for(RAVI, count=1)
        link = GIFT_LINK.search(mail.text)
        assert link is not None, mail.text
        path = link[0].removeprefix(self.live.base_url)
        page = await self.window()
        yield "gift", await self.open(page, path, "form[data-step=address] input")
        yield "gift-decline", await self.open(page, f"{path}/decline", "h1")
        await self._signed_in(page, RAVI)
        await self.open(page, "/app", ".counter img")
        yield "gift-known", await self.open(page, path, "form[data-step=ready] button")
        await page.locator("form[data-step=ready] button[type=submit]").click()
        await page.locator("#done").wait_for()
        yield "gift-claimed", page

    async def _till(self) -> AsyncIterator[tuple[str, Page]]:
        """The counter: a till that is new, a customer who comes, a sale, the day."""
        page = await self.window()
        yield "till-new", await self.open(page, "/till", "form input")
        await self._activate(page)
        yield "till-waiting", page
        await page.locator(".ways button").first.click()
        await page.locator("dialog .keypad").wait_for()
        yield "till-digits", page
        await page.keyboard.press("Escape")
        await page.locator(".ways button").last.click()
        await page.locator("dialog form").wait_for()
        yield "till-new-customer", page
        await page.keyboard.press("Escape")
        await wedge(page, await self._shown_code())
        await page.locator(".sale .keypad").wait_for()
        for digit in "240":
            await page.keyboard.press(digit)
        await page.locator(".earns").wait_for()
        yield "till-sale", page
        await page.locator("button.record").click()
        await page.locator(".result-points").wait_for()
        yield "till-recorded", page
        await page.locator("button.next").click()
        yield "till-today", await self.open(page, "/till/today", "main li")
        await page.context.set_offline(True)
        yield "till-offline", await self.open(page, "/till", ".ways")

    async def _signed_in(self, page: Page, email: str) -> Phone:
        _, _, customer_id = await self.card(email)
        phone = Phone(self.live, page, customer_id, email)
        await phone.sign_in()
        return phone

    async def _second_card(self, phone: Phone) -> None:
        """A card of a bakery, in the colour that a program has until its merchant chooses one."""
        now = self.live.clock()
        async with self.live.runtime.pool.acquire() as conn, conn.transaction():
            if await conn.fetchval(CARDS_SQL, phone.customer_id) > 1:
                return
            shop = await make_shop(conn, merchant_name="Blue Tram Bakery", program_name="Baker's Dozen", now=now)
            card_id = await make_card(conn, shop, phone.customer_id, now=now)
            await make_points(conn, shop, card_id, 340, now=now)

    async def _activate(self, page: Page) -> None:
        now = self.live.clock()
        async with self.live.runtime.pool.acquire() as conn, conn.transaction():
            code = await terminals.new_activation_code(
                conn,
                box=self.live.runtime.box,
                merchant_id=self.place.merchant_id,
                terminal_id=await new_terminal(conn, self.place, now=now),
                now=now,
            )
        await page.locator("form input").first.fill(code)
        await page.locator("form button[type=submit]").click()
        await page.locator(".ways").wait_for()

    async def _shown_code(self) -> str:
        """The ten digits that the customer's phone shows now."""
        page = await self.window()
        await self._signed_in(page, ASHA)
        merchant_id, card_id, _ = await self.card(ASHA)
        await self.open(page, f"/app/cards/{quote(encode(CardKey(merchant_id, card_id)), safe='')}", ".digits-below")
        text = await page.locator(".digits-below", has_text=re.compile(r"\d{5}")).inner_text()
        await page.close()
        return re.sub(r"\D", "", text)


@asynccontextmanager
async def tour(live: Live, browser: Browser, **options: Any) -> AsyncIterator[Tour]:
    """A tour of the demo's shop, open until the block is left. `options` are those of the browser's windows."""
    # Limits on how often one may try are by the hour, and everybody here comes from the same address.
    live.clock.advance(timedelta(minutes=61))
    async with live.runtime.pool.acquire() as conn, conn.transaction():
        place = await open_shop(conn, box=live.runtime.box, now=live.clock())
    found = Tour(live, browser, place, options)
    try:
        yield found
    finally:
        for context in found.contexts:
            await context.close()
