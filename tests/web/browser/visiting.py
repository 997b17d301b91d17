"""A person who was sent a gift, from the mail to the card."""

import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from playwright.async_api import ConsoleMessage, Page, Request

from tests.factories import Shop, make_card, make_customer, make_points, make_reward, make_shop
from tests.live import Live
from tests.wallet.payments.scenes import mint
from wallet import gifts
from wallet.gifts import paying
from wallet.payments import Seen, SeenState, Source, Told
from wallet.values import GiftKind, Minor, Points

LINK = re.compile(r"http://\S+/g/[A-Za-z0-9_-]{43}")
CODE = re.compile(r"\b[0-9]{6}\b")

FATE_SQL = """
    SELECT g.status, g.thanks, g.viewed_at IS NOT NULL AS viewed, u.email AS claimed_by
    FROM gifts AS g
    LEFT JOIN customers AS u ON u.customer_id = g.claimed_by_customer_id
    WHERE g.merchant_id = $1
"""

# No provider knows the payment, and a worker that asks for it would change rows while they are compared.
NO_MORE_LOOKS_SQL = "UPDATE payments SET look_at = NULL WHERE merchant_id = $1"

BALANCES_SQL = """
    SELECT u.email, k.kind, k.points
    FROM entries AS k
    JOIN cards AS c ON c.merchant_id = k.merchant_id AND c.card_id = k.card_id
    JOIN customers AS u ON u.customer_id = c.customer_id
    WHERE k.merchant_id = $1 AND k.kind = 'GIFT_RECEIVED'
"""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a gift."""

    status: str
    thanks: str | None
    viewed: bool
    claimed_by: str | None


@dataclass(slots=True)
class Visit:
    live: Live
    page: Page
    shop: Shop
    link: str
    recipient: str
    """The address that the gift was mailed to. Nobody else's, so one application serves all visits."""
    asked: list[str] = field(default_factory=list)
    """What the page sent to the API, by the name of the operation; not that somebody sees the gift."""
    seen: int = 0
    """How often it said that somebody sees the gift."""
    complaints: list[str] = field(default_factory=list)
    """What the browser refused to load or run, and what scripts raised."""

    @classmethod
    async def begin(
        cls, live: Live, page: Page, *, kind: GiftKind = GiftKind.POINTS, reward: str = "Masala tea"
    ) -> "Visit":
        # Limits on how often one may try are by the hour, and everybody here comes from the same address.
        live.clock.advance(timedelta(minutes=61))
        recipient = f"latha.{uuid4().hex[:8]}@example.com"
        shop = await _send_gift(live, recipient, kind, reward)
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
                operation = json.loads(request.post_data or "{}").get("operationName", "?")
                if operation == "markGiftViewed":
                    self.seen += 1
                else:
                    self.asked.append(operation)

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
        """What the page says once the gift is claimed."""
        await self.page.locator("#done").wait_for()
        return await self.page.locator(".card").inner_text()

    async def see_claimed(self) -> str:
        """The same, from opening the page on."""
        await self.open()
        await self.enter_code(await self.ask_for_code())
        return await self.see_result()

    async def received(self) -> list[tuple[str, int]]:
        """Who got how many points by gifts of this shop."""
        async with self.live.runtime.pool.acquire() as conn:
            rows = await conn.fetch(BALANCES_SQL, self.shop.merchant_id)
        return [(row["email"], row["points"]) for row in rows]

    async def fate(self) -> Fate:
        """What became of the shop's one gift."""
        async with self.live.runtime.pool.acquire() as conn:
            [row] = await conn.fetch(FATE_SQL, self.shop.merchant_id)
        return Fate(row["status"], row["thanks"], row["viewed"], row["claimed_by"])

    async def focused(self) -> str:
        """What the keyboard is at: the id of the element, or its words."""
        found: str = await self.page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")
        return found


async def _send_gift(live: Live, recipient: str, kind: GiftKind, reward_name: str) -> Shop:
    """200 points, 200 rupees, or a reward."""
    now = live.clock()
    async with live.runtime.pool.acquire() as conn:
        shop = await make_shop(conn, now=now)
        sender_id = await make_customer(conn, name="Meera", now=now)
        card_id = await make_card(conn, shop, sender_id, now=now)
        await make_points(conn, shop, card_id, 200, now=now)
        reward_id = None
        if kind is GiftKind.REWARD:
            reward_id = (await make_reward(conn, shop, name=reward_name, now=now)).reward_id
        async with conn.transaction():
            sent = await gifts.send(
                conn,
                customer_id=sender_id,
                merchant_id=shop.merchant_id,
                card_id=card_id,
                points=Points(200) if kind is GiftKind.POINTS else None,
                value_minor=Minor(20_000) if kind is GiftKind.VALUE else None,
                reward_id=reward_id,
                provider="builtin",
                recipient_name="Latha",
                recipient_email=recipient,
                recipient_email_key=recipient,
                message="Thank you for the mangoes!",
                deliver_at=None,
                locale="en-IN",
                idempotency_key=uuid4(),
                now=now,
            )
            if sent.payment is not None:
                await paying.hear(
                    conn,
                    merchant_id=shop.merchant_id,
                    payment_id=sent.payment.payment_id,
                    seen=Seen(SeenState.PAID, f"pi_{uuid4().hex}"),
                    told=Told(Source.WEBHOOK, "evt"),
                    mint=mint,
                    now=now,
                )
                await conn.execute(NO_MORE_LOOKS_SQL, shop.merchant_id)
    return shop
