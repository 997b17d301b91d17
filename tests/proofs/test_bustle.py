"""Everybody calls for everything at once, while days go by: no error, nobody who waits in a ring, no law broken."""

import asyncio
import time

import asyncpg
import pytest

from tests.database import Database
from tests.journeys import opened
from tests.proofs.bustle.running import bustle
from tests.proofs.bustle.town import Town, found
from tests.proofs.conftest import StandingClock
from tests.proofs.lives import money
from tests.proofs.racing import assert_lawful
from tests.shelf import KEEPER

DONE = {
    *("joinProgram: ProgramJoined", "scan: Visit", "quote: Quote", "checkout: SaleRecorded", "refund: SaleRefunded"),
    *("settleOffline: SaleRecorded", "enrol: CustomerEnrolled", "enrolByPhone: CustomerEnrolled", "lookUp: Visit"),
    *("claimReward: RewardClaimed", "cancelVoucher: VoucherCancelled", "sendGift: GiftSent", "claimGift: GiftClaimed"),
    *("sendGift: GiftAwaitsPayment", "look: PAID", "mail: left", "merchant: block", "merchant: unblock"),
    *("transferGiftCardBalance: GiftCardBalanceTransferred", "declineGift: GiftDeclined"),
    *("cancelGift: GiftCancelled", "setBirthday: BirthdaySet", "operations: listed", "viewer: seen", "revise: done"),
}
"""What happens in every busy town, whoever is faster."""

DEADLOCKS_SQL = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
OTHERS_SQL = f"""
    SELECT COUNT(*)
    FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
        AND application_name <> '{KEEPER}'
"""
UNDER_WAY_SQL = "SELECT COALESCE(SUM(balance), 0)::bigint FROM accounts WHERE kind IN ('gift', 'voucher')"


async def deadlocks(database: Database) -> int:
    """How often PostgreSQL ever had to end somebody who waited in a ring here, in tests before this one, too.

    A backend has told of it before it is gone.
    """
    conn = await asyncpg.connect(database.superuser_dsn)
    try:
        async with asyncio.timeout(10):
            while await conn.fetchval(OTHERS_SQL):
                await asyncio.sleep(0.01)
        rings: int = await conn.fetchval(DEADLOCKS_SQL)
    finally:
        await conn.close()
    return rings


async def busy(database: Database, *, workers: int, operations: int, every: int) -> Town:
    before = await deadlocks(database)
    async with opened(database, clock=StandingClock(), payments="builtin") as scene:
        town = await found(scene, seed=workers)
        await bustle(town, workers=workers, operations=operations, every=every)
        await assert_lawful(scene)
        async with scene.live.runtime.pool.acquire() as conn:
            assert await conn.fetchval(UNDER_WAY_SQL) == 0
            assert await conn.fetch(money.STRANGE_SQL, town.shop.merchant_id) == []
    assert await deadlocks(database) == before
    return town


@pytest.mark.parametrize(
    ("workers", "operations", "every"),
    [
        pytest.param(8, 1_600, 200, id="8x200"),
        pytest.param(32, 100_000, 250, id="32x3125", marks=pytest.mark.soak),
    ],
)
async def test_everything_at_once_is_done_or_refused_as_it_should_be(
    database: Database, workers: int, operations: int, every: int, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.perf_counter()
    town = await busy(database, workers=workers, operations=operations, every=every)
    seconds = time.perf_counter() - began
    assert town.operations >= operations
    assert set(town.answers) >= DONE
    assert town.half_days >= operations // every - 1
    with capsys.disabled():
        said = ", ".join(f"{count:,} {what}" for what, count in sorted(town.answers.items()))
        print(  # noqa: T201
            f"\nbustle: {workers} workers, {town.operations:,} operations, {town.half_days} half days, {seconds:.0f} s,"
            f" no deadlock, audit clean\n  {said}",
            flush=True,
        )


async def test_a_deadlock_would_be_counted(database: Database) -> None:
    before = await deadlocks(database)
    conns = [await asyncpg.connect(database.superuser_dsn) for _ in range(2)]
    both_hold = asyncio.Barrier(2)

    async def hold(mine: int, other: int) -> None:
        async with conns[mine].transaction():
            await conns[mine].execute("SELECT pg_advisory_xact_lock($1)", mine)
            await both_hold.wait()
            await conns[mine].execute("SELECT pg_advisory_xact_lock($1)", other)

    ended = await asyncio.gather(hold(0, 1), hold(1, 0), return_exceptions=True)
    for conn in conns:
        await conn.close()
    assert [type(each) for each in ended if each is not None] == [asyncpg.DeadlockDetectedError]
    assert await deadlocks(database) == before + 1
