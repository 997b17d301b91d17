"""The laws of double entry: what moved, what stands where, and what a program owes."""

BALANCES_SQL = """
    SELECT 'account ' || a.account_id || ' holds ' || a.balance || ', its transfers say ' || COALESCE(t.points, 0)
    FROM accounts AS a
    LEFT JOIN (
        SELECT s.merchant_id, s.account_id, SUM(s.points) AS points
        FROM (
            SELECT merchant_id, to_account_id AS account_id, points FROM transfers
            UNION ALL
            SELECT merchant_id, from_account_id, -points FROM transfers
        ) AS s
        GROUP BY s.merchant_id, s.account_id
    ) AS t ON t.merchant_id = a.merchant_id AND t.account_id = a.account_id
    WHERE a.balance IS NOT NULL AND a.balance <> COALESCE(t.points, 0)
    ORDER BY a.merchant_id, a.account_id
"""

SUM_ZERO_SQL = """
    SELECT 'program ' || z.program_id || ' is out of balance by ' || SUM(z.points)
    FROM (
        SELECT program_id, balance AS points FROM accounts WHERE balance IS NOT NULL
        UNION ALL
        SELECT a.program_id, t.points FROM transfers AS t
        JOIN accounts AS a ON a.merchant_id = t.merchant_id AND a.account_id = t.to_account_id AND a.balance IS NULL
        UNION ALL
        SELECT a.program_id, -t.points FROM transfers AS t
        JOIN accounts AS a ON a.merchant_id = t.merchant_id AND a.account_id = t.from_account_id AND a.balance IS NULL
    ) AS z
    GROUP BY z.program_id
    HAVING SUM(z.points) <> 0
    ORDER BY z.program_id
"""

# What a kind of entry takes off the cards or puts on them comes from, or goes to, one account of the program; what is
# sent as a gift leaves one card and comes to another.
PROGRAMS_SQL = """
    SELECT 'program ' || t.program_id || ' has ' || t.moved || ' points ' || t.what || ', its entries say ' || t.said
    FROM (
        SELECT z.program_id, z.what, SUM(z.moved) AS moved, SUM(z.said) AS said
        FROM (
            SELECT a.program_id, a.kind AS what, t.points AS moved, 0 AS said
            FROM transfers AS t
            JOIN accounts AS a ON a.merchant_id = t.merchant_id AND a.account_id = t.to_account_id AND a.balance IS NULL
            UNION ALL
            SELECT a.program_id, a.kind, -t.points, 0
            FROM transfers AS t
            JOIN accounts AS a ON a.merchant_id = t.merchant_id AND a.account_id = t.from_account_id
                              AND a.balance IS NULL
            UNION ALL
            SELECT c.program_id,
                   CASE WHEN e.kind = 'EXPIRED' THEN 'expired'
                        WHEN e.kind IN ('REDEEMED', 'RETURNED', 'VOUCHER_USED', 'VOUCHER_REOPENED') THEN 'redeemed'
                        WHEN e.kind IN ('GIFT_SENT', 'GIFT_RETURNED', 'GIFT_SETTLED', 'GIFT_RECEIVED') THEN 'given'
                        ELSE 'issued' END,
                   0, -e.points
            FROM (
                SELECT merchant_id, card_id, kind, SUM(points + pending_points + reserved_points) AS points
                FROM entries
                WHERE kind <> 'ACTIVATED'
                GROUP BY merchant_id, card_id, kind
            ) AS e
            JOIN cards AS c ON c.merchant_id = e.merchant_id AND c.card_id = e.card_id
        ) AS z
        GROUP BY z.program_id, z.what
    ) AS t
    WHERE t.moved <> t.said
    ORDER BY t.program_id, t.what
"""

# Both sides of an entry are put in one heap and summed, which is half the work of joining them.
MOVES_SQL = """
    SELECT 'card ' || x.card_id || ', entry ' || x.seq || ': '
           || CASE WHEN SUM(x.active) <> 0 OR SUM(x.pending) <> 0 THEN 'its transfers' ELSE 'its lots' END
           || ' do not move what it says'
    FROM (
        SELECT merchant_id, card_id, seq, points AS active, pending_points AS pending, points + pending_points AS lots
        FROM entries
        UNION ALL
        SELECT t.merchant_id, t.card_id, t.seq,
               CASE c.active_account_id WHEN t.to_account_id THEN -t.points WHEN t.from_account_id THEN t.points
                                        ELSE 0 END,
               CASE c.pending_account_id WHEN t.to_account_id THEN -t.points WHEN t.from_account_id THEN t.points
                                         ELSE 0 END,
               0
        FROM transfers AS t
        JOIN cards AS c ON c.merchant_id = t.merchant_id AND c.card_id = t.card_id
        UNION ALL
        SELECT merchant_id, card_id, seq, 0, 0, -points FROM lot_movements
    ) AS x
    GROUP BY x.merchant_id, x.card_id, x.seq
    HAVING SUM(x.active) <> 0 OR SUM(x.pending) <> 0 OR SUM(x.lots) <> 0
    ORDER BY x.merchant_id, x.card_id, x.seq
"""

LAWS = (
    ("every account holds what its transfers say", BALANCES_SQL),
    ("the sum over all accounts of a program is 0", SUM_ZERO_SQL),
    ("what a program issued, took back for rewards and let expire is what its entries say", PROGRAMS_SQL),
    ("every entry moves what it says, between accounts and in lots", MOVES_SQL),
)
