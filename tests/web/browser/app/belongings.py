"""What a card holder has besides the card: gift cards, pictures to choose from, gifts that were sent and received."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from playwright.async_api import Page, Request, Route

from auth import emails, gift_cards, links
from infra import demo
from schema.ids import GiftCardKey, GiftKey, encode
from tests.factories import make_customer, make_points
from tests.web.browser.app.scenes import CardHolder
from wallet import cards, gifts
from wallet.database import Row
from wallet.gifts import Gift, Sent, designs
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.values import CardId, CustomerId, Minor, Points

DESIGNS = Path(str(demo.__file__)).parent / "designs"
ALT_TEXTS = {"lanterns.svg": "Lanterns over a river at night", "rain.png": "A cup of coffee while it rains"}

GIFTS_SQL = """
    SELECT g.status, g.points, g.value_minor, g.recipient_name, g.recipient_email, g.message, g.deliver_at, g.thanks
    FROM gifts AS g
    WHERE g.merchant_id = $1
    ORDER BY g.created_at, g.gift_id
"""

VOUCHERS_SQL = "SELECT state FROM vouchers WHERE merchant_id = $1 ORDER BY created_at"
GIFT_CARDS_SQL = "SELECT balance_minor FROM gift_cards WHERE merchant_id = $1 AND owner_customer_id = $2 ORDER BY 1"


@asynccontextmanager
async def answers_lost(page: Page, operation: str) -> AsyncIterator[list[dict[str, Any]]]:
    """The server does what the page asks by this operation, and the page never hears of it. What was asked."""
    asked: list[dict[str, Any]] = []

    async def lose(route: Route) -> None:
        said = route.request.post_data_json or {}
        if said.get("operationName") != operation:
            await route.fallback()
            return
        await route.fetch()
        asked.append(said["variables"])
        await route.abort()

    await page.context.route("**/graphql", lose)
    yield asked
    await page.context.unroute("**/graphql", lose)


def listened(page: Page, operation: str) -> list[dict[str, Any]]:
    """What the page asks by this operation from now on."""
    asked: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        said = request.post_data_json if request.method == "POST" else None
        if said and said.get("operationName") == operation:
            asked.append(said["variables"])

    page.on("request", note)
    return asked


async def rows(holder: CardHolder, sql: str, *facts: object) -> list[Row]:
    """What the statement finds of the holder's shop."""
    async with holder.live.runtime.pool.acquire() as conn:
        return await conn.fetch(sql, holder.shop.merchant_id, *facts)


async def active(holder: CardHolder) -> int:
    """How many points the holder can spend."""
    async with holder.live.runtime.pool.acquire() as conn:
        card = await cards.get(
            conn, customer_id=holder.customer_id, merchant_id=holder.shop.merchant_id, card_id=holder.card_id
        )
    return card.active


async def open_gift_card(holder: CardHolder, amount_minor: int) -> str:
    """The id of a gift card of the holder's, of their shop."""
    runtime, now, merchant_id = holder.live.runtime, holder.live.clock(), holder.shop.merchant_id
    async with runtime.pool.acquire() as conn, conn.transaction():
        opened = await value.open(
            conn,
            merchant_id=merchant_id,
            program_id=holder.shop.program_id,
            mint=gift_cards.minter(runtime.box, merchant_id=merchant_id),
            owner_customer_id=holder.customer_id,
            now=now,
        )
        await value.activate(
            conn, opened.card, amount=Minor(amount_minor), expires_at=None, cause=ValueCause(now), now=now
        )
    return encode(GiftCardKey(merchant_id, opened.card.gift_card_id))


async def add_designs(holder: CardHolder) -> None:
    """The shop has two pictures to choose from."""
    async with holder.live.runtime.pool.acquire() as conn, conn.transaction():
        for file, alt_text in ALT_TEXTS.items():
            await designs.add(
                conn,
                merchant_id=holder.shop.merchant_id,
                program_id=holder.shop.program_id,
                name=file,
                alt_text=alt_text,
                content=(DESIGNS / file).read_bytes(),
                now=holder.live.clock(),
            )


async def send_gift(holder: CardHolder, *, points: int = 25, name: str = "Latha", **facts: Any) -> str:
    """The id of a gift that the holder has sent."""
    sent = await _send(holder, holder.customer_id, holder.card_id, points=points, name=name, **facts)
    return encode(GiftKey(sent.gift.merchant_id, sent.gift.gift_id))


async def receive_gift(holder: CardHolder, *, points: int = 25, sender: str = "Meera", **facts: Any) -> str:
    """The id of a gift that somebody else sent, and that the holder has claimed."""
    now, merchant_id = holder.live.clock(), holder.shop.merchant_id
    async with holder.live.runtime.pool.acquire() as conn, conn.transaction():
        sender_id = await make_customer(conn, name=sender, now=now)
        card_id, _ = await cards.ensure_member(
            conn, merchant_id=merchant_id, program_id=holder.shop.program_id, customer_id=sender_id, now=now
        )
    async with holder.live.runtime.pool.acquire() as conn:
        await make_points(conn, holder.shop, card_id, 200, now=now)
    sent = await _send(holder, sender_id, card_id, points=points, name="Anjali", email=holder.email, **facts)
    await claim(holder, sent.gift)
    return encode(GiftKey(sent.gift.merchant_id, sent.gift.gift_id))


async def claim(holder: CardHolder, gift: Gift, *, by: CustomerId | None = None) -> None:
    """Its mail has left when its time came, and whoever it is has claimed it."""
    now, link = max(gift.deliver_at, holder.live.clock()), links.new_link()
    merchant_id, gift_id, delivery = gift.merchant_id, gift.gift_id, gift.delivery
    async with holder.live.runtime.pool.acquire() as conn, conn.transaction():
        await gifts.prepare_delivery(
            conn, merchant_id=merchant_id, gift_id=gift_id, delivery=delivery, link_hash=link.hash, now=now
        )
        await gifts.record_sent(conn, merchant_id=merchant_id, gift_id=gift_id, delivery=delivery, now=now)
        await gifts.claim(
            conn, customer_id=by or holder.customer_id, link_hash=link.hash, idempotency_key=uuid4(), now=now
        )


async def _send(
    holder: CardHolder, sender_id: CustomerId, card_id: CardId, *, name: str, email: str | None = None, **facts: Any
) -> Sent:
    address = emails.normalise(email or f"latha.{uuid4().hex[:8]}@example.com", field="email")
    given: dict[str, Any] = {"message": None, "deliver_at": None, **facts}
    if points := given.pop("points", None):
        given["points"] = Points(points)
    async with holder.live.runtime.pool.acquire() as conn, conn.transaction():
        return await gifts.send(
            conn,
            customer_id=sender_id,
            merchant_id=holder.shop.merchant_id,
            card_id=card_id,
            recipient_name=name,
            recipient_email=address.text,
            recipient_email_key=address.key,
            locale="en-IN",
            idempotency_key=uuid4(),
            now=holder.live.clock(),
            **given,
        )
