"""The laws of money value: what happened on every gift card, between them, and what a program owes by them."""

# docs/LEDGER.md, "Money value", says what is hashed. As for the entries of a card: only the first wrong activity of a
# gift card is named, and a join lets several processes share the work.
ACTIVITIES_SQL = """
    SELECT 'gift card ' || f.gift_card_id || ', activity '
           || CASE WHEN l.seq < f.seq - 1 THEN l.seq + 1 || ': it is missing'
                   WHEN f.rewritten THEN f.seq || ': it is not what was written'
                   ELSE f.seq || ': it does not lead from what stood before it to what stands after it' END
    FROM (
        SELECT DISTINCT ON (q.merchant_id, q.gift_card_id) q.merchant_id, q.gift_card_id, q.seq, q.rewritten
        FROM (
            SELECT e.merchant_id, e.gift_card_id, e.seq,
                   e.hash <> sha256(
                       COALESCE(b.hash, sha256(convert_to(
                           'regulars gift card 1|' || e.merchant_id || '|' || e.gift_card_id, 'UTF8')))
                       || convert_to(
                           e.seq || '|' || e.kind || '|' || e.amount_minor || '|' || e.balance_after_minor || '|'
                           || timestamptz_send(e.occurred_at)::bigint + 946684800000000 || '|'
                           || timestamptz_send(e.posted_at)::bigint + 946684800000000 || '|'
                           || COALESCE(e.other_gift_card_id::text, '') || '|' || COALESCE(e.other_seq::text, '') || '|'
                           || COALESCE(e.reverses_seq::text, '') || '|' || COALESCE(e.sale_id::text, '') || '|'
                           || COALESCE(e.refund_id::text, '') || '|' || COALESCE(e.gift_id::text, '') || '|'
                           || COALESCE(e.payment_id::text, '') || '|' || COALESCE(e.store_id::text, '') || '|'
                           || COALESCE(e.operator_id::text, '') || '|' || COALESCE(e.reason, ''),
                           'UTF8'
                       )
                   ) AS rewritten,
                   e.balance_after_minor <> COALESCE(b.balance_after_minor, 0) + e.amount_minor AS leads_nowhere
            FROM gift_card_activities AS e
            LEFT JOIN gift_card_activities AS b
                ON b.merchant_id = e.merchant_id AND b.gift_card_id = e.gift_card_id AND b.seq = e.seq - 1
        ) AS q
        WHERE q.rewritten OR q.leads_nowhere
        ORDER BY q.merchant_id, q.gift_card_id, q.seq
    ) AS f
    CROSS JOIN LATERAL (
        SELECT COALESCE(MAX(e.seq), 0) AS seq
        FROM gift_card_activities AS e
        WHERE e.merchant_id = f.merchant_id AND e.gift_card_id = f.gift_card_id AND e.seq < f.seq
    ) AS l
    ORDER BY f.merchant_id, f.gift_card_id
"""

GIFT_CARDS_SQL = """
    SELECT 'gift card ' || g.gift_card_id || ', activity '
           || CASE WHEN g.revision > COALESCE(l.seq, 0) THEN COALESCE(l.seq, 0) + 1 || ': it is missing'
                   WHEN g.revision < l.seq THEN g.revision + 1 || ': the gift card does not know of it'
                   WHEN g.chain <> COALESCE(l.hash, sha256(convert_to(
                       'regulars gift card 1|' || g.merchant_id || '|' || g.gift_card_id, 'UTF8')))
                   THEN g.revision || ': it is not what the gift card''s chain ends with'
                   WHEN g.balance_minor <> COALESCE(l.balance_after_minor, 0)
                   THEN g.revision || ': the gift card holds ' || g.balance_minor || ', its last activity left '
                        || COALESCE(l.balance_after_minor, 0)
                   ELSE g.revision || ': the gift card is ' || g.state || ', what happened on it made it '
                        || s.state END
    FROM gift_cards AS g
    LEFT JOIN LATERAL (
        SELECT e.seq, e.kind, e.hash, e.balance_after_minor
        FROM gift_card_activities AS e
        WHERE e.merchant_id = g.merchant_id AND e.gift_card_id = g.gift_card_id
        ORDER BY e.seq DESC
        LIMIT 1
    ) AS l ON TRUE
    LEFT JOIN LATERAL (
        SELECT e.kind
        FROM gift_card_activities AS e
        WHERE e.merchant_id = g.merchant_id AND e.gift_card_id = g.gift_card_id AND e.kind IN ('BLOCK', 'UNBLOCK')
        ORDER BY e.seq DESC
        LIMIT 1
    ) AS b ON TRUE
    CROSS JOIN LATERAL (
        SELECT CASE WHEN l.seq IS NULL THEN 'PENDING' WHEN l.kind = 'DEACTIVATE' THEN 'DEACTIVATED'
                    WHEN b.kind = 'BLOCK' THEN 'BLOCKED' ELSE 'ACTIVE' END AS state
    ) AS s
    WHERE g.revision <> COALESCE(l.seq, 0)
       OR g.chain <> COALESCE(l.hash, sha256(convert_to(
              'regulars gift card 1|' || g.merchant_id || '|' || g.gift_card_id, 'UTF8')))
       OR g.balance_minor <> COALESCE(l.balance_after_minor, 0)
       OR g.state <> s.state
    ORDER BY g.merchant_id, g.gift_card_id
"""

