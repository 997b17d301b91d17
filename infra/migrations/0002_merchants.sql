-- Whose program it is: merchants, their programs and rules, stores and terminals.

CREATE TABLE merchants (
    merchant_id uuid NOT NULL DEFAULT uuidv7(),
    name text NOT NULL,
    currency text NOT NULL,
    locale text NOT NULL,
    timezone text NOT NULL,
    country text NOT NULL,
    contact_email text,
    operators_required boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    CONSTRAINT merchants_pk PRIMARY KEY (merchant_id),
    CONSTRAINT merchants_name_length CHECK (char_length(name) BETWEEN 1 AND 80),
    CONSTRAINT merchants_currency_form CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT merchants_locale_length CHECK (char_length(locale) BETWEEN 2 AND 35),
    CONSTRAINT merchants_timezone_length CHECK (char_length(timezone) BETWEEN 1 AND 64),
    CONSTRAINT merchants_country_form CHECK (country ~ '^[A-Z]{2}$'),
    CONSTRAINT merchants_contact_email_length CHECK (char_length(contact_email) BETWEEN 3 AND 254)
);
COMMENT ON TABLE merchants IS 'A business. Everything that belongs to it names it first, in every key.';
COMMENT ON COLUMN merchants.country IS 'ISO 3166-1, of whose law the life of its gift cards is a matter.';
COMMENT ON COLUMN merchants.contact_email IS 'Who is told of a payment that was disputed; null for nobody.';
COMMENT ON COLUMN merchants.operators_required IS 'Whether nothing is sold or taken back at its tills without somebody''s PIN.';

CREATE TABLE programs (
    merchant_id uuid NOT NULL,
    program_id uuid NOT NULL DEFAULT uuidv7(),
    slug text NOT NULL,
    name text NOT NULL,
    point_name text NOT NULL,
    point_name_plural text NOT NULL,
    currency text NOT NULL,
    issued_account_id uuid NOT NULL,
    redeemed_account_id uuid NOT NULL,
    expired_account_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT programs_pk PRIMARY KEY (merchant_id, program_id),
    CONSTRAINT programs_merchant_fk FOREIGN KEY (merchant_id) REFERENCES merchants,
    CONSTRAINT programs_slug_form CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$'),
    CONSTRAINT programs_name_length CHECK (char_length(name) BETWEEN 1 AND 80),
    CONSTRAINT programs_point_name_length CHECK (char_length(point_name) BETWEEN 1 AND 30),
    CONSTRAINT programs_point_name_plural_length CHECK (char_length(point_name_plural) BETWEEN 1 AND 30),
    CONSTRAINT programs_currency_form CHECK (currency ~ '^[A-Z]{3}$')
);
COMMENT ON TABLE programs IS 'A merchant''s loyalty scheme. Its rules stand in program_revisions.';
COMMENT ON COLUMN programs.issued_account_id IS 'Where points come from and go back to on a refund; its balance is the sum of its transfers, no row is hot.';

CREATE TABLE program_directory (
    number bigint GENERATED ALWAYS AS IDENTITY,
    slug text NOT NULL,
    merchant_id uuid NOT NULL,
    program_id uuid NOT NULL,
    CONSTRAINT program_directory_pk PRIMARY KEY (number),
    CONSTRAINT program_directory_slug_unique UNIQUE (slug),
    CONSTRAINT program_directory_program_unique UNIQUE (merchant_id, program_id),
    CONSTRAINT program_directory_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES programs,
    CONSTRAINT program_directory_number_range CHECK (number BETWEEN 1 AND 4294967295),
    CONSTRAINT program_directory_slug_length CHECK (char_length(slug) BETWEEN 1 AND 64)
);
COMMENT ON TABLE program_directory IS 'Leads from what the outside knows (a poster''s slug, the number in a check-in code) to the merchant. Small, and the same on every node.';

CREATE TABLE program_revisions (
    merchant_id uuid NOT NULL,
    program_id uuid NOT NULL,
    revision integer NOT NULL,
    rules jsonb NOT NULL,
    valid_from timestamptz NOT NULL,
    CONSTRAINT program_revisions_pk PRIMARY KEY (merchant_id, program_id, revision),
    CONSTRAINT program_revisions_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES programs,
    CONSTRAINT program_revisions_revision CHECK (revision >= 1)
);
CREATE TRIGGER program_revisions_append_only BEFORE UPDATE OR DELETE ON program_revisions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE program_revisions IS 'One immutable version of a program''s rules. A sale names the one that judged it.';

CREATE TABLE stores (
    merchant_id uuid NOT NULL,
    store_id uuid NOT NULL DEFAULT uuidv7(),
    program_id uuid NOT NULL,
    name text NOT NULL,
    locale text NOT NULL,
    timezone text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT stores_pk PRIMARY KEY (merchant_id, store_id),
    CONSTRAINT stores_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES programs,
    CONSTRAINT stores_name_length CHECK (char_length(name) BETWEEN 1 AND 80),
    CONSTRAINT stores_locale_length CHECK (char_length(locale) BETWEEN 2 AND 35),
    CONSTRAINT stores_timezone_length CHECK (char_length(timezone) BETWEEN 1 AND 64)
);
COMMENT ON TABLE stores IS 'A shop. program_id is the program that its counter enrols people into.';

