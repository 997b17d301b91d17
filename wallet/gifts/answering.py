"""What a recipient does with a gift besides claiming it: sees it, declines it, thanks for it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import fingerprint
from wallet.database import Conn
from wallet.errors import GiftNotClaimable, InvalidInput, NotFound
from wallet.gifts import events, news
from wallet.gifts.checking import words_problems
from wallet.gifts.closing import give_back
from wallet.gifts.gift import Gift
from wallet.gifts.locking import lock_by_link, opens
from wallet.gifts.news import News
from wallet.gifts.plain_text import MESSAGE_LENGTH, clean, over_long, sender_name
from wallet.gifts.reading import find_received
from wallet.payments import Source, Told
from wallet.values import CardId, CustomerId, GiftId, GiftStatus, MerchantId

# As for the mail server's word that it arrived: what a person saw did leave, though we may not have noted it yet.
VIEW_GIFT_SQL = """
    UPDATE gifts AS g
    SET status = 'VIEWED', viewed_at = COALESCE(g.viewed_at, $2), delivery_problem = NULL,
        sent_at = COALESCE(g.sent_at, $2),
        claimable_until = CASE
            WHEN g.sent_at IS NULL THEN $2::timestamptz + g.return_days * INTERVAL '24 hours'
            ELSE g.claimable_until
        END
    FROM gift_links AS l
    WHERE l.link_hash = $1 AND l.revoked_at IS NULL AND g.merchant_id = l.merchant_id AND g.gift_id = l.gift_id
      AND g.status IN ('SCHEDULED', 'SENT', 'DELIVERED', 'BOUNCED') AND g.claimable_until > $2
      AND (g.kind <> 'VALUE' OR EXISTS (
          SELECT FROM gift_cards AS v
          WHERE v.merchant_id = g.merchant_id AND v.gift_id = g.gift_id AND v.state = 'ACTIVE'
      ))
    RETURNING g.merchant_id, g.gift_id, g.sender_card_id, old.sent_at AS left_at
"""

LINK_TO_DECLINE_SQL = """
    SELECT g.merchant_id, g.gift_id, g.sender_card_id, s.name AS sender_name, s.email AS sender_email,
           l.revoked_at IS NULL AND g.closed_at IS NULL AND g.claimable_until > $3
               AND (g.kind <> 'VALUE' OR v.state = 'ACTIVE') AS open,
           e.input_hash
    FROM gift_links AS l
    JOIN gifts AS g ON g.merchant_id = l.merchant_id AND g.gift_id = l.gift_id
    JOIN customers AS s ON s.customer_id = g.sender_customer_id
    LEFT JOIN gift_cards AS v ON v.merchant_id = g.merchant_id AND v.gift_id = g.gift_id
    LEFT JOIN gift_events AS e
        ON e.merchant_id = g.merchant_id AND e.customer_id IS NULL AND e.idempotency_key = $2
    WHERE l.link_hash = $1
"""

THANK_SQL = """
    UPDATE gifts
    SET thanks = $4
    WHERE merchant_id = $1 AND gift_id = $2 AND claimed_by_customer_id = $3 AND thanks IS NULL
    RETURNING gift_id
"""


@dataclass(frozen=True, slots=True)
class Viewed:
    """The card of the sender, who can see it."""

    merchant_id: MerchantId
    sender_card_id: CardId


@dataclass(frozen=True, slots=True)
class Declined:
    """Nobody can claim it any more. The sender's card changed unless it is `replayed`."""

    merchant_id: MerchantId
    sender_card_id: CardId
    sender_name: str
    replayed: bool


@dataclass(frozen=True, slots=True)
class Thanked:
    """The gift as its recipient sees it."""

    gift: Gift
    replayed: bool


