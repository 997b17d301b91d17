"""Sending a gift's mail again, to a corrected address if need be. Earlier links end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from wallet import fingerprint, ledger, outbox, programs
from wallet.database import Conn
from wallet.errors import GiftNotOpen, NotFound, TooManyAttempts
from wallet.gifts import events
from wallet.gifts.gift import Gift
from wallet.gifts.limits import DAY, check_resend
from wallet.gifts.locking import REVOKE_LINKS_SQL, lock_sent
from wallet.gifts.reading import find
from wallet.gifts.sending import MAIL_TOPIC
from wallet.values import CustomerId, GiftId, GiftStatus, MerchantId

RESENDS_A_DAY = 5

RECIPIENT_SQL = """
    SELECT COALESCE($4, recipient_email_key)
    FROM gifts
    WHERE merchant_id = $1 AND gift_id = $2 AND sender_customer_id = $3
"""

RESENDS_SINCE_SQL = """
    SELECT at
    FROM gift_events
    WHERE merchant_id = $1 AND gift_id = $2 AND kind = 'RESENT' AND at > $3
    ORDER BY at
"""

RESEND_GIFT_SQL = """
    UPDATE gifts
    SET delivery = $3, status = 'SCHEDULED', sent_at = NULL, delivery_problem = NULL, claimable_until = $4,
        reminded_at = NULL,
        recipient_email = COALESCE($5, recipient_email), recipient_email_key = COALESCE($6, recipient_email_key)
    WHERE merchant_id = $1 AND gift_id = $2 AND closed_at IS NULL
"""


CORRECT_GIFT_SQL = """
    UPDATE gifts
    SET recipient_email = COALESCE($3, recipient_email), recipient_email_key = COALESCE($4, recipient_email_key)
    WHERE merchant_id = $1 AND gift_id = $2 AND status = 'AWAITING_PAYMENT'
"""


@dataclass(frozen=True, slots=True)
class Resent:
    gift: Gift
    replayed: bool


async def resend(
    conn: Conn,
    *,
    customer_id: CustomerId,
    merchant_id: MerchantId,
    gift_id: GiftId,
    corrected_email: str | None,
    corrected_email_key: str | None,
    idempotency_key: UUID,
    now: datetime,
) -> Resent:
    """The gift waits for the worker again, and every link of it that was mailed has ended. One that waits for its money
    goes on waiting, with the corrected address.

    The mail leaves now, or at `deliver_at` where that is still to come, and the days until the gift goes back begin
    anew. Raises NotFound, GiftNotOpen, IdempotencyKeyReused, and TooManyAttempts after 5 times in 24 hours or for one
    recipient more than the program lets the sender's card have in them.
    """
    # Read before the gift is held, since the key comes first. Should another resend correct the address meanwhile, that
    # one's event has the new address, and this one's an address that counts once too often rather than not at all.
    recipient = await conn.fetchval(RECIPIENT_SQL, merchant_id, gift_id, customer_id, corrected_email_key)
    if recipient is None:
        raise NotFound
    said = fingerprint.of("resendGift", {"giftId": str(gift_id), "correctedEmail": corrected_email})
    begun = await events.begin(
        conn,
        kind="RESENT",
        merchant_id=merchant_id,
        gift_id=gift_id,
        customer_id=customer_id,
        idempotency_key=idempotency_key,
        input_hash=said,
        recipient_email_key=recipient,
        now=now,
    )
    if not begun.replayed:
        gift = await lock_sent(conn, customer_id=customer_id, merchant_id=merchant_id, gift_id=gift_id)
        assert gift is not None, "a gift is never deleted, nor given another sender"
        if gift.closed_at is not None:
            raise GiftNotOpen(merchant_id, gift_id)
        await _check_pace(conn, gift, now=now)
        await _check_recipients(conn, gift, recipient, idempotency_key, now=now)
        await _resend(conn, gift, corrected_email, corrected_email_key, now=now)
    again = await find(conn, customer_id=customer_id, merchant_id=merchant_id, gift_id=gift_id)
    assert again is not None, "a gift is never deleted"
    return Resent(again, begun.replayed)


async def _check_pace(conn: Conn, gift: Gift, *, now: datetime) -> None:
    # This one is counted already: its event was written first.
    times = await conn.fetch(RESENDS_SINCE_SQL, gift.merchant_id, gift.gift_id, now - DAY)
    if len(times) > RESENDS_A_DAY:
        raise TooManyAttempts(times[-1 - RESENDS_A_DAY]["at"] + DAY)


async def _check_recipients(conn: Conn, gift: Gift, recipient: str, idempotency_key: UUID, *, now: datetime) -> None:
    merchant_id = gift.merchant_id
    program = await programs.get(conn, merchant_id=merchant_id, program_id=gift.program_id, now=now)
    held = await ledger.lock_cards(conn, merchant_id=merchant_id, card_ids=[gift.card_id], now=now)
    await check_resend(
        conn,
        held[gift.card_id],
        rules=program.rules.gifts,
        recipient_email_key=recipient,
        idempotency_key=idempotency_key,
        now=now,
    )


async def _resend(conn: Conn, gift: Gift, email: str | None, email_key: str | None, *, now: datetime) -> None:
    if gift.status is GiftStatus.AWAITING_PAYMENT:
        # There is no mail yet: the one that leaves when the money has come goes to the right address.
        await conn.execute(CORRECT_GIFT_SQL, gift.merchant_id, gift.gift_id, email, email_key)
        return
    delivery = gift.delivery + 1
    run_at = max(gift.leaves_at, now)
    claimable_until = run_at + timedelta(days=gift.return_days)
    await conn.execute(RESEND_GIFT_SQL, gift.merchant_id, gift.gift_id, delivery, claimable_until, email, email_key)
    await conn.execute(REVOKE_LINKS_SQL, gift.merchant_id, gift.gift_id, now)
    await outbox.add(
        conn,
        topic=MAIL_TOPIC,
        payload={"merchantId": str(gift.merchant_id), "giftId": str(gift.gift_id), "delivery": delivery},
        run_at=run_at,
        now=now,
    )
