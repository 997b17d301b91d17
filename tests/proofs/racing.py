"""Many who want the same thing at the same moment, over HTTP; and what must be true when they are done."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.journeys import Scene
from wallet import audit
from wallet.audit import LAWS

Answer = dict[str, Any]
Racer = Callable[[], Awaitable[Answer]]

RACERS = 16
SOAK_RACERS = 32
SOAK_ROUNDS = 1_000
HANDICAP_SECONDS = 0.002

TABLES_SQL = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


@dataclass(frozen=True, slots=True)
class Size:
    """How often it is tried, and by how many at once."""

    rounds: int
    racers: int = RACERS


def sizes(rounds: int) -> pytest.MarkDecorator:
    """Runs the test with so many rounds in the suite, and with a thousand of 32 racers in the long run."""
    return pytest.mark.parametrize(
        "size",
        [
            pytest.param(Size(rounds), id=f"{rounds}x{RACERS}"),
            pytest.param(Size(SOAK_ROUNDS, SOAK_RACERS), id=f"{SOAK_ROUNDS}x{SOAK_RACERS}", marks=pytest.mark.soak),
        ],
    )


@dataclass(slots=True)
class Tally:
    """What the racers of all rounds got. `print` says it in one line."""

    title: str
    rounds: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=time.perf_counter)

    def add(self, answers: Sequence[Answer]) -> dict[str, int]:
        """One more round. Returns how many got which type of answer."""
        types = Counter(answer["__typename"] for answer in answers)
        self.rounds += 1
        self.answers += types
        return dict(types)

    def print(self, capsys: pytest.CaptureFixture[str]) -> None:
        seconds = time.perf_counter() - self.began
        said = ", ".join(f"{count:,} {name}" for name, count in sorted(self.answers.items()))
        with capsys.disabled():
            print(f"\n{self.title}: {self.rounds:,} rounds, {said}, {seconds:.1f} s", flush=True)  # noqa: T201


async def race(racers: Sequence[Racer]) -> list[Answer]:
    """Their answers, in their order. Every request is under way before the first answer is read."""
    return await asyncio.gather(*(racer() for racer in racers))


def late(round_: int, racer: Racer) -> Racer:
    """The racer with a handicap that is another one in each round, so that whoever is faster does not always win."""

    async def run() -> Answer:
        await asyncio.sleep(round_ % 5 * HANDICAP_SECONDS)
        return await racer()

    return run


def only(answers: Sequence[Answer], kind: str) -> list[Answer]:
    """The answers of this type."""
    return [answer for answer in answers if answer["__typename"] == kind]


def one(answers: Sequence[Answer], kind: str) -> Answer:
    """The one answer of this type."""
    [found] = only(answers, kind)
    return found


async def assert_lawful(scene: Scene) -> None:
    """The ledger's laws hold, every one of them, on the database as it is now."""
    async with scene.live.runtime.pool.acquire() as conn:
        await conn.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            verdicts = [verdict async for verdict in audit.verdicts(conn)]
        finally:
            await conn.execute("ROLLBACK")
    assert len(verdicts) == len(LAWS)
    broken = [(verdict.law, verdict.broken) for verdict in verdicts if verdict.count]
    assert broken == [], broken


async def counts(scene: Scene, *tables: str) -> dict[str, int]:
    """How many rows the tables have."""
    async with scene.live.runtime.pool.acquire() as conn:
        return {table: await conn.fetchval(f"SELECT count(*) FROM {table}") for table in tables}


async def everything(scene: Scene, *, but: Sequence[str] = ()) -> dict[str, tuple[int, str | None]]:
    """The whole database: for every table how many rows it has, and a fingerprint of all that they hold."""
    found = {}
    async with scene.live.runtime.pool.acquire() as conn:
        tables: list[str] = [row["tablename"] for row in await conn.fetch(TABLES_SQL)]
        for table in tables:
            if table in but:
                continue
            row = await conn.fetchrow(f"SELECT count(*), md5(string_agg(t::text, ';' ORDER BY t::text)) FROM {table} t")
            assert row is not None
            found[table] = (row[0], row[1])
    return found
