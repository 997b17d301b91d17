"""Gifts as they are read: by their sender, and by the holder of a link."""

from dataclasses import dataclass
from datetime import datetime

from wallet import programs, rewards
from wallet.database import Conn
from wallet.gifts.designs import DesignKey
from wallet.gifts.gift import Gift, shown, shown_to_claimant
from wallet.gifts.plain_text import sender_name
from wallet.programs import Program
from wallet.rewards import Reward
from wallet.values import CustomerId, GiftId, GiftKind, MerchantId, Money, Points

FIND_GIFT_SQL = """
    SELECT g.merchant_id, g.gift_id, g.program_id, g.sender_customer_id, g.sender_card_id, g.kind, g.sent_seq,
           g.account_id, g.points, g.value_minor, g.currency, g.reward_id, g.design_id, g.recipient_name,
           g.recipient_email, g.message, g.status, g.delivery, g.return_days, g.created_at, g.deliver_at,
           g.claimable_until, g.sent_at, g.closed_at, g.delivery_problem, g.claimed_card_id, g.claimed_by_customer_id,
           g.held_until, g.thanks,
           (SELECT v.balance_minor FROM gift_cards AS v
            WHERE v.merchant_id = g.merchant_id AND v.gift_id = g.gift_id) AS left_minor,
           (SELECT w.state FROM vouchers AS w
            WHERE w.merchant_id = g.merchant_id AND w.voucher_id = g.claimed_voucher_id) AS voucher_state
    FROM gifts AS g
    WHERE g.merchant_id = $1 AND g.gift_id = $2 AND g.sender_customer_id = $3
"""

# Whoever claimed it had the link, and is not always the mailbox that it was sent to: each is told their own address.
FIND_RECEIVED_SQL = """
    SELECT g.merchant_id, g.gift_id, g.program_id, g.sender_customer_id, g.sender_card_id, g.kind, g.sent_seq,
           g.account_id, g.points, g.value_minor, g.currency, g.reward_id, g.design_id, g.recipient_name,
           u.email AS recipient_email, g.message, g.status, g.delivery, g.return_days, g.created_at, g.deliver_at,
           g.claimable_until, g.sent_at, g.closed_at, g.delivery_problem, g.claimed_card_id, g.claimed_by_customer_id,
           g.held_until, g.thanks,
           (SELECT v.balance_minor FROM gift_cards AS v
            WHERE v.merchant_id = g.merchant_id AND v.gift_id = g.gift_id) AS left_minor,
           (SELECT w.state FROM vouchers AS w
            WHERE w.merchant_id = g.merchant_id AND w.voucher_id = g.claimed_voucher_id) AS voucher_state,
           (SELECT v.gift_card_id FROM gift_cards AS v
            WHERE v.merchant_id = g.merchant_id AND v.gift_id = g.gift_id) AS gift_card_id,
           s.name AS sender_name, s.email AS sender_email
    FROM gifts AS g
    JOIN customers AS u ON u.customer_id = g.claimed_by_customer_id
    JOIN customers AS s ON s.customer_id = g.sender_customer_id
    WHERE g.merchant_id = $1 AND g.gift_id = $2 AND g.claimed_by_customer_id = $3
"""

