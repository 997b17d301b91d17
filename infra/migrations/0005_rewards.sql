-- What points and stamps buy: rewards, the vouchers for them, and what a voucher took off a sale; stamps themselves.

CREATE TABLE rewards (
    merchant_id uuid NOT NULL,
    reward_id uuid NOT NULL DEFAULT uuidv7(),
    program_id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    description text,
    kind text NOT NULL,
    amount_minor bigint,
    percent smallint,
    ceiling_minor bigint,
    categories text[] NOT NULL DEFAULT '{}',
    skus text[] NOT NULL DEFAULT '{}',
    cost_points bigint,
    cost_stamps integer,
    stock integer,
    per_member integer,
    tiers text[] NOT NULL DEFAULT '{}',
    store_ids uuid[] NOT NULL DEFAULT '{}',
    claimable_from timestamptz NOT NULL,
    claimable_until timestamptz,
    voucher_days integer NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT rewards_pk PRIMARY KEY (merchant_id, reward_id),
    CONSTRAINT rewards_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES programs,
    CONSTRAINT rewards_slug_unique UNIQUE (merchant_id, program_id, slug),
    CONSTRAINT rewards_slug_form CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$'),
    CONSTRAINT rewards_name_length CHECK (char_length(name) BETWEEN 1 AND 80),
    CONSTRAINT rewards_description_length CHECK (char_length(description) BETWEEN 1 AND 280),
    CONSTRAINT rewards_kind CHECK (kind IN ('AMOUNT_OFF', 'PERCENT_OFF', 'FREE_ITEM', 'PERK')),
    CONSTRAINT rewards_amount CHECK ((kind = 'AMOUNT_OFF') = (amount_minor IS NOT NULL) AND amount_minor > 0),
    CONSTRAINT rewards_percent CHECK ((kind = 'PERCENT_OFF') = (percent IS NOT NULL) AND percent BETWEEN 1 AND 100),
    CONSTRAINT rewards_ceiling CHECK (ceiling_minor IS NULL OR (kind <> 'PERK' AND ceiling_minor > 0)),
    CONSTRAINT rewards_lists CHECK (cardinality(categories) <= 50 AND cardinality(skus) <= 200 AND cardinality(tiers) <= 10 AND cardinality(store_ids) <= 200),
    CONSTRAINT rewards_cost CHECK (num_nonnulls(cost_points, cost_stamps) = 1 AND cost_points > 0 AND cost_stamps > 0),
    CONSTRAINT rewards_stock CHECK (stock >= 0),
    CONSTRAINT rewards_per_member CHECK (per_member >= 1),
    CONSTRAINT rewards_window CHECK (claimable_until >= claimable_from),
    CONSTRAINT rewards_voucher_days CHECK (voucher_days BETWEEN 1 AND 730)
);
COMMENT ON TABLE rewards IS 'What members can buy with points or stamps. What it costs and gives never changes; a reward ends by its date, and a new one takes its place.';
COMMENT ON COLUMN rewards.stock IS 'How many are left; null where there is no end to them. Taken by a conditional update, so never one too many.';
COMMENT ON COLUMN rewards.categories IS 'Lines of these categories, or of these skus, are what it is good for; both empty: every item.';

