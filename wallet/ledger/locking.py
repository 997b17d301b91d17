"""Whoever changes a card holds its row first, so that everything read of it stays true until the commit."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from wallet.database import Conn, Row
from wallet.errors import NotFound
from wallet.ledger.cards import LockedCard
from wallet.ledger.maturity import settle_due
from wallet.rules import carries_from_json
from wallet.tiers import Standing
from wallet.values import CardId, MerchantId

# Not FOR UPDATE: whoever inserts a row that names the card (a visit, a sale, a used code) holds its key already, and
# two such transactions would wait for each other.
LOCK_CARDS_SQL = """
    SELECT card_id
    FROM cards
    WHERE merchant_id = $1 AND card_id = ANY($2::uuid[])
    ORDER BY card_id
    FOR NO KEY UPDATE
"""

# A statement of its own: at READ COMMITTED the one that waited for a lock may still see the accounts as they were
# before it waited; the next one sees them as they are.
READ_CARDS_SQL = """
    SELECT c.card_id, c.program_id, c.customer_id, c.active_account_id, c.pending_account_id,
           p.issued_account_id, p.redeemed_account_id, p.expired_account_id, c.revision, c.lifetime_earned, c.carries,
           n.posted_at AS last_posted_at, c.chain, c.debt, c.stamps, c.tier, c.tier_since, c.tier_until,
           c.tier_review_at,
           COALESCE(b.active, 0)::bigint AS active, COALESCE(b.pending, 0)::bigint AS pending,
           COALESCE(b.reserved, 0)::bigint AS reserved,
           COALESCE(c.tier_review_at <= $3, FALSE) OR EXISTS (
               SELECT FROM lots AS l
               WHERE l.merchant_id = c.merchant_id AND l.card_id = c.card_id AND l.remaining > 0 AND NOT l.held
                 AND (l.expires_at <= $3 OR (l.activated_at IS NULL AND l.activates_at <= $3))
           ) AS due,
           ARRAY(
               SELECT DISTINCT l.sliding_months
               FROM lots AS l
               WHERE l.merchant_id = c.merchant_id AND l.card_id = c.card_id AND l.remaining > 0
                 AND l.sliding_months IS NOT NULL
           ) AS sliding_months
    FROM cards AS c
    JOIN programs AS p ON p.merchant_id = c.merchant_id AND p.program_id = c.program_id
    LEFT JOIN LATERAL (
        SELECT SUM(a.balance) FILTER (WHERE a.kind = 'active') AS active,
               SUM(a.balance) FILTER (WHERE a.kind = 'pending') AS pending,
               SUM(a.balance) FILTER (WHERE a.kind IN ('gift', 'voucher')) AS reserved
        FROM accounts AS a
        WHERE a.merchant_id = c.merchant_id AND a.card_id = c.card_id AND a.balance > 0
    ) AS b ON TRUE
    LEFT JOIN entries AS n ON n.merchant_id = c.merchant_id AND n.card_id = c.card_id AND n.seq = c.revision
    WHERE c.merchant_id = $1 AND c.card_id = ANY($2::uuid[])
"""


def from_row(merchant_id: MerchantId, row: Row) -> LockedCard:
    return LockedCard(
        merchant_id=merchant_id,
        card_id=row["card_id"],
        program_id=row["program_id"],
        customer_id=row["customer_id"],
        active_account_id=row["active_account_id"],
        pending_account_id=row["pending_account_id"],
        issued_account_id=row["issued_account_id"],
        redeemed_account_id=row["redeemed_account_id"],
        expired_account_id=row["expired_account_id"],
        active=row["active"],
        pending=row["pending"],
        reserved=row["reserved"],
        lifetime_earned=row["lifetime_earned"],
        revision=row["revision"],
        found_at=row["revision"],
        last_posted_at=row["last_posted_at"],
        carries=carries_from_json(row["carries"]),
        chain=row["chain"],
        debt=row["debt"],
        stamps=row["stamps"],
        standing=Standing(row["tier"], row["tier_since"], row["tier_until"], row["tier_review_at"]),
        sliding_months=tuple(row["sliding_months"]),
    )


async def lock_cards(
    conn: Conn, *, merchant_id: MerchantId, card_ids: Sequence[CardId], now: datetime
) -> dict[CardId, LockedCard]:
    """This transaction holds the cards, and all that was due on them by `now` (activation, expiry) has happened.

    Locks in the order of the ids, whatever the order asked, so that two callers never wait for each other.
    Raises NotFound if one of them does not exist.
    """
    wanted = sorted(set(card_ids))
    await conn.fetch(LOCK_CARDS_SQL, merchant_id, wanted)
    rows = await conn.fetch(READ_CARDS_SQL, merchant_id, wanted, now)
    if len(rows) != len(wanted):
        raise NotFound
    cards = {}
    for row in rows:
        card = from_row(merchant_id, row)
        settled = await settle_due(conn, card, now=now) if row["due"] else card
        cards[card.card_id] = replace(settled, found_at=settled.revision)
    return cards
