-- What must leave: rows written in the transaction that caused them, carried out by the worker at least once.

CREATE TABLE outbox (
    outbox_id bigint GENERATED ALWAYS AS IDENTITY,
    topic text NOT NULL,
    urgent boolean NOT NULL DEFAULT false,
    payload jsonb NOT NULL,
    run_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    postponed integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    last_error text,
    dead_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT outbox_pk PRIMARY KEY (outbox_id),
    CONSTRAINT outbox_topic_length CHECK (char_length(topic) BETWEEN 1 AND 60),
    CONSTRAINT outbox_payload_length CHECK (octet_length(payload::text) <= 4096),
    CONSTRAINT outbox_last_error_length CHECK (char_length(last_error) <= 500),
    CONSTRAINT outbox_attempts CHECK (postponed >= 0 AND attempts >= postponed)
);
CREATE INDEX outbox_due ON outbox (urgent, run_at, outbox_id) WHERE dead_at IS NULL;
CREATE INDEX outbox_dead ON outbox (dead_at, outbox_id) WHERE dead_at IS NOT NULL;
CREATE INDEX outbox_failing ON outbox (created_at, outbox_id) WHERE dead_at IS NULL AND last_error IS NOT NULL;
COMMENT ON TABLE outbox IS 'Work for the worker. A row is deleted when it is done; one that failed too often is dead and stays to be looked at. Payloads hold ids, never secrets: a code or link is made when its mail is.';
COMMENT ON COLUMN outbox.urgent IS 'Somebody is waiting for it: whatever else is due comes after it.';
COMMENT ON COLUMN outbox.postponed IS 'How many of the attempts only found that it is not its turn: they do not count towards giving it up.';
COMMENT ON COLUMN outbox.locked_until IS 'The lease of the worker that has it; past it, another may take it.';

GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO regulars_app;
