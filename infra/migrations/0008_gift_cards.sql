-- Money value: gift cards, what happened on each, what they paid for, and the payments that filled them.

CREATE TABLE payments (
    merchant_id uuid NOT NULL,
    payment_id uuid NOT NULL DEFAULT uuidv7(),
    gift_id uuid NOT NULL,
    provider text NOT NULL,
    provider_ref text,
    state text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    refunded_minor bigint NOT NULL DEFAULT 0,
    refunds_failed integer NOT NULL DEFAULT 0,
    disputed_at timestamptz,
    problem text,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    paid_at timestamptz,
    closed_at timestamptz,
    look_at timestamptz,
    waits_since timestamptz,
    CONSTRAINT payments_pk PRIMARY KEY (merchant_id, payment_id),
    CONSTRAINT payments_gift_fk FOREIGN KEY (merchant_id, gift_id) REFERENCES gifts DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT payments_gift_unique UNIQUE (merchant_id, gift_id),
    CONSTRAINT payments_ref_unique UNIQUE (provider, provider_ref),
    CONSTRAINT payments_provider_form CHECK (provider ~ '^[a-z]{1,20}$'),
    CONSTRAINT payments_ref_length CHECK (char_length(provider_ref) BETWEEN 1 AND 255),
    CONSTRAINT payments_state CHECK (state IN ('CREATED', 'PENDING', 'PAID', 'FAILED', 'CANCELLED', 'REFUNDING', 'REFUNDED')),
    CONSTRAINT payments_ref CHECK (state IN ('CREATED', 'CANCELLED', 'FAILED') OR provider_ref IS NOT NULL),
    CONSTRAINT payments_amount CHECK (amount_minor > 0 AND refunded_minor BETWEEN 0 AND amount_minor),
    CONSTRAINT payments_currency_form CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT payments_paid CHECK ((state IN ('PAID', 'REFUNDING', 'REFUNDED')) = (paid_at IS NOT NULL)),
    CONSTRAINT payments_refunded CHECK (state = 'REFUNDED' OR refunded_minor < amount_minor),
    CONSTRAINT payments_closed CHECK ((state IN ('FAILED', 'CANCELLED', 'REFUNDED')) = (closed_at IS NOT NULL)),
    CONSTRAINT payments_waits CHECK (waits_since IS NULL OR state = 'REFUNDING'),
    CONSTRAINT payments_problem_length CHECK (char_length(problem) BETWEEN 1 AND 200)
);
CREATE INDEX payments_look ON payments (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX payments_newest ON payments (created_at DESC, payment_id DESC);
CREATE INDEX payments_unsettled ON payments (created_at DESC, payment_id DESC) WHERE disputed_at IS NOT NULL OR problem IS NOT NULL OR state IN ('CREATED', 'PENDING', 'REFUNDING');
COMMENT ON TABLE payments IS 'Money on its way in for a gift, or back to where it came from. What the provider says is the truth; this is what we know of it.';
COMMENT ON COLUMN payments.changed_at IS 'When its state last changed: the longer ago, the more rarely the provider is asked.';
COMMENT ON COLUMN payments.refunds_failed IS 'How often money that was sent back did not arrive. The provider sends again what it is asked for by another key, and this is a part of the key.';
COMMENT ON COLUMN payments.look_at IS 'When next to ask the provider how it stands; null once nothing can change.';
COMMENT ON COLUMN payments.waits_since IS 'Since when a person has to decide how the money goes back, as what was sent back did not arrive: until then the provider is asked, and told nothing.';

CREATE TABLE payment_events (
    merchant_id uuid NOT NULL,
    event_id uuid NOT NULL DEFAULT uuidv7(),
    payment_id uuid NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    provider_event_id text,
    dispute_ref text,
    refund_ref text,
    amount_minor bigint,
    at timestamptz NOT NULL,
    CONSTRAINT payment_events_pk PRIMARY KEY (merchant_id, event_id),
    CONSTRAINT payment_events_payment_fk FOREIGN KEY (merchant_id, payment_id) REFERENCES payments,
    CONSTRAINT payment_events_kind CHECK (kind IN ('CREATED', 'PENDING', 'PAID', 'FAILED', 'CANCELLED', 'REFUNDING', 'REFUNDED', 'REFUND_FAILED', 'DISPUTED', 'DISPUTE_WON')),
    CONSTRAINT payment_events_source CHECK (source IN ('API', 'WEBHOOK', 'RECONCILIATION')),
    CONSTRAINT payment_events_provider_event_length CHECK (char_length(provider_event_id) BETWEEN 1 AND 255),
    CONSTRAINT payment_events_dispute CHECK ((dispute_ref IS NOT NULL) = (kind IN ('DISPUTED', 'DISPUTE_WON'))),
    CONSTRAINT payment_events_refund CHECK ((refund_ref IS NOT NULL) = (kind = 'REFUND_FAILED')),
    CONSTRAINT payment_events_refund_length CHECK (char_length(refund_ref) BETWEEN 1 AND 255),
    CONSTRAINT payment_events_dispute_length CHECK (char_length(dispute_ref) BETWEEN 1 AND 255)
);
CREATE INDEX payment_events_payment ON payment_events (merchant_id, payment_id, at);
CREATE TRIGGER payment_events_append_only BEFORE UPDATE OR DELETE ON payment_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE payment_events IS 'Every change of a payment, and who told us of it.';

CREATE TABLE gift_cards (
    merchant_id uuid NOT NULL,
    gift_card_id uuid NOT NULL DEFAULT uuidv7(),
    program_id uuid NOT NULL,
    number_hash bytea NOT NULL,
    last4 text NOT NULL,
    pin_hash bytea NOT NULL,
    currency text NOT NULL,
    state text NOT NULL,
    balance_minor bigint NOT NULL DEFAULT 0,
    owner_customer_id uuid,
    gift_id uuid,
    expires_at timestamptz,
    revision bigint NOT NULL DEFAULT 0,
    chain bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT gift_cards_pk PRIMARY KEY (merchant_id, gift_card_id),
    CONSTRAINT gift_cards_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES programs,
    CONSTRAINT gift_cards_owner_fk FOREIGN KEY (owner_customer_id) REFERENCES customers,
    CONSTRAINT gift_cards_gift_fk FOREIGN KEY (merchant_id, gift_id) REFERENCES gifts,
    CONSTRAINT gift_cards_gift_unique UNIQUE (merchant_id, gift_id),
    CONSTRAINT gift_cards_number_unique UNIQUE (merchant_id, number_hash),
    CONSTRAINT gift_cards_number_length CHECK (octet_length(number_hash) = 32),
    CONSTRAINT gift_cards_pin_length CHECK (octet_length(pin_hash) = 32),
    CONSTRAINT gift_cards_last4_form CHECK (last4 ~ '^[0-9]{4}$'),
    CONSTRAINT gift_cards_currency_form CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT gift_cards_state CHECK (state IN ('PENDING', 'ACTIVE', 'BLOCKED', 'DEACTIVATED')),
    CONSTRAINT gift_cards_balance CHECK (balance_minor BETWEEN 0 AND 2147483647 AND (balance_minor = 0 OR state IN ('ACTIVE', 'BLOCKED'))),
    CONSTRAINT gift_cards_revision CHECK (revision >= 0),
    CONSTRAINT gift_cards_chain_length CHECK (octet_length(chain) = 32)
);
CREATE INDEX gift_cards_owner ON gift_cards (owner_customer_id, created_at DESC) WHERE owner_customer_id IS NOT NULL;
CREATE INDEX gift_cards_expiry ON gift_cards (expires_at) WHERE expires_at IS NOT NULL AND balance_minor > 0;
COMMENT ON TABLE gift_cards IS 'Stored money value. Its number and PIN are shown once and kept as keyed hashes.';
COMMENT ON COLUMN gift_cards.gift_id IS 'The gift that the value came by. Until that is claimed nobody owns the card: it is the gift''s escrow.';
COMMENT ON COLUMN gift_cards.revision IS 'The seq of the newest activity.';
COMMENT ON COLUMN gift_cards.chain IS 'The hash of the newest activity; before there is one, the start of the chain, which names the merchant and the card.';

CREATE TABLE gift_card_activities (
    merchant_id uuid NOT NULL,
    gift_card_id uuid NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,
    amount_minor bigint NOT NULL,
    balance_after_minor bigint NOT NULL,
    other_gift_card_id uuid,
    other_seq bigint,
    reverses_seq bigint,
    sale_id uuid,
    refund_id uuid,
    gift_id uuid,
    payment_id uuid,
    store_id uuid,
    operator_id uuid,
    reason text,
    occurred_at timestamptz NOT NULL,
    posted_at timestamptz NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT gift_card_activities_pk PRIMARY KEY (merchant_id, gift_card_id, seq),
    CONSTRAINT gift_card_activities_card_fk FOREIGN KEY (merchant_id, gift_card_id) REFERENCES gift_cards,
    CONSTRAINT gift_card_activities_other_fk FOREIGN KEY (merchant_id, other_gift_card_id, other_seq) REFERENCES gift_card_activities DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT gift_card_activities_reverses_fk FOREIGN KEY (merchant_id, gift_card_id, reverses_seq) REFERENCES gift_card_activities,
    CONSTRAINT gift_card_activities_sale_fk FOREIGN KEY (merchant_id, sale_id) REFERENCES sales,
    CONSTRAINT gift_card_activities_refund_fk FOREIGN KEY (merchant_id, refund_id) REFERENCES refunds,
    CONSTRAINT gift_card_activities_payment_fk FOREIGN KEY (merchant_id, payment_id) REFERENCES payments,
    CONSTRAINT gift_card_activities_store_fk FOREIGN KEY (merchant_id, store_id) REFERENCES stores,
    CONSTRAINT gift_card_activities_operator_fk FOREIGN KEY (merchant_id, operator_id) REFERENCES operators,
    CONSTRAINT gift_card_activities_seq CHECK (seq >= 1),
    CONSTRAINT gift_card_activities_balance CHECK (balance_after_minor >= 0),
    CONSTRAINT gift_card_activities_kind CHECK (CASE
        WHEN kind IN ('ACTIVATE', 'LOAD', 'REFUND', 'IMPORT', 'TRANSFER_IN') THEN amount_minor > 0
        WHEN kind IN ('REDEEM', 'EXPIRE', 'TRANSFER_OUT') THEN amount_minor < 0
        WHEN kind = 'ADJUST' THEN amount_minor <> 0 AND reason IS NOT NULL
        WHEN kind = 'DEACTIVATE' THEN amount_minor <= 0 AND balance_after_minor = 0
        WHEN kind IN ('BLOCK', 'UNBLOCK') THEN amount_minor = 0 AND reason IS NOT NULL
        ELSE FALSE END),
    CONSTRAINT gift_card_activities_transfer CHECK ((kind IN ('TRANSFER_IN', 'TRANSFER_OUT')) = (other_gift_card_id IS NOT NULL) AND (other_gift_card_id IS NULL) = (other_seq IS NULL)),
    CONSTRAINT gift_card_activities_reason_length CHECK (char_length(reason) BETWEEN 1 AND 200),
    CONSTRAINT gift_card_activities_hash_length CHECK (octet_length(hash) = 32)
);
CREATE INDEX gift_card_activities_sale ON gift_card_activities (merchant_id, sale_id) WHERE sale_id IS NOT NULL;
CREATE TRIGGER gift_card_activities_append_only BEFORE UPDATE OR DELETE ON gift_card_activities FOR EACH ROW EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE gift_card_activities IS 'Every change of a gift card, numbered without gaps, with what stood on it after. Each is one movement of money between the card and one other side: what was sold, what was spent, what the merchant adjusted, what expired, or another card.';

CREATE TABLE gift_card_requests (
    merchant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    idempotency_key uuid NOT NULL,
    input_hash bytea NOT NULL,
    from_gift_card_id uuid NOT NULL,
    to_gift_card_id uuid NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT gift_card_requests_pk PRIMARY KEY (merchant_id, customer_id, idempotency_key),
    CONSTRAINT gift_card_requests_customer_fk FOREIGN KEY (customer_id) REFERENCES customers,
    CONSTRAINT gift_card_requests_hash_length CHECK (octet_length(input_hash) = 32)
);
CREATE TRIGGER gift_card_requests_append_only BEFORE UPDATE OR DELETE ON gift_card_requests FOR EACH ROW EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE gift_card_requests IS 'Balance that customers moved between their own cards. The key makes asking twice asking once.';

CREATE TABLE sale_tenders (
    merchant_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    position integer NOT NULL,
    gift_card_id uuid NOT NULL,
    seq bigint NOT NULL,
    amount_minor bigint NOT NULL,
    CONSTRAINT sale_tenders_pk PRIMARY KEY (merchant_id, sale_id, position),
    CONSTRAINT sale_tenders_sale_fk FOREIGN KEY (merchant_id, sale_id) REFERENCES sales,
    CONSTRAINT sale_tenders_activity_fk FOREIGN KEY (merchant_id, gift_card_id, seq) REFERENCES gift_card_activities,
    CONSTRAINT sale_tenders_card_once UNIQUE (merchant_id, sale_id, gift_card_id),
    CONSTRAINT sale_tenders_amount CHECK (amount_minor > 0)
);
CREATE TRIGGER sale_tenders_append_only BEFORE UPDATE OR DELETE ON sale_tenders FOR EACH ROW EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE sale_tenders IS 'The part of a bill that each gift card paid, in the order in which it was named. What comes back goes to the last of them first.';

CREATE TABLE gift_cards_sold (
    merchant_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    position integer NOT NULL,
    gift_card_id uuid NOT NULL,
    seq bigint NOT NULL,
    CONSTRAINT gift_cards_sold_pk PRIMARY KEY (merchant_id, sale_id, position, gift_card_id),
    CONSTRAINT gift_cards_sold_line_fk FOREIGN KEY (merchant_id, sale_id, position) REFERENCES sale_lines,
    CONSTRAINT gift_cards_sold_activity_fk FOREIGN KEY (merchant_id, gift_card_id, seq) REFERENCES gift_card_activities
);
CREATE TRIGGER gift_cards_sold_append_only BEFORE UPDATE OR DELETE ON gift_cards_sold FOR EACH ROW EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE gift_cards_sold IS 'Which card a line of a sale made or loaded, and by which activity.';

CREATE TABLE gift_cards_replaced (
    merchant_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    gift_card_id uuid NOT NULL,
    by_gift_card_id uuid NOT NULL,
    CONSTRAINT gift_cards_replaced_pk PRIMARY KEY (merchant_id, sale_id, gift_card_id, by_gift_card_id),
    CONSTRAINT gift_cards_replaced_tender_fk FOREIGN KEY (merchant_id, sale_id, gift_card_id) REFERENCES sale_tenders (merchant_id, sale_id, gift_card_id),
    CONSTRAINT gift_cards_replaced_by_fk FOREIGN KEY (merchant_id, by_gift_card_id) REFERENCES gift_cards,
    CONSTRAINT gift_cards_replaced_by_another CHECK (by_gift_card_id <> gift_card_id)
);
CREATE TRIGGER gift_cards_replaced_append_only BEFORE UPDATE OR DELETE ON gift_cards_replaced FOR EACH ROW EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE gift_cards_replaced IS 'The card that was made to take what a sale gives back to one that had paid and can take nothing any more: one for all parts of the return.';

GRANT SELECT, INSERT, UPDATE ON payments, gift_cards TO regulars_app;
GRANT SELECT, INSERT ON payment_events, gift_card_activities, gift_card_requests, sale_tenders, gift_cards_sold, gift_cards_replaced TO regulars_app;
