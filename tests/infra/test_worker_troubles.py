"""The worker when things break around it: it dies, the database goes away, a sweep has a fault."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import pytest
from structlog.testing import capture_logs

from infra.pool import Pool
from infra.worker import Handler, Sweep, Worker
from tests.database import Database
from tests.infra.outage import switch
from tests.infra.working import HASTE, HandClock, Recorder, Told, add_job, until, until_empty, working
from wallet.database import Conn
from wallet.outbox import Job
from wallet.values import CardId, MerchantId


async def test_worker_killed_in_the_middle_of_a_job_leaves_it_to_the_next_one(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    # given a worker that dies while it carries out a job
    clock, begun = HandClock(now), asyncio.Event()

    async def never_ends(job: Job) -> None:
        begun.set()
        await asyncio.Event().wait()

    await add_job(conn, now=now)
    worker = Worker(pool, clock=clock, handlers={"test": Handler(never_ends)}, sweeps=[], publish=Told(), pace=HASTE)
    dying = asyncio.create_task(worker.run())
    await asyncio.wait_for(begun.wait(), 5)
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying

    # when another one is there after the lease has ended
    recorder = Recorder()
    clock.forward(HASTE.lease)
    async with working(pool, clock, {"test": Handler(recorder)}):
        await until_empty(conn)

    # then the job was carried out after all
    assert recorder.numbers == [1]


async def test_two_workers_carry_out_each_job_once(pool: Pool, conn: Conn, now: datetime) -> None:
    recorder = Recorder()
    for number in range(60):
        await add_job(conn, number=number, now=now)

    handlers = {"test": Handler(recorder)}
    clock = HandClock(now)
    async with working(pool, clock, handlers), working(pool, clock, handlers):
        await until_empty(conn)

    assert sorted(recorder.numbers) == list(range(60))


async def test_worker_outlives_a_database_that_goes_away(pool: Pool, database: Database, now: datetime) -> None:
    recorder = Recorder()
    with capture_logs() as logs:
        async with switch(database) as power, working(pool, HandClock(now), {"test": Handler(recorder)}):
            # given a worker at work
            async with pool.acquire() as conn:
                await add_job(conn, number=1, now=now)
                await until_empty(conn)

            # when the database throws everybody out and lets nobody in for a while
            await power.off()

            async def noticed() -> bool:
                return [entry["event"] for entry in logs].count("worker.cannot_claim") >= 3

            await until(noticed)
            await power.on()

            # then the worker goes on as if nothing had been
            async with pool.acquire() as conn:
                await add_job(conn, number=2, now=now)
                await until_empty(conn)

    assert recorder.numbers == [1, 2]
    assert {entry["log_level"] for entry in logs if entry["event"].startswith("worker.")} == {"warning"}


async def test_job_that_was_done_but_could_not_be_struck_off_comes_back(
    pool: Pool, conn: Conn, database: Database, now: datetime
) -> None:
    # given a job that works, and a database that goes away in the same moment
    clock, runs = HandClock(now), 0
    await add_job(conn, now=now)
    async with switch(database) as power:

        async def turns_the_database_off_once(job: Job) -> None:
            nonlocal runs
            runs += 1
            if runs == 1:
                await power.off()

        with capture_logs() as logs:
            async with working(pool, clock, {"test": Handler(turns_the_database_off_once)}):

                async def not_settled() -> bool:
                    return "job.not_settled" in [entry["event"] for entry in logs]

                await until(not_settled)
                await power.on()
                clock.forward(HASTE.lease)
                async with pool.acquire() as again:
                    await until_empty(again)

    assert runs == 2


async def test_sweep_goes_on_until_nothing_is_due_and_tells_of_each_card(pool: Pool, conn: Conn, now: datetime) -> None:
    # given a sweep that finds two cards, then one, then none
    keys = [
        (MerchantId(row["a"]), CardId(row["b"]))
        for row in await conn.fetch("SELECT uuidv7() AS a, uuidv7() AS b FROM generate_series(1, 3)")
    ]
    batches, asked, told = [keys[:2], keys[2:]], [], Told()

    async def step(conn: Conn, *, limit: int, now: datetime) -> Sequence[tuple[MerchantId, CardId]]:
        asked.append((limit, now))
        return batches.pop(0) if batches else []

    async with working(pool, HandClock(now), {}, sweeps=[Sweep("test", step)], publish=told):

        async def thrice() -> bool:
            return len(asked) >= 3

        await until(thrice)

    assert told.cards == keys
    assert set(asked) == {(HASTE.sweep_limit, now)}


async def test_sweep_that_fails_hides_nothing_and_holds_up_no_other(pool: Pool, conn: Conn, now: datetime) -> None:
    # given a sweep that changes something and fails, and one behind it that works
    swept: list[datetime] = []
    told = Told()
    await conn.execute(
        "INSERT INTO mail_suppressions (email_hash, reason, since) VALUES (sha256('a'), 'MANUAL', $1)", now
    )

    async def broken(conn: Conn, *, limit: int, now: datetime) -> Sequence[tuple[MerchantId, CardId]]:
        await conn.execute(
            "INSERT INTO mail_suppressions (email_hash, reason, since) VALUES (sha256('b'), 'MANUAL', $1)", now
        )
        raise ValueError("row of somebody@example.com")

    async def fine(conn: Conn, *, limit: int, now: datetime) -> Sequence[tuple[MerchantId, CardId]]:
        swept.append(now)
        return []

    with capture_logs() as logs:
        async with working(
            pool, HandClock(now), {}, sweeps=[Sweep("broken", broken), Sweep("fine", fine)], publish=told
        ):

            async def twice() -> bool:
                return len(swept) >= 2

            await until(twice)

    # then what the broken one did was rolled back, it is in the log without its text, and the other one ran
    assert await conn.fetchval("SELECT count(*) FROM mail_suppressions") == 1
    assert told.cards == []
    assert {entry["sweep"] for entry in logs} == {"broken"}
    assert "somebody" not in str(logs)
