"""Customers with the app in their hand, and what happens to their cards at a counter."""

import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page

from auth import sessions
from auth.access_tokens import Audience
from auth.cookies import Held, SessionCookie
from infra.demo import documents as demo
from schema.ids import CardKey, encode
from tests.factories import Shop, make_card, make_customer, make_points, make_shop
from tests.journeys import basket
from tests.live import Caller, Live, caller
from wallet import stores
from wallet.rules import Rules
from wallet.values import CardId, CustomerId

CODE = re.compile(r"\b[0-9]{6}\b")
EXPECTED = ("Failed to load resource", "WebSocket connection to", "The FetchEvent for")
"""What Chromium itself says in the console when there is no network."""

END_SESSIONS_SQL = """
    UPDATE sessions
    SET ended_at = $2, ended_because = 'revoked'
    WHERE customer_id = $1 AND ended_at IS NULL
"""


@dataclass(slots=True)
class Phone:
    """A customer and their browser. What scripts raise and what the browser refuses is written down."""

    live: Live
    page: Page
    customer_id: CustomerId
    email: str
    complaints: list[str] = field(default_factory=list)

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    def listen(self, page: Page) -> Page:
        def read(said: ConsoleMessage) -> None:
            if said.type in {"error", "warning"} and not said.text.startswith(EXPECTED):
                self.complaints.append(said.text)

        page.on("console", read)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    async def open(self, path: str = "/app") -> None:
        await self.page.goto(f"{self.live.base_url}{path}")

    async def another_tab(self, path: str = "/app") -> Page:
        page = self.listen(await self.context.new_page())
        await page.goto(f"{self.live.base_url}{path}")
        return page

    async def sign_in(self, session_name: str = "Phone") -> None:
        """The browser has the cookie of a new session, as after the mailed code."""
        runtime, now = self.live.runtime, self.live.clock()
        ring = await runtime.rings.current(now)
        async with runtime.pool.acquire() as conn, conn.transaction():
            tokens = await sessions.open_for_customer(
                conn, box=runtime.box, ring=ring, customer_id=self.customer_id, device_name=session_name, now=now
            )
        cookie = SessionCookie(runtime.box, Audience.CUSTOMER, "/graphql", secure=False)
        held = Held(tokens.session_id, tokens.access.text, tokens.refresh)
        await self.context.add_cookies(
            [
                {
                    "name": cookie.name,
                    "value": cookie.value_of(held),
                    "domain": "127.0.0.1",
                    "path": cookie.path,
                    "httpOnly": True,
                    "sameSite": "Strict",
                }
            ]
        )

    async def end_sessions(self) -> None:
        """All sessions of the customer are ended from elsewhere."""
        async with self.live.runtime.pool.acquire() as conn:
            await conn.execute(END_SESSIONS_SQL, self.customer_id, self.live.clock())

    async def read_code(self, *, count: int = 1) -> str:
        """The six digits in the newest mail, as soon as there are `count` mails."""
        mail = await self.live.mailbox.wait_for(self.email, count=count)
        found = CODE.search(mail.text)
        assert found is not None, mail.text
        return found[0]

    async def enter_mailed_code(self, *, count: int = 1) -> None:
        """The whole way through the sign-in that the page shows."""
        await self.page.get_by_label("Your e-mail address").fill(self.email)
        await self.press("Send me a code")
        await self.page.get_by_label("The six digits of the code").wait_for()
        await self.page.get_by_label("The six digits of the code").fill(await self.read_code(count=count))
        await self.press("Sign in")

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name).click()

    def heading(self, name: str) -> Locator:
        return self.page.get_by_role("heading", name=name, exact=True)

    async def focused(self) -> str:
        """What the keyboard is at, by its words."""
        found: str = await self.page.evaluate(
            "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent).trim()"
        )
        return found


@dataclass(slots=True)
class CardHolder(Phone):
    """A customer with a card in one shop."""

    shop: Shop = field(kw_only=True)
    card_id: CardId = field(kw_only=True)

    @property
    def card(self) -> str:
        """The card's id, as the API and the address write it."""
        return encode(CardKey(self.shop.merchant_id, self.card_id))

    @property
    def place(self) -> str:
        return f"/app/cards/{quote(self.card, safe='')}"

    async def give(self, points: int, **facts: Any) -> None:
        """The card gets points that nobody at a counter gave: no till, no message to whoever watches."""
        async with self.live.runtime.pool.acquire() as conn:
            await make_points(conn, self.shop, self.card_id, points, now=self.live.clock(), **facts)

    async def shown_code(self) -> str:
        """The ten digits below the code on the page."""
        text = await self.page.locator(".digits-below").inner_text()
        return re.sub(r"\D", "", text)


