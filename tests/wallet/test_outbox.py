"""The outbox: nothing is lost, nothing is carried out by two at once, nothing comes back for ever."""

import asyncio
import itertools
from datetime import datetime, timedelta

import asyncpg
import pytest

from infra.pool import Pool
from tests.database import Database, run_sql
from wallet import outbox
from wallet.database import Conn
from wallet.outbox import ATTEMPTS_MAX, Job

LEASE = timedelta(seconds=60)

JOBS_SQL = """
    SELECT outbox_id, topic, payload, run_at, attempts, locked_until, last_error, dead_at
    FROM outbox
    ORDER BY outbox_id
"""


async def add(conn: Conn, n: int = 1, *, run_at: datetime, now: datetime) -> None:
    async with conn.transaction():
        for i in range(n):
            await outbox.add(
                conn, topic="mail.gift", payload={"giftId": f"g{i}", "delivery": 1}, run_at=run_at, now=now
            )


async def claim(conn: Conn, *, now: datetime, limit: int = 10) -> list[Job]:
    async with conn.transaction():
        return await outbox.claim(conn, limit=limit, lease=LEASE, now=now)


async def test_job_of_a_transaction_that_rolls_back_was_never_there(conn: Conn, now: datetime) -> None:
    async def add_and_fail() -> None:
        async with conn.transaction():
            await outbox.add(conn, topic="mail.gift", payload={"giftId": "g", "delivery": 1}, run_at=now, now=now)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await add_and_fail()

    assert await conn.fetch(JOBS_SQL) == []


async def test_claimed_job_holds_what_was_added_and_counts_the_attempt(conn: Conn, now: datetime) -> None:
    await add(conn, run_at=now, now=now)

    [job] = await claim(conn, now=now)

    assert (job.topic, job.payload, job.run_at, job.attempts) == (
        "mail.gift",
        {"giftId": "g0", "delivery": 1},
        now,
        1,
    )
    [row] = await conn.fetch(JOBS_SQL)
    assert (row["attempts"], row["locked_until"]) == (1, now + LEASE)


async def test_job_is_not_due_before_its_time(conn: Conn, now: datetime) -> None:
    due = now + timedelta(days=3)
    await add(conn, run_at=due, now=now)

    assert await claim(conn, now=due - timedelta(microseconds=1)) == []
    assert len(await claim(conn, now=due)) == 1


async def test_jobs_come_longest_due_first_and_no_more_than_asked_for(conn: Conn, now: datetime) -> None:
    for minutes in (1, 3, 2):
        await add(conn, run_at=now - timedelta(minutes=minutes), now=now)

    claimed = await claim(conn, now=now, limit=2)

    assert [job.run_at for job in claimed] == [now - timedelta(minutes=3), now - timedelta(minutes=2)]


async def test_sign_in_code_never_waits_for_gifts_however_long_they_are_due(conn: Conn, now: datetime) -> None:
    # given more gifts than a worker takes at once, all due for long, and then two codes that are asked for
    await add(conn, 20, run_at=now - timedelta(hours=1), now=now)
    for seconds in (1, 2):
        async with conn.transaction():
            asked_at = now - timedelta(seconds=seconds)
            await outbox.add(conn, topic="mail.sign_in", payload={"attemptId": "a"}, run_at=asked_at, now=asked_at)

    # when a worker takes eight
    claimed = await claim(conn, now=now, limit=8)

    # then the codes are among them and first, and gifts fill what is left
    assert [job.topic for job in claimed] == ["mail.sign_in"] * 2 + ["mail.gift"] * 6
    assert [job.run_at for job in claimed[:2]] == [now - timedelta(seconds=2), now - timedelta(seconds=1)]
    assert len(await claim(conn, now=now, limit=100)) == 14