async def mark_viewed(conn: Conn, *, link_hash: bytes, now: datetime) -> Viewed | None:
    """A person has the gift before their eyes. None, and nothing changed, if that is known, or more than that, or if
    nothing can be claimed by the link.
    """
    row = await conn.fetchrow(VIEW_GIFT_SQL, link_hash, now)
    if row is None:
        return None
    merchant_id, gift_id = MerchantId(row["merchant_id"]), GiftId(row["gift_id"])
    if row["left_at"] is None:
        await events.note(conn, kind="SENT", merchant_id=merchant_id, gift_id=gift_id, now=now)
    await events.note(conn, kind="VIEWED", merchant_id=merchant_id, gift_id=gift_id, now=now)
    return Viewed(merchant_id, CardId(row["sender_card_id"]))


async def decline(conn: Conn, *, link_hash: bytes, idempotency_key: UUID, now: datetime) -> Declined:
    """The gift is DECLINED and has gone back to its sender, who gets a mail. Whoever holds the link may, whoever it is.

    Raises GiftNotClaimable, one answer for every link by which nothing can be claimed, IdempotencyKeyReused.
    """
    link = await conn.fetchrow(LINK_TO_DECLINE_SQL, link_hash, idempotency_key, now)
    if link is None or (link["input_hash"] is None and not link["open"]):
        raise GiftNotClaimable
    merchant_id, gift_id = MerchantId(link["merchant_id"]), GiftId(link["gift_id"])
    begun = await events.begin_declining(
        conn,
        merchant_id=merchant_id,
        gift_id=gift_id,
        idempotency_key=idempotency_key,
        input_hash=fingerprint.of("declineGift", {"link": link_hash.hex()}),
        now=now,
    )
    if not begun.replayed:
        gift = await lock_by_link(conn, link_hash=link_hash, merchant_id=merchant_id, gift_id=gift_id, now=now)
        if not await opens(conn, gift):
            raise GiftNotClaimable
        await give_back(conn, gift, GiftStatus.DECLINED, told=Told(Source.API), now=now)
        await news.tell(conn, merchant_id=merchant_id, gift_id=gift_id, news=News.DECLINED, now=now)
    name = sender_name(link["sender_name"], link["sender_email"])
    return Declined(merchant_id, CardId(link["sender_card_id"]), name, begun.replayed)


async def thank(
    conn: Conn,
    *,
    customer_id: CustomerId,
    merchant_id: MerchantId,
    gift_id: GiftId,
    message: str,
    idempotency_key: UUID,
    now: datetime,
) -> Thanked:
    """The sender can read what the claimant says, and gets it by mail: once, plain text, no links.

    Raises InvalidInput, also where thanks were sent before; NotFound for a gift that the customer did not claim,
    IdempotencyKeyReused.
    """
    if await find_received(conn, customer_id=customer_id, merchant_id=merchant_id, gift_id=gift_id) is None:
        raise NotFound
    begun = await events.begin(
        conn,
        kind="THANKED",
        merchant_id=merchant_id,
        gift_id=gift_id,
        customer_id=customer_id,
        idempotency_key=idempotency_key,
        input_hash=fingerprint.of("thankForGift", {"giftId": str(gift_id), "message": message}),
        now=now,
    )
    if not begun.replayed:
        if over_long(message, most=MESSAGE_LENGTH):
            raise InvalidInput.of("message", "too_long", most=MESSAGE_LENGTH)
        words = clean(message)
        if problems := words_problems("message", words, most=MESSAGE_LENGTH, lines=True):
            raise InvalidInput(problems)
        if await conn.fetchval(THANK_SQL, merchant_id, gift_id, customer_id, words) is None:
            raise InvalidInput.of("message", "thanked_already")
        await news.tell(conn, merchant_id=merchant_id, gift_id=gift_id, news=News.THANKED, now=now)
    gift = await find_received(conn, customer_id=customer_id, merchant_id=merchant_id, gift_id=gift_id)
    assert gift is not None, "a gift is never deleted"
    return Thanked(gift, begun.replayed)
