"""A gift that nobody claimed: cancelled by its sender, or returned when its time is over. The points go back."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import fingerprint, ledger
from wallet.database import Conn
from wallet.errors import GiftNotOpen, NotFound
from wallet.gifts import events
from wallet.gifts.gift import Gift, from_row
from wallet.gifts.locking import REVOKE_LINKS_SQL, lock_sent
from wallet.gifts.reading import find
from wallet.ledger import Cause, LockedCard
from wallet.values import CardId, CustomerId, GiftId, GiftStatus, MerchantId, Phrase

CLOSE_GIFT_SQL = """
    UPDATE gifts
    SET status = $3, closed_at = $4
    WHERE merchant_id = $1 AND gift_id = $2 AND closed_at IS NULL
    RETURNING gift_id
"""

DUE_GIFTS_SQL = """
    SELECT merchant_id, gift_id, program_id, sender_customer_id, sender_card_id, sent_seq, account_id, points,
           recipient_name, recipient_email, message, status, delivery, return_days, created_at, deliver_at,
           claimable_until, sent_at, closed_at, delivery_problem, claimed_card_id
    FROM gifts
    WHERE closed_at IS NULL AND claimable_until <= $1
    ORDER BY claimable_until
    LIMIT $2
    FOR UPDATE SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The gift as it is now. The sender's card changed unless it is `replayed`."""

    gift: Gift
    replayed: bool


async def cancel(
    conn: Conn,
    *,
    customer_id: CustomerId,
    merchant_id: MerchantId,
    gift_id: GiftId,
    idempotency_key: UUID,
    now: datetime,
) -> Cancelled:
    """The points are back in the lots they came from, with their own dates, and no link of the gift opens anything.

    Raises NotFound, GiftNotOpen, IdempotencyKeyReused.
    """
    begun = await events.begin(
        conn,
        kind="CANCELLED",
        merchant_id=merchant_id,
        gift_id=gift_id,
        customer_id=customer_id,
        idempotency_key=idempotency_key,
        input_hash=fingerprint.of("cancelGift", {"giftId": str(gift_id)}),
        now=now,
    )
    if not begun.replayed:
        gift = await lock_sent(conn, customer_id=customer_id, merchant_id=merchant_id, gift_id=gift_id)
        if gift is None:
            raise NotFound
        if gift.closed_at is not None:
            raise GiftNotOpen(merchant_id, gift_id)
        locked = await ledger.lock_cards(conn, merchant_id=merchant_id, card_ids=[gift.card_id], now=now)
        await _give_back(conn, gift, locked[gift.card_id], GiftStatus.CANCELLED, now=now)
    closed = await find(conn, customer_id=customer_id, merchant_id=merchant_id, gift_id=gift_id)
    assert closed is not None, "a gift is never deleted"
    return Cancelled(closed, begun.replayed)


async def return_due(conn: Conn, *, limit: int, now: datetime) -> list[tuple[MerchantId, CardId]]:
    """At most `limit` gifts whose time was over by `now` are back in their senders' lots.

    A gift that somebody else holds waits for the next time. Returns the cards that changed, one for each gift.
    """
    due = [from_row(row) for row in await conn.fetch(DUE_GIFTS_SQL, now, limit)]
    of_merchant: dict[MerchantId, list[Gift]] = defaultdict(list)
    for gift in due:
        of_merchant[gift.merchant_id].append(gift)
    # In one order over all merchants, so that two sweeps never wait for each other.
    for merchant_id in sorted(of_merchant):
        gifts = of_merchant[merchant_id]
        card_ids = list({gift.card_id for gift in gifts})
        locked = await ledger.lock_cards(conn, merchant_id=merchant_id, card_ids=card_ids, now=now)
        for gift in gifts:
            locked[gift.card_id] = await _give_back(conn, gift, locked[gift.card_id], GiftStatus.RETURNED, now=now)
            await events.note(conn, kind="RETURNED", merchant_id=merchant_id, gift_id=gift.gift_id, now=now)
    return [(gift.merchant_id, gift.card_id) for gift in due]


async def _give_back(conn: Conn, gift: Gift, card: LockedCard, status: GiftStatus, *, now: datetime) -> LockedCard:
    code = "gift_cancelled" if status is GiftStatus.CANCELLED else "gift_returned"
    cause = Cause(
        occurred_at=now,
        reasons=(Phrase(code, {"recipient": gift.recipient_name}),),
        gift_id=gift.gift_id,
        reverses_seq=gift.sent_seq,
        reverses_wholly=True,
    )
    posted = await ledger.release_gift(
        conn, card, account_id=gift.account_id, sent_seq=gift.sent_seq, cause=cause, now=now
    )
    closed = await conn.fetchval(CLOSE_GIFT_SQL, gift.merchant_id, gift.gift_id, status.value, now)
    assert closed is not None, "the gift was open and held"
    await conn.execute(REVOKE_LINKS_SQL, gift.merchant_id, gift.gift_id, now)
    return posted.card
