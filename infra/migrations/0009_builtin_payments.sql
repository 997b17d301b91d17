-- The built-in payment provider of the demo and the tests. It stands for a bank: nothing else reads or writes these tables.

CREATE TABLE builtin_payments (
    ref text NOT NULL,
    key text NOT NULL,
    payee text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    metadata jsonb NOT NULL,
    state text NOT NULL,
    refunded_minor bigint NOT NULL DEFAULT 0,
    dispute text,
    created_at timestamptz NOT NULL,
    decided_at timestamptz,
    CONSTRAINT builtin_payments_pk PRIMARY KEY (ref),
    CONSTRAINT builtin_payments_key_unique UNIQUE (key),
    CONSTRAINT builtin_payments_ref_form CHECK (ref ~ '^[A-Za-z0-9_-]{43}$'),
    CONSTRAINT builtin_payments_key_length CHECK (char_length(key) BETWEEN 1 AND 255),
    CONSTRAINT builtin_payments_payee_length CHECK (char_length(payee) BETWEEN 1 AND 80),
    CONSTRAINT builtin_payments_amount CHECK (amount_minor > 0 AND refunded_minor BETWEEN 0 AND amount_minor),
    CONSTRAINT builtin_payments_currency_form CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT builtin_payments_metadata_length CHECK (octet_length(metadata::text) <= 2048),
    CONSTRAINT builtin_payments_state CHECK (state IN ('OPEN', 'ASKING', 'PAID', 'DECLINED', 'CANCELLED')),
    CONSTRAINT builtin_payments_decided CHECK ((state IN ('OPEN', 'ASKING')) = (decided_at IS NULL)),
    CONSTRAINT builtin_payments_refunded CHECK (refunded_minor = 0 OR state = 'PAID'),
    CONSTRAINT builtin_payments_dispute CHECK (dispute IS NULL OR (dispute IN ('OPEN', 'WON') AND state = 'PAID'))
);
COMMENT ON TABLE builtin_payments IS 'Payments of the built-in provider, which moves no money: who opens the page of one says whether it is paid.';
COMMENT ON COLUMN builtin_payments.ref IS 'The provider''s name for it, and the secret part of the address of its page.';
COMMENT ON COLUMN builtin_payments.key IS 'Who asks again with the key gets the same payment.';

CREATE TABLE builtin_refunds (
    key text NOT NULL,
    ref text NOT NULL,
    amount_minor bigint NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT builtin_refunds_pk PRIMARY KEY (key),
    CONSTRAINT builtin_refunds_payment_fk FOREIGN KEY (ref) REFERENCES builtin_payments,
    CONSTRAINT builtin_refunds_key_length CHECK (char_length(key) BETWEEN 1 AND 255),
    CONSTRAINT builtin_refunds_amount CHECK (amount_minor > 0)
);
COMMENT ON TABLE builtin_refunds IS 'What the built-in provider gave back. Who asks again with the key is given nothing more.';

GRANT SELECT, INSERT, UPDATE ON builtin_payments TO regulars_app;
GRANT SELECT, INSERT ON builtin_refunds TO regulars_app;
