-- The counter: check-in codes, visits, sales and refunds.

CREATE TABLE check_in_codes (
    merchant_id uuid NOT NULL,
    short_code text NOT NULL,
    jti bigint NOT NULL,
    card_id uuid NOT NULL,
    purpose text NOT NULL,
    minted_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT check_in_codes_pk PRIMARY KEY (merchant_id, short_code),
    CONSTRAINT check_in_codes_jti_unique UNIQUE (merchant_id, jti),
    CONSTRAINT check_in_codes_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES cards,
    CONSTRAINT check_in_codes_short_code_form CHECK (short_code ~ '^[0-9]{10}$'),
    CONSTRAINT check_in_codes_purpose CHECK (purpose IN ('EARN', 'REDEEM'))
);
CREATE INDEX check_in_codes_card ON check_in_codes (merchant_id, card_id, expires_at);
CREATE INDEX check_in_codes_expiry ON check_in_codes (expires_at);
COMMENT ON TABLE check_in_codes IS 'Codes that are being shown: what the ten typed digits stand for, and whether a REDEEM code was replaced by a newer one.';
COMMENT ON COLUMN check_in_codes.jti IS 'The random 64 bits of the token (read as unsigned).';

CREATE TABLE used_codes (
    merchant_id uuid NOT NULL,
    jti bigint NOT NULL,
    card_id uuid NOT NULL,
    terminal_id uuid NOT NULL,
    used_at timestamptz NOT NULL,
    CONSTRAINT used_codes_pk PRIMARY KEY (merchant_id, jti),
    CONSTRAINT used_codes_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES cards,
    CONSTRAINT used_codes_terminal_fk FOREIGN KEY (merchant_id, terminal_id) REFERENCES terminals
);
CREATE INDEX used_codes_age ON used_codes (used_at);
COMMENT ON TABLE used_codes IS 'Check-in codes that were used up. The row is written in the transaction of what the code caused: single use without a cache.';

CREATE TABLE visits (
    merchant_id uuid NOT NULL,
    visit_id uuid NOT NULL DEFAULT uuidv7(),
    store_id uuid NOT NULL,
    terminal_id uuid NOT NULL,
    card_id uuid NOT NULL,
    purpose text NOT NULL,
    opened_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    already_member boolean,
    looked_up boolean NOT NULL DEFAULT false,
    operator_id uuid,
    idempotency_key uuid,
    input_hash bytea,
    CONSTRAINT visits_pk PRIMARY KEY (merchant_id, visit_id),
    CONSTRAINT visits_store_fk FOREIGN KEY (merchant_id, store_id) REFERENCES stores,
    CONSTRAINT visits_terminal_fk FOREIGN KEY (merchant_id, terminal_id) REFERENCES terminals,
    CONSTRAINT visits_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES cards,
    CONSTRAINT visits_operator_fk FOREIGN KEY (merchant_id, operator_id) REFERENCES operators,
    CONSTRAINT visits_key_unique UNIQUE (merchant_id, terminal_id, idempotency_key),
    CONSTRAINT visits_purpose CHECK (purpose IN ('EARN', 'REDEEM')),
    CONSTRAINT visits_hash_length CHECK (octet_length(input_hash) = 32),
    CONSTRAINT visits_keyed CHECK ((idempotency_key IS NULL) = (input_hash IS NULL) AND (idempotency_key IS NULL) = (already_member IS NULL)),
    CONSTRAINT visits_looked_up CHECK (NOT looked_up OR (idempotency_key IS NULL AND purpose = 'EARN'))
);
CREATE INDEX visits_card ON visits (merchant_id, card_id, opened_at);
COMMENT ON TABLE visits IS 'What a scan, an enrolment or a look-up at the counter opens: for fifteen minutes the store knows whom it serves.';
COMMENT ON COLUMN visits.idempotency_key IS 'Of the enrolment that opened it; null for a scan, whose code is its own key, and for a look-up.';
COMMENT ON COLUMN visits.looked_up IS 'Whether somebody typed an address or a number, and nobody showed a code: such a visit earns, and no more.';

