"""A sender with points, a friend with a mailbox, and gifts between them, each step in a transaction of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes
from uuid import UUID, uuid4

from tests.factories import Shop, make_card, make_customer, make_points, make_shop
from wallet import audit, cards, gifts
from wallet.cards import Card
from wallet.database import Conn
from wallet.gifts import Cancelled, Claimed, Gift, GiftMail, Resent, Sent
from wallet.rules import Rules
from wallet.values import CardId, CustomerId, Points

FRIEND = "friend@example.com"

LOTS_SQL = """
    SELECT remaining, expires_at
    FROM lots
    WHERE merchant_id = $1 AND card_id = $2
    ORDER BY expires_at NULLS LAST, lot_id
"""

OUTBOX_SQL = """
    SELECT topic, payload, run_at
    FROM outbox
    ORDER BY outbox_id
"""

EVENTS_SQL = """
    SELECT kind
    FROM gift_events
    WHERE gift_id = $1
    ORDER BY event_id
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """A shop, a sender with a card in it, and a friend who has an account but no card yet."""

    shop: Shop
    sender: CustomerId
    card_id: CardId
    friend: CustomerId


async def make_scene(
    conn: Conn,
    *,
    points: int = 500,
    rules: Rules | None = None,
    sender_name: str | None = "Meera",
    friend: str = FRIEND,
    now: datetime,
) -> Scene:
    shop = await make_shop(conn, now=now, rules=rules)
    sender = await make_customer(conn, name=sender_name, now=now)
    card_id = await make_card(conn, shop, sender, now=now)
    if points:
        await make_points(conn, shop, card_id, points, now=now)
    return Scene(shop, sender, card_id, await make_customer(conn, email=friend, now=now))


async def send(
    conn: Conn,
    scene: Scene,
    *,
    points: int = 100,
    to: str = FRIEND,
    name: str = "Ravi",
    message: str | None = "Have a coffee on me.",
    deliver_at: datetime | None = None,
    key: UUID | None = None,
    customer_id: CustomerId | None = None,
    now: datetime,
) -> Sent:
    async with conn.transaction():
        return await gifts.send(
            conn,
            customer_id=customer_id or scene.sender,
            merchant_id=scene.shop.merchant_id,
            card_id=scene.card_id,
            points=Points(points),
            recipient_name=name,
            recipient_email=to,
            recipient_email_key=to.casefold(),
            message=message,
            deliver_at=deliver_at,
            locale="en-IN",
            idempotency_key=key or uuid4(),
            now=now,
        )


async def prepare(
    conn: Conn, gift: Gift, *, delivery: int | None = None, now: datetime
) -> tuple[bytes, GiftMail | None]:
    """The worker's first half: a new link, and what to mail."""
    link_hash = token_bytes(32)
    async with conn.transaction():
        mail = await gifts.prepare_delivery(
            conn,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            delivery=delivery or gift.delivery,
            link_hash=link_hash,
            now=now,
        )
    return link_hash, mail


async def record_sent(conn: Conn, gift: Gift, *, delivery: int | None = None, now: datetime) -> bool:
    async with conn.transaction():
        return await gifts.record_sent(
            conn,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            delivery=delivery or gift.delivery,
            now=now,
        )


async def mailed(conn: Conn, scene: Scene, *, points: int = 100, now: datetime) -> tuple[Gift, bytes]:
    """A gift whose mail has left, and the hash of the link in it."""
    gift = (await send(conn, scene, points=points, now=now)).gift
    link_hash, _ = await prepare(conn, gift, now=now)
    await record_sent(conn, gift, now=now)
    return await read(conn, scene, gift), link_hash


async def claim(
    conn: Conn, link_hash: bytes, *, customer_id: CustomerId, key: UUID | None = None, now: datetime
) -> Claimed:
    async with conn.transaction():
        return await gifts.claim(
            conn, customer_id=customer_id, link_hash=link_hash, idempotency_key=key or uuid4(), now=now
        )


async def cancel(
    conn: Conn, gift: Gift, *, customer_id: CustomerId | None = None, key: UUID | None = None, now: datetime
) -> Cancelled:
    async with conn.transaction():
        return await gifts.cancel(
            conn,
            customer_id=customer_id or gift.sender_customer_id,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            idempotency_key=key or uuid4(),
            now=now,
        )


async def resend(
    conn: Conn,
    gift: Gift,
    *,
    to: str | None = None,
    customer_id: CustomerId | None = None,
    key: UUID | None = None,
    now: datetime,
) -> Resent:
    async with conn.transaction():
        return await gifts.resend(
            conn,
            customer_id=customer_id or gift.sender_customer_id,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            corrected_email=to,
            corrected_email_key=to.casefold() if to else None,
            idempotency_key=key or uuid4(),
            now=now,
        )


async def read(conn: Conn, scene: Scene, gift: Gift) -> Gift:
    """The gift as it is now."""
    found = await gifts.find(
        conn, customer_id=gift.sender_customer_id, merchant_id=scene.shop.merchant_id, gift_id=gift.gift_id
    )
    assert found is not None
    return found


async def card_of(conn: Conn, scene: Scene, customer_id: CustomerId) -> Card | None:
    """The customer's card in the scene's program."""
    found = await cards.of_customer(conn, customer_id=customer_id)
    return next((card for card in found if card.program_id == scene.shop.program_id), None)


async def balance(conn: Conn, scene: Scene, customer_id: CustomerId) -> tuple[int, int]:
    """Active and reserved points of the customer in the scene's program; nothing without a card."""
    card = await card_of(conn, scene, customer_id)
    return (card.active, card.reserved) if card else (0, 0)


async def lots(conn: Conn, scene: Scene, card_id: CardId) -> Sequence[tuple[int, datetime | None]]:
    rows = await conn.fetch(LOTS_SQL, scene.shop.merchant_id, card_id)
    return [(row["remaining"], row["expires_at"]) for row in rows]


async def events_of(conn: Conn, gift: Gift) -> list[str]:
    return [row["kind"] for row in await conn.fetch(EVENTS_SQL, gift.gift_id)]


async def assert_lawful(conn: Conn) -> None:
    """Every law of the ledger holds, a gift's being in exactly one place among them."""
    async for verdict in audit.verdicts(conn):
        assert verdict.broken == (), verdict.law
