-- A database as full as that of a busy platform, made in seconds: for plans, not for books. 4,000 merchants; half of the
-- 25,000 customers are regulars of merchant 0, and card 0 has a history of 200,000 lines, every other card one of 4.
-- Every id is the MD5 of what it is and its number, so that rows find each other and a test finds them.

-- Foreign keys hold by how the ids are made; to check every row would take minutes. Only a superuser may.
SET session_replication_role = replica;

CREATE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN md5(kind || n::text)::uuid;
CREATE FUNCTION pg_temp.hash(kind text, n bigint) RETURNS bytea LANGUAGE sql IMMUTABLE
    RETURN sha256(convert_to(kind || n::text, 'UTF8'));
CREATE FUNCTION pg_temp.bits(kind text, n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN ('x' || left(md5(kind || n::text), 16))::bit(64)::bigint;
CREATE FUNCTION pg_temp.day(n bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE
    RETURN timestamptz '2026-01-01 00:00:00+00' + n % 300 * interval '1 day' + n * interval '1 millisecond';
-- The chain of a card's entries, as docs/LEDGER.md has it.
CREATE FUNCTION pg_temp.beginning(merchant_id uuid, card_id uuid) RETURNS bytea LANGUAGE sql IMMUTABLE
    RETURN sha256(convert_to('regulars card 1|' || merchant_id || '|' || card_id, 'UTF8'));
CREATE FUNCTION pg_temp.microseconds(at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN (EXTRACT(EPOCH FROM at) * 1000000)::bigint;
CREATE FUNCTION pg_temp.followed(before bytea, beginning bytea, entry text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS
    'BEGIN RETURN sha256(COALESCE(before, beginning) || convert_to(entry, ''UTF8'')); END';
CREATE AGGREGATE pg_temp.chained(beginning bytea, entry text) (SFUNC = pg_temp.followed, STYPE = bytea);

CREATE TEMP TABLE numbered_cards AS
SELECT n, CASE WHEN n % 2 = 0 THEN 0 ELSE n % 4000 END AS shop, pg_temp.day(n) AS at FROM generate_series(0, 24999) AS n;
CREATE TEMP TABLE crowd AS
SELECT n, shop, at, pg_temp.id('merchant', shop) AS merchant_id, pg_temp.id('program', shop) AS program_id,
       pg_temp.id('store', shop) AS store_id, pg_temp.id('terminal', shop) AS terminal_id,
       pg_temp.id('customer', n) AS customer_id, pg_temp.id('card', n) AS card_id
FROM numbered_cards;

-- Who they are

INSERT INTO merchants (merchant_id, name, currency, locale, timezone, country, created_at)
SELECT pg_temp.id('merchant', n), 'Merchant ' || n, 'INR', 'en-IN', 'Asia/Kolkata', 'IN', pg_temp.day(n)
FROM generate_series(0, 3999) AS n;
INSERT INTO programs (merchant_id, program_id, slug, name, point_name, point_name_plural, currency,
                      issued_account_id, redeemed_account_id, expired_account_id, created_at)
SELECT pg_temp.id('merchant', n), pg_temp.id('program', n), 'program-' || n, 'Program', 'bean', 'beans', 'INR',
       pg_temp.id('issued', n), pg_temp.id('redeemed', n), pg_temp.id('expired', n), pg_temp.day(n)
FROM generate_series(0, 3999) AS n;
INSERT INTO program_directory (slug, merchant_id, program_id) SELECT slug, merchant_id, program_id FROM programs;
INSERT INTO program_revisions (merchant_id, program_id, revision, rules, valid_from)
SELECT merchant_id, program_id, r, '{"points": 1, "per_minor": 100}', created_at + r * interval '1 day'
FROM programs CROSS JOIN generate_series(1, 5) AS r;
INSERT INTO program_logos (merchant_id, program_id, media_type, image, created_at)
SELECT merchant_id, program_id, 'image/svg+xml', '<svg/>', created_at FROM programs;
INSERT INTO stores (merchant_id, store_id, program_id, name, locale, timezone, created_at)
SELECT pg_temp.id('merchant', n % 4000), pg_temp.id('store', n), pg_temp.id('program', n % 4000), 'Store', 'en-IN',
       'Asia/Kolkata', pg_temp.day(n)
FROM generate_series(0, 7999) AS n;
INSERT INTO terminals (merchant_id, terminal_id, store_id, name, created_at, activated_at)
SELECT pg_temp.id('merchant', n % 4000), pg_temp.id('terminal', n), pg_temp.id('store', n % 8000), 'Till',
       pg_temp.day(n), pg_temp.day(n)
FROM generate_series(0, 7999) AS n;
INSERT INTO operators (merchant_id, operator_id, name, pin_hash, created_at)
SELECT pg_temp.id('merchant', n % 4000), pg_temp.id('operator', n), 'Operator ' || n, pg_temp.hash('pin', n), pg_temp.day(n)
FROM generate_series(0, 11999) AS n;
INSERT INTO look_ups (merchant_id, terminal_id, kind, subject_hash, found, looked_up_at)
SELECT pg_temp.id('merchant', n % 4000), pg_temp.id('terminal', n % 8000), 'EMAIL', pg_temp.hash('looked up', n), TRUE,
       pg_temp.day(n)
FROM generate_series(0, 23999) AS n;
INSERT INTO activation_codes (code_hash, merchant_id, terminal_id, created_at, expires_at, used_at)
SELECT pg_temp.hash('activation', n), pg_temp.id('merchant', n % 4000), pg_temp.id('terminal', n), pg_temp.day(n),
       pg_temp.day(n), pg_temp.day(n)
FROM generate_series(0, 7999) AS n;
INSERT INTO customers (customer_id, email, email_key, locale, confirmed_at, created_at)
SELECT customer_id, n || '@example.com', n || '@example.com', 'en-IN', at, at FROM crowd;
UPDATE customers AS u SET phone = '+9198470' || 10000 + c.n, phone_key = '+9198470' || 10000 + c.n
FROM crowd AS c
WHERE c.n % 3 = 0 AND u.customer_id = c.customer_id;
INSERT INTO sign_in_attempts (email, email_key, locale, tries_left, created_at, expires_at)
SELECT n || '@example.com', n || '@example.com', 'en-IN', 5, at, at FROM crowd;
INSERT INTO email_confirmations (link_hash, customer_id, created_at, expires_at)
SELECT pg_temp.hash('confirmation', n), customer_id, at, at FROM crowd;
INSERT INTO rate_limits (scope, subject, hits, window_ends_at)
SELECT 'sign_in.address', pg_temp.hash('address', n), 1, at FROM crowd;
INSERT INTO sessions (session_id, customer_id, device_name, created_at, last_seen_at)
SELECT pg_temp.id('session', n), customer_id, 'Phone', at, at FROM crowd;
INSERT INTO sessions (session_id, merchant_id, terminal_id, device_name, created_at, last_seen_at)
SELECT pg_temp.id('till session', n), pg_temp.id('merchant', n % 4000), pg_temp.id('terminal', n), 'Till',
       pg_temp.day(n), pg_temp.day(n)
FROM generate_series(0, 7999) AS n;
INSERT INTO refresh_tokens (session_id, seq, token_hash, issued_at, expires_at, used_at)
SELECT pg_temp.id('session', n), s, pg_temp.hash('token' || s, n), at, at + interval '90 days', at
FROM crowd CROSS JOIN generate_series(1, 2) AS s;

-- What they hold

INSERT INTO cards (merchant_id, card_id, program_id, customer_id, number, reference, active_account_id,
                   pending_account_id, revision, lifetime_earned, joined_at, chain)
SELECT merchant_id, card_id, program_id, customer_id, lpad(n::text, 16, '0'), pg_temp.bits('reference', n),
       pg_temp.id('active', n), pg_temp.id('pending', n), CASE n WHEN 0 THEN 200000 ELSE 4 END, 4, at,
       pg_temp.beginning(merchant_id, card_id)
FROM crowd;
INSERT INTO card_directory (customer_id, merchant_id, program_id, card_id, joined_at)
SELECT customer_id, merchant_id, program_id, card_id, at FROM crowd;
INSERT INTO accounts (merchant_id, account_id, program_id, kind, card_id, balance)
SELECT merchant_id, pg_temp.id('active', n), program_id, 'active', card_id, CASE n % 50 WHEN 49 THEN 0 ELSE 2 END FROM crowd
UNION ALL
SELECT merchant_id, pg_temp.id('pending', n), program_id, 'pending', card_id, CASE n % 50 WHEN 49 THEN 2 ELSE 0 END FROM crowd
UNION ALL
SELECT merchant_id, pg_temp.id('escrow', n), program_id, 'gift', card_id, n % 10 / 9 FROM crowd
UNION ALL
SELECT merchant_id, issued_account_id, program_id, 'issued', NULL, NULL FROM programs
UNION ALL
SELECT merchant_id, redeemed_account_id, program_id, 'redeemed', NULL, NULL FROM programs
UNION ALL
SELECT merchant_id, expired_account_id, program_id, 'expired', NULL, NULL FROM programs;

CREATE TEMP TABLE lines AS
SELECT n, merchant_id, program_id, card_id, store_id, s AS seq, at + s * interval '1 minute' AS at
FROM crowd CROSS JOIN LATERAL generate_series(1, CASE n WHEN 0 THEN 200000 ELSE 4 END) AS s;
CREATE TEMP TABLE written AS
SELECT merchant_id, card_id, seq, CASE seq % 2 WHEN 1 THEN 'EARNED' ELSE 'REDEEMED' END AS kind,
       CASE seq % 2 WHEN 1 THEN 2 ELSE -1 END AS points,
       CASE seq % 2 WHEN 1 THEN (seq + 3) / 2 ELSE seq / 2 END AS active_after, (seq + 1) / 2 * 2 AS lifetime_after,
       at, store_id,
       CASE seq % 4 WHEN 1 THEN pg_temp.id('sale', n) END AS sale_id
FROM lines;
INSERT INTO entries (merchant_id, card_id, seq, kind, points, pending_points, reserved_points, active_after,
                     pending_after, reserved_after, lifetime_after, occurred_at, posted_at, store_id, sale_id, reasons,
                     hash)
SELECT merchant_id, card_id, seq, kind, points, 0, 0, active_after, 0, 0, lifetime_after, at, at, store_id, sale_id,
       '[]',
       pg_temp.chained(
           pg_temp.beginning(merchant_id, card_id),
           concat(seq, '|', kind, '|', points, '|0|0|', active_after, '|0|0|', lifetime_after, '|',
                  pg_temp.microseconds(at), '|', pg_temp.microseconds(at), '|', store_id, '|', sale_id, '||||0|[]')
       ) OVER (PARTITION BY merchant_id, card_id ORDER BY seq)
FROM written;
UPDATE cards AS c SET chain = e.hash
FROM entries AS e
WHERE e.merchant_id = c.merchant_id AND e.card_id = c.card_id AND e.seq = c.revision;
DELETE FROM lines WHERE seq > 4;
INSERT INTO transfers (merchant_id, program_id, card_id, seq, from_account_id, to_account_id, points, posted_at)
SELECT merchant_id, program_id, card_id, seq, pg_temp.id('issued', 0), pg_temp.id('active', n), 1, at FROM lines;
INSERT INTO lots (merchant_id, lot_id, program_id, card_id, source_seq, sale_id, points, remaining, activates_at,
                  activated_at, expires_at, notice_days, notice_at)
SELECT merchant_id, pg_temp.id('lot ' || seq || ' ', n), program_id, card_id, seq,
       CASE seq WHEN 1 THEN pg_temp.id('sale', n) END, 2, CASE WHEN seq < 4 THEN 1 ELSE 0 END, at,
       CASE WHEN n % 50 < 49 THEN at END, at + interval '365 days', 14, at + interval '351 days'
FROM lines WHERE seq % 2 = 1;
INSERT INTO expiry_notices (merchant_id, card_id, expires_on, points, noticed_at)
SELECT merchant_id, card_id, (at - interval '200 days')::date, 2, at - interval '214 days' FROM crowd;
INSERT INTO lot_movements (merchant_id, card_id, seq, lot_id, points)
SELECT merchant_id, card_id, seq, pg_temp.id('lot ' || seq - 1 + seq % 2 || ' ', n), CASE seq % 2 WHEN 1 THEN 2 ELSE -1 END
FROM lines;

-- What happened at the counter

INSERT INTO check_in_codes (merchant_id, short_code, jti, card_id, purpose, minted_at, expires_at)
SELECT merchant_id, lpad(n::text, 10, '0'), pg_temp.bits('code', n), card_id, 'EARN', at, at FROM crowd;
INSERT INTO used_codes (merchant_id, jti, card_id, terminal_id, used_at)
SELECT merchant_id, pg_temp.bits('code', n), card_id, terminal_id, at FROM crowd;
INSERT INTO visits (merchant_id, visit_id, store_id, terminal_id, card_id, purpose, opened_at, expires_at)
SELECT merchant_id, pg_temp.id('visit', n), store_id, terminal_id, card_id, 'EARN', at, at FROM crowd;
INSERT INTO sales (merchant_id, sale_id, store_id, terminal_id, program_id, revision, card_id, visit_id, receipt_number,
                   currency, total_minor, points, offline, local_day, occurred_at, posted_at, entry_seq,
                   idempotency_key, input_hash)
SELECT merchant_id, pg_temp.id('sale', n), store_id, terminal_id, program_id, 1, card_id, pg_temp.id('visit', n),
       'R' || n, 'INR', 200, 2, false, at::date, at, at, 1, pg_temp.id('sale key', n), pg_temp.hash('sale', n)
FROM crowd;
INSERT INTO sale_lines (merchant_id, sale_id, position, line_id, kind, quantity, amount_minor, paid_minor, hundredths,
                        points, status)
SELECT merchant_id, pg_temp.id('sale', n), p, p, 'ITEM', 1, 100, 100, 100, 1, 'EARNED'
FROM crowd CROSS JOIN generate_series(1, 2) AS p;
INSERT INTO refunds (merchant_id, refund_id, sale_id, terminal_id, points_due, points_taken_back, posted_at,
                     idempotency_key, input_hash)
SELECT merchant_id, pg_temp.id('refund', n), pg_temp.id('sale', n), terminal_id, 1, 1, at, pg_temp.id('refund key', n),
       pg_temp.hash('refund', n)
FROM crowd WHERE n % 5 = 0;
INSERT INTO refund_lines (merchant_id, sale_id, position, refund_id, amount_minor, wholly)
SELECT merchant_id, pg_temp.id('sale', n), 1, pg_temp.id('refund', n), 100, true FROM crowd WHERE n % 5 = 0;

-- What they bought for points and stamps

INSERT INTO rewards (merchant_id, reward_id, program_id, slug, name, kind, cost_points, stock, claimable_from,
                     claimable_until, voucher_days, created_at)
SELECT merchant_id, pg_temp.id('reward ' || r || ' ', n), program_id, 'coffee-' || r, 'Coffee', 'FREE_ITEM', 2, 9,
       created_at, CASE WHEN r > 2 THEN created_at + interval '1 day' END, 30, created_at
FROM (SELECT p.*, d.number - 1 AS n FROM programs AS p JOIN program_directory AS d USING (merchant_id, program_id)) AS p
CROSS JOIN generate_series(1, 5) AS r;
INSERT INTO vouchers (merchant_id, voucher_id, card_id, reward_id, origin, state, stamps, created_at, usable_until,
                      used_at, used_sale_id, closed_at)
SELECT merchant_id, pg_temp.id('voucher', n), card_id,
       (SELECT r.reward_id FROM rewards AS r WHERE r.merchant_id = crowd.merchant_id AND r.slug = 'coffee-1'), 'STAMPS',
       CASE n % 4 WHEN 0 THEN 'USABLE' WHEN 1 THEN 'USED' WHEN 2 THEN 'CANCELLED' ELSE 'LAPSED' END, 10, at,
       at + interval '700 days', CASE n % 4 WHEN 1 THEN at END, CASE n % 4 WHEN 1 THEN pg_temp.id('sale', n) END,
       CASE WHEN n % 4 > 0 THEN at END
FROM crowd;
INSERT INTO sale_discounts (merchant_id, sale_id, voucher_id, position, amount_minor)
SELECT merchant_id, pg_temp.id('sale', n), pg_temp.id('voucher', n), 1, 50 FROM crowd WHERE n % 4 = 1;
INSERT INTO stamp_movements (merchant_id, card_id, kind, stamps, stamps_after, sale_id, posted_at)
SELECT merchant_id, card_id, CASE s WHEN 1 THEN 'COLLECTED' ELSE 'TAKEN_BACK' END, CASE s WHEN 1 THEN 1 ELSE -1 END,
       s % 2, pg_temp.id('sale', n), at
FROM crowd CROSS JOIN generate_series(1, 2) AS s;
INSERT INTO voucher_requests (merchant_id, customer_id, idempotency_key, kind, input_hash, voucher_id, at)
SELECT merchant_id, customer_id, pg_temp.id('voucher key', n), 'CANCELLED', pg_temp.hash('voucher', n),
       pg_temp.id('voucher', n), at
FROM crowd WHERE n % 4 = 2;

-- What they gave, and what is still to do

INSERT INTO gifts (merchant_id, gift_id, program_id, sender_customer_id, sender_card_id, sent_seq, account_id, points,
                   recipient_name, recipient_email, recipient_email_key, locale, status, created_at, deliver_at,
                   claimable_until, return_days, closed_at)
SELECT merchant_id, pg_temp.id('gift', n), program_id, customer_id, card_id, 2, pg_temp.id('escrow', n), 1, 'Friend',
       n + 1 || '@example.com', n + 1 || '@example.com', 'en-IN', CASE n % 10 WHEN 9 THEN 'SENT' ELSE 'CANCELLED' END,
       at, at, at + interval '30 days', 30, CASE n % 10 WHEN 9 THEN NULL ELSE at END
FROM crowd;
INSERT INTO gift_links (link_hash, merchant_id, gift_id, email_hash, created_at)
SELECT pg_temp.hash('link', n), merchant_id, pg_temp.id('gift', n),
       sha256(convert_to(n + 1 || '@example.com', 'UTF8')), at
FROM crowd;
INSERT INTO gift_events (merchant_id, gift_id, kind, at, customer_id, idempotency_key, input_hash,
                         recipient_email_key)
SELECT merchant_id, pg_temp.id('gift', n), 'CREATED', at, customer_id, pg_temp.id('gift key', n),
       pg_temp.hash('gift', n), n + 1 || '@example.com'
FROM crowd
UNION ALL
SELECT merchant_id, pg_temp.id('gift', n), 'SENT', at, NULL, NULL, NULL, NULL FROM crowd;
INSERT INTO mail_suppressions (email_hash, reason, since)
SELECT sha256(convert_to(n || '@example.com', 'UTF8')), 'UNWANTED', at FROM crowd WHERE n % 5 = 0;
INSERT INTO mail_suppressions (email_hash, reason, since, until)
SELECT sha256(convert_to(n || '@example.com', 'UTF8')), 'BOUNCED', at, at + interval '400 days' FROM crowd WHERE n % 5 = 1;
INSERT INTO mail_deliveries (token_hash, topic, merchant_id, gift_id, delivery, email_hash, message_id, created_at)
SELECT pg_temp.hash('token', n), 'mail.gift', merchant_id, pg_temp.id('gift', n), 1,
       sha256(convert_to(n || '@example.com', 'UTF8')), 'gift.' || n || '.1@example.com', at
FROM crowd;
INSERT INTO mail_paces (domain, next_at, queue_at) SELECT n || '.example.com', at, at FROM crowd;
INSERT INTO outbox (topic, payload, run_at, attempts, dead_at, created_at)
SELECT 'mail.gift', '{}', at + interval '300 days', 8, CASE n % 2 WHEN 1 THEN at END, at FROM crowd;

-- Money value

INSERT INTO gift_cards (merchant_id, gift_card_id, program_id, number_hash, last4, pin_hash, currency, state,
                        balance_minor, owner_customer_id, expires_at, revision, chain, created_at)
SELECT merchant_id, pg_temp.id('gift card', n), program_id, pg_temp.hash('gift card', n), '0000',
       pg_temp.hash('gift card pin', n), 'INR', 'ACTIVE', 100, customer_id, at + interval '700 days', 4,
       pg_temp.hash('chain', n), at
FROM crowd;
INSERT INTO gift_card_activities (merchant_id, gift_card_id, seq, kind, amount_minor, balance_after_minor, store_id,
                                  sale_id, occurred_at, posted_at, hash)
SELECT merchant_id, pg_temp.id('gift card', n), s, CASE s WHEN 1 THEN 'ACTIVATE' ELSE 'REDEEM' END,
       CASE s WHEN 1 THEN 400 ELSE -100 END, 500 - 100 * s, store_id, CASE s WHEN 2 THEN pg_temp.id('sale', n) END, at,
       at, pg_temp.hash('activity' || s, n)
FROM crowd CROSS JOIN generate_series(1, 4) AS s;
INSERT INTO gift_card_requests (merchant_id, customer_id, idempotency_key, input_hash, from_gift_card_id,
                                to_gift_card_id, at)
SELECT merchant_id, customer_id, pg_temp.id('transfer key', n), pg_temp.hash('transfer', n),
       pg_temp.id('gift card', n), pg_temp.id('gift card', n + 1), at
FROM crowd WHERE n % 5 = 0;
INSERT INTO sale_tenders (merchant_id, sale_id, position, gift_card_id, seq, amount_minor)
SELECT merchant_id, pg_temp.id('sale', n), 1, pg_temp.id('gift card', n), 2, 100 FROM crowd;

INSERT INTO gift_cards_sold (merchant_id, sale_id, position, gift_card_id, seq)
SELECT merchant_id, pg_temp.id('sale', n), 2, pg_temp.id('gift card', n), 1 FROM crowd;
INSERT INTO gift_cards_replaced (merchant_id, sale_id, gift_card_id, by_gift_card_id)
SELECT merchant_id, pg_temp.id('sale', n), pg_temp.id('gift card', n), pg_temp.id('gift card', n + 1)
FROM crowd WHERE n % 5 = 0;
INSERT INTO gift_designs (merchant_id, design_id, program_id, name, alt_text, media_type, image, created_at, retired_at)
SELECT merchant_id, pg_temp.id('design ' || d || ' ', number), program_id, 'Lights', 'Lanterns', 'image/svg+xml', '<svg/>',
       created_at, CASE WHEN d > 3 THEN created_at + interval '1 day' END
FROM programs JOIN program_directory USING (merchant_id, program_id) CROSS JOIN generate_series(1, 5) AS d;

-- Gifts of it: one in ten still to be claimed, the others claimed by the next one of the crowd

INSERT INTO gifts (merchant_id, gift_id, program_id, sender_customer_id, sender_card_id, kind, value_minor, currency,
                   recipient_name, recipient_email, recipient_email_key, locale, status, created_at, deliver_at, sent_at,
                   claimable_until, return_days, closed_at, claimed_by_customer_id, claimed_card_id)
SELECT merchant_id, pg_temp.id('value gift', n), program_id, customer_id, card_id, 'VALUE', 500, 'INR', 'Friend',
       n + 1 || '@example.com', n + 1 || '@example.com', 'en-IN', CASE n % 10 WHEN 9 THEN 'SENT' ELSE 'CLAIMED' END, at,
       at, at, at + interval '30 days', 30, CASE WHEN n % 10 < 9 THEN at END,
       CASE WHEN n % 10 < 9 THEN pg_temp.id('customer', n + 1) END, CASE WHEN n % 10 < 9 THEN pg_temp.id('card', n + 1) END
FROM crowd;
INSERT INTO gift_events (merchant_id, gift_id, kind, at, customer_id, idempotency_key, input_hash,
                         recipient_email_key)
SELECT merchant_id, pg_temp.id('value gift', n), 'CREATED', at, customer_id, pg_temp.id('value gift key', n),
       pg_temp.hash('value gift', n), n + 1 || '@example.com'
FROM crowd
UNION ALL
SELECT merchant_id, pg_temp.id('value gift', n), 'PAID', at, NULL, NULL, NULL, NULL FROM crowd
UNION ALL
SELECT merchant_id, pg_temp.id('value gift', n), 'SENT', at, NULL, NULL, NULL, NULL FROM crowd;
INSERT INTO gift_cards (merchant_id, gift_card_id, program_id, number_hash, last4, pin_hash, currency, state,
                        balance_minor, owner_customer_id, gift_id, expires_at, revision, chain, created_at)
SELECT merchant_id, pg_temp.id('gift''s card', n), program_id, pg_temp.hash('gift''s card', n), '0000',
       pg_temp.hash('gift''s card pin', n), 'INR', 'ACTIVE', 500, CASE WHEN n % 10 < 9 THEN pg_temp.id('customer', n + 1) END,
       pg_temp.id('value gift', n), at + interval '700 days', 1, pg_temp.hash('gift''s chain', n), at
FROM crowd;
INSERT INTO gift_card_activities (merchant_id, gift_card_id, seq, kind, amount_minor, balance_after_minor, gift_id,
                                  payment_id, occurred_at, posted_at, hash)
SELECT merchant_id, pg_temp.id('gift''s card', n), 1, 'ACTIVATE', 500, 500, pg_temp.id('value gift', n),
       pg_temp.id('payment', n), at, at, pg_temp.hash('gift''s activity', n)
FROM crowd;
INSERT INTO payments (merchant_id, payment_id, gift_id, provider, provider_ref, state, amount_minor, currency, created_at,
                      changed_at, paid_at, look_at)
SELECT merchant_id, pg_temp.id('payment', n), pg_temp.id('value gift', n), 'builtin', pg_temp.id('ref', n), 'PAID', 500,
       'INR', at, at, at, CASE WHEN n % 50 = 49 THEN at + interval '100 days' END
FROM crowd;
INSERT INTO payment_events (merchant_id, payment_id, kind, source, at)
SELECT merchant_id, pg_temp.id('payment', n), kind, 'API', at
FROM crowd CROSS JOIN unnest(ARRAY['CREATED', 'PENDING', 'PAID']) AS kind;
INSERT INTO builtin_payments (ref, key, payee, amount_minor, currency, metadata, state, created_at, decided_at)
SELECT translate(encode(pg_temp.hash('ref', n), 'base64'), '+/=', '-_'), pg_temp.id('payment', n), 'Merchant', 500, 'INR',
       '{}', 'PAID', at, at
FROM crowd;
INSERT INTO builtin_refunds (key, ref, amount_minor, at)
SELECT pg_temp.id('payment', n) || 'refund', translate(encode(pg_temp.hash('ref', n), 'base64'), '+/=', '-_'), 500, at
FROM crowd;

SET session_replication_role = origin;
