-- Mail that arrives: which mail a report is about, who is not written to, how fast a domain is.

CREATE TABLE mail_deliveries (
    token_hash bytea NOT NULL,
    topic text NOT NULL,
    merchant_id uuid,
    gift_id uuid,
    delivery integer,
    email_hash bytea NOT NULL,
    message_id text NOT NULL,
    created_at timestamptz NOT NULL,
    bounced_at timestamptz,
    complained_at timestamptz,
    CONSTRAINT mail_deliveries_pk PRIMARY KEY (token_hash),
    CONSTRAINT mail_deliveries_gift_fk FOREIGN KEY (merchant_id, gift_id) REFERENCES gifts,
    CONSTRAINT mail_deliveries_gift CHECK ((gift_id IS NULL) = (delivery IS NULL) AND (gift_id IS NULL OR merchant_id IS NOT NULL)),
    CONSTRAINT mail_deliveries_token_hash_length CHECK (octet_length(token_hash) = 32),
    CONSTRAINT mail_deliveries_email_hash_length CHECK (octet_length(email_hash) = 32),
    CONSTRAINT mail_deliveries_topic_length CHECK (char_length(topic) BETWEEN 1 AND 60),
    CONSTRAINT mail_deliveries_message_id_length CHECK (char_length(message_id) BETWEEN 1 AND 255)
);
CREATE INDEX mail_deliveries_message ON mail_deliveries (message_id, created_at);
CREATE INDEX mail_deliveries_mailbox ON mail_deliveries (email_hash, topic, created_at);
CREATE INDEX mail_deliveries_age ON mail_deliveries (created_at);
COMMENT ON TABLE mail_deliveries IS 'Each mail that was offered to the mail server in the last weeks, so that what comes back later finds what it is about. It is forgotten then, and so is what a report says of it.';
COMMENT ON COLUMN mail_deliveries.token_hash IS 'SHA-256 of the token in the envelope sender. The token itself exists only there.';
COMMENT ON COLUMN mail_deliveries.delivery IS 'The how-manieth mail of the gift: a report of one that was overtaken says nothing of the gift.';
COMMENT ON COLUMN mail_deliveries.bounced_at IS 'When we first heard that it came back, as complained_at that it was called spam: what is told twice does not undo what the operator did since.';
COMMENT ON COLUMN mail_deliveries.email_hash IS 'SHA-256 of the key of the mailbox that it went to.';

CREATE TABLE mail_suppressions (
    email_hash bytea NOT NULL,
    reason text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz,
    CONSTRAINT mail_suppressions_pk PRIMARY KEY (email_hash, reason),
    CONSTRAINT mail_suppressions_email_hash_length CHECK (octet_length(email_hash) = 32),
    CONSTRAINT mail_suppressions_reason CHECK (reason IN ('UNWANTED', 'BOUNCED', 'COMPLAINED', 'MANUAL')),
    CONSTRAINT mail_suppressions_time CHECK (until > since)
);
CREATE INDEX mail_suppressions_until ON mail_suppressions (until) WHERE until IS NOT NULL;
CREATE INDEX mail_suppressions_since ON mail_suppressions (since, email_hash, reason);
COMMENT ON TABLE mail_suppressions IS 'Mailboxes that get no gift mail, whoever the gift is from, a row for each reason. SHA-256 of the key of the address, not the address.';
COMMENT ON COLUMN mail_suppressions.reason IS 'UNWANTED: its owner asked us to. BOUNCED: the mailbox does not exist. COMPLAINED: its owner called our mail spam. MANUAL: the operator entered it.';
COMMENT ON COLUMN mail_suppressions.until IS 'When it is tried again: mailboxes that failed may come back. Null: never by itself.';

CREATE TABLE mail_paces (
    domain text NOT NULL,
    next_at timestamptz NOT NULL,
    queue_at timestamptz NOT NULL,
    CONSTRAINT mail_paces_pk PRIMARY KEY (domain),
    CONSTRAINT mail_paces_domain_length CHECK (char_length(domain) BETWEEN 1 AND 254)
);
CREATE INDEX mail_paces_next ON mail_paces (next_at);
COMMENT ON TABLE mail_paces IS 'How far ahead of its pace the mail to a domain is. One row a domain, so that all workers together keep it.';
COMMENT ON COLUMN mail_paces.next_at IS 'When all that was sent so far would have left at an even pace.';
COMMENT ON COLUMN mail_paces.queue_at IS 'When the last mail that was told to wait has its turn.';

GRANT SELECT, INSERT, UPDATE, DELETE ON mail_deliveries, mail_suppressions, mail_paces TO regulars_app;
