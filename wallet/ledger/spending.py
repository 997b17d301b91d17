"""Which lots a spending takes from: the soonest to expire first."""

from wallet.database import Conn
from wallet.errors import InsufficientPoints
from wallet.ledger.cards import LockedCard
from wallet.values import LotId, Points

LOTS_TO_SPEND_SQL = """
    SELECT q.lot_id, q.remaining
    FROM (
        SELECT l.lot_id, l.remaining,
               row_number() OVER ranked AS position,
               SUM(l.remaining) OVER ranked AS upto
        FROM lots AS l
        WHERE l.merchant_id = $1 AND l.card_id = $2 AND l.remaining > 0 AND l.activated_at IS NOT NULL
        WINDOW ranked AS (ORDER BY l.expires_at NULLS LAST, l.lot_id)
    ) AS q
    WHERE q.upto - q.remaining < $3
    ORDER BY q.position
"""


async def lots_to_spend(conn: Conn, card: LockedCard, *, points: Points) -> dict[LotId, int]:
    """What to take out of which lot, as negative points that sum to -`points`. Raises InsufficientPoints."""
    if points > card.active:
        raise InsufficientPoints(needed=points, available=card.active)
    left, lots = points, dict[LotId, int]()
    for row in await conn.fetch(LOTS_TO_SPEND_SQL, card.merchant_id, card.card_id, points):
        taken = min(left, row["remaining"])
        lots[row["lot_id"]] = -taken
        left = Points(left - taken)
    assert left == 0, "the lots of a card sum to its active balance"
    return lots
