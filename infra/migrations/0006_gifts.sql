-- E-gifts: points, money value or a reward on their way from a sender to a recipient, in escrow until claimed.

CREATE TABLE gift_designs (
    merchant_id uuid NOT NULL,
    design_id uuid NOT NULL DEFAULT uuidv7(),
    program_id uuid NOT NULL,
    name text NOT NULL,
    alt_text text NOT NULL,
    media_type text NOT NULL,
    image bytea NOT NULL,
    created_at timestamptz NOT NULL,
    retired_at timestamptz,
    CONSTRAINT gift_designs_pk PRIMARY KEY (merchant_id, design_id),
    CONSTRAINT gift_designs_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES programs,
    CONSTRAINT gift_designs_name_length CHECK (char_length(name) BETWEEN 1 AND 80),
    CONSTRAINT gift_designs_alt_text_length CHECK (char_length(alt_text) BETWEEN 1 AND 200),
    CONSTRAINT gift_designs_media_type CHECK (media_type IN ('image/svg+xml', 'image/png')),
    CONSTRAINT gift_designs_image_length CHECK (octet_length(image) BETWEEN 1 AND 262144)
);
CREATE INDEX gift_designs_program ON gift_designs (merchant_id, program_id, created_at) WHERE retired_at IS NULL;
COMMENT ON TABLE gift_designs IS 'Pictures that a sender can choose from. One that is retired stays with the gifts that have it.';

