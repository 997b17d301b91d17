"""A shop with a till in a browser, its customers with their codes, and what became of it all in the database."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from playwright.async_api import BrowserContext, ConsoleMessage, Locator, Page, Request, Route

from auth import check_in_tokens, operator_pins, terminals
from tests.factories import Shop, make_card, make_customer, make_points, make_shop
from tests.live import Live
from wallet import check_ins, operators
from wallet.check_ins import Minted
from wallet.rules import Rules
from wallet.values import CardId, CheckInPurpose, CustomerId

TOKEN_DIGITS = 218
MISREAD = "The scanner did not read a check-in code."

SALES_SQL = """
    SELECT s.receipt_number, s.total_minor, s.points, s.offline, s.review, s.card_id, s.idempotency_key
    FROM sales AS s
    WHERE s.merchant_id = $1
    ORDER BY s.posted_at, s.sale_id
"""

SALE_COLUMNS = ("receipt_number", "total_minor", "points", "offline", "review", "card_id", "idempotency_key")

# The device's clock is the server's, which tests move.
CLOCK = """
    (() => {
        const ahead = %d, Real = Date;
        globalThis.Date = class extends Real {
            constructor(...given) { given.length ? super(...given) : super(Real.now() + ahead); }
            static now() { return Real.now() + ahead; }
        };
    })()
"""


@dataclass(frozen=True, slots=True)
class Code:
    token: str
    digits: str


@dataclass(slots=True)
class Member:
    """A customer with a phone."""

    live: Live
    shop: Shop
    customer_id: CustomerId
    card_id: CardId
    name: str

    async def code(self, purpose: CheckInPurpose = CheckInPurpose.EARN) -> Code:
        now = self.live.clock()
        async with self.live.runtime.pool.acquire() as conn, conn.transaction():
            minted: Minted = await check_ins.mint(
                conn,
                customer_id=self.customer_id,
                merchant_id=self.shop.merchant_id,
                card_id=self.card_id,
                purpose=purpose,
                now=now,
            )
        ring = await self.live.runtime.rings.current(now)
        token = check_in_tokens.mint(
            ring,
            purpose=minted.purpose,
            program_number=minted.program_number,
            card_reference=minted.card_reference,
            expires_at=minted.expires_at,
            jti=minted.jti,
            now=now,
        )
        return Code(token, minted.short_code)


@dataclass(slots=True)
class Till:
    live: Live
    page: Page
    shop: Shop
    asked: list[str] = field(default_factory=list)
    """The operations that the page has asked for, by name."""
    said: list[dict[str, Any]] = field(default_factory=list)
    """Their variables."""
    loaded: list[str] = field(default_factory=list)
    """The addresses of all that it has loaded."""
    complaints: list[str] = field(default_factory=list)
    """What the browser refused to load or run, and what scripts raised."""

    @classmethod
    async def open(
        cls,
        live: Live,
        context: BrowserContext,
        *,
        rules: Rules | None = None,
        operators_required: bool = False,
        activated: bool = True,
        shop: Shop | None = None,
    ) -> "Till":
        """The till of the shop, or of a new one, its page open, waiting for a customer."""
        if shop is None:
            shop = await new_shop(live, rules=rules, operators_required=operators_required)
        await context.add_init_script(CLOCK % (live.clock.ahead / timedelta(milliseconds=1)))
        till = cls(live, await context.new_page(), shop)
        till.listen(till.page)
        await till.page.goto(f"{live.base_url}/till")
        if activated:
            await till.activate()
        return till

    def listen(self, page: Page) -> None:
        def note(request: Request) -> None:
            self.loaded.append(request.url)
            if request.method == "POST" and request.url.endswith("/graphql"):
                said = json.loads(request.post_data or "{}")
                self.asked.append(said["operationName"])
                self.said.append(said["variables"])

        def read(said: ConsoleMessage) -> None:
            if said.type == "error" and "Failed to load resource" not in said.text:
                self.complaints.append(said.text)

        page.on("request", note)
        page.on("console", read)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def activation_code(self) -> str:
        now = self.live.clock()
        async with self.live.runtime.pool.acquire() as conn, conn.transaction():
            return await terminals.new_activation_code(
                conn,
                box=self.live.runtime.box,
                merchant_id=self.shop.merchant_id,
                terminal_id=self.shop.terminal_id,
                now=now,
            )

    async def activate(self) -> None:
        await self.page.get_by_label("Activation code").fill(await self.activation_code())
        await self.press("Activate")
        await self.page.get_by_role("button", name="Type the ten digits").wait_for()

    async def revoke_session(self) -> None:
        async with self.live.runtime.pool.acquire() as conn:
            await conn.execute(END_SESSIONS_SQL, self.live.clock(), self.shop.merchant_id)

    async def member(self, name: str = "Meera", points: int = 0) -> Member:
        now = self.live.clock()
        async with self.live.runtime.pool.acquire() as conn:
            customer_id = await make_customer(conn, name=name, now=now)
            card_id = await make_card(conn, self.shop, customer_id, now=now)
            if points:
                await make_points(conn, self.shop, card_id, points, now=now)
        return Member(self.live, self.shop, customer_id, card_id, name)

    async def operator(self, pin: str) -> None:
        async with self.live.runtime.pool.acquire() as conn, conn.transaction():
            await operators.add(
                conn,
                merchant_id=self.shop.merchant_id,
                name=f"Operator {pin}",
                pin_hash=operator_pins.hash_of(self.live.runtime.box, merchant_id=self.shop.merchant_id, pin=pin),
                now=self.live.clock(),
            )

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    def key(self, name: str) -> Locator:
        return self.page.locator(".keypad").get_by_role("button", name=name, exact=True)

    async def type_amount(self, keys: str) -> None:
        for key in keys:
            await self.key(key if key != "." else "Decimal point").click()

    async def scan(self, code: str, *, end: str = "Enter", gap_ms: float = 3, layout: str = "us") -> None:
        """What a scanner that types does: the keys of the digits, quickly, and Enter.

        On a busy machine the keys of a long code may come torn. Then the till asks for another scan, and gets it.
        """
        await wedge(self.page, code, end=end, gap_ms=gap_ms, layout=layout)
        if end and len(code) == TOKEN_DIGITS and await self.page.get_by_text(MISREAD).is_visible():
            await wedge(self.page, code, end=end, gap_ms=gap_ms, layout=layout)

    async def see_customer(self, name: str) -> None:
        await self.page.locator(".customer").get_by_role("heading", name=name).wait_for()

    async def see_recorded(self) -> str:
        await self.page.locator(".result-points").wait_for()
        return await self.page.locator(".result").inner_text()

    async def sales(self) -> list[dict[str, Any]]:
        async with self.live.runtime.pool.acquire() as conn:
            rows = await conn.fetch(SALES_SQL, self.shop.merchant_id)
        return [{name: row[name] for name in SALE_COLUMNS} for row in rows]


async def new_shop(live: Live, *, rules: Rules | None = None, operators_required: bool = False) -> Shop:
    # Limits on how often one may try are by the hour, and everybody here comes from the same address.
    live.clock.advance(timedelta(minutes=61))
    async with live.runtime.pool.acquire() as conn, conn.transaction():
        shop = await make_shop(conn, now=live.clock(), rules=rules)
        if operators_required:
            await operators.require(conn, merchant_id=shop.merchant_id, required=True)
    return shop


END_SESSIONS_SQL = """
    UPDATE sessions
    SET ended_at = $1, ended_because = 'revoked'
    WHERE merchant_id = $2 AND terminal_id IS NOT NULL AND ended_at IS NULL