async def new_phone(live: Live, page: Page, *, name: str | None = "Anjali", signed_in: bool = True) -> Phone:
    """A new customer, signed in unless told otherwise, who has not opened anything yet."""
    # Limits on how often one may try are by the hour, and everybody here comes from the same address.
    live.clock.advance(timedelta(minutes=61))
    email = f"anjali.{uuid.uuid4().hex[:8]}@example.com"
    async with live.runtime.pool.acquire() as conn:
        customer_id = await make_customer(conn, email=email, name=name, now=live.clock())
    phone = Phone(live, page, customer_id, email)
    phone.listen(page)
    if signed_in:
        await phone.sign_in()
    return phone


async def new_card_holder(
    live: Live, page: Page, *, points: int = 120, rules: Rules | None = None, signed_in: bool = True, **facts: Any
) -> CardHolder:
    """A new customer with a card of a new shop, with so many points on it. `facts` are the shop's."""
    phone = await new_phone(live, page, signed_in=signed_in)
    async with live.runtime.pool.acquire() as conn:
        shop = await make_shop(conn, rules=rules, now=live.clock(), **facts)
        card_id = await make_card(conn, shop, phone.customer_id, now=live.clock())
    holder = CardHolder(live, page, phone.customer_id, phone.email, phone.complaints, shop=shop, card_id=card_id)
    if points:
        await holder.give(points)
    return holder


async def another_card(phone: Phone, *, points: int = 0, rules: Rules | None = None) -> Shop:
    """One more card of the customer, of a new shop."""
    async with phone.live.runtime.pool.acquire() as conn:
        shop = await make_shop(conn, rules=rules, now=phone.live.clock())
        card_id = await make_card(conn, shop, phone.customer_id, now=phone.live.clock())
        if points:
            await make_points(conn, shop, card_id, points, now=phone.live.clock())
    return shop


@dataclass(frozen=True, slots=True)
class Counter:
    """A till of the shop that calls the API."""

    pos: Caller

    async def scan(self, code: str) -> str:
        """The visit that this code opens; the ten digits do as well as the QR."""
        visit = await self.pos.do(demo.SCAN, {"code": code})
        assert visit["__typename"] == "Visit", visit
        visit_id: str = visit["id"]
        return visit_id

    async def sell(self, visit_id: str, *, amount_minor: int = 25_000) -> dict[str, Any]:
        """A sale of two lines to whoever the visit is of: SaleRecorded."""
        receipt = f"R-{uuid.uuid4().hex[:6]}"
        sale = {**basket(receipt=receipt, amount_minor=amount_minor), "customer": {"visitId": visit_id}}
        recorded = await self.pos.do(demo.CHECKOUT, {"sale": sale, "idempotencyKey": str(uuid.uuid4())})
        assert recorded["__typename"] == "SaleRecorded", recorded
        return recorded

    async def give_back(self, sale_id: str) -> None:
        """All of the sale comes back."""
        given = {"saleId": sale_id, "lineIds": ["1", "2"], "idempotencyKey": str(uuid.uuid4())}
        refunded = await self.pos.do(demo.REFUND, given)
        assert refunded["__typename"] == "SaleRefunded", refunded


@asynccontextmanager
async def counter(live: Live, shop: Shop) -> AsyncIterator[Counter]:
    """One more till of the shop, activated."""
    runtime, now = live.runtime, live.clock()
    ring = await runtime.rings.current(now)
    async with runtime.pool.acquire() as conn, conn.transaction():
        terminal_id = await stores.create_terminal(
            conn, merchant_id=shop.merchant_id, store_id=shop.store_id, name="Till", now=now
        )
        tokens = await sessions.open_for_terminal(
            conn,
            box=runtime.box,
            ring=ring,
            merchant_id=shop.merchant_id,
            terminal_id=terminal_id,
            device_name="Till",
            now=now,
        )
    pos = caller(live, "/pos/graphql", token=tokens.access.text, connections=2)
    async with pos.http:
        yield Counter(pos)


@asynccontextmanager
async def window(browser: Browser, **options: Any) -> AsyncIterator[Page]:
    """A page of a device that knows nothing yet. `options` are the browser's."""
    context = await browser.new_context(**{"viewport": {"width": 360, "height": 740}, "locale": "en-IN", **options})
    context.set_default_timeout(10_000)
    try:
        yield await context.new_page()
    finally:
        await context.close()