CREATE TABLE vouchers (
    merchant_id uuid NOT NULL,
    voucher_id uuid NOT NULL DEFAULT uuidv7(),
    card_id uuid NOT NULL,
    reward_id uuid NOT NULL,
    origin text NOT NULL,
    state text NOT NULL,
    points bigint NOT NULL DEFAULT 0,
    stamps integer NOT NULL DEFAULT 0,
    account_id uuid,
    redeemed_seq bigint,
    created_at timestamptz NOT NULL,
    usable_until timestamptz,
    used_at timestamptz,
    used_sale_id uuid,
    closed_at timestamptz,
    CONSTRAINT vouchers_pk PRIMARY KEY (merchant_id, voucher_id),
    CONSTRAINT vouchers_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES cards,
    CONSTRAINT vouchers_reward_fk FOREIGN KEY (merchant_id, reward_id) REFERENCES rewards,
    CONSTRAINT vouchers_account_fk FOREIGN KEY (merchant_id, account_id) REFERENCES accounts,
    CONSTRAINT vouchers_entry_fk FOREIGN KEY (merchant_id, card_id, redeemed_seq) REFERENCES entries,
    CONSTRAINT vouchers_sale_fk FOREIGN KEY (merchant_id, used_sale_id) REFERENCES sales,
    CONSTRAINT vouchers_origin CHECK (origin IN ('CLAIMED', 'TILL', 'STAMPS', 'GIFT')),
    CONSTRAINT vouchers_state CHECK (state IN ('USABLE', 'USED', 'CANCELLED', 'LAPSED')),
    CONSTRAINT vouchers_price CHECK (points >= 0 AND stamps >= 0 AND (points = 0) = (redeemed_seq IS NULL)),
    CONSTRAINT vouchers_used CHECK ((state = 'USED') = (used_sale_id IS NOT NULL) AND (used_sale_id IS NULL) = (used_at IS NULL)),
    CONSTRAINT vouchers_closed CHECK ((state = 'USABLE') = (closed_at IS NULL))
);
CREATE INDEX vouchers_card ON vouchers (merchant_id, card_id, created_at DESC);
CREATE INDEX vouchers_sale ON vouchers (merchant_id, used_sale_id) WHERE used_sale_id IS NOT NULL;
CREATE INDEX vouchers_lapse ON vouchers (usable_until) WHERE state = 'USABLE' AND usable_until IS NOT NULL;
COMMENT ON TABLE vouchers IS 'Rewards that were bought, or that a full punch card gave, until they are handed over. While it is USABLE its points stand in an account of its own.';
COMMENT ON COLUMN vouchers.origin IS 'CLAIMED in the app, bought and used in one go at the TILL, given for STAMPS, or come as a GIFT that somebody else had paid for.';
COMMENT ON COLUMN vouchers.redeemed_seq IS 'The entry of the card that paid for it, which names the lots to give back.';

CREATE TABLE voucher_requests (
    merchant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    idempotency_key uuid NOT NULL,
    kind text NOT NULL,
    input_hash bytea NOT NULL,
    voucher_id uuid NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT voucher_requests_pk PRIMARY KEY (merchant_id, customer_id, idempotency_key),
    CONSTRAINT voucher_requests_customer_fk FOREIGN KEY (customer_id) REFERENCES customers,
    CONSTRAINT voucher_requests_voucher_fk FOREIGN KEY (merchant_id, voucher_id) REFERENCES vouchers DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT voucher_requests_kind CHECK (kind IN ('CLAIMED', 'CANCELLED')),
    CONSTRAINT voucher_requests_hash_length CHECK (octet_length(input_hash) = 32)
);
CREATE INDEX voucher_requests_voucher ON voucher_requests (merchant_id, voucher_id);
CREATE TRIGGER voucher_requests_append_only BEFORE UPDATE OR DELETE ON voucher_requests FOR EACH ROW EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE voucher_requests IS 'What customers asked for: a reward claimed, a voucher cancelled. The key makes asking twice asking once.';

CREATE TABLE sale_discounts (
    merchant_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    voucher_id uuid NOT NULL,
    position integer NOT NULL,
    amount_minor bigint NOT NULL,
    CONSTRAINT sale_discounts_pk PRIMARY KEY (merchant_id, sale_id, voucher_id, position),
    CONSTRAINT sale_discounts_line_fk FOREIGN KEY (merchant_id, sale_id, position) REFERENCES sale_lines,
    CONSTRAINT sale_discounts_voucher_fk FOREIGN KEY (merchant_id, voucher_id) REFERENCES vouchers,
    CONSTRAINT sale_discounts_amount CHECK (amount_minor > 0)
);
CREATE INDEX sale_discounts_voucher ON sale_discounts (merchant_id, voucher_id);
CREATE TRIGGER sale_discounts_append_only BEFORE UPDATE OR DELETE ON sale_discounts FOR EACH ROW EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE sale_discounts IS 'How much of which line of a sale each voucher paid.';