CREATE TABLE sales (
    merchant_id uuid NOT NULL,
    sale_id uuid NOT NULL DEFAULT uuidv7(),
    store_id uuid NOT NULL,
    terminal_id uuid NOT NULL,
    program_id uuid NOT NULL,
    revision integer NOT NULL,
    card_id uuid NOT NULL,
    visit_id uuid,
    receipt_number text NOT NULL,
    currency text NOT NULL,
    total_minor bigint NOT NULL,
    discount_minor bigint NOT NULL DEFAULT 0,
    points bigint NOT NULL,
    bonus_points bigint NOT NULL DEFAULT 0,
    visit_points bigint NOT NULL DEFAULT 0,
    capped_points bigint NOT NULL DEFAULT 0,
    kept_points bigint NOT NULL DEFAULT 0,
    kept_minor bigint NOT NULL DEFAULT 0,
    stamps integer NOT NULL DEFAULT 0,
    tier_after text,
    wholly_returned boolean NOT NULL DEFAULT false,
    offline boolean NOT NULL,
    operator_id uuid,
    review text,
    review_reason text,
    reviewed_at timestamptz,
    local_day date NOT NULL,
    occurred_at timestamptz NOT NULL,
    posted_at timestamptz NOT NULL,
    entry_seq bigint,
    redeemed_seq bigint,
    idempotency_key uuid NOT NULL,
    input_hash bytea NOT NULL,
    CONSTRAINT sales_pk PRIMARY KEY (merchant_id, sale_id),
    CONSTRAINT sales_store_fk FOREIGN KEY (merchant_id, store_id) REFERENCES stores,
    CONSTRAINT sales_terminal_fk FOREIGN KEY (merchant_id, terminal_id) REFERENCES terminals,
    CONSTRAINT sales_revision_fk FOREIGN KEY (merchant_id, program_id, revision) REFERENCES program_revisions,
    CONSTRAINT sales_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES cards,
    CONSTRAINT sales_visit_fk FOREIGN KEY (merchant_id, visit_id) REFERENCES visits,
    CONSTRAINT sales_key_unique UNIQUE (merchant_id, terminal_id, idempotency_key),
    CONSTRAINT sales_receipt_number_length CHECK (char_length(receipt_number) BETWEEN 1 AND 80),
    CONSTRAINT sales_currency_form CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT sales_total CHECK (total_minor >= 0),
    CONSTRAINT sales_discount CHECK (discount_minor BETWEEN 0 AND total_minor),
    CONSTRAINT sales_points CHECK (points >= 0),
    CONSTRAINT sales_bonus CHECK (bonus_points BETWEEN 0 AND points AND visit_points BETWEEN 0 AND bonus_points),
    CONSTRAINT sales_capped CHECK (capped_points >= 0),
    CONSTRAINT sales_stamps CHECK (stamps >= 0),
    CONSTRAINT sales_tier_after_length CHECK (char_length(tier_after) BETWEEN 1 AND 40),
    CONSTRAINT sales_operator_fk FOREIGN KEY (merchant_id, operator_id) REFERENCES operators,
    CONSTRAINT sales_review CHECK (review IN ('HELD', 'RELEASED', 'REFUSED') AND (review IS NULL) = (review_reason IS NULL)),
    CONSTRAINT sales_reviewed CHECK ((reviewed_at IS NOT NULL) = (COALESCE(review, 'HELD') <> 'HELD')),
    CONSTRAINT sales_review_reason_length CHECK (char_length(review_reason) BETWEEN 1 AND 60),
    CONSTRAINT sales_hash_length CHECK (octet_length(input_hash) = 32)
);
CREATE INDEX sales_receipt ON sales (merchant_id, store_id, receipt_number, occurred_at DESC);
CREATE INDEX sales_card ON sales (merchant_id, card_id, occurred_at DESC);
CREATE INDEX sales_terminal ON sales (merchant_id, terminal_id, posted_at);
COMMENT ON TABLE sales IS 'What the till recorded, and what it earned under the named revision of the rules.';
COMMENT ON COLUMN sales.points IS 'What it earned: the points of its lines and bonus_points.';
COMMENT ON COLUMN sales.visit_points IS 'The part of bonus_points that was for the visit itself, which is counted once in so many hours.';
COMMENT ON COLUMN sales.capped_points IS 'What it would have earned beyond a cap. Goods that come back come out of that first.';
COMMENT ON COLUMN sales.kept_points IS 'The points, less those of what came back: what counts for tiers and caps.';
COMMENT ON COLUMN sales.kept_minor IS 'What was paid on lines that can earn and have not come back: what counts for tiers by spending.';
COMMENT ON COLUMN sales.local_day IS 'The day of the sale at its store, by which caps count.';
COMMENT ON COLUMN sales.review IS 'HELD: its points wait until the merchant has looked at it.';
COMMENT ON COLUMN sales.reviewed_at IS 'When the merchant decided, or nothing was left to decide since all of it came back.';
CREATE INDEX sales_review ON sales (merchant_id, posted_at) WHERE review = 'HELD';
COMMENT ON COLUMN sales.redeemed_seq IS 'The entry of the card that spent points on what was used with it; null where nothing was.';
COMMENT ON COLUMN sales.entry_seq IS 'The entry of the card that it made; null where nothing was earned.';

