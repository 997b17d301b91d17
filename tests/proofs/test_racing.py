"""The proofs of the proofs: racers do meet, a broken law is found, and no change goes unseen."""

from functools import partial

import asyncpg
import pytest

from tests.database import Database, StatementCounter
from tests.journeys import Scene, member, open_shop, opened, show_code, till
from tests.proofs import documents as say
from tests.proofs.conftest import StandingClock
from tests.proofs.racing import RACERS, assert_lawful, everything, race

ENDS = {"COMMIT;", "ROLLBACK;"}


async def test_racers_are_in_their_transactions_at_the_same_time(
    database: Database, statements: StatementCounter
) -> None:
    async with opened(database, clock=StandingClock(), on_query=statements) as scene:
        shop = await open_shop(scene)
        owner, at = await member(scene, shop), await till(scene, shop)
        together = []
        for _ in range(5):
            code = await show_code(scene, owner)
            async with statements.counted() as seen:
                await race([partial(at.pos.do, say.SCAN, {"code": code})] * RACERS)
            first_end = next(i for i, statement in enumerate(seen) if statement in ENDS)
            together.append(seen[:first_end].count("BEGIN;"))
    assert min(together) >= RACERS // 2, together


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE accounts SET balance = balance + 1 WHERE kind = 'active'",
        "UPDATE cards SET revision = revision + 1",
        "UPDATE lots SET remaining = remaining - 1",
        "UPDATE cards SET lifetime_earned = lifetime_earned + 1",
    ],
)
async def test_a_broken_law_is_found_and_a_change_is_seen(scene: Scene, harm: str) -> None:
    # given
    await member(scene, await open_shop(scene), points=5)
    await assert_lawful(scene)
    before = await everything(scene)
    assert await everything(scene) == before
    # when
    conn = await asyncpg.connect(scene.database.owner_dsn)
    await conn.execute(harm)
    await conn.close()
    # then
    with pytest.raises(AssertionError):
        await assert_lawful(scene)
    after = await everything(scene)
    assert {table for table in after if after[table] != before[table]} == {harm.split()[1]}
