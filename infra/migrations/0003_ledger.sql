-- Points: accounts, transfers between them, entries that a customer reads, lots that carry the dates.

CREATE TABLE cards (
    merchant_id uuid NOT NULL,
    card_id uuid NOT NULL,
    program_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    number text NOT NULL,
    reference bigint NOT NULL,
    active_account_id uuid NOT NULL,
    pending_account_id uuid NOT NULL,
    revision bigint NOT NULL DEFAULT 0,
    lifetime_earned bigint NOT NULL DEFAULT 0,
    carries jsonb NOT NULL DEFAULT '{}',
    debt bigint NOT NULL DEFAULT 0,
    stamps integer NOT NULL DEFAULT 0,
    tier text,
    tier_since timestamptz,
    tier_until timestamptz,
    tier_review_at timestamptz,
    chain bytea NOT NULL,
    joined_at timestamptz NOT NULL,
    CONSTRAINT cards_pk PRIMARY KEY (merchant_id, card_id),
    CONSTRAINT cards_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES programs,
    CONSTRAINT cards_customer_fk FOREIGN KEY (customer_id) REFERENCES customers,
    CONSTRAINT cards_member_unique UNIQUE (merchant_id, program_id, customer_id),
    CONSTRAINT cards_number_unique UNIQUE (merchant_id, number),
    CONSTRAINT cards_reference_unique UNIQUE (merchant_id, program_id, reference),
    CONSTRAINT cards_number_form CHECK (number ~ '^[0-9]{16}$'),
    CONSTRAINT cards_revision CHECK (revision >= 0),
    CONSTRAINT cards_carries CHECK (jsonb_typeof(carries) = 'object'),
    CONSTRAINT cards_debt CHECK (debt >= 0),
    CONSTRAINT cards_chain_length CHECK (octet_length(chain) = 32),
    CONSTRAINT cards_tier_length CHECK (char_length(tier) BETWEEN 1 AND 40),
    CONSTRAINT cards_tier_dates CHECK ((tier IS NULL) = (tier_since IS NULL) AND (tier_until IS NULL OR tier IS NOT NULL) AND (tier_review_at IS NULL OR tier_review_at >= tier_until))
);
COMMENT ON TABLE cards IS 'A customer''s membership in one program. The row that is locked before anything of the card changes.';
COMMENT ON COLUMN cards.reference IS 'The random 64 bits that a check-in code names the card by (read as unsigned).';
COMMENT ON COLUMN cards.revision IS 'The seq of the newest entry: grows by one with every change of the card.';
COMMENT ON COLUMN cards.chain IS 'The hash of the newest entry; before there is one, the start of the chain, which names the merchant and the card.';
COMMENT ON COLUMN cards.lifetime_earned IS 'Points ever earned, less what refunds took back.';
COMMENT ON COLUMN cards.carries IS 'Money spent below the next earning step, carried to the next purchase at the same rate, in hundredths of a minor unit: {"1/5000": 300000} is 3,000 on the way to 1 point per 5,000.';
COMMENT ON COLUMN cards.debt IS 'Points that returned goods had earned and the card no longer had: what is earned next pays them.';
COMMENT ON COLUMN cards.stamps IS 'Stamps on the punch card. Below zero where goods came back after their stamps had been used up.';
COMMENT ON COLUMN cards.tier IS 'The name of the tier; null below the first.';
COMMENT ON COLUMN cards.tier_until IS 'Until then the tier cannot be lost: a midnight of the merchant''s.';
COMMENT ON COLUMN cards.tier_review_at IS 'The midnight, the days of grace after tier_until, at which the tier is kept or falls by one level.';
CREATE INDEX cards_tier_review ON cards (tier_review_at) WHERE tier_review_at IS NOT NULL;

CREATE TABLE card_directory (
    customer_id uuid NOT NULL,
    merchant_id uuid NOT NULL,
    program_id uuid NOT NULL,
    card_id uuid NOT NULL,
    joined_at timestamptz NOT NULL,
    idempotency_key uuid,
    input_hash bytea,
    CONSTRAINT card_directory_pk PRIMARY KEY (customer_id, merchant_id, program_id),
    CONSTRAINT card_directory_customer_fk FOREIGN KEY (customer_id) REFERENCES customers,
    CONSTRAINT card_directory_key_unique UNIQUE (customer_id, idempotency_key),
    CONSTRAINT card_directory_hash_length CHECK (octet_length(input_hash) = 32),
    CONSTRAINT card_directory_keyed CHECK ((idempotency_key IS NULL) = (input_hash IS NULL))
);
COMMENT ON TABLE card_directory IS 'Leads from a customer to the cards, whichever merchant they belong to.';

