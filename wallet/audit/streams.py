"""The law of the money that counts: points are its whole steps, and what is left of it is what the card carries."""

# Money is in hundredths of a minor unit. Where the remainder is carried the sales of a card at one rate are one stream;
# where it is not, and as long as the merchant has to look at it, a sale is one by itself. A refused sale is in none. Of
# a sale counts what is kept, as far as a cap let it in, and nothing below the minimum. Its points are those of its
# lines, less what its refunds were due of them, and those of the step that its release completed. `left_over` is the
# money less the steps for which there are points.
STREAMS_SQL = """
    SELECT 'card ' || t.card_id || ', ' || t.stream || ': of the money that counts ' || SUM(t.left_over)
           || ' is in no points, ' || SUM(t.carried) || ' is carried'
    FROM (
        SELECT k.merchant_id, k.card_id, k.stream, k.alone, k.step, 0 AS carried,
               k.entered - (k.line_points - k.due_points + COALESCE(e.points, 0)) * k.step / k.points AS left_over
        FROM (
            SELECT s.merchant_id, s.card_id, s.sale_id, s.entry_seq, r.points, r.step, w.alone,
                   CASE WHEN w.alone THEN 'sale ' || s.sale_id
                        ELSE 'rate ' || r.points || '/' || r.per_minor END AS stream,
                   s.points - s.bonus_points AS line_points,
                   COALESCE(b.due, 0) - CASE WHEN s.wholly_returned THEN s.bonus_points ELSE 0 END AS due_points,
                   CASE WHEN n.kept_minor < r.minimum_minor THEN 0
                        ELSE LEAST(GREATEST(n.paid - s.capped_points / r.points::bigint * r.step, 0), n.kept)
                        END AS entered
            FROM sales AS s
            JOIN (
                SELECT v.merchant_id, v.program_id, v.revision, (v.rules ->> 'points')::numeric AS points,
                       (v.rules ->> 'per_minor')::bigint AS per_minor, (v.rules ->> 'per_minor')::bigint * 100 AS step,
                       COALESCE((v.rules ->> 'minimum_minor')::bigint, 0) AS minimum_minor,
                       COALESCE((v.rules ->> 'carry_remainder')::boolean, FALSE) AS carries
                FROM program_revisions AS v
                WHERE (v.rules ->> 'points')::bigint > 0
            ) AS r ON r.merchant_id = s.merchant_id AND r.program_id = s.program_id AND r.revision = s.revision
            CROSS JOIN LATERAL (
                SELECT NOT r.carries OR s.review IS NOT DISTINCT FROM 'HELD' AS alone
            ) AS w
            JOIN (
                SELECT l.merchant_id, l.sale_id, SUM(l.hundredths * l.paid_minor) AS paid,
                       SUM(l.hundredths * (l.paid_minor - COALESCE(c.amount, 0))) AS kept,
                       COALESCE(SUM(l.paid_minor - COALESCE(c.amount, 0)) FILTER (WHERE l.hundredths > 0), 0)
                           AS kept_minor
                FROM sale_lines AS l
                LEFT JOIN (
                    SELECT merchant_id, sale_id, position, SUM(amount_minor) AS amount
                    FROM refund_lines
                    GROUP BY merchant_id, sale_id, position
                ) AS c ON c.merchant_id = l.merchant_id AND c.sale_id = l.sale_id AND c.position = l.position
                GROUP BY l.merchant_id, l.sale_id
            ) AS n ON n.merchant_id = s.merchant_id AND n.sale_id = s.sale_id
            LEFT JOIN (
                SELECT merchant_id, sale_id, SUM(points_due) AS due FROM refunds GROUP BY merchant_id, sale_id
            ) AS b ON b.merchant_id = s.merchant_id AND b.sale_id = s.sale_id
            WHERE s.review IS DISTINCT FROM 'REFUSED'
        ) AS k
        LEFT JOIN LATERAL (
            SELECT SUM(x.points + x.pending_points) AS points
            FROM entries AS x
            WHERE x.merchant_id = k.merchant_id AND x.sale_id = k.sale_id AND x.kind = 'EARNED'
              AND x.seq IS DISTINCT FROM k.entry_seq
        ) AS e ON TRUE
        UNION ALL
        SELECT c.merchant_id, c.card_id, 'rate ' || j.rate, FALSE, split_part(j.rate, '/', 2)::bigint * 100,
               j.carried::bigint, 0
        FROM cards AS c
        CROSS JOIN LATERAL jsonb_each_text(c.carries) AS j (rate, carried)
    ) AS t
    GROUP BY t.merchant_id, t.card_id, t.stream, t.alone, t.step
    HAVING SUM(t.left_over) NOT BETWEEN 0 AND t.step - 1 OR (NOT t.alone AND SUM(t.left_over) <> SUM(t.carried))
    ORDER BY t.merchant_id, t.card_id, t.stream
"""

LAWS = (("points are the whole steps of the money that counts, and a card carries the rest", STREAMS_SQL),)
