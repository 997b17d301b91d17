"""How often something may be tried: counters over fixed windows, exact under any number of racers.

What was counted must outlive the refusal of what it counted for, and a raise rolls back. Two ways:

- Count first, by itself, then open the transaction of the work:

      async with pool.acquire() as conn:
          await rate_limits.hit(conn, ...)         # commits at once, no transaction is open
          async with conn.transaction():
              ...

- Count inside, and return the refusal instead of raising it (see auth.errors): what sign-in and activation do.

TooManyAttempts itself may be raised anywhere: rolled back or not, the counter stands at its limit.

Where one too many is no refusal, but something that is left out, such as a mail: `take`.
"""

from datetime import datetime, timedelta

from wallet.database import Conn
from wallet.errors import TooManyAttempts

HIT_SQL = """
    INSERT INTO rate_limits AS counter (scope, subject, hits, window_ends_at)
    VALUES ($1, $2, 1, $5)
    ON CONFLICT (scope, subject) DO UPDATE
    SET hits = CASE WHEN counter.window_ends_at > $4 THEN LEAST(counter.hits, $3) + 1 ELSE 1 END,
        window_ends_at = CASE WHEN counter.window_ends_at > $4 THEN counter.window_ends_at ELSE $5 END
    RETURNING hits, window_ends_at
"""

# One that does not fit changes nothing, but waits for whoever counts at the same moment, as one that fits does.
TAKE_SQL = """
    INSERT INTO rate_limits AS counter (scope, subject, hits, window_ends_at)
    VALUES ($1, $2, 1, $5)
    ON CONFLICT (scope, subject) DO UPDATE
    SET hits = CASE WHEN counter.window_ends_at > $4 THEN counter.hits + 1 ELSE 1 END,
        window_ends_at = CASE WHEN counter.window_ends_at > $4 THEN counter.window_ends_at ELSE $5 END
    WHERE counter.hits < $3 OR counter.window_ends_at <= $4
    RETURNING hits
"""

CHECK_SQL = """
    SELECT window_ends_at
    FROM rate_limits
    WHERE scope = $1 AND subject = $2 AND hits >= $3 AND window_ends_at > $4
"""

GIVE_BACK_SQL = """
    UPDATE rate_limits
    SET hits = hits - 1
    WHERE scope = $1 AND subject = $2 AND hits > 0 AND window_ends_at > $3
"""


async def hit(conn: Conn, *, scope: str, subject: bytes, limit: int, window: timedelta, now: datetime) -> None:
    """One more try is counted; the first one opens a window, and exactly `limit` fit into it.

    `subject` is a keyed hash of who or what is counted, 1 to 64 bytes. The counter stays locked until the transaction
    ends: racers pass one after the other. Raises TooManyAttempts with the end of the window.
    """
    row = await conn.fetchrow(HIT_SQL, scope, subject, limit, now, now + window)
    assert row is not None
    if row["hits"] > limit:
        raise TooManyAttempts(row["window_ends_at"])


async def take(conn: Conn, *, scope: str, subject: bytes, limit: int, window: timedelta, now: datetime) -> bool:
    """Whether one more fits, and if so it is counted, as `hit` counts: exactly `limit` (1 at least) fit into a window.

    False, and nothing changed, for one too many.
    """
    return await conn.fetchval(TAKE_SQL, scope, subject, limit, now, now + window) is not None


async def check(conn: Conn, *, scope: str, subject: bytes, limit: int, now: datetime) -> None:
    """Nothing changes. Raises TooManyAttempts if no try is left: for a look ahead, never instead of `hit`."""
    window_ends_at = await conn.fetchval(CHECK_SQL, scope, subject, limit, now)
    if window_ends_at is not None:
        raise TooManyAttempts(window_ends_at)


async def give_back(conn: Conn, *, scope: str, subject: bytes, now: datetime) -> None:
    """One try is uncounted: where only failures count, a success takes its own hit back, in the same transaction."""
    await conn.execute(GIVE_BACK_SQL, scope, subject, now)