CREATE TABLE accounts (
    merchant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    program_id uuid NOT NULL,
    kind text NOT NULL,
    card_id uuid,
    balance bigint,
    CONSTRAINT accounts_pk PRIMARY KEY (merchant_id, account_id),
    CONSTRAINT accounts_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES programs,
    CONSTRAINT accounts_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES cards,
    CONSTRAINT accounts_kind CHECK (kind IN ('active', 'pending', 'gift', 'voucher', 'issued', 'redeemed', 'expired')),
    CONSTRAINT accounts_bounded CHECK (CASE WHEN kind IN ('active', 'pending', 'gift', 'voucher') THEN balance IS NOT NULL AND balance >= 0 AND card_id IS NOT NULL ELSE balance IS NULL AND card_id IS NULL END)
);
CREATE INDEX accounts_card ON accounts (merchant_id, card_id) INCLUDE (kind, balance) WHERE balance > 0;
COMMENT ON TABLE accounts IS 'Where points stand. Those of cards and gifts are bounded and stored; a program''s own are the sums of their transfers.';
COMMENT ON COLUMN accounts.card_id IS 'The card whose points these are; for a gift, the sender''s card, until it is claimed.';

CREATE TABLE entries (
    merchant_id uuid NOT NULL,
    card_id uuid NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,
    points bigint NOT NULL,
    pending_points bigint NOT NULL,
    reserved_points bigint NOT NULL,
    active_after bigint NOT NULL,
    pending_after bigint NOT NULL,
    reserved_after bigint NOT NULL,
    lifetime_after bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    posted_at timestamptz NOT NULL,
    store_id uuid,
    sale_id uuid,
    gift_id uuid,
    voucher_id uuid,
    reverses_seq bigint,
    reverses_wholly boolean NOT NULL DEFAULT false,
    reasons json NOT NULL DEFAULT '[]',
    hash bytea NOT NULL,
    CONSTRAINT entries_pk PRIMARY KEY (merchant_id, card_id, seq),
    CONSTRAINT entries_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES cards,
    CONSTRAINT entries_store_fk FOREIGN KEY (merchant_id, store_id) REFERENCES stores,
    CONSTRAINT entries_reverses_fk FOREIGN KEY (merchant_id, card_id, reverses_seq) REFERENCES entries,
    CONSTRAINT entries_kind CHECK (kind IN ('EARNED', 'BONUS', 'ACTIVATED', 'REDEEMED', 'RETURNED', 'REFUNDED', 'EXPIRED', 'ADJUSTED', 'REVERSED', 'GIFT_SENT', 'GIFT_RETURNED', 'GIFT_RECEIVED', 'GIFT_SETTLED', 'VOUCHER_USED', 'VOUCHER_REOPENED', 'CHANGED')),
    CONSTRAINT entries_seq CHECK (seq >= 1),
    CONSTRAINT entries_after CHECK (active_after >= 0 AND pending_after >= 0 AND reserved_after >= 0),
    CONSTRAINT entries_moves CHECK (points <> 0 OR pending_points <> 0 OR reserved_points <> 0 OR kind IN ('EARNED', 'REDEEMED', 'RETURNED', 'REFUNDED', 'CHANGED')),
    CONSTRAINT entries_reverses CHECK (reverses_seq < seq AND (reverses_seq IS NOT NULL OR NOT reverses_wholly)),
    CONSTRAINT entries_hash_length CHECK (octet_length(hash) = 32),
    CONSTRAINT entries_reasons CHECK (json_typeof(reasons) = 'array' AND octet_length(reasons::text) <= 8192)
);
CREATE UNIQUE INDEX entries_one_reversal ON entries (merchant_id, card_id, reverses_seq) WHERE reverses_wholly;
CREATE INDEX entries_kind ON entries (merchant_id, card_id, kind, seq);
CREATE INDEX entries_sale ON entries (merchant_id, sale_id) WHERE sale_id IS NOT NULL;
CREATE TRIGGER entries_append_only BEFORE UPDATE OR DELETE ON entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE entries IS 'Every change of a card, numbered without gaps, with what stood on the card after it. GIFT_SETTLED, VOUCHER_USED and VOUCHER_REOPENED move only what is reserved, CHANGED moves nothing; these are not shown in the history. Others that move no points tell of stamps.';
COMMENT ON COLUMN entries.reasons IS 'json, which keeps the text as it was written: the hash is over that text.';
COMMENT ON COLUMN entries.hash IS 'SHA-256 over the hash of the entry before it and the canonical text of this one, so that no entry can be changed, dropped or swapped alone.';

