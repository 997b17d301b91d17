"""Where laws are tried on random histories: each in a transaction that is undone, on one connection."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.pool import create_pool
from tests.database import MigratedServer
from tests.wallet.sales import histories
from tests.wallet.sales.histories import History
from wallet.database import Conn
from wallet.rules import Rules

Law = Callable[[History, st.DataObject], Awaitable[None]]


class Undone(Exception):
    """Nothing of an example stays."""


@dataclass
class Court:
    """Where examples are tried: one connection, every example in a transaction that is undone."""

    loop: asyncio.AbstractEventLoop
    conn: Conn
    sales: int = 0
    refunds: int = 0

    def tries(self, law: Law, *, examples: int, programs: st.SearchStrategy[Rules] | None = None) -> None:
        """The law holds for so many random histories, under any of the programs."""
        drawn = histories.programs() if programs is None else programs

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(st.data())
        def example(data: st.DataObject) -> None:
            self.loop.run_until_complete(self._example(law, data, drawn))

        example()

    async def _example(self, law: Law, data: st.DataObject, programs: st.SearchStrategy[Rules]) -> None:
        with suppress(Undone):
            async with self.conn.transaction():
                history = await histories.begin(self.conn, data, data.draw(programs))
                await law(history, data)
                await histories.assert_lawful(self.conn)
                self.sales += await self.conn.fetchval("SELECT COUNT(*) FROM sales")
                self.refunds += await self.conn.fetchval("SELECT COUNT(*) FROM refunds")
                raise Undone


@contextmanager
def sitting(server: MigratedServer) -> Iterator[Court]:
    """A court with a database of its own."""
    with asyncio.Runner() as runner:
        cloned = server.clone()
        database = runner.run(cloned.__aenter__())
        pool = runner.run(create_pool(database.dsn, max_size=1))
        held = pool.acquire()
        yield Court(runner.get_loop(), runner.run(held.__aenter__()))
        runner.run(held.__aexit__(None, None, None))
        runner.run(pool.close())
        runner.run(cloned.__aexit__(None, None, None))