TRANSFERS_SQL = """
    SELECT 'gift card ' || e.gift_card_id || ', activity ' || e.seq || ': what moved is not what moved on gift card '
           || e.other_gift_card_id || ', activity ' || e.other_seq
    FROM gift_card_activities AS e
    JOIN gift_cards AS g ON g.merchant_id = e.merchant_id AND g.gift_card_id = e.gift_card_id
    LEFT JOIN gift_card_activities AS o
        ON o.merchant_id = e.merchant_id AND o.gift_card_id = e.other_gift_card_id AND o.seq = e.other_seq
    LEFT JOIN gift_cards AS h ON h.merchant_id = o.merchant_id AND h.gift_card_id = o.gift_card_id
    WHERE e.kind IN ('TRANSFER_IN', 'TRANSFER_OUT')
      AND (o.seq IS NULL OR o.other_gift_card_id <> e.gift_card_id OR o.other_seq <> e.seq
           OR o.amount_minor <> -e.amount_minor OR o.kind = e.kind OR h.program_id <> g.program_id)
    ORDER BY e.merchant_id, e.gift_card_id, e.seq
"""

# What came in: sold, less what was given back to who had paid; imported; adjusted. What went out: spent, less what came
# back; expired; adjusted. Transfers between cards are neither.
LIABILITY_SQL = """
    SELECT 'program ' || v.program_id || ' took in ' || SUM(v.moved) || ' ' || v.currency
           || ' more than went out, and its gift cards hold ' || SUM(v.held)
    FROM (
        SELECT g.program_id, g.currency, e.amount_minor AS moved, 0 AS held
        FROM gift_card_activities AS e
        JOIN gift_cards AS g ON g.merchant_id = e.merchant_id AND g.gift_card_id = e.gift_card_id
        WHERE e.kind NOT IN ('TRANSFER_IN', 'TRANSFER_OUT')
        UNION ALL
        SELECT program_id, currency, 0, balance_minor FROM gift_cards
    ) AS v
    GROUP BY v.program_id, v.currency
    HAVING SUM(v.moved) <> SUM(v.held)
    ORDER BY v.program_id, v.currency
"""

TENDERS_SQL = """
    SELECT 'sale ' || t.sale_id || ': gift card ' || t.gift_card_id || ' paid ' || t.tendered || ', its activities say '
           || t.redeemed
    FROM (
        SELECT z.merchant_id, z.sale_id, z.gift_card_id, SUM(z.tendered) AS tendered, SUM(z.redeemed) AS redeemed
        FROM (
            SELECT merchant_id, sale_id, gift_card_id, seq, amount_minor AS tendered, 0 AS redeemed FROM sale_tenders
            UNION ALL
            SELECT merchant_id, sale_id, gift_card_id, seq, 0, -amount_minor
            FROM gift_card_activities WHERE kind = 'REDEEM' AND sale_id IS NOT NULL
        ) AS z
        GROUP BY z.merchant_id, z.sale_id, z.gift_card_id, z.seq
    ) AS t
    WHERE t.tendered <> t.redeemed
    UNION ALL
    SELECT 'sale ' || r.sale_id || ': ' || SUM(r.amount_minor) || ' more came back to gift cards than they had paid'
    FROM gift_card_activities AS r
    WHERE r.kind IN ('REDEEM', 'REFUND') AND r.sale_id IS NOT NULL
    GROUP BY r.merchant_id, r.sale_id
    HAVING SUM(r.amount_minor) > 0
    ORDER BY 1
"""