"""

AZERTY = {digit: "à&é\"'(-è_ç"[int(digit)] for digit in "0123456789"}


async def wedge(page: Page, code: str, *, end: str = "Enter", gap_ms: float = 3, layout: str = "us") -> None:
    """Keys as the browser gets them from the system: the place of the key, and what it means on this layout."""
    session = await page.context.new_cdp_session(page)
    at = (await page.evaluate("performance.timeOrigin + performance.now()")) / 1000
    for digit in code:
        at += gap_ms / 1000
        text = digit if layout == "us" else AZERTY[digit]
        shared = {"code": f"Digit{digit}", "key": text, "windowsVirtualKeyCode": 48 + int(digit), "timestamp": at}
        await session.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": text, **shared})
        await session.send("Input.dispatchKeyEvent", {"type": "keyUp", **shared})
    if end:
        shared = {"code": "Enter", "key": "Enter", "windowsVirtualKeyCode": 13, "timestamp": at + gap_ms / 1000}
        await session.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": "\r", **shared})
        await session.send("Input.dispatchKeyEvent", {"type": "keyUp", **shared})
    await session.detach()


class Network:
    """Lets everything through but the operation that it is told to break: before it is served, or its answer."""

    def __init__(self, operation: str, *, served: bool, times: int = 1) -> None:
        self.keys: list[str] = []
        self._operation, self._served, self._left = operation, served, times

    def mend(self) -> None:
        self._left = 0

    async def __call__(self, route: Route) -> None:
        said = json.loads(route.request.post_data or "{}")
        if said.get("operationName") != self._operation:
            return await route.continue_()
        self.keys.append(said["variables"]["input"].get("idempotencyKey", ""))
        if not self._left:
            return await route.continue_()
        self._left -= 1
        if self._served:
            await route.fetch()
        await route.abort("connectionreset")
        return None