async def test_no_more_codes_are_claimed_than_asked_for(conn: Conn, now: datetime) -> None:
    await add(conn, 3, run_at=now, now=now)
    async with conn.transaction():
        for _ in range(5):
            await outbox.add(conn, topic="mail.sign_in", payload={"attemptId": "a"}, run_at=now, now=now)

    assert [job.topic for job in await claim(conn, now=now, limit=4)] == ["mail.sign_in"] * 4


async def test_job_under_lease_is_nobody_elses_until_the_lease_ends(conn: Conn, now: datetime) -> None:
    await add(conn, run_at=now, now=now)
    await claim(conn, now=now)

    assert await claim(conn, now=now + LEASE - timedelta(microseconds=1)) == []
    [again] = await claim(conn, now=now + LEASE)
    assert again.attempts == 2


async def test_worker_that_lost_its_lease_cannot_touch_the_job(conn: Conn, now: datetime) -> None:
    # given a job whose first worker was too slow, so that a second one has it
    await add(conn, run_at=now, now=now)
    [lost] = await claim(conn, now=now)
    later = now + LEASE
    [held] = await claim(conn, now=later)
    before = await conn.fetch(JOBS_SQL)

    # when the first one comes back with whatever news
    async with conn.transaction():
        assert await outbox.done(conn, lost) is False
        assert await outbox.retry(conn, lost, error="late", jitter=0, now=later) is False
        assert await outbox.bury(conn, lost, error="late", now=later) is False

    # then nothing changed, and the second one can finish
    assert await conn.fetch(JOBS_SQL) == before
    assert await outbox.done(conn, held) is True
    assert await conn.fetch(JOBS_SQL) == []


async def test_failed_job_comes_back_after_a_pause_with_its_reason(conn: Conn, now: datetime) -> None:
    await add(conn, run_at=now, now=now)
    [job] = await claim(conn, now=now)

    assert await outbox.retry(conn, job, error="mail deferred: RCPT 452", jitter=0, now=now)

    [row] = await conn.fetch(JOBS_SQL)
    assert (row["last_error"], row["locked_until"], row["dead_at"]) == ("mail deferred: RCPT 452", None, None)
    assert await claim(conn, now=now + outbox.RETRY_FIRST - timedelta(microseconds=1)) == []
    assert len(await claim(conn, now=now + outbox.RETRY_FIRST)) == 1


def test_pauses_double_up_to_an_hour_and_last_for_hours_in_all() -> None:
    pauses = [outbox.pause(attempt) for attempt in range(1, ATTEMPTS_MAX)]

    assert pauses[:4] == [timedelta(seconds=s) for s in (5, 10, 20, 40)]
    assert max(pauses) == outbox.RETRY_LONGEST
    assert all(earlier <= later for earlier, later in itertools.pairwise(pauses))
    assert timedelta(hours=14) < sum(pauses, timedelta()) < timedelta(hours=15)
    assert outbox.pause(10**6) == outbox.RETRY_LONGEST


@pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 5.0), (0.5, 3.75), (1.0, 2.5)])
async def test_jitter_takes_up_to_half_of_the_pause(conn: Conn, now: datetime, jitter: float, seconds: float) -> None:
    await add(conn, run_at=now, now=now)
    [job] = await claim(conn, now=now)

    await outbox.retry(conn, job, error="", jitter=jitter, now=now)

    [row] = await conn.fetch(JOBS_SQL)
    assert row["run_at"] == now + timedelta(seconds=seconds)


async def test_buried_job_stays_to_be_looked_at_and_is_never_claimed(conn: Conn, now: datetime) -> None:
    await add(conn, run_at=now, now=now)
    [job] = await claim(conn, now=now)

    assert await outbox.bury(conn, job, error="unknown topic", now=now)

    [row] = await conn.fetch(JOBS_SQL)
    assert (row["dead_at"], row["last_error"]) == (now, "unknown topic")
    assert await claim(conn, now=now + timedelta(days=400)) == []
    assert await outbox.done(conn, job) is False


