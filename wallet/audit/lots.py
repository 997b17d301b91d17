"""The laws of lots: what is left of each is what its movements say, and together they are the card's balance."""

LOT_MOVEMENTS_SQL = """
    SELECT 'lot ' || l.lot_id || ' has ' || l.remaining || ' left, its movements say ' || COALESCE(m.points, 0)
    FROM lots AS l
    LEFT JOIN (
        SELECT merchant_id, lot_id, SUM(points) AS points FROM lot_movements GROUP BY merchant_id, lot_id
    ) AS m ON m.merchant_id = l.merchant_id AND m.lot_id = l.lot_id
    WHERE l.remaining <> COALESCE(m.points, 0)
    ORDER BY l.merchant_id, l.lot_id
"""

LOTS_SQL = """
    SELECT 'card ' || c.card_id || ': its lots sum to ' || COALESCE(l.active, 0) || ' active and '
           || COALESCE(l.pending, 0) || ' pending, its accounts say ' || a.balance || ' and ' || p.balance
    FROM cards AS c
    JOIN accounts AS a ON a.merchant_id = c.merchant_id AND a.account_id = c.active_account_id
    JOIN accounts AS p ON p.merchant_id = c.merchant_id AND p.account_id = c.pending_account_id
    LEFT JOIN (
        SELECT merchant_id, card_id,
               SUM(remaining) FILTER (WHERE activated_at IS NOT NULL) AS active,
               SUM(remaining) FILTER (WHERE activated_at IS NULL) AS pending
        FROM lots GROUP BY merchant_id, card_id
    ) AS l ON l.merchant_id = c.merchant_id AND l.card_id = c.card_id
    WHERE a.balance <> COALESCE(l.active, 0) OR p.balance <> COALESCE(l.pending, 0)
    ORDER BY c.merchant_id, c.card_id
"""

# Of nothing else has anybody to decide, so other lots that are held would be so for ever.
HELD_SQL = """
    SELECT 'lot ' || l.lot_id || CASE WHEN l.held THEN ' is held, its sale is not' ELSE ' is not held, its sale is' END
    FROM lots AS l
    LEFT JOIN sales AS s ON s.merchant_id = l.merchant_id AND s.sale_id = l.sale_id
    WHERE l.held <> (s.review IS NOT DISTINCT FROM 'HELD')
    ORDER BY l.merchant_id, l.lot_id
"""

LAWS = (
    ("every lot has left what its movements say", LOT_MOVEMENTS_SQL),
    ("the lots of a card sum to its balance", LOTS_SQL),
    ("a lot is held as long as its sale is", HELD_SQL),
)