CREATE TABLE sale_lines (
    merchant_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    position integer NOT NULL,
    line_id text NOT NULL,
    kind text NOT NULL,
    sku text,
    category text,
    description text,
    quantity integer NOT NULL,
    amount_minor bigint NOT NULL,
    paid_minor bigint NOT NULL,
    hundredths integer NOT NULL,
    points bigint NOT NULL,
    stamps integer NOT NULL DEFAULT 0,
    status text NOT NULL,
    CONSTRAINT sale_lines_pk PRIMARY KEY (merchant_id, sale_id, position),
    CONSTRAINT sale_lines_sale_fk FOREIGN KEY (merchant_id, sale_id) REFERENCES sales,
    CONSTRAINT sale_lines_line_id_unique UNIQUE (merchant_id, sale_id, line_id),
    CONSTRAINT sale_lines_line_id_length CHECK (char_length(line_id) BETWEEN 1 AND 80),
    CONSTRAINT sale_lines_kind CHECK (kind IN ('ITEM', 'SHIPPING', 'FEE', 'TIP', 'DEPOSIT', 'GIFT_CARD_SALE')),
    CONSTRAINT sale_lines_sku_length CHECK (char_length(sku) BETWEEN 1 AND 80),
    CONSTRAINT sale_lines_category_length CHECK (char_length(category) BETWEEN 1 AND 80),
    CONSTRAINT sale_lines_description_length CHECK (char_length(description) BETWEEN 1 AND 200),
    CONSTRAINT sale_lines_quantity CHECK (quantity >= 1),
    CONSTRAINT sale_lines_amount CHECK (amount_minor >= 0),
    CONSTRAINT sale_lines_paid CHECK (paid_minor BETWEEN 0 AND amount_minor),
    CONSTRAINT sale_lines_hundredths CHECK (hundredths BETWEEN 0 AND 10000),
    CONSTRAINT sale_lines_points CHECK (points >= 0),
    CONSTRAINT sale_lines_stamps CHECK (stamps >= 0),
    CONSTRAINT sale_lines_status CHECK (status IN ('EARNED', 'EXCLUDED_KIND', 'BELOW_MINIMUM', 'NO_RULE', 'CAP_REACHED'))
);
CREATE TRIGGER sale_lines_append_only BEFORE UPDATE OR DELETE ON sale_lines FOR EACH ROW EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE sale_lines IS 'The lines of a sale, with what each earned and why.';
COMMENT ON COLUMN sale_lines.paid_minor IS 'The amount less what vouchers paid.';
COMMENT ON COLUMN sale_lines.hundredths IS 'How often the line''s money counts, times a hundred: 100 plain, 200 doubled, 0 not at all.';

