-- A ledger of a million entries whose books balance, made in a minute: 20,000 cards of one program, each with ten rounds
-- of a purchase, its activation, a reward, a return and an expiry. For how fast books are audited; see crowd.sql for
-- plans.

-- Foreign keys hold by how the ids are made; to check every row would take minutes. Only a superuser may.
SET session_replication_role = replica;

CREATE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN md5(kind || n::text)::uuid;
CREATE FUNCTION pg_temp.hash(kind text, n bigint) RETURNS bytea LANGUAGE sql IMMUTABLE
    RETURN sha256(convert_to(kind || n::text, 'UTF8'));
CREATE FUNCTION pg_temp.microseconds(at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN (EXTRACT(EPOCH FROM at) * 1000000)::bigint;
CREATE FUNCTION pg_temp.beginning(merchant_id uuid, card_id uuid) RETURNS bytea LANGUAGE sql IMMUTABLE
    RETURN sha256(convert_to('regulars card 1|' || merchant_id || '|' || card_id, 'UTF8'));
CREATE FUNCTION pg_temp.followed(before bytea, beginning bytea, entry text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS
    'BEGIN RETURN sha256(COALESCE(before, beginning) || convert_to(entry, ''UTF8'')); END';
CREATE AGGREGATE pg_temp.chained(beginning bytea, entry text) (SFUNC = pg_temp.followed, STYPE = bytea);

INSERT INTO merchants (merchant_id, name, currency, locale, timezone, country, created_at)
VALUES (pg_temp.id('merchant', 0), 'Merchant', 'INR', 'en-IN', 'Asia/Kolkata', 'IN', '2026-01-01');
INSERT INTO programs (merchant_id, program_id, slug, name, point_name, point_name_plural, currency,
                      issued_account_id, redeemed_account_id, expired_account_id, created_at)
VALUES (pg_temp.id('merchant', 0), pg_temp.id('program', 0), 'program', 'Program', 'bean', 'beans', 'INR',
        pg_temp.id('issued', 0), pg_temp.id('redeemed', 0), pg_temp.id('expired', 0), '2026-01-01');

CREATE TEMP TABLE members AS
SELECT n, pg_temp.id('merchant', 0) AS merchant_id, pg_temp.id('program', 0) AS program_id,
       pg_temp.id('store', 0) AS store_id, pg_temp.id('card', n) AS card_id, pg_temp.id('active', n) AS active_id,
       pg_temp.id('pending', n) AS pending_id
FROM generate_series(0, 19999) AS n;
CREATE TEMP TABLE rounds AS
SELECT m.n, m.merchant_id, m.program_id, m.store_id, m.card_id, m.active_id, m.pending_id, r, 10 * n + r AS number,
       timestamptz '2026-01-01 09:00:00+00' + r * interval '30 days' + n * interval '1 second' AS at,
       pg_temp.id('sale', 10 * n + r) AS sale_id, pg_temp.id('lot', 10 * n + r) AS lot_id
FROM members AS m CROSS JOIN generate_series(0, 9) AS r;
-- What an entry of a round does, and what stands on the card after it, beside ten points from every round before.
CREATE TEMP TABLE steps (step, kind, points, pending, lifetime, active_after, pending_after, lifetime_after, lot_points,
                         days, reasons) AS
VALUES (1, 'EARNED', 0, 100, 100, 0, 100, 100, 100, 0,
        '[{"code":"earned_for_purchase","facts":{"amount_minor":100000,"currency":"INR"}}]'::json),
       (2, 'ACTIVATED', 100, -100, 0, 100, 0, 100, 0, 2, '[{"code":"activated","facts":{}}]'),
       (3, 'REDEEMED', -40, 0, 0, 60, 0, 100, -40, 3, '[]'),
       (4, 'REFUNDED', -10, 0, -10, 50, 0, 90, -10, 4,
        '[{"code":"goods_returned","facts":{"amount_minor":10000,"currency":"INR"}}]'),
       (5, 'EXPIRED', -40, 0, 0, 10, 0, 90, -40, 20, '[{"code":"expired","facts":{"points":40}}]');
CREATE TEMP TABLE written AS
SELECT o.n, o.merchant_id, o.program_id, o.store_id, o.card_id, o.active_id, o.pending_id, o.lot_id, s.kind, s.step,
       5 * o.r + s.step AS seq, s.points, s.pending, s.active_after + 10 * o.r AS active_after, s.pending_after,
       s.lifetime_after + 90 * o.r AS lifetime_after, s.lot_points, o.at + s.days * interval '1 day' AS at,
       CASE WHEN s.step IN (1, 4) THEN o.sale_id END AS sale_id, s.reasons
FROM rounds AS o CROSS JOIN steps AS s;

INSERT INTO cards (merchant_id, card_id, program_id, customer_id, number, reference, active_account_id,
                   pending_account_id, revision, lifetime_earned, joined_at, chain)
SELECT merchant_id, card_id, program_id, pg_temp.id('customer', n), lpad(n::text, 16, '0'), n, active_id, pending_id,
       50, 900, '2026-01-01', pg_temp.beginning(merchant_id, card_id)
FROM members;
INSERT INTO accounts (merchant_id, account_id, program_id, kind, card_id, balance)
SELECT merchant_id, active_id, program_id, 'active', card_id, 100 FROM members
UNION ALL
SELECT merchant_id, pending_id, program_id, 'pending', card_id, 0 FROM members
UNION ALL
SELECT merchant_id, issued_account_id, program_id, 'issued', NULL, NULL FROM programs
UNION ALL
SELECT merchant_id, redeemed_account_id, program_id, 'redeemed', NULL, NULL FROM programs
UNION ALL
SELECT merchant_id, expired_account_id, program_id, 'expired', NULL, NULL FROM programs;
INSERT INTO entries (merchant_id, card_id, seq, kind, points, pending_points, reserved_points, active_after,
                     pending_after, reserved_after, lifetime_after, occurred_at, posted_at, store_id, sale_id, reasons,
                     hash)
SELECT merchant_id, card_id, seq, kind, points, pending, 0, active_after, pending_after, 0, lifetime_after, at, at,
       store_id, sale_id, reasons,
       pg_temp.chained(
           pg_temp.beginning(merchant_id, card_id),
           concat(seq, '|', kind, '|', points, '|', pending, '|0|', active_after, '|', pending_after, '|0|',
                  lifetime_after, '|', pg_temp.microseconds(at), '|', pg_temp.microseconds(at), '|', store_id, '|',
                  sale_id, '||||0|', reasons)
       ) OVER (PARTITION BY merchant_id, card_id ORDER BY seq)
FROM written;
UPDATE cards AS c SET chain = e.hash
FROM entries AS e
WHERE e.merchant_id = c.merchant_id AND e.card_id = c.card_id AND e.seq = c.revision;
INSERT INTO transfers (merchant_id, program_id, card_id, seq, from_account_id, to_account_id, points, posted_at)
SELECT merchant_id, program_id, card_id, seq,
       CASE step WHEN 1 THEN pg_temp.id('issued', 0) WHEN 2 THEN pending_id ELSE active_id END,
       CASE step WHEN 1 THEN pending_id WHEN 2 THEN active_id WHEN 3 THEN pg_temp.id('redeemed', 0)
                 WHEN 4 THEN pg_temp.id('issued', 0) ELSE pg_temp.id('expired', 0) END,
       GREATEST(abs(points), abs(pending)), at
FROM written;
INSERT INTO lots (merchant_id, lot_id, program_id, card_id, source_seq, sale_id, points, remaining, activates_at,
                  activated_at, expires_at)
SELECT merchant_id, lot_id, program_id, card_id, seq, sale_id, 100, 10, at + interval '2 days', at + interval '2 days',
       at + interval '2 years'
FROM written WHERE step = 1;
INSERT INTO lot_movements (merchant_id, card_id, seq, lot_id, points)
SELECT merchant_id, card_id, seq, lot_id, lot_points FROM written WHERE lot_points <> 0;

-- What happened at the counter

INSERT INTO sales (merchant_id, sale_id, store_id, terminal_id, program_id, revision, card_id, receipt_number, currency,
                   total_minor, points, kept_points, kept_minor, offline, local_day, occurred_at, posted_at, entry_seq,
                   idempotency_key, input_hash)
SELECT merchant_id, sale_id, store_id, pg_temp.id('terminal', 0), program_id, 1, card_id, 'R' || number, 'INR', 100000,
       100, 90, 90000, false, at::date, at, at, 5 * r + 1, pg_temp.id('sale key', number), pg_temp.hash('sale', number)
FROM rounds;
INSERT INTO sale_lines (merchant_id, sale_id, position, line_id, kind, quantity, amount_minor, paid_minor, hundredths,
                        points, status)
SELECT merchant_id, sale_id, p, p, 'ITEM', 1, minor, minor, 100, minor / 1000, 'EARNED'
FROM rounds CROSS JOIN (VALUES (1, 90000), (2, 10000)) AS l (p, minor);
INSERT INTO refunds (merchant_id, refund_id, sale_id, terminal_id, points_due, points_taken_back, posted_at,
                     idempotency_key, input_hash)
SELECT merchant_id, pg_temp.id('refund', number), sale_id, pg_temp.id('terminal', 0), 10, 10, at + interval '4 days',
       pg_temp.id('refund key', number), pg_temp.hash('refund', number)
FROM rounds;
INSERT INTO refund_lines (merchant_id, sale_id, position, refund_id, amount_minor, wholly)
SELECT merchant_id, sale_id, 2, pg_temp.id('refund', number), 10000, true FROM rounds;

SET session_replication_role = origin;
