"""The worker: carries out what stands in the outbox, and does what time alone brings about.

Several workers may run side by side; a lease keeps a job with one of them. A job runs outside of any transaction,
since it talks to other machines; it opens short ones of its own. Time comes from the clock that it is given.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Protocol

import structlog

from infra.clock import Clock
from wallet import outbox
from wallet.database import Conn, Pool
from wallet.outbox import Job
from wallet.values import CardId, MerchantId

log = structlog.get_logger(__name__)


class JobFailed(Exception):
    """A job that may work later. The reason is kept and logged, so it names no person and no secret."""


class JobPostponed(Exception):
    """A job that nothing is wrong with and whose turn is at `until`. It does not count as a try."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


@dataclass(frozen=True, slots=True)
class Handler:
    """How the jobs of one topic are carried out.

    `run` is done with the job when it returns, and has it tried again when it raises. `give_up` is called, in the
    transaction that buries the job, when it was tried for the last time.
    """

    run: Callable[[Job], Awaitable[None]]
    give_up: Callable[[Conn, Job, datetime], Awaitable[None]] | None = None


class Step(Protocol):
    """One small transaction's worth of what is due. Returns the cards that changed, none when nothing was due."""

    async def __call__(self, conn: Conn, *, limit: int, now: datetime) -> Sequence[tuple[MerchantId, CardId]]: ...


@dataclass(frozen=True, slots=True)
class Sweep:
    """Something that time brings about: points that expire, gifts that go back."""

    name: str
    step: Step


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the worker looks, how much it takes on, and how long it lets things take."""

    poll_seconds: float = 0.3
    sweep_seconds: float = 1.0
    jobs_at_once: int = 8
    job_seconds: float = 60.0
    lease: timedelta = timedelta(seconds=120)
    sweep_limit: int = 50
    sweep_steps_max: int = 100
    trouble_seconds_max: float = 5.0


class Worker:
    """Works from `run` until `stop`. `publish` is told of each card that a sweep changed, after the commit."""

    def __init__(
        self,
        pool: Pool,
        *,
        clock: Clock,
        handlers: Mapping[str, Handler],
        sweeps: Sequence[Sweep],
        publish: Callable[[MerchantId, CardId], None],
        pace: Pace | None = None,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._handlers = handlers
        self._sweeps = sweeps
        self._publish = publish
        self._pace = pace or Pace()
        self._jitter = SystemRandom()
        self._running = 0
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()

    def nudge(self) -> None:
        """The outbox is looked at now, not at the next poll. For whoever added a job in this process and committed."""
        self._wake.set()

    def stop(self) -> None:
        """`run` takes on nothing new, finishes what it began and returns."""
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        """Works until `stop`. Nothing that fails ends it: not a job, not a sweep, not the database going away."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._drain())
            tasks.create_task(self._sweep())

    async def _drain(self) -> None:
        troubles = 0
        async with asyncio.TaskGroup() as jobs:
            while not self._stopping.is_set():
                self._wake.clear()
                try:
                    claimed = await self._claim()
                except Exception as trouble:  # a database that restarts fails in a dozen ways
                    troubles += 1
                    log.warning("worker.cannot_claim", trouble=type(trouble).__name__, times=troubles)
                    await self._stopped_within(self._trouble_seconds(troubles))
                    continue
                troubles = 0
                for job in claimed:
                    self._running += 1
                    jobs.create_task(self._carry_out(job))
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pace.poll_seconds):
                        await self._wake.wait()

    async def _claim(self) -> list[Job]:
        free = self._pace.jobs_at_once - self._running
        if free <= 0:
            return []
        async with self._pool.acquire() as conn, conn.transaction():
            return await outbox.claim(conn, limit=free, lease=self._pace.lease, now=self._clock())

    async def _carry_out(self, job: Job) -> None:
        said = log.bind(topic=job.topic, outbox_id=job.outbox_id, attempt=job.attempts)
        try:
            failure = await self._try(job)
            if isinstance(failure, JobPostponed):
                said.info("job.postponed")
            elif failure is None:
                said.info("job.done")
            else:
                said.warning("job.failed", failure=failure, last=job.last_attempt)
            await self._settle(job, failure)
        except Exception as trouble:  # the lease runs out, and the job comes back
            said.error("job.not_settled", trouble=type(trouble).__name__)
        finally:
            self._running -= 1
            self._wake.set()

    async def _try(self, job: Job) -> str | JobPostponed | None:
        """Runs the job. Returns what went wrong, in words without anybody's data, or when its turn is."""
        if job.overdue:
            return "no worker lived to finish it"
        handler = self._handlers.get(job.topic)
        if handler is None:
            return "unknown topic"
        try:
            async with asyncio.timeout(self._pace.job_seconds):
                await handler.run(job)
        except JobPostponed as later:
            return later
        except JobFailed as failure:
            return str(failure)
        except TimeoutError:
            return "took too long"
        except Exception as failure:
            return where(failure)
        return None

    async def _settle(self, job: Job, failure: str | JobPostponed | None) -> None:
        now = self._clock()
        async with self._pool.acquire() as conn, conn.transaction():
            if failure is None:
                await outbox.done(conn, job)
            elif isinstance(failure, JobPostponed):
                await outbox.postpone(conn, job, until=failure.until)
            elif job.last_attempt:
                if await outbox.bury(conn, job, error=failure, now=now):
                    await self._give_up(conn, job, now)
            else:
                await outbox.retry(conn, job, error=failure, jitter=self._jitter.random(), now=now)

    async def _give_up(self, conn: Conn, job: Job, now: datetime) -> None:
        handler = self._handlers.get(job.topic)
        if handler is None or handler.give_up is None:
            return
        try:
            async with conn.transaction():
                await handler.give_up(conn, job, now)
        except Exception as failure:  # the job must stay buried even so
            log.error("job.not_given_up", topic=job.topic, outbox_id=job.outbox_id, failure=where(failure))

    async def _sweep(self) -> None:
        troubles = 0
        while not self._stopping.is_set():
            failed = False
            for sweep in self._sweeps:
                try:
                    await self._sweep_through(sweep)
                except Exception as trouble:
                    failed = True
                    log.warning("worker.cannot_sweep", sweep=sweep.name, trouble=where(trouble))
            troubles = troubles + 1 if failed else 0
            await self._stopped_within(self._pace.sweep_seconds + (self._trouble_seconds(troubles) if failed else 0.0))

    async def _sweep_through(self, sweep: Sweep) -> None:
        for _ in range(self._pace.sweep_steps_max):
            if self._stopping.is_set():
                return
            async with self._pool.acquire() as conn, conn.transaction():
                changed = await sweep.step(conn, limit=self._pace.sweep_limit, now=self._clock())
            for merchant_id, card_id in changed:
                self._publish(merchant_id, card_id)
            if not changed:
                return
            log.info("sweep.done", sweep=sweep.name, cards=len(changed))

    def _trouble_seconds(self, times: int) -> float:
        return min(self._pace.poll_seconds * (1 << min(times, 10)), self._pace.trouble_seconds_max)

    async def _stopped_within(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


def where(failure: BaseException) -> str:
    """The kind of an exception and the line it came from. Not its text, which may quote an address or a token."""
    frames = traceback.extract_tb(failure.__traceback__)
    if not frames:
        return type(failure).__name__
    return f"{type(failure).__name__} in {frames[-1].name}, line {frames[-1].lineno}"
