"""The laws of what sales took, what was kept of them, and what is owed for what came back."""

MONEY_SQL = """
    SELECT 'sale ' || s.sale_id || ': ' || l.amount || ' less ' || l.discounts || ' of discounts is not what its '
           || s.total_minor || ' less ' || s.discount_minor || ' come to, or of a line more was discounted than it cost'
    FROM sales AS s
    JOIN (
        SELECT p.merchant_id, p.sale_id, SUM(p.amount_minor) AS amount, SUM(p.discount) AS discounts,
               bool_and(p.paid_minor = p.amount_minor - p.discount) AS fits
        FROM (
            SELECT n.merchant_id, n.sale_id, n.position, n.amount_minor, n.paid_minor,
                   COALESCE(SUM(d.amount_minor), 0) AS discount
            FROM sale_lines AS n
            LEFT JOIN sale_discounts AS d
              ON d.merchant_id = n.merchant_id AND d.sale_id = n.sale_id AND d.position = n.position
            GROUP BY n.merchant_id, n.sale_id, n.position
        ) AS p
        GROUP BY p.merchant_id, p.sale_id
    ) AS l ON l.merchant_id = s.merchant_id AND l.sale_id = s.sale_id
    WHERE NOT l.fits OR l.amount <> s.total_minor OR l.discounts <> s.discount_minor
    ORDER BY s.merchant_id, s.sale_id
"""

RETURNED_SQL = """
    SELECT 'sale ' || l.sale_id || ', line ' || l.line_id || ': ' || r.amount || ' of ' || l.paid_minor
           || ' came back, which does not go with how much of it is said to be left'
    FROM sale_lines AS l
    JOIN (
        SELECT merchant_id, sale_id, position, SUM(amount_minor) AS amount, bool_or(wholly) AS wholly
        FROM refund_lines
        GROUP BY merchant_id, sale_id, position
    ) AS r ON r.merchant_id = l.merchant_id AND r.sale_id = l.sale_id AND r.position = l.position
    WHERE r.amount > l.paid_minor OR r.wholly <> (r.amount = l.paid_minor)
    ORDER BY l.merchant_id, l.sale_id, l.position
"""

KEPT_SQL = """
    SELECT 'sale ' || k.sale_id || ' keeps ' || k.kept_points || ' points of ' || k.kept_minor
           || ', what came back leaves ' || k.points || ' of ' || k.minor
    FROM (
        SELECT s.merchant_id, s.sale_id, s.kept_points, s.kept_minor, s.wholly_returned, l.minor, l.wholly,
               CASE WHEN s.wholly_returned OR s.review = 'REFUSED' THEN 0
                    ELSE GREATEST(s.points - COALESCE(r.due, 0), 0) END AS points
        FROM sales AS s
        LEFT JOIN (
            SELECT merchant_id, sale_id, SUM(points_due) AS due FROM refunds GROUP BY merchant_id, sale_id
        ) AS r ON r.merchant_id = s.merchant_id AND r.sale_id = s.sale_id
        JOIN (
            SELECT n.merchant_id, n.sale_id, bool_and(COALESCE(b.wholly, FALSE)) AS wholly,
                   SUM(CASE WHEN n.hundredths > 0 THEN n.paid_minor - COALESCE(b.amount, 0) ELSE 0 END) AS minor
            FROM sale_lines AS n
            LEFT JOIN (
                SELECT merchant_id, sale_id, position, SUM(amount_minor) AS amount, bool_or(wholly) AS wholly
                FROM refund_lines
                GROUP BY merchant_id, sale_id, position
            ) AS b ON b.merchant_id = n.merchant_id AND b.sale_id = n.sale_id AND b.position = n.position
            GROUP BY n.merchant_id, n.sale_id
        ) AS l ON l.merchant_id = s.merchant_id AND l.sale_id = s.sale_id
    ) AS k
    WHERE k.kept_points <> k.points OR k.kept_minor <> k.minor OR k.wholly_returned <> k.wholly
    ORDER BY k.merchant_id, k.sale_id
"""

# What a sale paid of a debt left its own lot under an entry that names no sale. A sale that was refused paid nothing in
# the end, but for what its refunds had made a debt again already.
DEBTS_SQL = """
    SELECT 'card ' || c.card_id || ' owes ' || c.debt || ', its refunds and what was earned since say '
           || COALESCE(r.debt, 0) + COALESCE(f.points, 0) - COALESCE(p.points, 0)
    FROM cards AS c
    LEFT JOIN (
        SELECT s.merchant_id, s.card_id, SUM(b.debt) AS debt
        FROM refunds AS b
        JOIN sales AS s ON s.merchant_id = b.merchant_id AND s.sale_id = b.sale_id
        GROUP BY s.merchant_id, s.card_id
    ) AS r ON r.merchant_id = c.merchant_id AND r.card_id = c.card_id
    LEFT JOIN (
        SELECT merchant_id, card_id, -SUM(points + pending_points) AS points
        FROM entries
        WHERE kind = 'REFUNDED' AND sale_id IS NULL
        GROUP BY merchant_id, card_id
    ) AS p ON p.merchant_id = c.merchant_id AND p.card_id = c.card_id
    LEFT JOIN (
        SELECT s.merchant_id, s.card_id, SUM(GREATEST(t.points - COALESCE(b.debt, 0), 0)) AS points
        FROM sales AS s
        JOIN (
            SELECT l.merchant_id, l.sale_id, -SUM(m.points) AS points
            FROM lots AS l
            JOIN lot_movements AS m ON m.merchant_id = l.merchant_id AND m.lot_id = l.lot_id
            JOIN entries AS e ON e.merchant_id = m.merchant_id AND e.card_id = m.card_id AND e.seq = m.seq
            WHERE e.kind = 'REFUNDED' AND e.sale_id IS NULL
            GROUP BY l.merchant_id, l.sale_id
        ) AS t ON t.merchant_id = s.merchant_id AND t.sale_id = s.sale_id
        LEFT JOIN (
            SELECT merchant_id, sale_id, SUM(debt) AS debt FROM refunds GROUP BY merchant_id, sale_id
        ) AS b ON b.merchant_id = s.merchant_id AND b.sale_id = s.sale_id
        WHERE s.review = 'REFUSED'
        GROUP BY s.merchant_id, s.card_id
    ) AS f ON f.merchant_id = c.merchant_id AND f.card_id = c.card_id
    WHERE c.debt <> COALESCE(r.debt, 0) + COALESCE(f.points, 0) - COALESCE(p.points, 0)
    ORDER BY c.merchant_id, c.card_id
"""

PUNCH_CARDS_SQL = """
    SELECT 'card ' || m.card_id || ': its stamps after movement ' || m.movement_id || ' are ' || m.stamps_after
           || ', those before it lead to ' || m.stamps_upto
    FROM (
        SELECT merchant_id, card_id, movement_id, stamps_after,
               SUM(stamps) OVER (PARTITION BY merchant_id, card_id ORDER BY movement_id) AS stamps_upto
        FROM stamp_movements
    ) AS m
    WHERE m.stamps_after <> m.stamps_upto
    ORDER BY m.merchant_id, m.card_id, m.movement_id
"""

LAWS = (
    ("the lines of a sale and their discounts are the money it took", MONEY_SQL),
    ("no more of a line came back than was paid for it", RETURNED_SQL),
    ("what is kept of a sale is what its refunds left", KEPT_SQL),
    ("a card owes what its refunds left owing and nothing has paid", DEBTS_SQL),
    ("each movement of stamps leads to the next", PUNCH_CARDS_SQL),
)
