"""What others report of a gift's mail after it left: that it arrived, or that it came back.

A report may come before we noted that the mail left, after something else happened to the gift, twice, or in the wrong
order. That a mail came back is the last word on it, whatever was said of it before.
"""

from datetime import datetime

from wallet.database import Conn
from wallet.gifts import events
from wallet.gifts.gift import DeliveryProblem
from wallet.values import CardId, GiftId, MerchantId

RECORD_RETURNED_SQL = """
    UPDATE gifts
    SET status = 'BOUNCED', delivery_problem = $4
    WHERE merchant_id = $1 AND gift_id = $2 AND delivery = $3 AND status IN ('SCHEDULED', 'SENT', 'DELIVERED')
    RETURNING sender_card_id
"""

# What arrived did leave, though we may not have come to noting it: then the days to claim it begin here.
RECORD_DELIVERED_SQL = """
    UPDATE gifts
    SET status = 'DELIVERED', sent_at = COALESCE(sent_at, $4),
        claimable_until = CASE
            WHEN sent_at IS NULL THEN $4::timestamptz + return_days * INTERVAL '24 hours'
            ELSE claimable_until
        END
    WHERE merchant_id = $1 AND gift_id = $2 AND delivery = $3 AND status IN ('SCHEDULED', 'SENT')
    RETURNING sender_card_id, old.sent_at AS left_at
"""

RECORD_RETRIED_SQL = """
    UPDATE gifts
    SET status = 'SCHEDULED', delivery_problem = NULL
    WHERE merchant_id = $1 AND gift_id = $2 AND delivery = $3
      AND status = 'BOUNCED' AND delivery_problem = 'unreachable' AND sent_at IS NULL
    RETURNING gift_id
"""

SENDER_CARD_SQL = """
    SELECT sender_card_id
    FROM gifts
    WHERE merchant_id = $1 AND gift_id = $2
"""


async def record_returned(
    conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, delivery: int, problem: DeliveryProblem, now: datetime
) -> CardId | None:
    """The mail of this delivery came back, and the gift says why. It stays open, to be sent again or cancelled.

    Returns the sender's card, whose gift it is. None, and nothing changed, if that is known, if somebody has seen the
    gift, if it is closed, or if a later delivery took this one's place.
    """
    card_id = await conn.fetchval(RECORD_RETURNED_SQL, merchant_id, gift_id, delivery, problem.value)
    if card_id is None:
        return None
    await events.note(conn, kind="BOUNCED", merchant_id=merchant_id, gift_id=gift_id, now=now)
    return CardId(card_id)


async def record_delivered(
    conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, delivery: int, now: datetime
) -> CardId | None:
    """The mail of this delivery is in the recipient's mailbox.

    Returns the sender's card, whose gift it is. None, and nothing changed, if more than that is known of the gift, if
    the mail has come back, or if a later delivery took this one's place.
    """
    row = await conn.fetchrow(RECORD_DELIVERED_SQL, merchant_id, gift_id, delivery, now)
    if row is None:
        return None
    if row["left_at"] is None:
        await events.note(conn, kind="SENT", merchant_id=merchant_id, gift_id=gift_id, now=now)
    await events.note(conn, kind="DELIVERED", merchant_id=merchant_id, gift_id=gift_id, now=now)
    return CardId(row["sender_card_id"])


async def record_retried(conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, delivery: int) -> bool:
    """A gift whose mail was never taken waits for it again. False, and nothing changed, if that is not how it is."""
    return await conn.fetchval(RECORD_RETRIED_SQL, merchant_id, gift_id, delivery) is not None


async def sender_card(conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId) -> CardId | None:
    """The card of whoever sent the gift; None if there is no such gift."""
    card_id = await conn.fetchval(SENDER_CARD_SQL, merchant_id, gift_id)
    return None if card_id is None else CardId(card_id)
