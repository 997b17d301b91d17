"""Whoever changes a gift holds its row first, then the cards: in this order everywhere."""

from wallet.database import Conn
from wallet.gifts.gift import Gift, from_row
from wallet.values import CustomerId, GiftId, MerchantId

LOCK_GIFT_SQL = """
    SELECT merchant_id, gift_id, program_id, sender_customer_id, sender_card_id, sent_seq, account_id, points,
           recipient_name, recipient_email, message, status, delivery, return_days, created_at, deliver_at,
           claimable_until, sent_at, closed_at, delivery_problem, claimed_card_id
    FROM gifts
    WHERE merchant_id = $1 AND gift_id = $2
    FOR UPDATE
"""

LOCK_SENT_GIFT_SQL = """
    SELECT merchant_id, gift_id, program_id, sender_customer_id, sender_card_id, sent_seq, account_id, points,
           recipient_name, recipient_email, message, status, delivery, return_days, created_at, deliver_at,
           claimable_until, sent_at, closed_at, delivery_problem, claimed_card_id
    FROM gifts
    WHERE merchant_id = $1 AND gift_id = $2 AND sender_customer_id = $3
    FOR UPDATE
"""

REVOKE_LINKS_SQL = """
    UPDATE gift_links SET revoked_at = $3
    WHERE merchant_id = $1 AND gift_id = $2 AND revoked_at IS NULL
"""


async def lock(conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId) -> Gift | None:
    """This transaction holds the gift; None if there is none."""
    row = await conn.fetchrow(LOCK_GIFT_SQL, merchant_id, gift_id)
    return from_row(row) if row else None


async def lock_sent(conn: Conn, *, customer_id: CustomerId, merchant_id: MerchantId, gift_id: GiftId) -> Gift | None:
    """This transaction holds the gift, if this customer sent it; None otherwise."""
    row = await conn.fetchrow(LOCK_SENT_GIFT_SQL, merchant_id, gift_id, customer_id)
    return from_row(row) if row else None
