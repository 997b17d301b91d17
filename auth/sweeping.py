"""What is over is deleted: spent codes and counters are no use to anybody, and addresses are not kept for nothing."""

from datetime import datetime, timedelta

from wallet.database import Conn

BATCH = 1000
KEPT_FOR = timedelta(days=1)
"""How long after its end a row stays, for whoever has to find out what happened."""

SWEEP_RATE_LIMITS_SQL = """
    DELETE FROM rate_limits
    WHERE ctid = ANY(ARRAY(
        SELECT ctid
        FROM rate_limits
        WHERE window_ends_at <= $1
        ORDER BY window_ends_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING scope
"""

SWEEP_ATTEMPTS_SQL = """
    DELETE FROM sign_in_attempts
    WHERE attempt_id = ANY(ARRAY(
        SELECT attempt_id
        FROM sign_in_attempts
        WHERE expires_at <= $1
        ORDER BY expires_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING attempt_id
"""

SWEEP_REFRESH_TOKENS_SQL = """
    DELETE FROM refresh_tokens
    WHERE ctid = ANY(ARRAY(
        SELECT ctid
        FROM refresh_tokens
        WHERE expires_at <= $1
        ORDER BY expires_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING seq
"""

SWEEP_ACTIVATION_CODES_SQL = """
    DELETE FROM activation_codes
    WHERE code_hash = ANY(ARRAY(
        SELECT code_hash
        FROM activation_codes
        WHERE expires_at <= $1
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING code_hash
"""


async def sweep(conn: Conn, *, now: datetime) -> int:
    """Up to a thousand rows of each kind that ended a day ago or earlier are gone; how many. Call again until it is 0.

    Racers do not wait for each other. A refresh token that comes back after its row is gone still ends its session.
    """
    ended_by = now - KEPT_FOR
    swept = 0
    for sql in (SWEEP_RATE_LIMITS_SQL, SWEEP_ATTEMPTS_SQL, SWEEP_REFRESH_TOKENS_SQL, SWEEP_ACTIVATION_CODES_SQL):
        swept += len(await conn.fetch(sql, ended_by, BATCH))
    return swept
