"""The worker: each job is carried out, once if nothing breaks, and a job that fails is nobody else's trouble."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from infra.pool import Pool
from infra.worker import Handler, Worker, where
from tests.infra.working import (
    HASTE,
    JOBS_SQL,
    HandClock,
    Recorder,
    Told,
    add_job,
    until,
    until_empty,
    wait_out,
    working,
)
from wallet.database import Conn
from wallet.outbox import ATTEMPTS_MAX, Job


async def test_job_is_carried_out_once_and_is_gone(pool: Pool, conn: Conn, now: datetime) -> None:
    recorder = Recorder()
    await add_job(conn, now=now)

    async with working(pool, HandClock(now), {"test": Handler(recorder)}):
        await until_empty(conn)

    assert recorder.numbers == [1]
    assert await conn.fetch(JOBS_SQL) == []


async def test_nudge_is_quicker_than_the_poll(pool: Pool, conn: Conn, now: datetime) -> None:
    # given a worker that would look again in an hour
    recorder = Recorder()
    async with working(
        pool, HandClock(now), {"test": Handler(recorder)}, pace=replace(HASTE, poll_seconds=3600)
    ) as worker:
        await add_job(conn, now=now)

        # when it is nudged after the commit
        worker.nudge()

        # then it looks now
        await until_empty(conn)
    assert recorder.numbers == [1]


async def test_job_waits_for_its_time_on_the_clock_that_was_given(pool: Pool, conn: Conn, now: datetime) -> None:
    clock, recorder = HandClock(now), Recorder()
    await add_job(conn, number=1, now=now + timedelta(days=30))
    await add_job(conn, number=2, now=now)

    async with working(pool, clock, {"test": Handler(recorder)}):

        async def second_done() -> bool:
            return recorder.numbers == [2]

        await until(second_done)
        clock.forward(timedelta(days=30))
        await until_empty(conn)

    assert recorder.numbers == [2, 1]


async def test_failed_job_is_tried_again_later_and_the_others_are_not_held_up(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    clock, flaky, steady = HandClock(now), Recorder(failing=2), Recorder()
    await add_job(conn, topic="flaky", now=now)
    await add_job(conn, topic="steady", number=7, now=now)

    async with working(pool, clock, {"flaky": Handler(flaky), "steady": Handler(steady)}):
        for times in (1, 2):

            async def failed(times: int = times) -> bool:
                rows = await conn.fetch(JOBS_SQL)
                return [(r["topic"], r["attempts"], r["locked_until"]) for r in rows] == [("flaky", times, None)]

            await until(failed)
            [row] = await conn.fetch(JOBS_SQL)
            assert (row["last_error"], row["run_at"] > clock()) == ("mail deferred: RCPT 452", True)
            clock.forward(timedelta(minutes=1))
        await until_empty(conn)

    assert (flaky.numbers, steady.numbers) == ([1, 1, 1], [7])


async def test_unforeseen_failure_is_retried_and_its_text_is_neither_stored_nor_logged(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    # given a handler whose exception quotes an address
    recorder = Recorder(failing=1, failure=ValueError("550 <secret@example.com> unknown"))
    await add_job(conn, now=now)

    with capture_logs() as logs:
        async with working(pool, HandClock(now), {"test": Handler(recorder)}):

            async def failed() -> bool:
                return bool(await conn.fetchval("SELECT last_error IS NOT NULL FROM outbox"))

            await until(failed)

    [row] = await conn.fetch(JOBS_SQL)
    assert row["last_error"].startswith("ValueError in __call__, line ")
    assert "secret" not in str(logs)
    assert [entry["event"] for entry in logs] == ["job.failed"]


async def test_job_that_takes_too_long_is_stopped_and_tried_again(pool: Pool, conn: Conn, now: datetime) -> None:
    clock, starts, stopped = HandClock(now), [], []

    async def first_time_for_ever(job: Job) -> None:
        starts.append(job.attempts)
        if len(starts) == 1:
            try:
                await asyncio.Event().wait()
            finally:
                stopped.append(True)

    await add_job(conn, now=now)
    async with working(pool, clock, {"test": Handler(first_time_for_ever)}, pace=replace(HASTE, job_seconds=0.05)):

        async def gave_up() -> bool:
            return bool(await conn.fetchval("SELECT last_error = 'took too long' FROM outbox"))

        await until(gave_up)
        clock.forward(timedelta(minutes=1))
        await until_empty(conn)

    assert (starts, stopped) == ([1, 2], [True])


async def test_job_tried_for_the_last_time_is_given_up_in_the_transaction_that_buries_it(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    # given a job that never works
    clock, given_up = HandClock(now), []

    async def give_up(conn: Conn, job: Job, now: datetime) -> None:
        given_up.append((job.attempts, await conn.fetchval("SELECT dead_at FROM outbox"), now))

    recorder = Recorder(failing=1000)
    await add_job(conn, now=now)
    async with working(pool, clock, {"test": Handler(recorder, give_up)}):

        async def dead() -> bool:
            await wait_out(conn, clock)
            return bool(await conn.fetchval("SELECT dead_at IS NOT NULL FROM outbox"))

        await until(dead)

    # then it was tried so often and no more, is given up once, and stays with its reason
    [row] = await conn.fetch(JOBS_SQL)
    assert len(recorder.numbers) == ATTEMPTS_MAX
    assert given_up == [(ATTEMPTS_MAX, row["dead_at"], row["dead_at"])]
    assert row["last_error"] == "mail deferred: RCPT 452"


async def test_job_that_killed_its_workers_is_given_up_without_being_run_again(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    clock, recorder, given_up = HandClock(now), Recorder(), []

    async def give_up(conn: Conn, job: Job, now: datetime) -> None:
        given_up.append(job.attempts)

    await add_job(conn, now=now)
    await conn.execute("UPDATE outbox SET attempts = $1, locked_until = $2", ATTEMPTS_MAX, now)

    async with working(pool, clock, {"test": Handler(recorder, give_up)}):
        await until_empty(conn)

    assert (recorder.numbers, given_up) == ([], [ATTEMPTS_MAX + 1])
    [row] = await conn.fetch(JOBS_SQL)
    assert row["last_error"] == "no worker lived to finish it"


async def test_job_stays_buried_although_giving_it_up_fails(pool: Pool, conn: Conn, now: datetime) -> None:
    async def give_up(conn: Conn, job: Job, now: datetime) -> None:
        await conn.execute("UPDATE outbox SET topic = 'changed'")
        await conn.execute("SELECT 1 / 0")

    await add_job(conn, now=now)
    await conn.execute("UPDATE outbox SET attempts = $1", ATTEMPTS_MAX - 1)

    with capture_logs() as logs:
        async with working(pool, HandClock(now), {"test": Handler(Recorder(failing=1), give_up)}):
            await until_empty(conn)

    [row] = await conn.fetch(JOBS_SQL)
    assert (row["topic"], row["dead_at"]) == ("test", now)
    assert "job.not_given_up" in [entry["event"] for entry in logs]


async def test_unknown_topic_waits_for_a_worker_that_knows_it(pool: Pool, conn: Conn, now: datetime) -> None:
    clock, recorder = HandClock(now), Recorder()
    await add_job(conn, topic="newer", now=now)

    async with working(pool, clock, {}):

        async def refused() -> bool:
            return bool(await conn.fetchval("SELECT last_error = 'unknown topic' FROM outbox"))

        await until(refused)
    clock.forward(timedelta(minutes=1))
    async with working(pool, clock, {"newer": Handler(recorder)}):
        await until_empty(conn)

    assert recorder.numbers == [1]


async def test_stop_waits_for_the_running_job_and_begins_no_other(pool: Pool, conn: Conn, now: datetime) -> None:
    # given a worker that takes one job at a time and is in the middle of the first of two
    begun, may_end, finished = asyncio.Event(), asyncio.Event(), []

    async def slow(job: Job) -> None:
        begun.set()
        await may_end.wait()
        finished.append(job.payload["number"])

    for number in (1, 2):
        await add_job(conn, number=number, now=now)
    worker = Worker(
        pool,
        clock=HandClock(now),
        handlers={"test": Handler(slow)},
        sweeps=[],
        publish=Told(),
        pace=replace(HASTE, jobs_at_once=1),
    )
    running = asyncio.create_task(worker.run())
    await asyncio.wait_for(begun.wait(), 5)

    # when it is stopped
    worker.stop()
    await asyncio.sleep(0)
    assert not running.done()
    may_end.set()
    await asyncio.wait_for(running, 5)

    # then the first is done and gone, and nobody has touched the second
    assert finished == [1]
    [row] = await conn.fetch(JOBS_SQL)
    assert (row["attempts"], row["locked_until"]) == (0, None)


async def test_no_more_jobs_run_at_once_than_the_pace_allows(pool: Pool, conn: Conn, now: datetime) -> None:
    running, most = 0, 0

    async def counted(job: Job) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.002)
        running -= 1

    for number in range(20):
        await add_job(conn, number=number, now=now)
    async with working(pool, HandClock(now), {"test": Handler(counted)}, pace=replace(HASTE, jobs_at_once=3)):
        await until_empty(conn)

    assert most == 3


def test_where_names_the_place_and_not_the_words() -> None:
    with pytest.raises(ValueError) as caught:
        int("somebody@example.com")

    assert where(caught.value).startswith("ValueError in test_where_names_the_place_and_not_the_words, line ")
    assert where(KeyError("secret")) == "KeyError"
