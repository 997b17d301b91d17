"""What money does to a gift of value: it stands on a gift card of the gift's own, or goes back to whoever paid.

Whoever calls these holds the gift's row. Then comes the payment, then the gift card: in this order everywhere.
"""

from dataclasses import replace
from datetime import datetime
from typing import Literal

from wallet import outbox, payments
from wallet import value as stored
from wallet.database import Conn
from wallet.gifts import events
from wallet.gifts.locking import REVOKE_LINKS_SQL
from wallet.gifts.sending import MAIL_TOPIC
from wallet.ledger import value
from wallet.ledger.value import LockedGiftCard, Mint, ValueCause
from wallet.payments import Told
from wallet.values import GiftCardId, GiftCardState, GiftId, MerchantId, Minor, PaymentId

FUND_GIFT_SQL = """
    UPDATE gifts
    SET status = 'SCHEDULED', deliver_at = GREATEST(deliver_at, $3), held_until = held_until + ($3 - created_at),
        claimable_until = GREATEST(deliver_at, $3, held_until + ($3 - created_at))
                          + make_interval(hours => 24 * return_days)
    WHERE merchant_id = $1 AND gift_id = $2 AND status = 'AWAITING_PAYMENT'
    RETURNING program_id, value_minor, delivery, GREATEST(deliver_at, held_until) AS run_at
"""

SEND_ON_SQL = """
    UPDATE gifts
    SET delivery = delivery + 1,
        claimable_until = GREATEST(deliver_at, held_until, $3) + make_interval(hours => 24 * return_days)
    WHERE merchant_id = $1 AND gift_id = $2 AND status = 'SCHEDULED'
    RETURNING delivery, GREATEST(deliver_at, held_until, $3) AS run_at
"""

CLOSE_GIFT_SQL = """
    UPDATE gifts
    SET status = 'CANCELLED', closed_at = $3
    WHERE merchant_id = $1 AND gift_id = $2 AND closed_at IS NULL
    RETURNING gift_id
"""

CARD_OF_GIFT_SQL = """
    SELECT gift_card_id
    FROM gift_cards
    WHERE merchant_id = $1 AND gift_id = $2
"""

BLOCKED_FOR_SQL = """
    SELECT kind = 'BLOCK' AND payment_id IS NOT NULL
    FROM gift_card_activities
    WHERE merchant_id = $1 AND gift_card_id = $2 AND kind IN ('BLOCK', 'UNBLOCK')
    ORDER BY seq DESC
    LIMIT 1
"""

ADJUSTED_SQL = """
    SELECT COALESCE(-SUM(amount_minor), 0)::bigint
    FROM gift_card_activities
    WHERE merchant_id = $1 AND gift_card_id = $2 AND kind = 'ADJUST' AND payment_id = $3
"""

BlockReason = Literal["payment disputed", "payment returned"]


async def fund(
    conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, payment_id: PaymentId, mint: Mint, now: datetime
) -> bool:
    """The gift was paid: its value stands on an ACTIVE gift card that nobody owns yet, and its mail is on its way.

    The days until it goes back count from the moment of its mail, and the months that the money lives from the claim:
    what waits for somebody never lapses. False, and nothing happened, if the gift does not wait for money: it was paid
    before, or is closed.
    """
    gift = await conn.fetchrow(FUND_GIFT_SQL, merchant_id, gift_id, now)
    if gift is None:
        return False
    await events.note(conn, kind="PAID", merchant_id=merchant_id, gift_id=gift_id, now=now)
    opened = await value.open(
        conn, merchant_id=merchant_id, program_id=gift["program_id"], mint=mint, gift_id=gift_id, now=now
    )
    cause = ValueCause(occurred_at=now, gift_id=gift_id, payment_id=payment_id)
    await value.activate(conn, opened.card, amount=gift["value_minor"], expires_at=None, cause=cause, now=now)
    await outbox.add(
        conn,
        topic=MAIL_TOPIC,
        payload={"merchantId": str(merchant_id), "giftId": str(gift_id), "delivery": gift["delivery"]},
        run_at=gift["run_at"],
        now=now,
    )
    return True


async def defund(
    conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, payment_id: PaymentId, told: Told, now: datetime
) -> None:
    """Whoever paid for the gift, or is about to, has or gets the money back. For a gift that ends unclaimed.

    Its card is DEACTIVATED, and the payment REFUNDING; where nothing was paid yet, the provider is told very soon to
    take nothing any more, and what comes even so goes back. Disputed money stays with the payer's bank.
    """
    await _deactivate(conn, merchant_id=merchant_id, gift_id=gift_id, payment_id=payment_id, now=now)
    if not await payments.begin_refund(conn, merchant_id=merchant_id, payment_id=payment_id, told=told, now=now):
        await payments.look_soon(conn, merchant_id=merchant_id, payment_id=payment_id, now=now)


