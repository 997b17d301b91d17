"""Kills a process at a statement: before PostgreSQL hears it, or when PostgreSQL has answered and nobody hears that."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tests.faults.proxy import Cut
from tests.faults.statement_proxy import StatementProxy, serving


class KillingProxy(StatementProxy):
    """Counts the statements of a process that talks by way of it, and kills it with -9 at one of them."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self._kill: Callable[[], object] | None = None

    def kill_at(self, statement: int, where: Cut, kill: Callable[[], object]) -> None:
        """The process is killed at the statement of this number from now on, 1 for the next."""
        self._kill = kill
        self.arm(statement, where)

    def _cut_off(self) -> None:
        assert self._kill is not None, "nobody was to be killed"
        self._kill()


@asynccontextmanager
async def killing_proxy_to(dsn: str) -> AsyncIterator[KillingProxy]:
    proxy = KillingProxy(dsn)
    async with serving(proxy):
        yield proxy
