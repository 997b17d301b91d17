"""New signing keys take over while people sign in, show codes and scan them, on two processes that share a database."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from auth import access_tokens, keys
from infra.demo import documents as demo
from tests import journeys
from tests.database import Database
from tests.factories import Shop
from tests.journeys import Member, Scene, opened
from tests.live import Caller, MovableClock
from tests.proofs import documents

LEAD = timedelta(seconds=75)
STEP = timedelta(seconds=5)
STEPS = 36
VISITORS = 6


@dataclass(slots=True)
class Log:
    """Which keys signed what was accepted."""

    access: Counter[str] = field(default_factory=Counter)
    check_in: Counter[str] = field(default_factory=Counter)
    steps: int = 0


async def test_nobody_is_refused_while_keys_change(database: Database) -> None:
    clock, log = MovableClock(), Log()
    async with two_processes(database, clock) as scenes:
        shop = await journeys.open_shop(scenes[0])
        visitors = [await journeys.member(scenes[0], shop) for _ in range(VISITORS)]
        first = await rotated(scenes[0], lead=timedelta(0))

        # given people who come and go, while three minutes pass
        leaving = asyncio.Event()
        coming = [asyncio.create_task(visit(scenes, shop, one, leaving, log)) for one in visitors]
        await some_come(log)

        # when the next keys are published now and sign a little later
        second = await rotated(scenes[0], lead=LEAD)
        for _ in range(STEPS):
            clock.advance(STEP)
            await some_come(log)
        leaving.set()

        # then nobody was refused anything, and both keys of each kind were at work
        await asyncio.gather(*coming)
        assert set(log.access) >= {first["access"], second["access"]}
        assert set(log.check_in) >= {first["check_in"], second["check_in"]}


@asynccontextmanager
async def two_processes(database: Database, clock: MovableClock) -> AsyncIterator[list[Scene]]:
    """Two applications with nothing in common but the database and the time. The first one has the worker."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(opened(database, clock=clock, with_worker=with_worker))
            for with_worker in (True, False)
        ]