CREATE TABLE terminals (
    merchant_id uuid NOT NULL,
    terminal_id uuid NOT NULL DEFAULT uuidv7(),
    store_id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    activated_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT terminals_pk PRIMARY KEY (merchant_id, terminal_id),
    CONSTRAINT terminals_store_fk FOREIGN KEY (merchant_id, store_id) REFERENCES stores,
    CONSTRAINT terminals_name_length CHECK (char_length(name) BETWEEN 1 AND 80)
);
COMMENT ON TABLE terminals IS 'A till or a POS, tied to one store.';

CREATE TABLE operators (
    merchant_id uuid NOT NULL,
    operator_id uuid NOT NULL DEFAULT uuidv7(),
    name text NOT NULL,
    pin_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT operators_pk PRIMARY KEY (merchant_id, operator_id),
    CONSTRAINT operators_merchant_fk FOREIGN KEY (merchant_id) REFERENCES merchants,
    CONSTRAINT operators_name_length CHECK (char_length(name) BETWEEN 1 AND 80),
    CONSTRAINT operators_pin_hash_length CHECK (octet_length(pin_hash) = 32)
);
CREATE UNIQUE INDEX operators_pin ON operators (merchant_id, pin_hash) WHERE revoked_at IS NULL;
COMMENT ON TABLE operators IS 'The people who stand at a merchant''s tills.';
COMMENT ON COLUMN operators.pin_hash IS 'HMAC of the PIN with a key that is not in the database. No two people of a merchant have one PIN at a time.';

CREATE TABLE activation_codes (
    code_hash bytea NOT NULL,
    merchant_id uuid NOT NULL,
    terminal_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT activation_codes_pk PRIMARY KEY (code_hash),
    CONSTRAINT activation_codes_terminal_fk FOREIGN KEY (merchant_id, terminal_id) REFERENCES terminals,
    CONSTRAINT activation_codes_hash_length CHECK (octet_length(code_hash) = 32)
);
CREATE INDEX activation_codes_terminal ON activation_codes (merchant_id, terminal_id);
COMMENT ON TABLE activation_codes IS 'Eight letters that turn a device into a terminal, once, within fifteen minutes. Kept as a keyed hash.';

CREATE TABLE sessions (
    session_id uuid NOT NULL DEFAULT gen_random_uuid(),
    customer_id uuid,
    merchant_id uuid,
    terminal_id uuid,
    device_name text NOT NULL,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_because text,
    CONSTRAINT sessions_pk PRIMARY KEY (session_id),
    CONSTRAINT sessions_customer_fk FOREIGN KEY (customer_id) REFERENCES customers,
    CONSTRAINT sessions_terminal_fk FOREIGN KEY (merchant_id, terminal_id) REFERENCES terminals,
    CONSTRAINT sessions_one_owner CHECK ((customer_id IS NULL) <> (terminal_id IS NULL) AND (merchant_id IS NULL) = (terminal_id IS NULL)),
    CONSTRAINT sessions_device_name_length CHECK (char_length(device_name) BETWEEN 1 AND 80),
    CONSTRAINT sessions_ended_because CHECK (ended_because IN ('signed_out', 'token_reused', 'revoked', 'replaced')),
    CONSTRAINT sessions_ended CHECK ((ended_at IS NULL) = (ended_because IS NULL))
);
CREATE INDEX sessions_customer ON sessions (customer_id, last_seen_at DESC) WHERE ended_at IS NULL AND customer_id IS NOT NULL;
CREATE INDEX sessions_terminal ON sessions (merchant_id, terminal_id) WHERE ended_at IS NULL AND terminal_id IS NOT NULL;
COMMENT ON TABLE sessions IS 'One device that is signed in: a customer''s phone or a terminal. The family of its refresh tokens.';

CREATE TABLE refresh_tokens (
    session_id uuid NOT NULL,
    seq integer NOT NULL,
    token_hash bytea NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT refresh_tokens_pk PRIMARY KEY (session_id, seq),
    CONSTRAINT refresh_tokens_hash_unique UNIQUE (token_hash),
    CONSTRAINT refresh_tokens_session_fk FOREIGN KEY (session_id) REFERENCES sessions ON DELETE CASCADE,
    CONSTRAINT refresh_tokens_hash_length CHECK (octet_length(token_hash) = 32),
    CONSTRAINT refresh_tokens_seq CHECK (seq >= 1)
);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);
COMMENT ON TABLE refresh_tokens IS 'The tokens of one session, each good for one refresh. An old one that comes back ends the session.';

GRANT SELECT, INSERT ON merchants, programs, program_directory, program_revisions, stores TO regulars_app;
GRANT UPDATE (operators_required) ON merchants TO regulars_app;
GRANT SELECT, INSERT, UPDATE ON terminals, operators, sessions TO regulars_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON activation_codes, refresh_tokens TO regulars_app;
