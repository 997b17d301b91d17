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
    joined_at timestamptz NOT NULL,
    CONSTRAINT cards_pk PRIMARY KEY (merchant_id, card_id),
    CONSTRAINT cards_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES programs,
    CONSTRAINT cards_customer_fk FOREIGN KEY (customer_id) REFERENCES customers,
    CONSTRAINT cards_member_unique UNIQUE (merchant_id, program_id, customer_id),
    CONSTRAINT cards_number_unique UNIQUE (merchant_id, number),
    CONSTRAINT cards_reference_unique UNIQUE (merchant_id, program_id, reference),
    CONSTRAINT cards_number_form CHECK (number ~ '^[0-9]{16}$'),
    CONSTRAINT cards_revision CHECK (revision >= 0),
    CONSTRAINT cards_carries CHECK (jsonb_typeof(carries) = 'object')
);
COMMENT ON TABLE cards IS 'A customer''s membership in one program. The row that is locked before anything of the card changes.';
COMMENT ON COLUMN cards.reference IS 'The random 64 bits that a check-in code names the card by (read as unsigned).';
COMMENT ON COLUMN cards.revision IS 'The seq of the newest entry: grows by one with every change of the card.';
COMMENT ON COLUMN cards.lifetime_earned IS 'Points ever earned, less what refunds took back.';
COMMENT ON COLUMN cards.carries IS 'Money spent below the next earning step, carried to the next purchase at the same rate, in minor units: {"1/5000": 3000} is 3,000 on the way to 1 point per 5,000.';

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
    CONSTRAINT accounts_kind CHECK (kind IN ('active', 'pending', 'gift', 'issued', 'redeemed', 'expired')),
    CONSTRAINT accounts_bounded CHECK (CASE WHEN kind IN ('active', 'pending', 'gift') THEN balance IS NOT NULL AND balance >= 0 AND card_id IS NOT NULL ELSE balance IS NULL AND card_id IS NULL END)
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
    reverses_seq bigint,
    reverses_wholly boolean NOT NULL DEFAULT false,
    reasons jsonb NOT NULL DEFAULT '[]',
    CONSTRAINT entries_pk PRIMARY KEY (merchant_id, card_id, seq),
    CONSTRAINT entries_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES cards,
    CONSTRAINT entries_store_fk FOREIGN KEY (merchant_id, store_id) REFERENCES stores,
    CONSTRAINT entries_reverses_fk FOREIGN KEY (merchant_id, card_id, reverses_seq) REFERENCES entries,
    CONSTRAINT entries_kind CHECK (kind IN ('EARNED', 'BONUS', 'ACTIVATED', 'REDEEMED', 'RETURNED', 'REFUNDED', 'EXPIRED', 'ADJUSTED', 'REVERSED', 'GIFT_SENT', 'GIFT_RETURNED', 'GIFT_RECEIVED', 'GIFT_SETTLED')),
    CONSTRAINT entries_seq CHECK (seq >= 1),
    CONSTRAINT entries_after CHECK (active_after >= 0 AND pending_after >= 0 AND reserved_after >= 0),
    CONSTRAINT entries_moves CHECK (points <> 0 OR pending_points <> 0 OR reserved_points <> 0),
    CONSTRAINT entries_reverses CHECK (reverses_seq < seq AND (reverses_seq IS NOT NULL OR NOT reverses_wholly)),
    CONSTRAINT entries_reasons CHECK (jsonb_typeof(reasons) = 'array' AND octet_length(reasons::text) <= 8192)
);
CREATE UNIQUE INDEX entries_one_reversal ON entries (merchant_id, card_id, reverses_seq) WHERE reverses_wholly;
CREATE INDEX entries_kind ON entries (merchant_id, card_id, kind, seq);
CREATE INDEX entries_sale ON entries (merchant_id, sale_id) WHERE sale_id IS NOT NULL;
CREATE TRIGGER entries_append_only BEFORE UPDATE OR DELETE ON entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE entries IS 'Every change of a card, numbered without gaps, with what stood on the card after it. GIFT_SETTLED (a sent gift was claimed: reserved falls, nothing else moves) is not shown in the history.';

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
    CONSTRAINT lots_pk PRIMARY KEY (merchant_id, lot_id),
    CONSTRAINT lots_source_fk FOREIGN KEY (merchant_id, card_id, source_seq) REFERENCES entries,
    CONSTRAINT lots_points CHECK (points > 0),
    CONSTRAINT lots_remaining CHECK (remaining BETWEEN 0 AND points),
    CONSTRAINT lots_dates CHECK (expires_at > activates_at)
);
CREATE INDEX lots_spending ON lots (merchant_id, card_id, expires_at, lot_id) WHERE remaining > 0;
CREATE INDEX lots_sale ON lots (merchant_id, sale_id) WHERE sale_id IS NOT NULL;
CREATE INDEX lots_activation ON lots (activates_at) WHERE activated_at IS NULL AND remaining > 0;
CREATE INDEX lots_expiry ON lots (expires_at) WHERE remaining > 0 AND expires_at IS NOT NULL;
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
