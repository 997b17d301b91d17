-- Who people are: customers, their sign-in attempts, sessions and the keys that sign for us.

-- The application connects as a member of this role. It owns nothing, so it can drop, alter and truncate nothing.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'regulars_app') THEN
        CREATE ROLE regulars_app NOLOGIN;
        GRANT regulars_app TO CURRENT_USER;  -- so that one login can do, where there is only one
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- another instance made it between the look and the leap
END
$$;
GRANT SELECT ON schema_migrations TO regulars_app;

-- Rows of an append-only table are facts: a correction is a new row.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TABLE customers (
    customer_id uuid NOT NULL DEFAULT uuidv7(),
    email text,
    email_key text,
    phone text,
    phone_key text,
    name text,
    locale text NOT NULL,
    birth_month smallint,
    birth_day smallint,
    confirmed_at timestamptz,
    notices_stopped_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT customers_pk PRIMARY KEY (customer_id),
    CONSTRAINT customers_email_key_unique UNIQUE (email_key),
    CONSTRAINT customers_phone_key_unique UNIQUE (phone_key),
    CONSTRAINT customers_reachable CHECK ((email IS NULL) = (email_key IS NULL) AND (phone IS NULL) = (phone_key IS NULL) AND num_nonnulls(email, phone) >= 1),
    CONSTRAINT customers_phone_length CHECK (char_length(phone) BETWEEN 6 AND 30),
    CONSTRAINT customers_phone_key_form CHECK (phone_key ~ '^\+[1-9][0-9]{5,14}$'),
    CONSTRAINT customers_birthday CHECK ((birth_month IS NULL) = (birth_day IS NULL) AND birth_month BETWEEN 1 AND 12 AND birth_day BETWEEN 1 AND CASE WHEN birth_month = 2 THEN 29 WHEN birth_month IN (4, 6, 9, 11) THEN 30 ELSE 31 END),
    CONSTRAINT customers_email_length CHECK (char_length(email) BETWEEN 3 AND 254),
    CONSTRAINT customers_email_key_length CHECK (char_length(email_key) BETWEEN 3 AND 254),
    CONSTRAINT customers_name_length CHECK (char_length(name) BETWEEN 1 AND 80),
    CONSTRAINT customers_locale_length CHECK (char_length(locale) BETWEEN 2 AND 35)
);
COMMENT ON TABLE customers IS 'A person who signs in, or was enrolled at a counter. One row per mailbox and per telephone number.';
COMMENT ON COLUMN customers.email_key IS 'The address case-folded: what makes two spellings one mailbox. Null for who was enrolled by telephone number alone: they cannot sign in and get no mail.';
COMMENT ON COLUMN customers.phone_key IS 'The number as E.164 has it: what makes two spellings one number. Nobody has proved that it is theirs.';
COMMENT ON COLUMN customers.confirmed_at IS 'When the person first proved to read this mailbox; null for a customer enrolled at a counter until then.';

CREATE TABLE sign_in_attempts (
    attempt_id uuid NOT NULL DEFAULT gen_random_uuid(),
    email text NOT NULL,
    email_key text NOT NULL,
    locale text NOT NULL,
    client_hash bytea,
    code_hash bytea,
    tries_left smallint NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    consumed_at timestamptz,
    CONSTRAINT sign_in_attempts_pk PRIMARY KEY (attempt_id),
    CONSTRAINT sign_in_attempts_email_length CHECK (char_length(email) BETWEEN 3 AND 254),
    CONSTRAINT sign_in_attempts_email_key_length CHECK (char_length(email_key) BETWEEN 3 AND 254),
    CONSTRAINT sign_in_attempts_locale_length CHECK (char_length(locale) BETWEEN 2 AND 35),
    CONSTRAINT sign_in_attempts_client_hash_length CHECK (octet_length(client_hash) = 32),
    CONSTRAINT sign_in_attempts_code_hash_length CHECK (octet_length(code_hash) = 32),
    CONSTRAINT sign_in_attempts_tries CHECK (tries_left >= 0)
);
CREATE INDEX sign_in_attempts_expiry ON sign_in_attempts (expires_at);
COMMENT ON TABLE sign_in_attempts IS 'One request for an emailed sign-in code. The same row is made for known and unknown addresses.';
COMMENT ON COLUMN sign_in_attempts.client_hash IS 'Keyed hash of where the request came from, so that somebody else''s wrong codes are not counted against this one.';
COMMENT ON COLUMN sign_in_attempts.code_hash IS 'Keyed hash of the code; null until the worker has made and mailed one.';

CREATE TABLE email_confirmations (
    link_hash bytea NOT NULL,
    customer_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT email_confirmations_pk PRIMARY KEY (link_hash),
    CONSTRAINT email_confirmations_customer_fk FOREIGN KEY (customer_id) REFERENCES customers,
    CONSTRAINT email_confirmations_hash_length CHECK (octet_length(link_hash) = 32)
);
CREATE INDEX email_confirmations_expiry ON email_confirmations (expires_at);
COMMENT ON TABLE email_confirmations IS 'SHA-256 of the link mailed to a customer who was enrolled at a counter. Using it twice is using it once.';

CREATE TABLE signing_keys (
    kid text NOT NULL,
    purpose text NOT NULL,
    public_key bytea NOT NULL,
    sealed_private_key bytea NOT NULL,
    created_at timestamptz NOT NULL,
    signs_from timestamptz NOT NULL,
    verifies_until timestamptz,
    CONSTRAINT signing_keys_pk PRIMARY KEY (kid),
    CONSTRAINT signing_keys_kid_length CHECK (char_length(kid) BETWEEN 2 AND 32),
    CONSTRAINT signing_keys_purpose CHECK (purpose IN ('access', 'check_in', 'statement')),
    CONSTRAINT signing_keys_check_in_kid CHECK (purpose <> 'check_in' OR kid ~ '^[0-9]{2}$'),
    CONSTRAINT signing_keys_public_key_length CHECK (octet_length(public_key) = 32),
    CONSTRAINT signing_keys_sealed_length CHECK (octet_length(sealed_private_key) BETWEEN 32 AND 512)
);
COMMENT ON TABLE signing_keys IS 'Ed25519 keys. The private half is sealed with the key from the settings.';
COMMENT ON COLUMN signing_keys.signs_from IS 'Published from created_at, used for signing from here on: verifiers learn a key before they meet it.';
COMMENT ON COLUMN signing_keys.verifies_until IS 'Null while it signs or will sign; then until the last thing it signed has ended.';

CREATE UNLOGGED TABLE rate_limits (
    scope text NOT NULL,
    subject bytea NOT NULL,
    hits integer NOT NULL,
    window_ends_at timestamptz NOT NULL,
    CONSTRAINT rate_limits_pk PRIMARY KEY (scope, subject),
    CONSTRAINT rate_limits_scope_length CHECK (char_length(scope) BETWEEN 1 AND 40),
    CONSTRAINT rate_limits_subject_length CHECK (octet_length(subject) BETWEEN 1 AND 64)
);
CREATE INDEX rate_limits_expiry ON rate_limits (window_ends_at);
COMMENT ON TABLE rate_limits IS 'How often something was tried in the running window. Unlogged: a crash forgives, nothing else.';
COMMENT ON COLUMN rate_limits.subject IS 'Keyed hash of who or what is counted, never the address itself.';

GRANT SELECT, INSERT, UPDATE ON customers TO regulars_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_attempts, email_confirmations, signing_keys, rate_limits TO regulars_app;
