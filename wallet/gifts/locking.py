"""Whoever changes a gift holds its row first, then the cards: in this order everywhere."""

from datetime import datetime

from wallet.database import Conn
from wallet.errors import GiftNotClaimable
from wallet.gifts.gift import Gift, from_row
from wallet.values import CustomerId, GiftId, GiftKind, MerchantId

LOCK_GIFT_SQL = """
    SELECT merchant_id, gift_id, program_id, sender_customer_id, sender_card_id, kind, sent_seq, account_id, points,
           value_minor, currency, reward_id, design_id, recipient_name, recipient_email, message, status, delivery,
           return_days, created_at, deliver_at, claimable_until, sent_at, closed_at, delivery_problem,
           claimed_card_id, claimed_by_customer_id, held_until, thanks
    FROM gifts
    WHERE merchant_id = $1 AND gift_id = $2
    FOR UPDATE
"""

LOCK_SENT_GIFT_SQL = """
    SELECT merchant_id, gift_id, program_id, sender_customer_id, sender_card_id, kind, sent_seq, account_id, points,
           value_minor, currency, reward_id, design_id, recipient_name, recipient_email, message, status, delivery,
           return_days, created_at, deliver_at, claimable_until, sent_at, closed_at, delivery_problem,
           claimed_card_id, claimed_by_customer_id, held_until, thanks
    FROM gifts
    WHERE merchant_id = $1 AND gift_id = $2 AND sender_customer_id = $3
    FOR UPDATE
"""

LINK_STANDS_SQL = """
    SELECT EXISTS (
        SELECT FROM gift_links
        WHERE link_hash = $1 AND merchant_id = $2 AND gift_id = $3 AND revoked_at IS NULL
    )
"""

OPENS_SQL = """
    SELECT EXISTS (
        SELECT FROM gift_cards
        WHERE merchant_id = $1 AND gift_id = $2 AND state = 'ACTIVE'
    )
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


async def lock_by_link(
    conn: Conn, *, link_hash: bytes, merchant_id: MerchantId, gift_id: GiftId, now: datetime
) -> Gift:
    """This transaction holds the gift, which is open, and the link is one of its own. Raises GiftNotClaimable."""
    gift = await lock(conn, merchant_id=merchant_id, gift_id=gift_id)
    if gift is None or gift.closed_at is not None or gift.claimable_until <= now:
        raise GiftNotClaimable
    if not await conn.fetchval(LINK_STANDS_SQL, link_hash, merchant_id, gift_id):
        raise GiftNotClaimable
    return gift


async def opens(conn: Conn, gift: Gift) -> bool:
    """Whether what is given is there for whoever has the link: money that is not paid, or is blocked, is for nobody.

    Whoever asks holds the gift.
    """
    return gift.kind is not GiftKind.VALUE or bool(await conn.fetchval(OPENS_SQL, gift.merchant_id, gift.gift_id))
