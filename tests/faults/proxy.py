"""Stands between the application and PostgreSQL, reads what they say, and cuts them off where it hurts most.

The messages: https://www.postgresql.org/docs/18/protocol-message-formats.html
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum
from urllib.parse import parse_qs, urlsplit, urlunsplit

QUERY = b"Q"
COMMIT = b"COMMIT"


class Cut(Enum):
    """Where the next COMMIT is cut off. To the application both look the same."""

    BEFORE = "PostgreSQL never hears the COMMIT"
    AFTER = "PostgreSQL has committed, and nobody hears of it"


class Proxy:
    """Connections to PostgreSQL by way of us. `dsn` is for the application, in place of the one it had."""

    def __init__(self, dsn: str) -> None:
        parts = urlsplit(dsn)
        self._host = parse_qs(parts.query).get("host", [parts.hostname or "127.0.0.1"])[0]
        self._port = int(parse_qs(parts.query).get("port", [parts.port or 5432])[0])
        self._login, self._path = parts.netloc.rpartition("@")[0], parts.path
        self._writers: set[asyncio.StreamWriter] = set()
        self._passing = asyncio.Event()
        self._passing.set()
        self._away = False
        self.dsn = ""
        self.armed: Cut | None = None

    def cut(self, where: Cut) -> None:
        """The next COMMIT of anybody is cut off."""
        self.armed = where

    def go_away(self) -> None:
        """No connection is left, and none can be made."""
        self._away = True
        for writer in self._writers:
            writer.close()

    def fall_silent(self) -> None:
        """Connections stay and can be made, and nothing passes any more."""
        self._passing.clear()

    def come_back(self) -> None:
        self._away = False
        self._passing.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._away:
            writer.close()
            return
        unix = self._host.startswith("/")
        up_reader, up_writer = await (
            asyncio.open_unix_connection(f"{self._host}/.s.PGSQL.{self._port}")
            if unix
            else asyncio.open_connection(self._host, self._port)
        )
        self._writers |= {writer, up_writer}
        committed = asyncio.Event()
        ways = [
            asyncio.create_task(self._ask(reader, up_writer, committed)),
            asyncio.create_task(self._answer(up_reader, writer, committed)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        for one in (writer, up_writer):
            one.close()
            self._writers.discard(one)
        await asyncio.gather(*ways, return_exceptions=True)

    async def _ask(self, reader: asyncio.StreamReader, up: asyncio.StreamWriter, committed: asyncio.Event) -> None:
        """Passes messages on until there are no more, or until one is a COMMIT that is to be cut off."""
        header_bytes = 4  # the first message has no type
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                header = await reader.readexactly(header_bytes)
                body = await reader.readexactly(int.from_bytes(header[-4:]) - 4)
                await self._passing.wait()
                if header[:-4] == QUERY and body.startswith(COMMIT) and self.armed is not None:
                    where, self.armed = self.armed, None
                    if where is Cut.BEFORE:
                        return
                    committed.set()
                up.write(header + body)
                await up.drain()
                header_bytes = 5

    async def _answer(self, up: asyncio.StreamReader, writer: asyncio.StreamWriter, committed: asyncio.Event) -> None:
        """Passes answers on until there are no more, or until one is that of the COMMIT that is to be cut off."""
        with suppress(OSError):
            while said := await up.read(65536):
                await self._passing.wait()
                if committed.is_set():
                    assert COMMIT in said, said
                    return
                writer.write(said)
                await writer.drain()

    def listening_on(self, port: int) -> None:
        self.dsn = urlunsplit(("postgresql", f"{self._login}@127.0.0.1:{port}", self._path, "sslmode=disable", ""))


@asynccontextmanager
async def proxy_to(dsn: str) -> AsyncIterator[Proxy]:
    proxy = Proxy(dsn)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.listening_on(server.sockets[0].getsockname()[1])
    try:
        yield proxy
    finally:
        server.close()
        proxy.come_back()
        proxy.go_away()
