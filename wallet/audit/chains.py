"""The laws of the entries: each follows from the one before it, by its number, its hash and what stood on the card."""

# docs/LEDGER.md says what is hashed. Of a card only the first wrong entry is named: those behind it follow from it.
# A moment is sent as microseconds since 2000, which is 946684800 seconds later than 1970. A join, and not a window, so
# that several processes can share the work.
ENTRIES_SQL = """
    SELECT 'card ' || f.card_id || ', entry '
           || CASE WHEN l.seq < f.seq - 1 THEN l.seq + 1 || ': it is missing'
                   WHEN f.rewritten THEN f.seq || ': it is not what was written'
                   ELSE f.seq || ': it does not lead from what stood before it to what stands after it' END
    FROM (
        SELECT DISTINCT ON (q.merchant_id, q.card_id) q.merchant_id, q.card_id, q.seq, q.rewritten
        FROM (
            SELECT e.merchant_id, e.card_id, e.seq,
                   e.hash <> sha256(
                       COALESCE(b.hash, sha256(convert_to(
                           'regulars card 1|' || e.merchant_id || '|' || e.card_id, 'UTF8')))
                       || convert_to(
                           e.seq || '|' || e.kind || '|' || e.points || '|' || e.pending_points || '|'
                           || e.reserved_points || '|' || e.active_after || '|' || e.pending_after || '|'
                           || e.reserved_after || '|' || e.lifetime_after || '|'
                           || timestamptz_send(e.occurred_at)::bigint + 946684800000000 || '|'
                           || timestamptz_send(e.posted_at)::bigint + 946684800000000 || '|'
                           || COALESCE(e.store_id::text, '') || '|' || COALESCE(e.sale_id::text, '') || '|'
                           || COALESCE(e.gift_id::text, '') || '|' || COALESCE(e.voucher_id::text, '') || '|'
                           || COALESCE(e.reverses_seq::text, '') || '|' || e.reverses_wholly::int || '|' || e.reasons,
                           'UTF8'
                       )
                   ) AS rewritten,
                   e.active_after <> COALESCE(b.active_after, 0) + e.points
                   OR e.pending_after <> COALESCE(b.pending_after, 0) + e.pending_points
                   OR e.reserved_after <> COALESCE(b.reserved_after, 0) + e.reserved_points AS leads_nowhere
            FROM entries AS e
            LEFT JOIN entries AS b ON b.merchant_id = e.merchant_id AND b.card_id = e.card_id AND b.seq = e.seq - 1
        ) AS q
        WHERE q.rewritten OR q.leads_nowhere
        ORDER BY q.merchant_id, q.card_id, q.seq
    ) AS f
    CROSS JOIN LATERAL (
        SELECT COALESCE(MAX(e.seq), 0) AS seq
        FROM entries AS e
        WHERE e.merchant_id = f.merchant_id AND e.card_id = f.card_id AND e.seq < f.seq
    ) AS l
    ORDER BY f.merchant_id, f.card_id
"""

CARDS_SQL = """
    SELECT 'card ' || c.card_id || ', entry '
           || CASE WHEN c.revision > COALESCE(l.seq, 0) THEN COALESCE(l.seq, 0) + 1 || ': it is missing'
                   WHEN c.revision < l.seq THEN c.revision + 1 || ': the card does not know of it'
                   WHEN c.chain <> COALESCE(l.hash, sha256(convert_to(
                       'regulars card 1|' || c.merchant_id || '|' || c.card_id, 'UTF8')))
                   THEN c.revision || ': it is not what the card''s chain ends with'
                   ELSE c.revision || ': the card has ' || COALESCE(b.active, 0) || ' active, '
                        || COALESCE(b.pending, 0) || ' pending, ' || COALESCE(b.reserved, 0) || ' reserved, '
                        || c.lifetime_earned || ' in its lifetime; its last entry says otherwise' END
    FROM cards AS c
    LEFT JOIN (
        SELECT merchant_id, card_id,
               SUM(balance) FILTER (WHERE kind = 'active') AS active,
               SUM(balance) FILTER (WHERE kind = 'pending') AS pending,
               SUM(balance) FILTER (WHERE kind IN ('gift', 'voucher')) AS reserved
        FROM accounts WHERE card_id IS NOT NULL
        GROUP BY merchant_id, card_id
    ) AS b ON b.merchant_id = c.merchant_id AND b.card_id = c.card_id
    LEFT JOIN LATERAL (
        SELECT e.seq, e.active_after, e.pending_after, e.reserved_after, e.lifetime_after, e.hash
        FROM entries AS e
        WHERE e.merchant_id = c.merchant_id AND e.card_id = c.card_id
        ORDER BY e.seq DESC LIMIT 1
    ) AS l ON TRUE
    WHERE c.revision <> COALESCE(l.seq, 0) OR c.lifetime_earned <> COALESCE(l.lifetime_after, 0)
       OR c.chain <> COALESCE(l.hash, sha256(convert_to(
              'regulars card 1|' || c.merchant_id || '|' || c.card_id, 'UTF8')))
       OR COALESCE(b.active, 0) <> COALESCE(l.active_after, 0)
       OR COALESCE(b.pending, 0) <> COALESCE(l.pending_after, 0)
       OR COALESCE(b.reserved, 0) <> COALESCE(l.reserved_after, 0)
    ORDER BY c.merchant_id, c.card_id
"""

LAWS = (
    ("every entry follows from the one before it, without gaps, as it was written", ENTRIES_SQL),
    ("every card stands where its chain of entries ends", CARDS_SQL),
)
