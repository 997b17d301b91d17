"""Gifts as they are read: by their sender, and by the holder of a link."""

from dataclasses import dataclass
from datetime import datetime

from wallet import programs
from wallet.database import Conn
from wallet.gifts.gift import Gift, from_row
from wallet.gifts.plain_text import sender_name
from wallet.programs import Program
from wallet.values import CustomerId, GiftId, MerchantId, Points

FIND_GIFT_SQL = """
    SELECT merchant_id, gift_id, program_id, sender_customer_id, sender_card_id, sent_seq, account_id, points,
           recipient_name, recipient_email, message, status, delivery, return_days, created_at, deliver_at,
           claimable_until, sent_at, closed_at, delivery_problem, claimed_card_id
    FROM gifts
    WHERE merchant_id = $1 AND gift_id = $2 AND sender_customer_id = $3
"""

# One index range a card, newest first, whatever the number of gifts.
SENT_GIFTS_SQL = """
    SELECT g.merchant_id, g.gift_id, g.program_id, g.sender_customer_id, g.sender_card_id, g.sent_seq, g.account_id,
           g.points, g.recipient_name, g.recipient_email, g.message, g.status, g.delivery, g.return_days, g.created_at,
           g.deliver_at, g.claimable_until, g.sent_at, g.closed_at, g.delivery_problem, g.claimed_card_id
    FROM card_directory AS d
    CROSS JOIN LATERAL (
        SELECT s.merchant_id, s.gift_id, s.program_id, s.sender_customer_id, s.sender_card_id, s.sent_seq, s.account_id,
               s.points, s.recipient_name, s.recipient_email, s.message, s.status, s.delivery, s.return_days,
               s.created_at, s.deliver_at, s.claimable_until, s.sent_at, s.closed_at, s.delivery_problem,
               s.claimed_card_id
        FROM gifts AS s
        WHERE s.merchant_id = d.merchant_id AND s.sender_card_id = d.card_id
          AND (s.created_at, s.gift_id)
              < (COALESCE($2, 'infinity'::timestamptz), COALESCE($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
        ORDER BY s.created_at DESC, s.gift_id DESC
        LIMIT $4
    ) AS g
    WHERE d.customer_id = $1
    ORDER BY g.created_at DESC, g.gift_id DESC
    LIMIT $4
"""

# The time zone by a sub-select: with merchants joined, the plan may read all gifts of the merchant to find the one.
PREVIEW_SQL = """
    SELECT g.merchant_id, g.program_id, g.points, g.recipient_name, g.message, g.claimable_until,
           s.name AS sender_name, s.email AS sender_email,
           (SELECT m.timezone FROM merchants AS m WHERE m.merchant_id = g.merchant_id) AS timezone
    FROM gift_links AS l
    JOIN gifts AS g ON g.merchant_id = l.merchant_id AND g.gift_id = l.gift_id
    JOIN customers AS s ON s.customer_id = g.sender_customer_id
    WHERE l.link_hash = $1 AND l.revoked_at IS NULL AND g.closed_at IS NULL AND g.claimable_until > $2
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of sent gifts begins: after this gift."""

    created_at: datetime
    gift_id: GiftId


@dataclass(frozen=True, slots=True)
class GiftPage:
    gifts: list[Gift]
    has_next_page: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """A gift as the holder of its link sees it. `timezone` is the merchant's: days end there."""

    sender_name: str
    recipient_name: str
    message: str | None
    points: Points
    program: Program
    claimable_until: datetime
    timezone: str


async def find(conn: Conn, *, customer_id: CustomerId, merchant_id: MerchantId, gift_id: GiftId) -> Gift | None:
    """The gift that this customer sent; None for anybody else's."""
    row = await conn.fetchrow(FIND_GIFT_SQL, merchant_id, gift_id, customer_id)
    return from_row(row) if row else None


async def sent_by(conn: Conn, *, customer_id: CustomerId, first: int, after: Place | None) -> GiftPage:
    """The gifts that this customer sent from any card, the newest first, `first` of them."""
    created_at, gift_id = (after.created_at, after.gift_id) if after else (None, None)
    rows = await conn.fetch(SENT_GIFTS_SQL, customer_id, created_at, gift_id, first + 1)
    return GiftPage([from_row(row) for row in rows[:first]], has_next_page=len(rows) > first)


async def preview(conn: Conn, *, link_hash: bytes, now: datetime) -> Preview | None:
    """What the link's holder may see; None if nothing can be claimed by it, whyever. Changes nothing."""
    row = await conn.fetchrow(PREVIEW_SQL, link_hash, now)
    if row is None:
        return None
    return Preview(
        sender_name=sender_name(row["sender_name"], row["sender_email"]),
        recipient_name=row["recipient_name"],
        message=row["message"],
        points=row["points"],
        program=await programs.get(conn, merchant_id=row["merchant_id"], program_id=row["program_id"], now=now),
        claimable_until=row["claimable_until"],
        timezone=row["timezone"],
    )
