"""Which points these are: where they came from, when they unlock, when they go, and which the next purchase spends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wallet.database import Conn
from wallet.values import CardId, MerchantId, Points

# In the order of wallet/ledger/spending.py, what is due by $3 being settled first as a purchase would.
LOTS_OF_CARDS_SQL = """
    SELECT k.card_id, o.points, o.remaining, o.source_seq, o.activates_at, o.expires_at,
           CASE WHEN o.spendable THEN row_number() OVER (
               PARTITION BY k.merchant_id, k.card_id ORDER BY o.position
           ) END AS spend_order
    FROM unnest($1::uuid[], $2::uuid[]) AS k (merchant_id, card_id)
    CROSS JOIN LATERAL (
        SELECT q.points, q.remaining, q.source_seq, q.activates_at, q.expires_at, q.spendable,
               row_number() OVER (
                   ORDER BY q.spendable DESC, q.held, CASE WHEN NOT q.spendable THEN q.activates_at END,
                            q.expires_at NULLS LAST, q.lot_id
               ) AS position
        FROM (
            SELECT l.lot_id, l.points, l.remaining, l.source_seq, l.activates_at, l.expires_at, l.held,
                   l.activated_at IS NOT NULL OR (NOT l.held AND l.activates_at <= $3) AS spendable
            FROM lots AS l
            WHERE l.merchant_id = k.merchant_id AND l.card_id = k.card_id AND l.remaining > 0
              AND (l.held OR l.expires_at IS NULL OR l.expires_at > $3)
        ) AS q
        ORDER BY position
        LIMIT $4
    ) AS o
    ORDER BY k.card_id, o.position
"""

LOTS_MAX = 100
"""Of one card: of more, those that are spent last are left out."""


@dataclass(frozen=True, slots=True)
class Lot:
    """Points of one earning that are still there. `spend_order` is 1 for those that the next purchase takes first, and
    None for those that it cannot take.
    """

    points: Points
    remaining: Points
    source_seq: int
    available_at: datetime
    expires_at: datetime | None
    spend_order: int | None


async def of_cards(conn: Conn, *, cards: Sequence[tuple[MerchantId, CardId]], now: datetime) -> dict[CardId, list[Lot]]:
    """The lots of each card in the order in which the next purchase spends them, then those that are pending, by their
    dates, last those that the merchant has to look at; LOTS_MAX at most. One statement for all cards.
    """
    found: dict[CardId, list[Lot]] = {card_id: [] for _, card_id in cards}
    merchant_ids, card_ids = [m for m, _ in cards], [c for _, c in cards]
    for row in await conn.fetch(LOTS_OF_CARDS_SQL, merchant_ids, card_ids, now, LOTS_MAX):
        found[row["card_id"]].append(
            Lot(
                points=row["points"],
                remaining=row["remaining"],
                source_seq=row["source_seq"],
                available_at=row["activates_at"],
                expires_at=row["expires_at"],
                spend_order=row["spend_order"],
            )
        )
    return found