async def close(conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, payment_id: PaymentId, now: datetime) -> bool:
    """The gift is CANCELLED, since its money did not come or is gone again; nothing stands on its card, no link opens.

    False, and nothing happened, if the gift is closed.
    """
    if await conn.fetchval(CLOSE_GIFT_SQL, merchant_id, gift_id, now) is None:
        return False
    await events.note(conn, kind="CANCELLED", merchant_id=merchant_id, gift_id=gift_id, now=now)
    await conn.execute(REVOKE_LINKS_SQL, merchant_id, gift_id, now)
    await _deactivate(conn, merchant_id=merchant_id, gift_id=gift_id, payment_id=payment_id, now=now)
    return True


async def take_off(
    conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, payment_id: PaymentId, amount: Minor, now: datetime
) -> Minor:
    """So much of what the gift's card was paid with went back, and is off the card, as far as it is there; how much."""
    card = await card_of(conn, merchant_id=merchant_id, gift_id=gift_id, now=now)
    taken = Minor(0) if card is None else min(amount, card.balance)
    if card is not None and taken:
        cause = ValueCause(occurred_at=now, reason="payment returned in part", gift_id=gift_id, payment_id=payment_id)
        await value.adjust(conn, card, amount=-taken, cause=cause, now=now)
    return taken


async def put_back(
    conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, payment_id: PaymentId, refunded_minor: int, now: datetime
) -> None:
    """No more than `refunded_minor` is off the gift's card for it: what had gone back did not arrive, and is there
    again. A card past its date lives again as long as new money would; one that is at its end takes nothing.
    """
    card = await card_of(conn, merchant_id=merchant_id, gift_id=gift_id, now=now)
    if card is None or card.state not in (GiftCardState.ACTIVE, GiftCardState.BLOCKED):
        return
    more = await conn.fetchval(ADJUSTED_SQL, merchant_id, card.gift_card_id, payment_id) - refunded_minor
    if more <= 0:
        return
    if card.is_past(now):
        until = await stored.expires_at(conn, merchant_id=merchant_id, program_id=card.program_id, now=now)
        card = replace(card, expires_at=until)
    cause = ValueCause(occurred_at=now, reason="refund did not arrive", gift_id=gift_id, payment_id=payment_id)
    await value.adjust(conn, card, amount=more, cause=cause, now=now)


async def freeze(
    conn: Conn,
    *,
    merchant_id: MerchantId,
    gift_id: GiftId,
    payment_id: PaymentId,
    reason: BlockReason,
    now: datetime,
) -> bool:
    """What is left on the gift's card is BLOCKED, whosever it is by now. False if it was not ACTIVE."""
    card = await card_of(conn, merchant_id=merchant_id, gift_id=gift_id, now=now)
    if card is None or card.state is not GiftCardState.ACTIVE:
        return False
    cause = ValueCause(occurred_at=now, reason=reason, gift_id=gift_id, payment_id=payment_id)
    await value.block(conn, card, cause=cause, now=now)
    return True


async def thaw(conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, payment_id: PaymentId, now: datetime) -> bool:
    """The gift's card can be used again, and a mail that was held back is on its way.

    False if the card was not blocked, or by the merchant and not for its payment.
    """
    card = await card_of(conn, merchant_id=merchant_id, gift_id=gift_id, now=now)
    if card is None or card.state is not GiftCardState.BLOCKED:
        return False
    if not await conn.fetchval(BLOCKED_FOR_SQL, merchant_id, card.gift_card_id):
        return False
    cause = ValueCause(occurred_at=now, reason="dispute won", gift_id=gift_id, payment_id=payment_id)
    await value.unblock(conn, card, cause=cause, now=now)
    await send_on(conn, merchant_id=merchant_id, gift_id=gift_id, now=now)
    return True


async def send_on(conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, now: datetime) -> None:
    """The mail of a gift whose money is not blocked any more is on its way, if it has not left: now, or at its moment.

    The days until the gift goes back begin then. A job that still waits finds another delivery, and does nothing.
    """
    row = await conn.fetchrow(SEND_ON_SQL, merchant_id, gift_id, now)
    if row is None:
        return
    await outbox.add(
        conn,
        topic=MAIL_TOPIC,
        payload={"merchantId": str(merchant_id), "giftId": str(gift_id), "delivery": row["delivery"]},
        run_at=row["run_at"],
        now=now,
    )


async def _deactivate(
    conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, payment_id: PaymentId, now: datetime
) -> None:
    card = await card_of(conn, merchant_id=merchant_id, gift_id=gift_id, now=now)
    if card is not None and card.state is not GiftCardState.DEACTIVATED:
        assert card.owner_customer_id is None, "what was claimed is not given back"
        cause = ValueCause(occurred_at=now, gift_id=gift_id, payment_id=payment_id)
        await value.deactivate(conn, card, cause=cause, now=now)


async def card_of(conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, now: datetime) -> LockedGiftCard | None:
    """The gift's card, held; None while it was not paid."""
    gift_card_id: GiftCardId | None = await conn.fetchval(CARD_OF_GIFT_SQL, merchant_id, gift_id)
    if gift_card_id is None:
        return None
    held = await value.lock_gift_cards(conn, merchant_id=merchant_id, gift_card_ids=[gift_card_id], now=now)
    return held[gift_card_id]
