"""What programs owe: points to their members, and money on gift cards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wallet.database import Conn
from wallet.values import MerchantId, Minor, Money, Points, ProgramId

# The newest entry that was posted by then says what stood on a card, the newest activity what stood on a gift card.
LIABILITY_SQL = """
    SELECT p.merchant_id, p.program_id, p.slug, p.name, p.currency,
           COALESCE(b.active, 0)::bigint AS active, COALESCE(b.pending, 0)::bigint AS pending,
           COALESCE(b.reserved, 0)::bigint AS reserved,
           COALESCE(v.balance, 0)::bigint AS value_minor, COALESCE(v.cards, 0)::bigint AS gift_cards
    FROM programs AS p
    LEFT JOIN LATERAL (
        SELECT SUM(e.active_after) AS active, SUM(e.pending_after) AS pending, SUM(e.reserved_after) AS reserved
        FROM cards AS c
        CROSS JOIN LATERAL (
            SELECT n.active_after, n.pending_after, n.reserved_after
            FROM entries AS n
            WHERE n.merchant_id = c.merchant_id AND n.card_id = c.card_id AND n.posted_at <= $2
            ORDER BY n.seq DESC
            LIMIT 1
        ) AS e
        WHERE c.merchant_id = p.merchant_id AND c.program_id = p.program_id
    ) AS b ON TRUE
    LEFT JOIN LATERAL (
        SELECT SUM(a.balance_after_minor) AS balance, COUNT(*) FILTER (WHERE a.balance_after_minor > 0) AS cards
        FROM gift_cards AS g
        CROSS JOIN LATERAL (
            SELECT n.balance_after_minor
            FROM gift_card_activities AS n
            WHERE n.merchant_id = g.merchant_id AND n.gift_card_id = g.gift_card_id AND n.posted_at <= $2
            ORDER BY n.seq DESC
            LIMIT 1
        ) AS a
        WHERE g.merchant_id = p.merchant_id AND g.program_id = p.program_id
    ) AS v ON TRUE
    WHERE p.created_at <= $2 AND ($1::uuid IS NULL OR p.merchant_id = $1)
    ORDER BY p.slug
"""


@dataclass(frozen=True, slots=True)
class Liability:
    """What one program owed at a moment. `reserved`: points in gifts not yet claimed and vouchers not yet used."""

    merchant_id: MerchantId
    program_id: ProgramId
    slug: str
    name: str
    active: Points
    pending: Points
    reserved: Points
    value: Money
    gift_cards: int
    """So many hold the value."""


async def liability(conn: Conn, *, merchant_id: MerchantId | None = None, at: datetime) -> Sequence[Liability]:
    """What each program, or each of one merchant's, owed by what was posted until `at`; by slug. Reads them whole."""
    return [
        Liability(
            merchant_id=row["merchant_id"],
            program_id=row["program_id"],
            slug=row["slug"],
            name=row["name"],
            active=row["active"],
            pending=row["pending"],
            reserved=row["reserved"],
            value=Money(Minor(row["value_minor"]), row["currency"]),
            gift_cards=row["gift_cards"],
        )
        for row in await conn.fetch(LIABILITY_SQL, merchant_id, at)
    ]
