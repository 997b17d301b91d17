"""The laws of payments: where the money of each is, which is one place and no other."""

# Paid money waits on the card of an open gift, or is the claimant's; or the gift ended, and the money goes back, has
# gone back, or the payer's bank has it. What went back without us may have been claimed: then its card is closed.
PAYMENTS_SQL = """
    SELECT 'payment ' || p.payment_id || ' is ' || p.state
           || CASE WHEN p.disputed_at IS NULL THEN '' ELSE ', disputed' END
           || ', its gift ' || g.status || ', its gift card '
           || COALESCE(c.state || ' with ' || c.balance_minor, 'not there')
           || CASE WHEN c.owner_customer_id IS NULL THEN '' WHEN c.owner_customer_id = g.claimed_by_customer_id
                   THEN ', the claimant''s' ELSE ', somebody else''s' END
    FROM payments AS p
    JOIN gifts AS g ON g.merchant_id = p.merchant_id AND g.gift_id = p.gift_id
    LEFT JOIN gift_cards AS c ON c.merchant_id = p.merchant_id AND c.gift_id = p.gift_id
    WHERE NOT CASE
        WHEN p.state IN ('CREATED', 'PENDING', 'FAILED', 'CANCELLED') THEN
            c.gift_card_id IS NULL
            AND (g.status = CASE WHEN p.state IN ('CREATED', 'PENDING') THEN 'AWAITING_PAYMENT' ELSE '' END
                 OR g.status IN ('CANCELLED', 'DECLINED', 'RETURNED'))
        WHEN p.state = 'PAID' AND g.closed_at IS NULL THEN
            g.status <> 'AWAITING_PAYMENT' AND c.gift_card_id IS NOT NULL AND c.owner_customer_id IS NULL
            AND c.state = CASE WHEN p.disputed_at IS NULL THEN c.state ELSE 'BLOCKED' END
            AND c.state IN ('ACTIVE', 'BLOCKED') AND c.balance_minor = g.value_minor - p.refunded_minor
        WHEN g.status = 'CLAIMED' THEN
            (p.state IN ('PAID', 'REFUNDED') OR (p.state = 'REFUNDING' AND p.refunds_failed > 0))
            AND c.gift_card_id IS NOT NULL
            AND c.owner_customer_id IS NOT DISTINCT FROM g.claimed_by_customer_id
            AND (c.state <> 'ACTIVE' OR (p.state = 'PAID' AND p.disputed_at IS NULL))
        WHEN p.state = 'PAID' THEN
            p.disputed_at IS NOT NULL AND (c.gift_card_id IS NULL OR c.state = 'DEACTIVATED')
        ELSE
            g.closed_at IS NOT NULL AND (c.gift_card_id IS NULL OR c.state = 'DEACTIVATED')
        END
    ORDER BY p.merchant_id, p.payment_id
"""

AMOUNTS_SQL = """
    SELECT 'payment ' || p.payment_id || ' is ' || p.state || ' over ' || p.amount_minor || ' ' || p.currency
           || ', its gift is over ' || g.value_minor || ' ' || g.currency || ', its gift card got '
           || COALESCE(a.minor, 0)
    FROM payments AS p
    JOIN gifts AS g ON g.merchant_id = p.merchant_id AND g.gift_id = p.gift_id
    LEFT JOIN (
        SELECT merchant_id, payment_id, SUM(amount_minor) AS minor, COUNT(*) AS times
        FROM gift_card_activities WHERE kind = 'ACTIVATE' AND payment_id IS NOT NULL GROUP BY merchant_id, payment_id
    ) AS a ON a.merchant_id = p.merchant_id AND a.payment_id = p.payment_id
    WHERE p.amount_minor <> g.value_minor OR p.currency <> g.currency
       OR (a.times IS NOT NULL AND (a.times <> 1 OR a.minor <> p.amount_minor))
    UNION ALL
    SELECT 'gift ' || a.gift_id || ': its gift card got ' || a.amount_minor || ' that nobody paid'
    FROM gift_card_activities AS a
    WHERE a.kind = 'ACTIVATE' AND a.gift_id IS NOT NULL AND a.payment_id IS NULL
    ORDER BY 1
"""

