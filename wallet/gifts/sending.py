"""Sending a gift: out of the sender's lots into escrow, and a mail on its way."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from wallet import fingerprint, ledger, outbox, programs
from wallet.baskets import text_problems
from wallet.database import Conn
from wallet.errors import InvalidInput, NotFound, Problem
from wallet.gifts import events, limits
from wallet.gifts.gift import Gift
from wallet.gifts.plain_text import MESSAGE_LENGTH, NAME_LENGTH, clean, clean_name, has_link, is_plain, over_long
from wallet.gifts.reading import find
from wallet.ledger import Cause, Reserved
from wallet.values import CardId, CustomerId, GiftId, MerchantId, Phrase, Points, ProgramId

MAIL_TOPIC = "mail.gift"

CLOCK_SKEW = timedelta(minutes=2)
"""How far behind a phone's clock may be before `now` is the past."""

AHEAD_MAX = timedelta(days=366)

OWN_CARD_SQL = """
    SELECT program_id
    FROM cards
    WHERE merchant_id = $1 AND card_id = $2 AND customer_id = $3
"""

INSERT_GIFT_SQL = """
    INSERT INTO gifts (merchant_id, gift_id, program_id, sender_customer_id, sender_card_id, sent_seq, account_id,
                       points, recipient_name, recipient_email, recipient_email_key, message, locale, status,
                       created_at, deliver_at, claimable_until, return_days)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'SCHEDULED', $14, $15, $16, $17)
"""


@dataclass(frozen=True, slots=True)
class Order:
    """What the sender asks for, cleaned and found usable."""

    points: Points
    recipient_name: str
    recipient_email: str
    recipient_email_key: str
    message: str | None
    deliver_at: datetime
    locale: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The gift as it is now. The sender's card changed unless it is `replayed`."""

    gift: Gift
    replayed: bool


async def send(
    conn: Conn,
    *,
    customer_id: CustomerId,
    merchant_id: MerchantId,
    card_id: CardId,
    points: Points,
    recipient_name: str,
    recipient_email: str,
    recipient_email_key: str,
    message: str | None,
    deliver_at: datetime | None,
    locale: str,
    idempotency_key: UUID,
    now: datetime,
) -> Sent:
    """The points have left the card's active balance and stand in escrow; a mail will leave at `deliver_at`, or now.

    `locale` is the sender's: the mail is in the recipient's if we know it. The same key and input give the same gift
    again, whatever became of it. Raises InvalidInput, NotFound for a card that is not the customer's,
    InsufficientPoints, GiftLimitReached, IdempotencyKeyReused.
    """
    said = fingerprint.of(
        "sendGift",
        {
            "cardId": str(card_id),
            "points": points,
            "recipientName": recipient_name,
            "recipientEmail": recipient_email,
            "message": message,
            "deliverAt": deliver_at.astimezone(UTC).isoformat() if deliver_at else None,
        },
    )
    begun = await events.begin(
        conn,
        kind="CREATED",
        merchant_id=merchant_id,
        gift_id=None,
        customer_id=customer_id,
        idempotency_key=idempotency_key,
        input_hash=said,
        recipient_email_key=recipient_email_key,
        now=now,
    )
    if not begun.replayed:
        if problems := problems_of(recipient_name=recipient_name, message=message, deliver_at=deliver_at, now=now):
            raise InvalidInput(problems)
        order = Order(
            points=points,
            recipient_name=clean_name(recipient_name),
            recipient_email=recipient_email,
            recipient_email_key=recipient_email_key,
            message=clean(message or "") or None,
            deliver_at=max(deliver_at or now, now),
            locale=locale,
        )
        await _make(conn, customer_id, merchant_id, card_id, begun.gift_id, order, idempotency_key, now=now)
    gift = await find(conn, customer_id=customer_id, merchant_id=merchant_id, gift_id=begun.gift_id)
    assert gift is not None, "a gift that was begun was made"
    return Sent(gift, begun.replayed)


def problems_of(
    *, recipient_name: str, message: str | None, deliver_at: datetime | None, now: datetime
) -> list[Problem]:
    """What is wrong with a gift's texts and moment, as they were typed: nothing, if they can be sent as they are."""
    typed = (("recipientName", recipient_name, NAME_LENGTH), ("message", message or "", MESSAGE_LENGTH))
    problems = [
        Problem(field, Phrase("too_long", {"most": most})) for field, text, most in typed if over_long(text, most=most)
    ]
    if not problems:
        problems += _words_problems("recipientName", clean_name(recipient_name), most=NAME_LENGTH, lines=False)
        problems += _words_problems("message", clean(message or "") or None, most=MESSAGE_LENGTH, lines=True)
    if deliver_at is not None and deliver_at < now - CLOCK_SKEW:
        problems.append(Problem("deliverAt", Phrase("in_past")))
    if deliver_at is not None and deliver_at > now + AHEAD_MAX:
        problems.append(Problem("deliverAt", Phrase("too_far_ahead", {"latest_at": (now + AHEAD_MAX).isoformat()})))
    return problems


def _words_problems(field: str, text: str | None, *, most: int, lines: bool) -> list[Problem]:
    if text is None:
        return []
    if problems := text_problems(field, text.replace("\n", " ") if lines else text, most=most):
        return problems
    if not is_plain(text, lines=lines):
        return [Problem(field, Phrase("unprintable"))]
    return [Problem(field, Phrase("has_link"))] if has_link(text) else []


async def _make(
    conn: Conn,
    customer_id: CustomerId,
    merchant_id: MerchantId,
    card_id: CardId,
    gift_id: GiftId,
    order: Order,
    idempotency_key: UUID,
    *,
    now: datetime,
) -> None:
    program_id: ProgramId | None = await conn.fetchval(OWN_CARD_SQL, merchant_id, card_id, customer_id)
    if program_id is None:
        raise NotFound
    rules = (await programs.get(conn, merchant_id=merchant_id, program_id=program_id, now=now)).rules.gifts
    card = (await ledger.lock_cards(conn, merchant_id=merchant_id, card_ids=[card_id], now=now))[card_id]
    await limits.check(
        conn,
        card,
        rules=rules,
        points=order.points,
        recipient_email_key=order.recipient_email_key,
        idempotency_key=idempotency_key,
        now=now,
    )
    cause = Cause(occurred_at=now, reasons=(Phrase("gift_sent", {"recipient": order.recipient_name}),), gift_id=gift_id)
    reserved = await ledger.reserve_for_gift(conn, card, points=order.points, cause=cause, now=now)
    await _insert(conn, gift_id, reserved, order, return_days=rules.return_days, now=now)
    await outbox.add(
        conn,
        topic=MAIL_TOPIC,
        payload={"merchantId": str(merchant_id), "giftId": str(gift_id), "delivery": 1},
        run_at=order.deliver_at,
        now=now,
    )


async def _insert(
    conn: Conn, gift_id: GiftId, reserved: Reserved, order: Order, *, return_days: int, now: datetime
) -> None:
    card = reserved.posted.card
    await conn.execute(
        INSERT_GIFT_SQL,
        card.merchant_id,
        gift_id,
        card.program_id,
        card.customer_id,
        card.card_id,
        reserved.posted.seq,
        reserved.account_id,
        order.points,
        order.recipient_name,
        order.recipient_email,
        order.recipient_email_key,
        order.message,
        order.locale,
        now,
        order.deliver_at,
        order.deliver_at + timedelta(days=return_days),
        return_days,
    )
