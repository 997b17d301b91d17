"""A year of a grocer's tills: quotes, checkouts, refunds, midnights; every card stands as plain arithmetic has it.

A sample here, all of it in `make soak`.
"""

import ast
import asyncio
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from random import Random

import pytest

from infra.pool import Pool
from tests.baskets import counter, journey, programs
from tests.baskets.application import called
from tests.baskets.journey import Journey, Receipt
from tests.baskets.plain_shop import PlainShop
from tests.baskets.programs import PROGRAMS, Program
from tests.baskets.replays import assert_replayed
from tests.baskets.standing import assert_as_plain, assert_lawful, assert_told
from tests.baskets.till import Functions, Till
from tests.baskets.whole_year import BEGINNING, lived
from tests.baskets.year import Counts, Year
from tests.database import Database, MigratedServer

SAMPLE = 150
"""So many receipts of each program."""

OVER_HTTP = 5
"""One in so many of those goes through the application, over HTTP."""

HAPPENS = set(Counts.__slots__) - {"requoted", "debts", "short"}
"""What a year of every program has some of. A quote holds, unless a worker was late; not every program keeps debts."""

ONE_IN = int(os.environ.get("REGULARS_BASKETS_ONE_IN", "1"))
"""The soak takes one in so many households: all, unless somebody wants to see it end soon."""


@pytest.fixture(scope="module")
def read() -> Journey:
    return journey.read()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
async def test_a_sample_of_the_year_stands_as_a_plain_computation_has_it(
    program: Program, read: Journey, database: Database, pool: Pool
) -> None:
    draw, homes, receipts = Random(program.name), list[int](), 0
    sizes = {home: size for home, size in read.baskets_of_households().items() if 25 <= size <= 90}
    while receipts < SAMPLE:
        homes.append(draw.choice([home for home in sizes if home not in homes]))
        receipts += sizes[homes[-1]]
    receipts_of_them, shop = read.receipts(homes), PlainShop(program)
    async with (
        pool.acquire() as conn,
        counter.opened(conn, program, sorted({each.store for each in receipts_of_them}), now=BEGINNING) as till,
        called(database, till.place, now=BEGINNING) as application,
    ):
        functions = Functions(conn, till.place)

        def chosen(receipt: Receipt) -> Till:
            return application if receipt.basket_id % OVER_HTTP == 0 else functions

        async def look(year: Year, at: datetime) -> None:
            await assert_as_plain(conn, till, shop)

        async def nothing(year: Year, at: datetime) -> None:
            pass

        year = Year(read, shop, till, chosen, lambda night: night % 3 > 0)
        await year.run(receipts_of_them, each_month=look, each_sale=nothing)
        await assert_as_plain(conn, till, shop)
        await assert_told(conn, program.rules["notice_days"])
        await assert_lawful(conn)
        await assert_replayed(conn, till)
    assert application.calls > SAMPLE / OVER_HTTP / 2


def test_the_plain_computation_shares_nothing_with_the_product() -> None:
    modules = [*Path(__file__).parent.glob("plain_*.py"), Path(programs.__file__)]
    for module in modules:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{name}" for name in names]
            for name in names:
                ours = name.startswith(("tests.baskets.plain_", "tests.baskets.programs."))
                assert ours or name.split(".")[0] in sys.stdlib_module_names, (module.name, name)
    assert len(modules) == 7


@pytest.mark.soak
async def test_the_whole_year_stands_as_a_plain_computation_has_it(server: MigratedServer) -> None:
    loop, clones = asyncio.get_running_loop(), AsyncExitStack()
    with ProcessPoolExecutor(len(PROGRAMS), mp_context=get_context("spawn")) as processes:
        async with clones:
            databases = [await clones.enter_async_context(server.clone()) for _ in PROGRAMS]
            lives = [
                loop.run_in_executor(processes, lived, index, database, ONE_IN)
                for index, database in enumerate(databases)
            ]
            years = await asyncio.gather(*lives)
    sys.stdout.write("\n".join(("", *(each.figures for each in years), "")))
    for each in years:
        assert {name for name in HAPPENS if not getattr(each.counts, name)} == set(), each.program.name
    assert sum(each.counts.debts for each in years) > 0
    assert sum(each.counts.sales for each in years) == 155_848 or ONE_IN > 1
