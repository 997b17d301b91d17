"""Many workers in a busy town, and days that go by beside them."""

import asyncio
from datetime import timedelta

from infra.sweeps import sweeps
from tests.proofs.bustle.calls import CALLS
from tests.proofs.bustle.money import settle_all
from tests.proofs.bustle.town import Town

BATCH = 20
HALF_A_DAY = timedelta(hours=12)
AT_REST = timedelta(days=400)
"""By then every gift and voucher is over."""

# Nobody is waited for: whoever counts two things at once may hold one of them.
FORGIVE_SQL = "DELETE FROM rate_limits WHERE ctid = ANY(ARRAY(SELECT ctid FROM rate_limits FOR UPDATE SKIP LOCKED))"


async def bustle(town: Town, *, workers: int, operations: int, every: int) -> None:
    """So many workers at once do so many operations between them; half a day goes by after `every` so many.

    Then time passes until nothing is under way.
    """
    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(_worker(town, operations))
        group.create_task(_nights(town, operations, every=every))
    town.scene.live.clock.advance(AT_REST)
    while await _sweep(town):
        pass
    await settle_all(town)


async def _worker(town: Town, operations: int) -> None:
    """Calls for one thing after the other until the town together has done so many."""
    while town.operations < operations:
        [call] = town.rng.choices(list(CALLS), weights=list(CALLS.values()))
        await call(town)


async def _nights(town: Town, operations: int, *, every: int) -> None:
    """All that is due is done, in everybody's way, while half days go by. No visit lasts that long."""
    while town.operations < operations:
        if town.operations >= (town.half_days + 1) * every:
            town.scene.live.clock.advance(HALF_A_DAY)
            town.half_days += 1
            town.visits.clear()
            await _forgive(town)
        await _sweep(town)
        await asyncio.sleep(0.02)


async def _sweep(town: Town) -> int:
    """Every sweep once, each in a transaction of its own, as a worker goes through them. How much they found."""
    changed = 0
    async with town.scene.live.runtime.pool.acquire() as conn:
        for each in sweeps():
            async with conn.transaction():
                changed += len(await each.step(conn, limit=BATCH, now=town.scene.now))
    return changed


async def _forgive(town: Town) -> None:
    """What was tried before is not counted any more: how often something may be tried is not what this is about."""
    async with town.scene.live.runtime.pool.acquire() as conn:
        await conn.execute(FORGIVE_SQL)