# As far as it was there: the rest had left the card before. All of it, and the card is blocked or at its end.
BACK_IN_PART_SQL = """
    SELECT 'payment ' || p.payment_id || ': ' || p.refunded_minor || ' went back, ' || a.taken
           || ' came off its gift card for it, which ' || a.gone || ' had left otherwise'
    FROM payments AS p
    JOIN gift_cards AS c ON c.merchant_id = p.merchant_id AND c.gift_id = p.gift_id
    CROSS JOIN LATERAL (
        SELECT COALESCE(-SUM(e.amount_minor) FILTER (WHERE e.kind = 'ADJUST' AND e.payment_id IS NOT NULL), 0) AS taken,
               COALESCE(-SUM(e.amount_minor) FILTER (
                   WHERE e.amount_minor < 0 AND NOT (e.kind = 'ADJUST' AND e.payment_id IS NOT NULL)
               ), 0) AS gone
        FROM gift_card_activities AS e
        WHERE e.merchant_id = c.merchant_id AND e.gift_card_id = c.gift_card_id
    ) AS a
    WHERE p.state = 'PAID' AND c.state IN ('ACTIVE', 'BLOCKED')
      AND (a.taken > p.refunded_minor OR a.taken + a.gone < p.refunded_minor)
    ORDER BY p.merchant_id, p.payment_id
"""

EVENTS_SQL = """
    SELECT 'payment ' || p.payment_id || ' is ' || p.state || ', what was noted last of it is '
           || COALESCE(e.kind, 'nothing')
    FROM payments AS p
    LEFT JOIN LATERAL (
        SELECT CASE n.kind WHEN 'REFUND_FAILED' THEN 'REFUNDING' ELSE n.kind END AS kind
        FROM payment_events AS n
        WHERE n.merchant_id = p.merchant_id AND n.payment_id = p.payment_id
          AND (n.kind = p.state OR n.kind NOT IN ('DISPUTED', 'DISPUTE_WON', 'REFUNDED', 'REFUND_FAILED')
               OR (n.kind = 'REFUND_FAILED' AND p.state = 'REFUNDING'))
        ORDER BY n.event_id DESC
        LIMIT 1
    ) AS e ON TRUE
    WHERE e.kind IS DISTINCT FROM p.state
    ORDER BY p.merchant_id, p.payment_id
"""

# Nobody paid for these: their money came from a gift card of the sender's, and goes back there or stays the sender's.
PASSED_ON_SQL = """
    SELECT 'gift ' || g.gift_id || ' of ' || g.value_minor || ' was passed on and is ' || g.status || ', its gift card '
           || COALESCE(c.state || ' with ' || c.balance_minor, 'not there')
           || CASE WHEN c.owner_customer_id IS NULL THEN '' WHEN c.owner_customer_id = g.claimed_by_customer_id
                   THEN ', the claimant''s' WHEN c.owner_customer_id = g.sender_customer_id THEN ', the sender''s'
                   ELSE ', somebody else''s' END
    FROM gifts AS g
    LEFT JOIN payments AS p ON p.merchant_id = g.merchant_id AND p.gift_id = g.gift_id
    LEFT JOIN gift_cards AS c ON c.merchant_id = g.merchant_id AND c.gift_id = g.gift_id
    LEFT JOIN gift_card_activities AS e
        ON e.merchant_id = c.merchant_id AND e.gift_card_id = c.gift_card_id AND e.seq = 1
    WHERE g.kind = 'VALUE' AND p.payment_id IS NULL AND NOT COALESCE(CASE
        WHEN e.kind <> 'TRANSFER_IN' OR e.amount_minor <> g.value_minor THEN FALSE
        WHEN g.closed_at IS NULL THEN
            c.owner_customer_id IS NULL AND c.state IN ('ACTIVE', 'BLOCKED') AND c.balance_minor = g.value_minor
        WHEN g.status = 'CLAIMED' THEN c.owner_customer_id = g.claimed_by_customer_id
        ELSE c.state = 'DEACTIVATED' OR c.owner_customer_id = g.sender_customer_id
        END, FALSE)
    ORDER BY g.merchant_id, g.gift_id
"""

LAWS = (
    ("every payment's money is in exactly one place", PAYMENTS_SQL),
    ("a gift of money holds what was paid for it, once", AMOUNTS_SQL),
    ("what went back of a payment came off its gift card, as far as it was there", BACK_IN_PART_SQL),
    ("a payment stands as what was noted of it last", EVENTS_SQL),
    ("the money of a gift that was passed on is in exactly one place", PASSED_ON_SQL),
)
