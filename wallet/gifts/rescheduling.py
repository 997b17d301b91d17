"""Another moment for the mail of a gift, as long as it has not left."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from wallet import fingerprint, outbox
from wallet.database import Conn
from wallet.errors import GiftNotOpen, InvalidInput, NotFound
from wallet.gifts import events
from wallet.gifts.checking import moment_problems
from wallet.gifts.gift import Gift
from wallet.gifts.locking import lock_sent
from wallet.gifts.reading import find
from wallet.gifts.sending import MAIL_TOPIC
from wallet.values import CustomerId, GiftId, GiftStatus, MerchantId

WAITING = frozenset({GiftStatus.AWAITING_PAYMENT, GiftStatus.SCHEDULED})

# A link that stands means that a worker is mailing it now, or has.
MAILING_SQL = """
    SELECT EXISTS (
        SELECT FROM gift_links
        WHERE merchant_id = $1 AND gift_id = $2 AND revoked_at IS NULL
    )
"""

RESCHEDULE_SQL = """
    UPDATE gifts
    SET deliver_at = $3, claimable_until = $4, delivery = $5
    WHERE merchant_id = $1 AND gift_id = $2 AND closed_at IS NULL AND sent_at IS NULL
    RETURNING gift_id
"""


@dataclass(frozen=True, slots=True)
class Rescheduled:
    gift: Gift
    replayed: bool


async def reschedule(
    conn: Conn,
    *,
    customer_id: CustomerId,
    merchant_id: MerchantId,
    gift_id: GiftId,
    deliver_at: datetime,
    idempotency_key: UUID,
    now: datetime,
) -> Rescheduled:
    """The mail leaves at `deliver_at`, or when the gift is paid for and no longer held, whichever is last.

    Raises InvalidInput, NotFound, IdempotencyKeyReused, and GiftNotOpen for a gift that is closed or whose mail has
    left or is leaving.
    """
    begun = await events.begin(
        conn,
        kind="RESCHEDULED",
        merchant_id=merchant_id,
        gift_id=gift_id,
        customer_id=customer_id,
        idempotency_key=idempotency_key,
        input_hash=fingerprint.of(
            "rescheduleGift", {"giftId": str(gift_id), "deliverAt": deliver_at.astimezone(UTC).isoformat()}
        ),
        now=now,
    )
    if not begun.replayed:
        gift = await lock_sent(conn, customer_id=customer_id, merchant_id=merchant_id, gift_id=gift_id)
        if gift is None:
            raise NotFound
        if problems := moment_problems(deliver_at, now=now):
            raise InvalidInput(problems)
        if gift.status not in WAITING or gift.sent_at is not None:
            raise GiftNotOpen(merchant_id, gift_id)
        if await conn.fetchval(MAILING_SQL, merchant_id, gift_id):
            raise GiftNotOpen(merchant_id, gift_id)
        await _move(conn, gift, max(deliver_at, now), now=now)
    again = await find(conn, customer_id=customer_id, merchant_id=merchant_id, gift_id=gift_id)
    assert again is not None, "a gift is never deleted"
    return Rescheduled(again, begun.replayed)


async def _move(conn: Conn, gift: Gift, deliver_at: datetime, *, now: datetime) -> None:
    """The job that waits for the earlier moment finds another delivery, and does nothing."""
    run_at, delivery = max(deliver_at, gift.held_until or deliver_at), gift.delivery + 1
    until = run_at + timedelta(days=gift.return_days)
    moved = await conn.fetchval(RESCHEDULE_SQL, gift.merchant_id, gift.gift_id, deliver_at, until, delivery)
    assert moved is not None, "the gift was open and held"
    if gift.status is GiftStatus.SCHEDULED:
        await outbox.add(
            conn,
            topic=MAIL_TOPIC,
            payload={"merchantId": str(gift.merchant_id), "giftId": str(gift.gift_id), "delivery": delivery},
            run_at=run_at,
            now=now,
        )
