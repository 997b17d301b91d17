"""A person who was sent a gift, from the mail to the card."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from playwright.async_api import ConsoleMessage, Page, Request

from tests.factories import Shop, make_card, make_customer, make_points, make_shop
from tests.live import Live
from wallet import gifts
from wallet.values import Points

LINK = re.compile(r"http://\S+/g/[A-Za-z0-9_-]{43}")
CODE = re.compile(r"\b[0-9]{6}\b")

BALANCES_SQL = """
    SELECT u.email, k.kind, k.points
    FROM entries AS k
    JOIN cards AS c ON c.merchant_id = k.merchant_id AND c.card_id = k.card_id
    JOIN customers AS u ON u.customer_id = c.customer_id
    WHERE k.merchant_id = $1 AND k.kind = 'GIFT_RECEIVED'
"""


@dataclass(slots=True)
class Visit:
    live: Live
    page: Page
    shop: Shop
    link: str
    recipient: str
    """The address that the gift was mailed to. Nobody else's, so one application serves all visits."""
    asked: list[str] = field(default_factory=list)
    """What the page sent to the API, by the name of the operation."""
    complaints: list[str] = field(default_factory=list)
    """What the browser refused to load or run, and what scripts raised."""

    @classmethod
    async def begin(cls, live: Live, page: Page, *, points: int = 200) -> "Visit":
        # Limits on how often one may try are by the hour, and everybody here comes from the same address.
        live.clock.advance(timedelta(minutes=61))
        recipient = f"latha.{uuid4().hex[:8]}@example.com"
        shop = await _send_gift(live, recipient, points)
        mail = await live.mailbox.wait_for(recipient)
        found = LINK.search(mail.text)
        assert found is not None, mail.text
        visit = cls(live, page, shop, found[0], recipient)
        visit.listen(page)
        return visit

    def listen(self, page: Page) -> None:
        """What this page sends and complains of is written down."""

        def note(request: Request) -> None:
            if request.method == "POST":
                operation = re.search(r"mutation (\w+)", request.post_data or "")
                self.asked.append(operation[1] if operation else "?")

        def read(said: ConsoleMessage) -> None:
            if "Security Policy" in said.text:
                self.complaints.append(said.text)

        page.on("request", note)
        page.on("console", read)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def open(self) -> None:
        await self.page.goto(self.link)

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name).click()

    async def ask_for_code(self, email: str | None = None) -> str:
        """The address, the recipient's unless told, is entered, and the code is mailed; what it is."""
        email = email or self.recipient
        before = len([mail for mail in self.live.mailbox.messages if mail.to == email])
        await self.page.get_by_label("Your e-mail address").fill(email)
        await self.press("Send me a code")
        await self.page.get_by_label("The six digits of the code").wait_for()
        return await self.read_code(email, count=before + 1)

    async def read_code(self, email: str | None = None, *, count: int) -> str:
        """The code in the newest mail to the address, as soon as it has `count` mails. The gift's own is the first."""
        mail = await self.live.mailbox.wait_for(email or self.recipient, count=count)
        found = CODE.search(mail.text)
        assert found is not None, mail.text
        return found[0]

    async def enter_code(self, code: str) -> None:
        await self.page.get_by_label("The six digits of the code").fill(code)
        await self.press("Claim")

    async def see_result(self) -> str:
        """What the page says once the gift is on the card."""
        await self.page.get_by_role("heading", name="It is on your card").wait_for()
        return await self.page.locator(".card").inner_text()

    async def received(self) -> list[tuple[str, int]]:
        """Who got how many points by gifts of this shop."""
        async with self.live.runtime.pool.acquire() as conn:
            rows = await conn.fetch(BALANCES_SQL, self.shop.merchant_id)
        return [(row["email"], row["points"]) for row in rows]

    async def focused(self) -> str:
        """What the keyboard is at: the id of the element, or its words."""
        found: str = await self.page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")
        return found


async def _send_gift(live: Live, recipient: str, points: int) -> Shop:
    now = live.clock()
    async with live.runtime.pool.acquire() as conn:
        shop = await make_shop(conn, now=now)
        sender_id = await make_customer(conn, name="Meera", now=now)
        card_id = await make_card(conn, shop, sender_id, now=now)
        await make_points(conn, shop, card_id, points, now=now)
        async with conn.transaction():
            await gifts.send(
                conn,
                customer_id=sender_id,
                merchant_id=shop.merchant_id,
                card_id=card_id,
                points=Points(points),
                recipient_name="Latha",
                recipient_email=recipient,
                recipient_email_key=recipient,
                message="Thank you for the mangoes!",
                deliver_at=None,
                locale="en-IN",
                idempotency_key=uuid4(),
                now=now,
            )
    return shop
