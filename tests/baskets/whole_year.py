"""All of the grocer's year under one program, in a process of its own: for the soak, in which each program has one."""

import asyncio
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from infra.pool import Limits, create_pool
from tests.baskets import counter, journey
from tests.baskets.figures import Meter
from tests.baskets.plain_shop import PlainShop
from tests.baskets.programs import PROGRAMS, Program
from tests.baskets.standing import assert_as_plain, assert_lawful, assert_told
from tests.baskets.till import Functions
from tests.baskets.year import Counts, Year
from tests.database import Database, run_sql
from wallet.database import Conn

BEGINNING = datetime(2017, 1, 1, 8, tzinfo=UTC)

PATIENT = Limits(statement_ms=1_800_000, idle_in_transaction_ms=600_000)
"""The audit reads millions of rows."""

PROGRESS = 1_000

TIDIED = (250, 500, 1_000, 2_000)
"""After so many sales, and each month: most of what there is is new."""

SIZE_SQL = "SELECT pg_database_size(current_database())"


@dataclass(frozen=True, slots=True)
class Lived:
    """What happened how often, and the figures."""

    program: Program
    counts: Counts
    figures: str


def lived(index: int, database: Database, one_in: int) -> Lived:
    """The year of every third household, beginning with the one whose number is `index`; of one in so many of those.

    Raises AssertionError where the product and the plain computation differ.
    """
    return asyncio.run(_lived(index, database, one_in))


async def _lived(index: int, database: Database, one_in: int) -> Lived:
    program, read = PROGRAMS[index], journey.read()
    homes = [home for home in read.baskets_of_households() if home % 3 == index and home // 3 % one_in == 0]
    receipts, shop, meter = read.receipts(homes), PlainShop(program), Meter()
    pool = await create_pool(database.dsn, max_size=2, limits=PATIENT, on_query=meter)
    async with pool.acquire() as conn, counter.opened(conn, program, read.stores(), now=BEGINNING) as till:
        functions, size = Functions(conn, till.place), await conn.fetchval(SIZE_SQL)
        begun = time.monotonic()

        async def tidied() -> None:
            """A server of tests has no autovacuum; without statistics its plans would be those of empty tables."""
            await run_sql(database.superuser_dsn, "VACUUM ANALYZE")

        async def each_month(year: Year, at: datetime) -> None:
            await assert_as_plain(conn, till, shop)
            await tidied()

        async def each_sale(year: Year, at: datetime) -> None:
            if year.counts.sales in TIDIED:
                await tidied()
            if year.counts.sales % PROGRESS == 0:
                recent = sum(meter.seconds[-PROGRESS:])
                _say(
                    f"{program.name}: {at:%d %B}, {year.counts.sales:,} of {len(receipts):,} sales,"
                    f" {time.monotonic() - begun:,.0f} s; the last {PROGRESS:,} took {recent:.1f} ms each"
                )

        year = Year(read, shop, till, lambda _: functions, lambda night: night % 7 == 0, meter=meter)
        await year.run(receipts, each_month=each_month, each_sale=each_sale)
        seconds = time.monotonic() - begun
        await assert_as_plain(conn, till, shop)
        grown = await conn.fetchval(SIZE_SQL) - size
        told, audited = await assert_told(conn, program.rules["notice_days"]), await _audited(conn)
    await pool.close()
    figures = (
        f"{program.name}: {year.counts.sales:,} sales of {len(shop.cards):,} households in {seconds:,.0f} s,"
        f" {year.counts.sales / sum(meter.seconds):.1f} sales a second while selling; {meter.said()};"
        f" {grown / year.counts.sales:,.0f} bytes a sale on the disk; audit clean in {audited:.1f} s;"
        f" {told:,} notices\n"
        f"{program.name}: {', '.join(f'{name} {count:,}' for name, count in asdict(year.counts).items())}"
    )
    return Lived(program, year.counts, figures)


async def _audited(conn: Conn) -> float:
    begun = time.monotonic()
    await assert_lawful(conn)
    return time.monotonic() - begun


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
