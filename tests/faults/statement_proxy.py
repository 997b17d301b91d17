"""Cuts a connection off at a statement: before PostgreSQL hears it, or before its answer is heard.

The messages: https://www.postgresql.org/docs/18/protocol-message-formats.html
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.faults.proxy import QUERY, Cut, Proxy

EXECUTE = b"E"


class StatementProxy(Proxy):
    """A proxy that counts statements, a BEGIN and a SAVEPOINT as much as any other, once it is armed."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self._left = 0
        self._where = Cut.BEFORE
        self.has_cut = False

    def arm(self, statement: int, where: Cut) -> None:
        """The statement of this number from now on, 1 for the next, is cut off."""
        self._left, self._where, self.has_cut = statement, where, False

    def disarm(self) -> None:
        self._left = 0

    def _cut_off(self) -> None:
        """What else happens at that moment."""

    async def _ask(self, reader: asyncio.StreamReader, up: asyncio.StreamWriter, committed: asyncio.Event) -> None:
        header_bytes = 4  # the first message has no type
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                header = await reader.readexactly(header_bytes)
                body = await reader.readexactly(int.from_bytes(header[-4:]) - 4)
                if header[:-4] in (QUERY, EXECUTE) and self._left and not self.has_cut:
                    self._left -= 1
                    self.has_cut = self._left == 0
                    if self.has_cut and self._where is Cut.BEFORE:
                        self._cut_off()
                        return
                    if self.has_cut:
                        committed.set()
                up.write(header + body)
                await up.drain()
                header_bytes = 5

    async def _answer(self, up: asyncio.StreamReader, writer: asyncio.StreamWriter, committed: asyncio.Event) -> None:
        with suppress(OSError):
            while said := await up.read(65536):
                if committed.is_set():
                    self._cut_off()
                    return
                writer.write(said)
                await writer.drain()


@asynccontextmanager
async def statement_proxy_to(dsn: str) -> AsyncIterator[StatementProxy]:
    proxy = StatementProxy(dsn)
    async with serving(proxy):
        yield proxy


@asynccontextmanager
async def serving(proxy: StatementProxy) -> AsyncIterator[None]:
    """The proxy listens, and its connections are gone afterwards."""
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.listening_on(server.sockets[0].getsockname()[1])
    try:
        yield
    finally:
        server.close()
        proxy.go_away()
