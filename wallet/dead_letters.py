"""What the worker could not carry out, for a person to decide: try it again, or let it go."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from wallet.database import Conn, Row
from wallet.errors import NotFound
from wallet.outbox import Job

DEAD_JOBS_SQL = """
    SELECT outbox_id, topic, payload, run_at, attempts, postponed, last_error, dead_at, created_at
    FROM outbox
    WHERE dead_at IS NOT NULL
    ORDER BY dead_at DESC, outbox_id DESC
    LIMIT $1
"""

FAILING_JOBS_SQL = """
    SELECT outbox_id, topic, payload, run_at, attempts, postponed, last_error, dead_at, created_at
    FROM outbox
    WHERE dead_at IS NULL AND last_error IS NOT NULL
    ORDER BY created_at DESC, outbox_id DESC
    LIMIT $1
"""

# None of the attempts so far counts any more. Their number must go on growing: it tells who has the lease.
REVIVE_JOB_SQL = """
    UPDATE outbox SET dead_at = NULL, run_at = $2, postponed = attempts
    WHERE outbox_id = $1 AND (dead_at IS NOT NULL OR last_error IS NOT NULL)
      AND (locked_until IS NULL OR locked_until <= $2)
    RETURNING outbox_id, topic, payload, run_at, attempts, postponed
"""

DROP_JOB_SQL = """
    DELETE FROM outbox
    WHERE outbox_id = $1 AND (dead_at IS NOT NULL OR last_error IS NOT NULL)
      AND (locked_until IS NULL OR locked_until <= $2)
    RETURNING outbox_id, topic, payload, run_at, attempts, postponed
"""

ID_ENDINGS = ("Id", "id")


@dataclass(frozen=True, slots=True)
class Letter:
    """A job that failed. `ids` say what it is about, and nothing of anybody. `dead_at` None: it is still tried."""

    outbox_id: int
    topic: str
    ids: Mapping[str, str | int]
    tries: int
    last_error: str | None
    created_at: datetime
    run_at: datetime
    dead_at: datetime | None


def from_row(row: Row) -> Letter:
    return Letter(
        outbox_id=row["outbox_id"],
        topic=row["topic"],
        ids=ids_of(row["payload"]),
        tries=row["attempts"] - row["postponed"],
        last_error=row["last_error"],
        created_at=row["created_at"],
        run_at=row["run_at"],
        dead_at=row["dead_at"],
    )


def ids_of(payload: Mapping[str, str | int]) -> dict[str, str | int]:
    """What of a job's facts is an id."""
    return {name: value for name, value in payload.items() if name.endswith(ID_ENDINGS)}


def job_from_row(row: Row) -> Job:
    return Job(
        outbox_id=row["outbox_id"],
        topic=row["topic"],
        payload=row["payload"],
        run_at=row["run_at"],
        attempts=row["attempts"],
        postponed=row["postponed"],
    )


async def listed(conn: Conn, *, limit: int) -> list[Letter]:
    """At most `limit` jobs that are dead, the latest first."""
    return [from_row(row) for row in await conn.fetch(DEAD_JOBS_SQL, limit)]


async def failing(conn: Conn, *, limit: int) -> list[Letter]:
    """At most `limit` jobs that failed and are still tried, the newest first."""
    return [from_row(row) for row in await conn.fetch(FAILING_JOBS_SQL, limit)]


async def revive(conn: Conn, *, outbox_id: int, now: datetime) -> Job:
    """The job, which failed, is due now, with all its attempts before it.

    Raises NotFound if there is none, if it only waits for its moment, or if somebody has it.
    """
    row = await conn.fetchrow(REVIVE_JOB_SQL, outbox_id, now)
    if row is None:
        raise NotFound
    return job_from_row(row)


async def drop(conn: Conn, *, outbox_id: int, now: datetime) -> Job:
    """The job, which failed, is gone, never to be carried out.

    Raises NotFound if there is none, if it only waits for its moment, or if somebody has it.
    """
    row = await conn.fetchrow(DROP_JOB_SQL, outbox_id, now)
    if row is None:
        raise NotFound
    return job_from_row(row)
