"""Sending a gift. Points, or those that a reward costs, go out of the sender's lots into escrow, and a mail is on its
way; money is asked for first, and its mail leaves when it has come.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from wallet import fingerprint, ledger, outbox, payments, programs, rewards
from wallet.database import Conn
from wallet.errors import GiftLimitReached, InvalidInput, NotFound
from wallet.gifts import designs, events, limits, passing_on
from wallet.gifts.checking import Purse, Worth, problems_of, worth_problems
from wallet.gifts.gift import Gift
from wallet.gifts.plain_text import clean, clean_name
from wallet.gifts.reading import find
from wallet.ledger import Cause, LockedCard, Reserved
from wallet.payments import Payment
from wallet.programs import Program
from wallet.values import (
    CardId,
    CustomerId,
    DesignId,
    GiftId,
    GiftKind,
    GiftStatus,
    MerchantId,
    Minor,
    Money,
    Phrase,
    Points,
    ProgramId,
    RewardId,
)

MAIL_TOPIC = "mail.gift"

OWN_CARD_SQL = """
    SELECT program_id, joined_at
    FROM cards
    WHERE merchant_id = $1 AND card_id = $2 AND customer_id = $3
"""

INSERT_GIFT_SQL = """
    INSERT INTO gifts (merchant_id, gift_id, program_id, sender_customer_id, sender_card_id, kind, sent_seq, account_id,
                       points, value_minor, currency, reward_id, design_id, recipient_name, recipient_email,
                       recipient_email_key, message, locale, status, created_at, deliver_at, claimable_until,
                       return_days, held_until, mailbox_only)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
            $24, $25)
"""


@dataclass(frozen=True, slots=True)
class Order:
    """What the sender asks for, cleaned and found usable."""

    worth: Worth
    design_id: DesignId | None
    provider: str | None
    purse: Purse | None
    recipient_name: str
    recipient_email: str
    recipient_email_key: str
    message: str | None
    deliver_at: datetime
    locale: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What the program says of a gift that is being made."""

    status: GiftStatus
    return_days: int
    held_until: datetime | None = None
    mailbox_only: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """The gift as it is now, with its payment where it is one of money. The sender's card changed unless it is
    `replayed`.
    """

    gift: Gift
    replayed: bool
    payment: Payment | None = None