# One index range a card, newest first, whatever the number of gifts.
SENT_GIFTS_SQL = """
    SELECT g.merchant_id, g.gift_id, g.program_id, g.sender_customer_id, g.sender_card_id, g.kind, g.sent_seq,
           g.account_id, g.points, g.value_minor, g.currency, g.reward_id, g.design_id, g.recipient_name,
           g.recipient_email, g.message, g.status, g.delivery, g.return_days, g.created_at, g.deliver_at,
           g.claimable_until, g.sent_at, g.closed_at, g.delivery_problem, g.claimed_card_id, g.claimed_by_customer_id,
           g.held_until, g.thanks,
           (SELECT v.balance_minor FROM gift_cards AS v
            WHERE v.merchant_id = g.merchant_id AND v.gift_id = g.gift_id) AS left_minor,
           (SELECT w.state FROM vouchers AS w
            WHERE w.merchant_id = g.merchant_id AND w.voucher_id = g.claimed_voucher_id) AS voucher_state
    FROM card_directory AS d
    CROSS JOIN LATERAL (
        SELECT s.merchant_id, s.gift_id, s.program_id, s.sender_customer_id, s.sender_card_id, s.kind, s.sent_seq,
               s.account_id, s.points, s.value_minor, s.currency, s.reward_id, s.design_id, s.recipient_name,
               s.recipient_email, s.message, s.status, s.delivery, s.return_days, s.created_at, s.deliver_at,
               s.claimable_until, s.sent_at, s.closed_at, s.delivery_problem, s.claimed_card_id,
               s.claimed_by_customer_id, s.held_until, s.thanks, s.claimed_voucher_id
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

# The one index range of the claimant; the newest claim first.
RECEIVED_GIFTS_SQL = """
    SELECT g.merchant_id, g.gift_id, g.program_id, g.sender_customer_id, g.sender_card_id, g.kind, g.sent_seq,
           g.account_id, g.points, g.value_minor, g.currency, g.reward_id, g.design_id, g.recipient_name,
           u.email AS recipient_email, g.message, g.status, g.delivery, g.return_days, g.created_at, g.deliver_at,
           g.claimable_until, g.sent_at, g.closed_at, g.delivery_problem, g.claimed_card_id, g.claimed_by_customer_id,
           g.held_until, g.thanks,
           (SELECT v.balance_minor FROM gift_cards AS v
            WHERE v.merchant_id = g.merchant_id AND v.gift_id = g.gift_id) AS left_minor,
           (SELECT w.state FROM vouchers AS w
            WHERE w.merchant_id = g.merchant_id AND w.voucher_id = g.claimed_voucher_id) AS voucher_state,
           (SELECT v.gift_card_id FROM gift_cards AS v
            WHERE v.merchant_id = g.merchant_id AND v.gift_id = g.gift_id) AS gift_card_id,
           s.name AS sender_name, s.email AS sender_email
    FROM gifts AS g
    JOIN customers AS u ON u.customer_id = g.claimed_by_customer_id
    JOIN customers AS s ON s.customer_id = g.sender_customer_id
    WHERE g.claimed_by_customer_id = $1
      AND (g.closed_at, g.gift_id)
          < (COALESCE($2, 'infinity'::timestamptz), COALESCE($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
    ORDER BY g.closed_at DESC, g.gift_id DESC
    LIMIT $4
"""

# The time zone by a sub-select: with merchants joined, the plan may read all gifts of the merchant to find the one.
PREVIEW_SQL = """
    SELECT g.merchant_id, g.program_id, g.kind, g.points, g.value_minor, g.currency, g.reward_id, g.design_id,
           g.recipient_name, g.message, g.claimable_until, s.name AS sender_name, s.email AS sender_email,
           (SELECT m.timezone FROM merchants AS m WHERE m.merchant_id = g.merchant_id) AS timezone
    FROM gift_links AS l
    JOIN gifts AS g ON g.merchant_id = l.merchant_id AND g.gift_id = l.gift_id
    JOIN customers AS s ON s.customer_id = g.sender_customer_id
    WHERE l.link_hash = $1 AND l.revoked_at IS NULL AND g.closed_at IS NULL AND g.claimable_until > $2
      AND (g.kind <> 'VALUE' OR 'ACTIVE' = (
          SELECT v.state FROM gift_cards AS v WHERE v.merchant_id = g.merchant_id AND v.gift_id = g.gift_id
      ))
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
    """A gift as the holder of its link sees it. `timezone` is the merchant's: days end there.

    It is worth `points`, a `value` or a `reward`; what that reward cost its sender is not told.
    """

    sender_name: str
    recipient_name: str
    message: str | None
    kind: GiftKind
    points: Points
    value: Money | None
    reward: Reward | None
    design: DesignKey | None
    program: Program
    claimable_until: datetime
    timezone: str


async def find(conn: Conn, *, customer_id: CustomerId, merchant_id: MerchantId, gift_id: GiftId) -> Gift | None:
    """The gift that this customer sent; None for anybody else's."""
    row = await conn.fetchrow(FIND_GIFT_SQL, merchant_id, gift_id, customer_id)
    return shown(row) if row else None


async def find_received(
    conn: Conn, *, customer_id: CustomerId, merchant_id: MerchantId, gift_id: GiftId
) -> Gift | None:
    """The gift that this customer claimed; None for anybody else's."""
    row = await conn.fetchrow(FIND_RECEIVED_SQL, merchant_id, gift_id, customer_id)
    return shown_to_claimant(row) if row else None


async def sent_by(conn: Conn, *, customer_id: CustomerId, first: int, after: Place | None) -> GiftPage:
    """The gifts that this customer sent from any card, the newest first, `first` of them."""
    created_at, gift_id = (after.created_at, after.gift_id) if after else (None, None)
    rows = await conn.fetch(SENT_GIFTS_SQL, customer_id, created_at, gift_id, first + 1)
    return GiftPage([shown(row) for row in rows[:first]], has_next_page=len(rows) > first)


async def received_by(conn: Conn, *, customer_id: CustomerId, first: int, after: Place | None) -> GiftPage:
    """The gifts that this customer claimed, the newest claim first, `first` of them. Places are moments of claims."""
    claimed_at, gift_id = (after.created_at, after.gift_id) if after else (None, None)
    rows = await conn.fetch(RECEIVED_GIFTS_SQL, customer_id, claimed_at, gift_id, first + 1)
    return GiftPage([shown_to_claimant(row) for row in rows[:first]], has_next_page=len(rows) > first)


async def preview(conn: Conn, *, link_hash: bytes, now: datetime) -> Preview | None:
    """What the link's holder may see; None if nothing can be claimed by it, whyever. Changes nothing."""
    row = await conn.fetchrow(PREVIEW_SQL, link_hash, now)
    if row is None:
        return None
    merchant_id, kind = MerchantId(row["merchant_id"]), GiftKind(row["kind"])
    reward = None
    if row["reward_id"] is not None:
        reward = await rewards.find_reward_of_merchant(conn, merchant_id=merchant_id, reward_id=row["reward_id"])
    return Preview(
        sender_name=sender_name(row["sender_name"], row["sender_email"]),
        recipient_name=row["recipient_name"],
        message=row["message"],
        kind=kind,
        points=row["points"] if kind is GiftKind.POINTS else Points(0),
        value=Money(row["value_minor"], row["currency"]) if kind is GiftKind.VALUE else None,
        reward=reward,
        design=DesignKey(merchant_id, row["design_id"]) if row["design_id"] else None,
        program=await programs.get(conn, merchant_id=row["merchant_id"], program_id=row["program_id"], now=now),
        claimable_until=row["claimable_until"],
        timezone=row["timezone"],
    )
