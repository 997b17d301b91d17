"""The laws of what points stand for: gifts, vouchers, stamps, sales and refunds."""

GIFTS_SQL = """
    SELECT 'gift ' || g.gift_id || ' is ' || g.status || ' with ' || g.points || ' points, its escrow holds '
           || a.balance
    FROM gifts AS g
    JOIN accounts AS a ON a.merchant_id = g.merchant_id AND a.account_id = g.account_id
    WHERE a.balance <> CASE WHEN g.closed_at IS NULL THEN g.points ELSE 0 END
    ORDER BY g.merchant_id, g.gift_id
"""

VOUCHERS_SQL = """
    SELECT 'voucher ' || v.voucher_id || ' is ' || v.state || ' with ' || v.points || ' points, its account holds '
           || COALESCE(a.balance, 0)
    FROM vouchers AS v
    LEFT JOIN accounts AS a ON a.merchant_id = v.merchant_id AND a.account_id = v.account_id
    WHERE COALESCE(a.balance, 0) <> CASE WHEN v.state = 'USABLE' THEN v.points ELSE 0 END
    UNION ALL
    SELECT 'account ' || a.account_id || ' holds ' || a.balance || ' points of no voucher'
    FROM accounts AS a
    WHERE a.kind = 'voucher' AND a.balance > 0
      AND NOT EXISTS (
          SELECT FROM vouchers AS v WHERE v.merchant_id = a.merchant_id AND v.account_id = a.account_id
      )
    ORDER BY 1
"""

STAMPS_SQL = """
    SELECT 'card ' || c.card_id || ' has ' || c.stamps || ' stamps, their movements say ' || COALESCE(m.stamps, 0)
    FROM cards AS c
    LEFT JOIN (
        SELECT merchant_id, card_id, SUM(stamps) AS stamps FROM stamp_movements GROUP BY merchant_id, card_id
    ) AS m ON m.merchant_id = c.merchant_id AND m.card_id = c.card_id
    WHERE c.stamps <> COALESCE(m.stamps, 0)
    ORDER BY c.merchant_id, c.card_id
"""

SALES_SQL = """
    SELECT 'sale ' || s.sale_id || ' earned ' || s.points || ', its lines say ' || COALESCE(l.points, 0)
           || ' and a bonus of ' || s.bonus_points || ', its entry ' || COALESCE(e.points, 0)
    FROM sales AS s
    LEFT JOIN (
        SELECT merchant_id, sale_id, SUM(points) AS points FROM sale_lines GROUP BY merchant_id, sale_id
    ) AS l ON l.merchant_id = s.merchant_id AND l.sale_id = s.sale_id
    LEFT JOIN (
        SELECT merchant_id, card_id, seq, sale_id, points + pending_points AS points
        FROM entries
        WHERE sale_id IS NOT NULL AND kind IN ('EARNED', 'BONUS')
    ) AS e ON e.merchant_id = s.merchant_id AND e.card_id = s.card_id AND e.seq = s.entry_seq AND e.sale_id = s.sale_id
    WHERE s.points <> COALESCE(l.points, 0) + s.bonus_points OR s.points <> COALESCE(e.points, 0)
    ORDER BY s.merchant_id, s.sale_id
"""

REFUNDS_SQL = """
    SELECT 'sale ' || s.sale_id || ': refunds took back ' || COALESCE(r.points, 0) || ', its entries say '
           || COALESCE(e.points, 0)
    FROM sales AS s
    LEFT JOIN (
        SELECT merchant_id, sale_id, SUM(points_taken_back) AS points FROM refunds GROUP BY merchant_id, sale_id
    ) AS r ON r.merchant_id = s.merchant_id AND r.sale_id = s.sale_id
    LEFT JOIN (
        SELECT merchant_id, sale_id, -SUM(points + pending_points) AS points
        FROM entries WHERE kind = 'REFUNDED' AND sale_id IS NOT NULL GROUP BY merchant_id, sale_id
    ) AS e ON e.merchant_id = s.merchant_id AND e.sale_id = s.sale_id
    WHERE COALESCE(r.points, 0) <> COALESCE(e.points, 0)
    ORDER BY s.merchant_id, s.sale_id
"""

LAWS = (
    ("a gift is in exactly one place", GIFTS_SQL),
    ("a voucher that can be used holds what it cost, and no other does", VOUCHERS_SQL),
    ("the stamps of a card are what their movements sum to", STAMPS_SQL),
    ("a sale earned once what its lines say", SALES_SQL),
    ("refunds took back what their entries say", REFUNDS_SQL),
)
