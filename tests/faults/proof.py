"""How a fault ends: nothing was lost, nothing was done twice, and what nobody knew of is done once."""

import asyncio
import time
from dataclasses import dataclass, field

import asyncpg
import pytest

from tests.faults.history import History
from tests.faults.processes import LOOK_SECONDS, Settings, audit
from tests.faults.shop import POINTS_AT_FIRST
from tests.journeys import Scene

API = "regulars api"
SESSIONS_SQL = "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = $1"
WAITING_SQL = f"{SESSIONS_SQL} AND wait_event_type = 'Lock'"


@dataclass(slots=True)
class Tally:
    """What a test lived through, in numbers. `print` says it in one line."""

    title: str
    faults: int = 0
    done: int = 0
    not_done: int = 0
    began: float = field(default_factory=time.perf_counter)

    async def look(self, scene: Scene, history: History) -> None:
        """One more fault has happened, and the database agrees with what the clients know."""
        async with scene.live.runtime.pool.acquire() as conn:
            found = await history.look(conn)
        self.faults += 1
        self.done += found[True]
        self.not_done += found[False]

    def print(self, capsys: pytest.CaptureFixture[str], history: History) -> None:
        seconds = time.perf_counter() - self.began
        with capsys.disabled():
            print(  # noqa: T201
                f"\n{self.title}: {self.faults:,} faults, {history.acknowledged:,} deeds acknowledged, "
                f"{self.done + self.not_done:,} unknown at first ({self.done:,} had been done), {seconds:.1f} s",
                flush=True,
            )


async def application_has(scene: Scene, sql: str, count: int) -> None:
    """Returns when the statement, which counts sessions of the API, counts so many."""
    conn = await asyncpg.connect(scene.database.superuser_dsn)
    try:
        async with asyncio.timeout(30):
            while await conn.fetchval(sql, API) != count:
                await asyncio.sleep(LOOK_SECONDS)
    finally:
        await conn.close()


async def application_is_over(scene: Scene) -> None:
    """Returns when PostgreSQL has finished, or rolled back, whatever the API had begun."""
    await application_has(scene, SESSIONS_SQL, 0)


async def prove(scene: Scene, history: History, settings: Settings) -> None:
    """Every deed was done once, by the keys, by the balances and by `regulars audit`."""
    async with scene.live.runtime.pool.acquire() as conn:
        await history.prove(conn, points_at_first=POINTS_AT_FIRST)
    looked_at = await audit(settings)
    kinds = [deed.wanted for deed in history.deeds]
    assert (looked_at["sales"], looked_at["refunds"], looked_at["gifts"]) == (
        kinds.count("SaleRecorded"),
        kinds.count("SaleRefunded"),
        kinds.count("GiftSent"),
    )