CREATE TABLE gifts (
    merchant_id uuid NOT NULL,
    gift_id uuid NOT NULL DEFAULT uuidv7(),
    program_id uuid NOT NULL,
    sender_customer_id uuid NOT NULL,
    sender_card_id uuid NOT NULL,
    kind text NOT NULL DEFAULT 'POINTS',
    sent_seq bigint,
    account_id uuid,
    points bigint,
    value_minor bigint,
    currency text,
    reward_id uuid,
    design_id uuid,
    recipient_name text NOT NULL,
    recipient_email text NOT NULL,
    recipient_email_key text NOT NULL,
    message text,
    locale text NOT NULL,
    status text NOT NULL,
    delivery integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    deliver_at timestamptz NOT NULL,
    sent_at timestamptz,
    claimable_until timestamptz NOT NULL,
    return_days integer NOT NULL,
    closed_at timestamptz,
    held_until timestamptz,
    mailbox_only boolean NOT NULL DEFAULT FALSE,
    viewed_at timestamptz,
    reminded_at timestamptz,
    thanks text,
    delivery_problem text,
    claimed_by_customer_id uuid,
    claimed_card_id uuid,
    claimed_seq bigint,
    claimed_voucher_id uuid,
    CONSTRAINT gifts_pk PRIMARY KEY (merchant_id, gift_id),
    CONSTRAINT gifts_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES programs,
    CONSTRAINT gifts_sender_fk FOREIGN KEY (sender_customer_id) REFERENCES customers,
    CONSTRAINT gifts_sent_entry_fk FOREIGN KEY (merchant_id, sender_card_id, sent_seq) REFERENCES entries,
    CONSTRAINT gifts_account_fk FOREIGN KEY (merchant_id, account_id) REFERENCES accounts,
    CONSTRAINT gifts_claimant_fk FOREIGN KEY (claimed_by_customer_id) REFERENCES customers,
    CONSTRAINT gifts_claimed_entry_fk FOREIGN KEY (merchant_id, claimed_card_id, claimed_seq) REFERENCES entries,
    CONSTRAINT gifts_kind CHECK (kind IN ('POINTS', 'VALUE', 'REWARD')),
    CONSTRAINT gifts_points CHECK (points > 0 AND (points IS NOT NULL) = (kind IN ('POINTS', 'REWARD')) AND (points IS NULL) = (account_id IS NULL) AND (points IS NULL) = (sent_seq IS NULL)),
    CONSTRAINT gifts_value CHECK (value_minor > 0 AND (value_minor IS NOT NULL) = (kind = 'VALUE') AND (value_minor IS NULL) = (currency IS NULL)),
    CONSTRAINT gifts_reward CHECK ((reward_id IS NOT NULL) = (kind = 'REWARD')),
    CONSTRAINT gifts_reward_fk FOREIGN KEY (merchant_id, reward_id) REFERENCES rewards,
    CONSTRAINT gifts_design_fk FOREIGN KEY (merchant_id, design_id) REFERENCES gift_designs,
    CONSTRAINT gifts_voucher_fk FOREIGN KEY (merchant_id, claimed_voucher_id) REFERENCES vouchers,
    CONSTRAINT gifts_thanks_length CHECK (char_length(thanks) BETWEEN 1 AND 280),
    CONSTRAINT gifts_recipient_name_length CHECK (char_length(recipient_name) BETWEEN 1 AND 80),
    CONSTRAINT gifts_recipient_email_length CHECK (char_length(recipient_email) BETWEEN 3 AND 254),
    CONSTRAINT gifts_recipient_email_key_length CHECK (char_length(recipient_email_key) BETWEEN 3 AND 254),
    CONSTRAINT gifts_message_length CHECK (char_length(message) BETWEEN 1 AND 280),
    CONSTRAINT gifts_locale_length CHECK (char_length(locale) BETWEEN 2 AND 35),
    CONSTRAINT gifts_delivery_problem_length CHECK (char_length(delivery_problem) BETWEEN 1 AND 200),
    CONSTRAINT gifts_return_days CHECK (return_days BETWEEN 1 AND 365),
    CONSTRAINT gifts_status CHECK (status IN ('AWAITING_PAYMENT', 'SCHEDULED', 'SENT', 'DELIVERED', 'BOUNCED', 'VIEWED', 'CLAIMED', 'DECLINED', 'CANCELLED', 'RETURNED') AND (status <> 'AWAITING_PAYMENT' OR kind = 'VALUE')),
    CONSTRAINT gifts_claimed CHECK ((status = 'CLAIMED') = (claimed_card_id IS NOT NULL) AND (claimed_card_id IS NULL) = (claimed_by_customer_id IS NULL) AND (claimed_seq IS NOT NULL) = (status = 'CLAIMED' AND kind = 'POINTS') AND (claimed_voucher_id IS NOT NULL) = (status = 'CLAIMED' AND kind = 'REWARD')),
    CONSTRAINT gifts_closed CHECK ((status IN ('CLAIMED', 'DECLINED', 'CANCELLED', 'RETURNED')) = (closed_at IS NOT NULL))
);
CREATE INDEX gifts_sender ON gifts (merchant_id, sender_card_id, created_at DESC, gift_id DESC);
CREATE INDEX gifts_claimant ON gifts (claimed_by_customer_id, closed_at DESC, gift_id DESC) WHERE claimed_by_customer_id IS NOT NULL;
CREATE INDEX gifts_remind ON gifts (claimable_until) WHERE closed_at IS NULL AND reminded_at IS NULL AND return_days >= 14 AND status IN ('SENT', 'DELIVERED', 'VIEWED', 'BOUNCED');
CREATE INDEX gifts_lapse ON gifts (claimable_until) WHERE closed_at IS NULL;
COMMENT ON TABLE gifts IS 'An e-gift. Open, its points, or those that its reward costs, stand in its own account; closed, they are on the recipient''s card, were turned into a voucher, or are back in the sender''s lots. Money value stands on the gift card that names the gift.';
COMMENT ON COLUMN gifts.held_until IS 'The mail waits until then: a large first gift.';
COMMENT ON COLUMN gifts.mailbox_only IS 'Only whoever reads the mailbox that it was sent to can claim it: the rule that was in force when it was made.';
COMMENT ON COLUMN gifts.viewed_at IS 'When a person, not a mail scanner, first had it before their eyes.';
COMMENT ON COLUMN gifts.reminded_at IS 'When both were told that it goes back soon. Sending it again begins its days anew, and so it ends this.';
COMMENT ON COLUMN gifts.recipient_email_key IS 'What makes two spellings one mailbox, as in customers: the mailbox that the next mail goes to.';
COMMENT ON COLUMN gifts.return_days IS 'The rule that was in force when the gift was made: so long after its mail it goes back.';
COMMENT ON COLUMN gifts.delivery IS 'Grows with every resend, so that a mail that was overtaken is not sent.';
COMMENT ON COLUMN gifts.delivery_problem IS 'A code of the reason why the mail was refused; the words for it are made for the reader.';