# As wallet.money_back shares it: gift cards first, but for lines that sold stored value, which were paid with money.
RETURNED_SQL = """
    SELECT 'sale ' || t.sale_id || ': ' || b.back || ' came back to gift cards that paid ' || t.paid || ', when '
           || r.returned || ' was returned'
    FROM (
        SELECT merchant_id, sale_id, SUM(amount_minor) AS paid FROM sale_tenders GROUP BY merchant_id, sale_id
    ) AS t
    CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(e.amount_minor), 0) AS back
        FROM gift_card_activities AS e
        WHERE e.merchant_id = t.merchant_id AND e.sale_id = t.sale_id AND e.kind = 'REFUND'
    ) AS b
    CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(l.amount_minor), 0) AS returned
        FROM refund_lines AS l
        WHERE l.merchant_id = t.merchant_id AND l.sale_id = t.sale_id
          AND NOT EXISTS (
              SELECT FROM gift_cards_sold AS s
              WHERE s.merchant_id = l.merchant_id AND s.sale_id = l.sale_id AND s.position = l.position
          )
    ) AS r
    WHERE b.back <> LEAST(t.paid, r.returned)
    ORDER BY t.merchant_id, t.sale_id
"""

SOLD_SQL = """
    SELECT 'sale ' || s.sale_id || ', line ' || s.position || ': gift card ' || s.gift_card_id || ', activity ' || s.seq
           || ' is not what the line sold'
    FROM gift_cards_sold AS s
    LEFT JOIN gift_card_activities AS e
        ON e.merchant_id = s.merchant_id AND e.gift_card_id = s.gift_card_id AND e.seq = s.seq
    WHERE e.seq IS NULL OR e.kind NOT IN ('ACTIVATE', 'LOAD') OR e.sale_id IS DISTINCT FROM s.sale_id
    ORDER BY s.merchant_id, s.sale_id, s.position
"""

# Both ways: what a line cost is what came onto its cards, and nothing came onto a card by a sale but by a line.
SOLD_SUMS_SQL = """
    SELECT 'sale ' || z.sale_id || COALESCE(', line ' || z.position, '') || ': ' || SUM(z.cost)
           || ' was paid for stored value, and ' || SUM(z.got) || ' came onto gift cards'
    FROM (
        SELECT merchant_id, sale_id, position, amount_minor AS cost, 0 AS got
        FROM sale_lines WHERE kind = 'GIFT_CARD_SALE'
        UNION ALL
        SELECT e.merchant_id, e.sale_id, s.position, 0, e.amount_minor
        FROM gift_card_activities AS e
        LEFT JOIN gift_cards_sold AS s
            ON s.merchant_id = e.merchant_id AND s.gift_card_id = e.gift_card_id AND s.seq = e.seq
               AND s.sale_id = e.sale_id
        WHERE e.kind IN ('ACTIVATE', 'LOAD') AND e.sale_id IS NOT NULL
    ) AS z
    GROUP BY z.merchant_id, z.sale_id, z.position
    HAVING SUM(z.cost) <> SUM(z.got)
    ORDER BY z.merchant_id, z.sale_id, z.position
"""

# Such lines come back whole or not at all: see wallet.money_back.
UNSOLD_SUMS_SQL = """
    SELECT 'refund ' || z.refund_id || ': ' || SUM(z.back) || ' went back for stored value, and ' || SUM(z.off)
           || ' came off gift cards'
    FROM (
        SELECT r.merchant_id, r.refund_id, r.amount_minor AS back, 0 AS off
        FROM refund_lines AS r
        JOIN sale_lines AS l ON l.merchant_id = r.merchant_id AND l.sale_id = r.sale_id AND l.position = r.position
        WHERE l.kind = 'GIFT_CARD_SALE'
        UNION ALL
        SELECT merchant_id, refund_id, 0, -amount_minor
        FROM gift_card_activities WHERE kind IN ('DEACTIVATE', 'ADJUST') AND refund_id IS NOT NULL
    ) AS z
    GROUP BY z.merchant_id, z.refund_id
    HAVING SUM(z.back) <> SUM(z.off)
    ORDER BY z.merchant_id, z.refund_id
"""

LAWS = (
    ("every activity of a gift card follows from the one before it, as it was written", ACTIVITIES_SQL),
    ("every gift card stands where its activities leave it", GIFT_CARDS_SQL),
    ("what left one gift card came to the other", TRANSFERS_SQL),
    ("money that came in is money that went out and money on gift cards", LIABILITY_SQL),
    ("gift cards paid for sales what their activities say, and no more came back", TENDERS_SQL),
    ("what was returned went to the gift cards that had paid, and then as money", RETURNED_SQL),
    ("a line that sold a gift card is on that gift card", SOLD_SQL),
    ("what was paid for stored value at the till came onto gift cards", SOLD_SUMS_SQL),
    ("stored value whose money went back is off its gift cards", UNSOLD_SUMS_SQL),
)
