"""The outbox: work that must leave, written in the transaction that caused it and carried out by the worker.

Each job is carried out at least once. Who claims a job holds it for the time of a lease; the attempt is counted when it
is claimed, so that a job that kills its worker is counted too and cannot come back for ever. The number of the attempt
also tells a worker that lost its lease from the one that has it now.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from wallet.database import Conn, Row

ATTEMPTS_MAX = 24
"""With the pauses below, a job is given up 7 to 14 hours after it was first tried."""

URGENT_TOPICS = frozenset({"mail.sign_in"})
"""Somebody looks at a screen until these are done. They never wait for the others, however many are due."""

RETRY_FIRST = timedelta(seconds=5)
RETRY_LONGEST = timedelta(hours=1)

ADD_JOB_SQL = """
    INSERT INTO outbox (topic, urgent, payload, run_at, created_at)
    VALUES ($1, $2, $3, $4, $5)
"""

# Two ranges of one index, so that neither reads what is not due yet. The ids are found once, in an array: as a plain
# IN, the plan may run the limited sub-selects once for each row.
CLAIM_JOBS_SQL = """
    WITH urgent AS (
        SELECT outbox_id
        FROM outbox
        WHERE dead_at IS NULL AND urgent AND run_at <= $1 AND (locked_until IS NULL OR locked_until <= $1)
        ORDER BY run_at, outbox_id
        LIMIT $3
        FOR UPDATE SKIP LOCKED
    ), others AS (
        SELECT outbox_id
        FROM outbox
        WHERE dead_at IS NULL AND NOT urgent AND run_at <= $1 AND (locked_until IS NULL OR locked_until <= $1)
        ORDER BY run_at, outbox_id
        LIMIT $3 - (SELECT count(*) FROM urgent)
        FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox SET attempts = attempts + 1, locked_until = $2
    WHERE outbox_id = ANY(ARRAY(SELECT outbox_id FROM urgent UNION ALL SELECT outbox_id FROM others))
    RETURNING outbox_id, topic, payload, run_at, attempts, postponed
"""

DELETE_JOB_SQL = """
    DELETE FROM outbox
    WHERE outbox_id = $1 AND attempts = $2 AND dead_at IS NULL
    RETURNING outbox_id
"""

RETRY_JOB_SQL = """
    UPDATE outbox SET run_at = $3, locked_until = NULL, last_error = $4
    WHERE outbox_id = $1 AND attempts = $2 AND dead_at IS NULL
    RETURNING outbox_id
"""

# The attempt stays counted, because its number is what tells who has the lease.
POSTPONE_JOB_SQL = """
    UPDATE outbox SET run_at = $3, locked_until = NULL, postponed = postponed + 1
    WHERE outbox_id = $1 AND attempts = $2 AND dead_at IS NULL
    RETURNING outbox_id
"""

BURY_JOB_SQL = """
    UPDATE outbox SET dead_at = $3, locked_until = NULL, last_error = $4
    WHERE outbox_id = $1 AND attempts = $2 AND dead_at IS NULL
    RETURNING outbox_id
"""

LAST_ERROR_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Job:
    """A job under lease. `attempts` counts this one: 1 for the first. `postponed` of them only said: not yet."""

    outbox_id: int
    topic: str
    payload: Mapping[str, str | int]
    run_at: datetime
    attempts: int
    postponed: int = 0

    @property
    def tries(self) -> int:
        """How often it was tried in earnest, this time included."""
        return self.attempts - self.postponed

    @property
    def last_attempt(self) -> bool:
        """Whether a failure now is the end of it."""
        return self.tries >= ATTEMPTS_MAX

    @property
    def overdue(self) -> bool:
        """Whether it was tried often enough already, each time by a worker that did not live to say how it went."""
        return self.tries > ATTEMPTS_MAX


def from_row(row: Row) -> Job:
    return Job(
        outbox_id=row["outbox_id"],
        topic=row["topic"],
        payload=row["payload"],
        run_at=row["run_at"],
        attempts=row["attempts"],
        postponed=row["postponed"],
    )


async def add(conn: Conn, *, topic: str, payload: Mapping[str, str | int], run_at: datetime, now: datetime) -> None:
    """The job will be carried out at or after `run_at`, if this transaction commits.

    The payload holds ids; a code or a link is made when its mail is, and never stands here.
    """
    await conn.execute(ADD_JOB_SQL, topic, topic in URGENT_TOPICS, dict(payload), run_at, now)


async def claim(conn: Conn, *, limit: int, lease: timedelta, now: datetime) -> list[Job]:
    """At most `limit` jobs that were due are the caller's for the time of the lease.

    The urgent ones come first, and among equals the longest due.
    """
    rows = await conn.fetch(CLAIM_JOBS_SQL, now, now + lease, limit)
    return sorted(
        (from_row(row) for row in rows), key=lambda job: (job.topic not in URGENT_TOPICS, job.run_at, job.outbox_id)
    )


async def done(conn: Conn, job: Job) -> bool:
    """The job is gone. False, and nothing happened, if the lease was lost and somebody else has the job."""
    return await conn.fetchval(DELETE_JOB_SQL, job.outbox_id, job.attempts) is not None


async def retry(conn: Conn, job: Job, *, error: str, jitter: float, now: datetime) -> bool:
    """The job will be tried again after a pause. False, and nothing happened, if the lease was lost.

    The pause doubles with each attempt up to an hour; `jitter` (0 to 1) takes up to half of it away, so that jobs which
    failed together do not come back together.
    """
    run_at = now + pause(job.tries) * (1 - jitter / 2)
    error = error[:LAST_ERROR_LENGTH]
    return await conn.fetchval(RETRY_JOB_SQL, job.outbox_id, job.attempts, run_at, error) is not None


async def postpone(conn: Conn, job: Job, *, until: datetime) -> bool:
    """The job will be carried out at or after `until`, and this did not count as a try. False if the lease was lost."""
    return await conn.fetchval(POSTPONE_JOB_SQL, job.outbox_id, job.attempts, until) is not None


async def bury(conn: Conn, job: Job, *, error: str, now: datetime) -> bool:
    """The job is dead: it stays to be looked at and is never tried again. False if the lease was lost."""
    error = error[:LAST_ERROR_LENGTH]
    return await conn.fetchval(BURY_JOB_SQL, job.outbox_id, job.attempts, now, error) is not None


def pause(attempts: int) -> timedelta:
    """How long to wait at most after so many attempts."""
    doublings = min(attempts - 1, 20)
    return min(RETRY_FIRST * (1 << doublings), RETRY_LONGEST)