CREATE TABLE gift_links (
    link_hash bytea NOT NULL,
    merchant_id uuid NOT NULL,
    gift_id uuid NOT NULL,
    email_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT gift_links_pk PRIMARY KEY (link_hash),
    CONSTRAINT gift_links_gift_fk FOREIGN KEY (merchant_id, gift_id) REFERENCES gifts,
    CONSTRAINT gift_links_hash_length CHECK (octet_length(link_hash) = 32),
    CONSTRAINT gift_links_email_hash_length CHECK (octet_length(email_hash) = 32)
);
CREATE INDEX gift_links_gift ON gift_links (merchant_id, gift_id);
COMMENT ON TABLE gift_links IS 'SHA-256 of each link that was mailed. The link itself exists only in the mail.';
COMMENT ON COLUMN gift_links.email_hash IS 'SHA-256 of the key of the mailbox that this link was mailed to, as in mail_suppressions: the gift may go to another later.';

CREATE TABLE gift_events (
    merchant_id uuid NOT NULL,
    event_id uuid NOT NULL DEFAULT uuidv7(),
    gift_id uuid NOT NULL,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    customer_id uuid,
    idempotency_key uuid,
    input_hash bytea,
    recipient_email_key text,
    CONSTRAINT gift_events_pk PRIMARY KEY (merchant_id, event_id),
    CONSTRAINT gift_events_gift_fk FOREIGN KEY (merchant_id, gift_id) REFERENCES gifts DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT gift_events_customer_fk FOREIGN KEY (customer_id) REFERENCES customers,
    CONSTRAINT gift_events_key_unique UNIQUE (merchant_id, customer_id, idempotency_key),
    CONSTRAINT gift_events_kind CHECK (kind IN ('CREATED', 'PAID', 'SENT', 'DELIVERED', 'BOUNCED', 'RESENT', 'RESCHEDULED', 'REMINDED', 'VIEWED', 'CLAIMED', 'DECLINED', 'CANCELLED', 'RETURNED', 'THANKED')),
    CONSTRAINT gift_events_hash_length CHECK (octet_length(input_hash) = 32),
    CONSTRAINT gift_events_recipient CHECK ((recipient_email_key IS NOT NULL) = (kind IN ('CREATED', 'RESENT'))),
    CONSTRAINT gift_events_recipient_length CHECK (char_length(recipient_email_key) BETWEEN 3 AND 254),
    CONSTRAINT gift_events_keyed CHECK ((idempotency_key IS NULL) = (input_hash IS NULL) AND (idempotency_key IS NULL OR customer_id IS NOT NULL OR kind = 'DECLINED'))
);
CREATE INDEX gift_events_gift ON gift_events (merchant_id, gift_id, at);
CREATE UNIQUE INDEX gift_events_nobodys_key ON gift_events (merchant_id, idempotency_key) WHERE customer_id IS NULL AND idempotency_key IS NOT NULL;
CREATE INDEX gift_events_mailbox ON gift_events (merchant_id, recipient_email_key, at) WHERE kind = 'CREATED';
CREATE INDEX gift_events_sender ON gift_events (merchant_id, customer_id, at) WHERE recipient_email_key IS NOT NULL;
CREATE TRIGGER gift_events_append_only BEFORE UPDATE OR DELETE ON gift_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE gift_events IS 'What happened to a gift, when and by whom. What a person did carries the key that makes doing it twice doing it once.';
COMMENT ON COLUMN gift_events.recipient_email_key IS 'To which mailbox the mail of this was to go. The limits count these: the gift itself knows only the latest.';

GRANT SELECT, INSERT, UPDATE ON gifts, gift_links, gift_designs TO regulars_app;
GRANT SELECT, INSERT ON gift_events TO regulars_app;
