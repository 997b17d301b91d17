"""What stands on a card at any moment: as it stood then, or as it will if nothing else happens.

Time alone makes points spendable and lets them expire. A moment is answered as if that had happened on time, however
late it was posted, or is yet to be. Time also returns gifts that nobody claimed and vouchers that nobody used: what has
not come back yet counts from its date, what has from the moment when it did.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wallet.database import Conn
from wallet.values import CardId, MerchantId, Points

# Entries are numbered without gaps, so the last one posted by a moment is found by halving, without an index on dates.
# Behind it may stand what was due by then and was posted late: whoever touched the card next posted that first, and
# among it perhaps that the tier changed.
# Where nothing was posted since, the lots say what time will do.
BALANCES_AT_SQL = """
    WITH RECURSIVE asked AS (
        SELECT c.merchant_id, c.card_id, c.revision, k.at
        FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS k (merchant_id, card_id, at)
        JOIN cards AS c ON c.merchant_id = k.merchant_id AND c.card_id = k.card_id
    ), halved AS (
        SELECT a.merchant_id, a.card_id, a.revision, a.at, 0::bigint AS low, a.revision AS high
        FROM asked AS a
        UNION ALL
        SELECT h.merchant_id, h.card_id, h.revision, h.at, CASE WHEN e.posted_at <= h.at THEN e.seq ELSE h.low END,
               CASE WHEN e.posted_at <= h.at THEN h.high ELSE e.seq - 1 END
        FROM halved AS h
        JOIN entries AS e ON e.merchant_id = h.merchant_id AND e.card_id = h.card_id
                         AND e.seq = (h.low + h.high + 1) / 2
        WHERE h.low < h.high
    ), followed AS (
        SELECT h.merchant_id, h.card_id, h.revision, h.at, h.low AS seq
        FROM halved AS h
        WHERE h.low = h.high
        UNION ALL
        SELECT f.merchant_id, f.card_id, f.revision, f.at, e.seq
        FROM followed AS f
        JOIN entries AS e ON e.merchant_id = f.merchant_id AND e.card_id = f.card_id AND e.seq = f.seq + 1
        WHERE e.occurred_at <= f.at
          AND (e.kind IN ('ACTIVATED', 'EXPIRED') OR (e.kind = 'CHANGED' AND e.sale_id IS NULL))
    ), stood AS (
        SELECT f.merchant_id, f.card_id, f.revision, f.at, MAX(f.seq) AS seq
        FROM followed AS f
        GROUP BY f.merchant_id, f.card_id, f.revision, f.at
    )
    SELECT s.card_id, s.at,
           CASE WHEN s.seq = s.revision THEN w.active ELSE COALESCE(e.active_after, 0) END AS active,
           CASE WHEN s.seq = s.revision THEN w.pending ELSE COALESCE(e.pending_after, 0) END AS pending,
           COALESCE(e.reserved_after, 0) - CASE WHEN s.seq = s.revision THEN w.returned ELSE 0 END AS reserved,
           COALESCE(e.lifetime_after, 0) AS lifetime
    FROM stood AS s
    LEFT JOIN entries AS e ON e.merchant_id = s.merchant_id AND e.card_id = s.card_id AND e.seq = s.seq
    CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(p.points) FILTER (WHERE p.spendable AND NOT p.over), 0)::bigint AS active,
               COALESCE(SUM(p.points) FILTER (WHERE NOT p.spendable), 0)::bigint AS pending,
               COALESCE(SUM(p.points) FILTER (WHERE p.returned), 0)::bigint AS returned
        FROM (
            SELECT q.points, q.returned, COALESCE(l.expires_at <= s.at, FALSE) AS over,
                   l.activated_at IS NOT NULL OR (NOT l.held AND l.activates_at <= s.at) AS spendable
            FROM (
                SELECT r.lot_id, r.remaining AS points, FALSE AS returned
                FROM lots AS r
                WHERE r.merchant_id = s.merchant_id AND r.card_id = s.card_id AND r.remaining > 0
                UNION ALL
                SELECT m.lot_id, -m.points, TRUE
                FROM (
                    SELECT g.sent_seq AS seq
                    FROM gifts AS g
                    WHERE g.merchant_id = s.merchant_id AND g.sender_card_id = s.card_id AND g.closed_at IS NULL
                      AND g.claimable_until <= s.at
                    UNION ALL
                    SELECT v.redeemed_seq
                    FROM vouchers AS v
                    WHERE v.merchant_id = s.merchant_id AND v.card_id = s.card_id AND v.state = 'USABLE'
                      AND v.usable_until <= s.at AND v.redeemed_seq IS NOT NULL
                ) AS b
                JOIN lot_movements AS m ON m.merchant_id = s.merchant_id AND m.card_id = s.card_id AND m.seq = b.seq
            ) AS q
            JOIN lots AS l ON l.merchant_id = s.merchant_id AND l.lot_id = q.lot_id
            WHERE s.seq = s.revision
        ) AS p
    ) AS w
"""


@dataclass(frozen=True, slots=True)
class Balance:
    """What stands on a card at one moment."""

    active: Points
    pending: Points
    reserved: Points
    lifetime_earned: Points


NOTHING = Balance(Points(0), Points(0), Points(0), Points(0))


async def at(
    conn: Conn, *, wanted: Sequence[tuple[MerchantId, CardId, datetime]]
) -> dict[tuple[CardId, datetime], Balance]:
    """What stands on each card at its moment, past or to come. One statement, however long the histories.

    Whose the cards are is for the caller to know; a card that does not exist holds nothing.
    """
    merchants, cards, moments = ([each[i] for each in wanted] for i in range(3))
    found = {(card_id, moment): NOTHING for _, card_id, moment in wanted}
    for row in await conn.fetch(BALANCES_AT_SQL, merchants, cards, moments):
        balance = Balance(row["active"], row["pending"], row["reserved"], row["lifetime"])
        found[row["card_id"], row["at"]] = balance
    return found