async def send(
    conn: Conn,
    *,
    customer_id: CustomerId,
    merchant_id: MerchantId,
    card_id: CardId,
    points: Points | None = None,
    value_minor: Minor | None = None,
    reward_id: RewardId | None = None,
    design_id: DesignId | None = None,
    provider: str | None = None,
    purse: Purse | None = None,
    recipient_name: str,
    recipient_email: str,
    recipient_email_key: str,
    message: str | None,
    deliver_at: datetime | None,
    locale: str,
    idempotency_key: UUID,
    now: datetime,
) -> Sent:
    """The points, or those that the reward costs, have left the card's active balance and stand in escrow; a mail will
    leave at `deliver_at`, or now. A gift of money waits for a payment, which the caller has to start at `provider`;
    or its money has left the sender's own gift card in `purse`.

    `locale` is the sender's: the mail is in the recipient's if we know it. The same key and input give the same gift
    again, whatever became of it. Raises InvalidInput, NotFound for a card or a gift card that is not the customer's and
    for a reward that is not its program's, InsufficientPoints, RewardUnavailable, GiftCardNotUsable, InsufficientValue,
    GiftLimitReached, IdempotencyKeyReused.
    """
    worth = Worth(points, value_minor, reward_id)
    said = fingerprint.of(
        "sendGift",
        {
            "cardId": str(card_id),
            "points": points,
            "valueMinor": value_minor,
            "rewardId": str(reward_id) if reward_id else None,
            "giftCardId": str(purse.gift_card_id) if purse else None,
            "designId": str(design_id) if design_id else None,
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
        problems = problems_of(recipient_name=recipient_name, message=message, deliver_at=deliver_at, now=now)
        if problems := [*worth_problems(worth, purse), *problems]:
            raise InvalidInput(problems)
        order = Order(
            worth=worth,
            design_id=design_id,
            provider=provider,
            purse=purse,
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
    payment = None
    if gift.kind is GiftKind.VALUE:
        payment = await payments.of_gift(conn, merchant_id=merchant_id, gift_id=gift.gift_id)
    return Sent(gift, begun.replayed, payment)


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
    own = await conn.fetchrow(OWN_CARD_SQL, merchant_id, card_id, customer_id)
    if own is None:
        raise NotFound
    program_id: ProgramId = own["program_id"]
    program = await programs.get(conn, merchant_id=merchant_id, program_id=program_id, now=now)
    design = order.design_id
    if design is not None and not await designs.can_be_chosen(
        conn, merchant_id=merchant_id, program_id=program_id, design_id=design
    ):
        raise InvalidInput.of("designId", "unknown_design")
    card = (await ledger.lock_cards(conn, merchant_id=merchant_id, card_ids=[card_id], now=now))[card_id]
    amount = order.worth.value_minor
    value = None if amount is None else Money(amount, program.currency)
    await limits.check(
        conn,
        card,
        rules=program.rules.gifts.for_account_of((now - own["joined_at"]) / timedelta(days=1)),
        points=order.worth.points,
        value=value,
        recipient_email_key=order.recipient_email_key,
        idempotency_key=idempotency_key,
        now=now,
    )
    if value is not None and order.purse is not None:
        await _pass_on(conn, card, gift_id, order, value, program, order.purse, now=now)
    elif value is not None:
        await _ask_for(conn, card, gift_id, order, value, program, now=now)
    else:
        await _reserve(conn, card, gift_id, order, program, now=now)


async def _reserve(
    conn: Conn, card: LockedCard, gift_id: GiftId, order: Order, program: Program, *, now: datetime
) -> None:
    """The points stand in escrow, of a reward one is taken, and the mail is on its way."""
    points, reward = order.worth.points, None
    if order.worth.reward_id is not None:
        reward = await rewards.to_give(conn, card, reward_id=order.worth.reward_id, now=now)
        points = reward.cost_points
    assert points is not None, "a gift that is not money costs points"
    limits.check_most(points, rules=program.rules.gifts)
    cause = Cause(occurred_at=now, reasons=(Phrase("gift_sent", {"recipient": order.recipient_name}),), gift_id=gift_id)
    reserved = await ledger.reserve_for_gift(conn, card, points=points, cause=cause, now=now)
    terms = Terms(GiftStatus.SCHEDULED, program.rules.gifts.return_days)
    await _insert(conn, card, gift_id, order, terms, points=points, reserved=reserved, now=now)
    await _mail(conn, card.merchant_id, gift_id, order, now=now)
    if reward is not None:
        await rewards.take_stock(conn, merchant_id=card.merchant_id, rewards=[reward])


async def _ask_for(
    conn: Conn, card: LockedCard, gift_id: GiftId, order: Order, value: Money, program: Program, *, now: datetime
) -> None:
    """The gift waits for its money, and its payment has begun."""
    if order.provider is None:
        raise GiftLimitReached(Phrase("value_gifts_not_offered"), None)
    rules = program.rules.gifts
    held = await limits.is_held(conn, card, rules=rules, value=value, now=now)
    terms = Terms(
        GiftStatus.AWAITING_PAYMENT,
        rules.return_days,
        held_until=now + limits.HOLD if held else None,
        mailbox_only=value.amount_minor > rules.value_mailbox_minor,
    )
    await _insert(conn, card, gift_id, order, terms, value=value, now=now)
    await payments.begin(
        conn, merchant_id=card.merchant_id, gift_id=gift_id, provider=order.provider, amount=value, now=now
    )


async def _pass_on(
    conn: Conn,
    card: LockedCard,
    gift_id: GiftId,
    order: Order,
    value: Money,
    program: Program,
    purse: Purse,
    *,
    now: datetime,
) -> None:
    """The money stands on a gift card of the gift's, and the mail is on its way."""
    rules = program.rules.gifts
    mailbox_only = value.amount_minor > rules.value_mailbox_minor
    terms = Terms(GiftStatus.SCHEDULED, rules.return_days, mailbox_only=mailbox_only)
    await _insert(conn, card, gift_id, order, terms, value=value, now=now)
    await passing_on.take(
        conn,
        card,
        gift_id=gift_id,
        gift_card_id=purse.gift_card_id,
        amount=value.amount_minor,
        mint=purse.mint,
        now=now,
    )
    await _mail(conn, card.merchant_id, gift_id, order, now=now)


async def _mail(conn: Conn, merchant_id: MerchantId, gift_id: GiftId, order: Order, *, now: datetime) -> None:
    await outbox.add(
        conn,
        topic=MAIL_TOPIC,
        payload={"merchantId": str(merchant_id), "giftId": str(gift_id), "delivery": 1},
        run_at=order.deliver_at,
        now=now,
    )


async def _insert(
    conn: Conn,
    card: LockedCard,
    gift_id: GiftId,
    order: Order,
    terms: Terms,
    *,
    points: Points | None = None,
    value: Money | None = None,
    reserved: Reserved | None = None,
    now: datetime,
) -> None:
    reward_id = order.worth.reward_id
    kind = GiftKind.REWARD if reward_id else GiftKind.POINTS if value is None else GiftKind.VALUE
    await conn.execute(
        INSERT_GIFT_SQL,
        card.merchant_id,
        gift_id,
        card.program_id,
        card.customer_id,
        card.card_id,
        kind.value,
        reserved.posted.seq if reserved else None,
        reserved.account_id if reserved else None,
        points,
        value.amount_minor if value else None,
        value.currency if value else None,
        reward_id,
        order.design_id,
        order.recipient_name,
        order.recipient_email,
        order.recipient_email_key,
        order.message,
        order.locale,
        terms.status.value,
        now,
        order.deliver_at,
        order.deliver_at + timedelta(days=terms.return_days),
        terms.return_days,
        terms.held_until,
        terms.mailbox_only,
    )