CREATE TABLE stamp_movements (
    merchant_id uuid NOT NULL,
    card_id uuid NOT NULL,
    movement_id uuid NOT NULL DEFAULT uuidv7(),
    kind text NOT NULL,
    stamps integer NOT NULL,
    stamps_after integer NOT NULL,
    sale_id uuid,
    refund_id uuid,
    voucher_id uuid,
    posted_at timestamptz NOT NULL,
    CONSTRAINT stamp_movements_pk PRIMARY KEY (merchant_id, card_id, movement_id),
    CONSTRAINT stamp_movements_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES cards,
    CONSTRAINT stamp_movements_voucher_fk FOREIGN KEY (merchant_id, voucher_id) REFERENCES vouchers,
    CONSTRAINT stamp_movements_kind CHECK (kind IN ('COLLECTED', 'TAKEN_BACK', 'SPENT', 'GIVEN_BACK')),
    CONSTRAINT stamp_movements_stamps CHECK (stamps <> 0 AND (stamps > 0) = (kind IN ('COLLECTED', 'GIVEN_BACK')))
);
CREATE TRIGGER stamp_movements_append_only BEFORE UPDATE OR DELETE ON stamp_movements FOR EACH ROW EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE stamp_movements IS 'Every change of a card''s stamps: collected with a sale, taken back with a refund, spent on a voucher, given back with it. They sum to cards.stamps.';

CREATE TABLE expiry_notices (
    merchant_id uuid NOT NULL,
    card_id uuid NOT NULL,
    expires_on date NOT NULL,
    points bigint NOT NULL,
    noticed_at timestamptz NOT NULL,
    CONSTRAINT expiry_notices_pk PRIMARY KEY (merchant_id, card_id, expires_on),
    CONSTRAINT expiry_notices_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES cards
);
COMMENT ON TABLE expiry_notices IS 'Which mails that points are about to expire were written, so that none is written twice.';

GRANT SELECT, INSERT, UPDATE ON rewards, vouchers TO regulars_app;
GRANT SELECT, INSERT ON voucher_requests, sale_discounts, stamp_movements, expiry_notices TO regulars_app;

CREATE TABLE look_ups (
    merchant_id uuid NOT NULL,
    look_up_id uuid NOT NULL DEFAULT uuidv7(),
    terminal_id uuid NOT NULL,
    operator_id uuid,
    kind text NOT NULL,
    subject_hash bytea NOT NULL,
    found boolean NOT NULL,
    looked_up_at timestamptz NOT NULL,
    CONSTRAINT look_ups_pk PRIMARY KEY (merchant_id, look_up_id),
    CONSTRAINT look_ups_terminal_fk FOREIGN KEY (merchant_id, terminal_id) REFERENCES terminals,
    CONSTRAINT look_ups_operator_fk FOREIGN KEY (merchant_id, operator_id) REFERENCES operators,
    CONSTRAINT look_ups_kind CHECK (kind IN ('EMAIL', 'PHONE')),
    CONSTRAINT look_ups_hash_length CHECK (octet_length(subject_hash) = 32)
);
CREATE INDEX look_ups_terminal ON look_ups (merchant_id, terminal_id, looked_up_at);
CREATE TRIGGER look_ups_append_only BEFORE UPDATE OR DELETE ON look_ups FOR EACH ROW EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE look_ups IS 'Which till asked when for somebody''s card by an address or a number, and whether there was one.';
COMMENT ON COLUMN look_ups.subject_hash IS 'Keyed hash of the address or number, so that it can be told who asked for a given one, and no list of customers can be read from it.';

GRANT SELECT, INSERT ON look_ups TO regulars_app;