CREATE TABLE refunds (
    merchant_id uuid NOT NULL,
    refund_id uuid NOT NULL DEFAULT uuidv7(),
    sale_id uuid NOT NULL,
    terminal_id uuid NOT NULL,
    points_due bigint NOT NULL,
    points_taken_back bigint NOT NULL,
    points_given_back bigint NOT NULL DEFAULT 0,
    debt bigint NOT NULL DEFAULT 0,
    amount_minor bigint NOT NULL DEFAULT 0,
    operator_id uuid,
    posted_at timestamptz NOT NULL,
    idempotency_key uuid NOT NULL,
    input_hash bytea NOT NULL,
    CONSTRAINT refunds_pk PRIMARY KEY (merchant_id, refund_id),
    CONSTRAINT refunds_sale_fk FOREIGN KEY (merchant_id, sale_id) REFERENCES sales,
    CONSTRAINT refunds_terminal_fk FOREIGN KEY (merchant_id, terminal_id) REFERENCES terminals,
    CONSTRAINT refunds_key_unique UNIQUE (merchant_id, terminal_id, idempotency_key),
    CONSTRAINT refunds_operator_fk FOREIGN KEY (merchant_id, operator_id) REFERENCES operators,
    CONSTRAINT refunds_points CHECK (points_due >= 0 AND points_taken_back BETWEEN 0 AND points_due + points_given_back),
    CONSTRAINT refunds_amounts CHECK (points_given_back >= 0 AND debt BETWEEN -points_given_back AND points_due AND amount_minor >= 0),
    CONSTRAINT refunds_hash_length CHECK (octet_length(input_hash) = 32)
);
CREATE INDEX refunds_sale ON refunds (merchant_id, sale_id);
COMMENT ON TABLE refunds IS 'Goods that came back, and the points that went back with them.';
COMMENT ON COLUMN refunds.points_given_back IS 'What had been spent on rewards used on the sale.';
COMMENT ON COLUMN refunds.debt IS 'By how much the card owed more after it: what was due and not on the card, where the rules make the card owe it, and a debt that the sale had paid. Below zero where points that came back with it paid what earlier refunds of the sale had left owing.';
COMMENT ON COLUMN refunds.amount_minor IS 'What the returned goods had cost. What of it went back to gift cards, their activities say; the rest is due to the customer.';
COMMENT ON COLUMN refunds.points_due IS 'What the returned lines had earned; more than points_taken_back where the customer had spent it already, or it had expired. Less where points that came back with it make up for what earlier refunds of the sale could not take.';

CREATE TABLE refund_lines (
    merchant_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    position integer NOT NULL,
    refund_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    wholly boolean NOT NULL,
    CONSTRAINT refund_lines_pk PRIMARY KEY (merchant_id, sale_id, position, refund_id),
    CONSTRAINT refund_lines_amount CHECK (amount_minor >= 0 AND (wholly OR amount_minor > 0)),
    CONSTRAINT refund_lines_line_fk FOREIGN KEY (merchant_id, sale_id, position) REFERENCES sale_lines,
    CONSTRAINT refund_lines_refund_fk FOREIGN KEY (merchant_id, refund_id) REFERENCES refunds
);
CREATE TRIGGER refund_lines_append_only BEFORE UPDATE OR DELETE ON refund_lines FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE UNIQUE INDEX refund_lines_wholly_once ON refund_lines (merchant_id, sale_id, position) WHERE wholly;
COMMENT ON TABLE refund_lines IS 'How much of which lines a refund took back, of what was paid for them.';
COMMENT ON COLUMN refund_lines.wholly IS 'Whether nothing of the line is left with the customer. No line comes back wholly twice.';

GRANT SELECT, INSERT, UPDATE, DELETE ON check_in_codes, used_codes TO regulars_app;
GRANT SELECT, INSERT ON visits, sale_lines, refund_lines TO regulars_app;
GRANT SELECT, INSERT, UPDATE ON sales, refunds TO regulars_app;