CREATE TABLE transfers (
    merchant_id uuid NOT NULL,
    transfer_id uuid NOT NULL DEFAULT uuidv7(),
    program_id uuid NOT NULL,
    card_id uuid NOT NULL,
    seq bigint NOT NULL,
    from_account_id uuid NOT NULL,
    to_account_id uuid NOT NULL,
    points bigint NOT NULL,
    posted_at timestamptz NOT NULL,
    CONSTRAINT transfers_pk PRIMARY KEY (merchant_id, transfer_id),
    CONSTRAINT transfers_entry_fk FOREIGN KEY (merchant_id, card_id, seq) REFERENCES entries,
    CONSTRAINT transfers_from_fk FOREIGN KEY (merchant_id, from_account_id) REFERENCES accounts,
    CONSTRAINT transfers_to_fk FOREIGN KEY (merchant_id, to_account_id) REFERENCES accounts,
    CONSTRAINT transfers_points CHECK (points > 0),
    CONSTRAINT transfers_two_accounts CHECK (from_account_id <> to_account_id)
);
CREATE INDEX transfers_entry ON transfers (merchant_id, card_id, seq);
CREATE TRIGGER transfers_append_only BEFORE UPDATE OR DELETE ON transfers FOR EACH ROW EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE transfers IS 'One movement of points from an account to another. Never changed: a correction is a new transfer, under an entry that names the old one.';

CREATE TABLE lots (
    merchant_id uuid NOT NULL,
    lot_id uuid NOT NULL DEFAULT uuidv7(),
    program_id uuid NOT NULL,
    card_id uuid NOT NULL,
    source_seq bigint NOT NULL,
    sale_id uuid,
    points bigint NOT NULL,
    remaining bigint NOT NULL,
    activates_at timestamptz NOT NULL,
    activated_at timestamptz,
    expires_at timestamptz,
    sliding_months smallint,
    notice_days smallint,
    notice_at timestamptz,
    held boolean NOT NULL DEFAULT false,
    CONSTRAINT lots_pk PRIMARY KEY (merchant_id, lot_id),
    CONSTRAINT lots_source_fk FOREIGN KEY (merchant_id, card_id, source_seq) REFERENCES entries,
    CONSTRAINT lots_points CHECK (points > 0),
    CONSTRAINT lots_remaining CHECK (remaining BETWEEN 0 AND points),
    CONSTRAINT lots_dates CHECK (expires_at > activates_at),
    CONSTRAINT lots_sliding CHECK (sliding_months IS NULL OR (sliding_months BETWEEN 1 AND 120 AND expires_at IS NOT NULL)),
    CONSTRAINT lots_notice CHECK (notice_days BETWEEN 1 AND 90 AND notice_at < expires_at AND (notice_at IS NULL OR notice_days IS NOT NULL)),
    CONSTRAINT lots_held CHECK (NOT held OR activated_at IS NULL)
);
COMMENT ON COLUMN lots.sliding_months IS 'Where points lapse for want of activity: every activity of the card puts expires_at so many months ahead.';
COMMENT ON COLUMN lots.notice_days IS 'So long before the points expire their owner is told; null where nobody is.';
COMMENT ON COLUMN lots.notice_at IS 'When next to see whether to tell the owner that the points expire; null once that is done.';
COMMENT ON COLUMN lots.held IS 'Whether the merchant has to look at the sale first: until then the points stay pending.';
CREATE INDEX lots_spending ON lots (merchant_id, card_id, expires_at, lot_id) WHERE remaining > 0;
CREATE INDEX lots_sale ON lots (merchant_id, sale_id) WHERE sale_id IS NOT NULL;
CREATE INDEX lots_activation ON lots (activates_at) WHERE activated_at IS NULL AND remaining > 0 AND NOT held;
CREATE INDEX lots_expiry ON lots (expires_at) WHERE remaining > 0 AND expires_at IS NOT NULL AND NOT held;
CREATE INDEX lots_notice ON lots (notice_at) WHERE remaining > 0 AND notice_at IS NOT NULL AND activated_at IS NOT NULL;
CREATE INDEX lots_sliding ON lots (merchant_id, card_id) WHERE remaining > 0 AND sliding_months IS NOT NULL;
COMMENT ON TABLE lots IS 'Points from one earning, with their own dates. The soonest to expire is spent first.';
COMMENT ON COLUMN lots.activated_at IS 'Null while the points are pending.';

CREATE TABLE lot_movements (
    merchant_id uuid NOT NULL,
    card_id uuid NOT NULL,
    seq bigint NOT NULL,
    lot_id uuid NOT NULL,
    points bigint NOT NULL,
    CONSTRAINT lot_movements_pk PRIMARY KEY (merchant_id, card_id, seq, lot_id),
    CONSTRAINT lot_movements_entry_fk FOREIGN KEY (merchant_id, card_id, seq) REFERENCES entries,
    CONSTRAINT lot_movements_lot_fk FOREIGN KEY (merchant_id, lot_id) REFERENCES lots,
    CONSTRAINT lot_movements_points CHECK (points <> 0)
);
CREATE INDEX lot_movements_lot ON lot_movements (merchant_id, lot_id);
CREATE TRIGGER lot_movements_append_only BEFORE UPDATE OR DELETE ON lot_movements FOR EACH ROW EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE lot_movements IS 'What each entry put into or took out of which lot, so that giving back restores the lots it came from. What remains of a lot is their sum.';

GRANT SELECT, INSERT, UPDATE ON cards, accounts, lots TO regulars_app;
GRANT SELECT, INSERT ON card_directory, entries, transfers, lot_movements TO regulars_app;