async def test_job_that_kills_its_workers_is_known_to_have_been_tried_enough(conn: Conn, now: datetime) -> None:
    # given a job whose workers die one after the other, so that nobody reports anything
    await add(conn, run_at=now, now=now)
    seen = []
    for turn in range(ATTEMPTS_MAX + 1):
        [job] = await claim(conn, now=now + turn * LEASE)
        seen.append((job.attempts, job.last_attempt, job.overdue))

    # then the attempt is counted each time, the last one is known as such, and one more is one too many
    assert [attempts for attempts, _, _ in seen] == list(range(1, ATTEMPTS_MAX + 2))
    assert [last for _, last, _ in seen] == [False] * (ATTEMPTS_MAX - 1) + [True, True]
    assert [overdue for _, _, overdue in seen] == [False] * ATTEMPTS_MAX + [True]


async def test_long_error_is_cut_to_what_the_column_holds(conn: Conn, now: datetime) -> None:
    await add(conn, run_at=now, now=now)
    [job] = await claim(conn, now=now)

    await outbox.retry(conn, job, error="x" * 2000, jitter=0, now=now)

    assert await conn.fetchval("SELECT char_length(last_error) FROM outbox") == outbox.LAST_ERROR_LENGTH


async def test_two_workers_at_once_share_the_jobs_and_neither_waits(pool: Pool, conn: Conn, now: datetime) -> None:
    # given 40 jobs, and one worker whose claim is not yet committed
    await add(conn, 40, run_at=now, now=now)
    async with pool.acquire() as other, conn.transaction():
        first = await outbox.claim(conn, limit=15, lease=LEASE, now=now)
        # when another claims meanwhile
        async with asyncio.timeout(2), other.transaction():
            second = await outbox.claim(other, limit=100, lease=LEASE, now=now)

    # then each job went to one of them
    ids = [job.outbox_id for job in first + second]
    assert (len(first), len(second), len(set(ids))) == (15, 25, 40)


async def test_eight_workers_in_a_hurry_carry_out_each_job_once(pool: Pool, conn: Conn, now: datetime) -> None:
    await add(conn, 100, run_at=now, now=now)
    carried_out: list[int] = []

    async def worker() -> None:
        async with pool.acquire() as mine:
            while jobs := await claim(mine, now=now, limit=3):
                for job in jobs:
                    carried_out.append(job.outbox_id)
                    assert await outbox.done(mine, job)

    await asyncio.gather(*(worker() for _ in range(8)))

    assert len(carried_out) == len(set(carried_out)) == 100
    assert await conn.fetch(JOBS_SQL) == []


async def test_claim_of_one_job_among_many_reads_the_index_of_what_is_due(
    database: Database, conn: Conn, now: datetime
) -> None:
    await conn.execute(
        """
        INSERT INTO outbox (topic, payload, run_at, created_at)
        SELECT 'mail.gift', '{}'::jsonb, $1::timestamptz + n * INTERVAL '1 second', $1
        FROM generate_series(1, 20000) AS n
        """,
        now,
    )
    await run_sql(database.owner_dsn, "ANALYZE outbox")
    plan = await conn.fetch(f"EXPLAIN {outbox.CLAIM_JOBS_SQL}", now, now + LEASE, 8)

    text = "\n".join(row[0] for row in plan)
    assert text.count("Index Scan using outbox_due") == 2, "what is urgent and what is not are a range each"
    ranges = [line for line in text.split("\n") if "Index Cond: ((urgent = " in line]
    assert ["run_at <= " in line for line in ranges] == [True, True], "and neither reads what is not due"
    assert "Seq Scan" not in text
    assert "Sort" not in text


async def test_application_cannot_store_a_payload_that_is_too_large(conn: Conn, now: datetime) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await outbox.add(conn, topic="mail.gift", payload={"giftId": "x" * 5000}, run_at=now, now=now)
