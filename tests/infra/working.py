"""A worker that runs while a block does, on a clock that a test moves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from infra.worker import Handler, JobFailed, Pace, Sweep, Worker
from wallet import outbox
from wallet.database import Conn, Pool
from wallet.outbox import Job
from wallet.values import CardId, MerchantId

HASTE = Pace(poll_seconds=0.01, sweep_seconds=0.01, job_seconds=5.0, trouble_seconds_max=0.05)

JOBS_SQL = """
    SELECT outbox_id, topic, attempts, run_at, locked_until, last_error, dead_at
    FROM outbox
    ORDER BY outbox_id
"""


@dataclass(slots=True)
class HandClock:
    """Stands still until it is moved."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at

    def forward(self, by: timedelta) -> None:
        self.at += by


@dataclass(slots=True)
class Told:
    """Which cards the worker said had changed."""

    cards: list[tuple[MerchantId, CardId]] = field(default_factory=list)

    def __call__(self, merchant_id: MerchantId, card_id: CardId) -> None:
        self.cards.append((merchant_id, card_id))


class Recorder:
    """A handler that notes which jobs it was given, and fails as often as it is told to."""

    def __init__(self, *, failing: int = 0, failure: Exception | None = None) -> None:
        self.numbers: list[int] = []
        self._failing = failing
        self._failure = failure or JobFailed("mail deferred: RCPT 452")

    async def __call__(self, job: Job) -> None:
        self.numbers.append(int(job.payload["number"]))
        if len(self.numbers) <= self._failing:
            raise self._failure


@asynccontextmanager
async def working(
    pool: Pool,
    clock: HandClock,
    handlers: Mapping[str, Handler],
    *,
    sweeps: Sequence[Sweep] = (),
    publish: Told | None = None,
    pace: Pace = HASTE,
) -> AsyncIterator[Worker]:
    """The worker runs for this block, then ends in good order."""
    worker = Worker(pool, clock=clock, handlers=handlers, sweeps=sweeps, publish=publish or Told(), pace=pace)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        async with asyncio.timeout(10):
            await running


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Returns as soon as it is true; fails after ten seconds."""
    async with asyncio.timeout(10):
        while not await true():
            await asyncio.sleep(0.005)


async def until_empty(conn: Conn) -> None:
    """The outbox has no job left that is not dead."""

    async def empty() -> bool:
        return not await conn.fetchval("SELECT EXISTS (SELECT FROM outbox WHERE dead_at IS NULL)")

    await until(empty)


async def wait_out(conn: Conn, clock: HandClock) -> None:
    """Moves the clock to when the one job is due again. Until then no worker can take it, so none has it meanwhile."""
    due_at = await conn.fetchval("SELECT MIN(run_at) FROM outbox WHERE locked_until IS NULL AND dead_at IS NULL")
    if due_at is not None and due_at > clock():
        clock.forward(due_at - clock())


async def add_job(conn: Conn, *, topic: str = "test", now: datetime, number: int = 1) -> None:
    async with conn.transaction():
        await outbox.add(conn, topic=topic, payload={"number": number}, run_at=now, now=now)
