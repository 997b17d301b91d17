"""A transport for httpx that costs little: racers should wait for the application, and not for each other's client."""

import asyncio
from typing import NamedTuple

import httpx

HEAD_END = b"\r\n\r\n"


class Connection(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class KeepAlive(httpx.AsyncBaseTransport):
    """HTTP/1.1 to one server of ours, over connections that are kept; bodies whose length is said beforehand."""

    def __init__(self) -> None:
        self._idle: list[Connection] = []
        self._open: list[Connection] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        connection = await self._connection(request.url)
        lines = [f"{request.method} {request.url.raw_path.decode()} HTTP/1.1".encode()]
        lines += [name + b": " + value for name, value in request.headers.raw]
        connection.writer.write(b"\r\n".join(lines) + HEAD_END + await request.aread())
        head = (await connection.reader.readuntil(HEAD_END)).removesuffix(HEAD_END).split(b"\r\n")
        headers = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in head[1:])]
        length = int(httpx.Headers(headers).get("content-length", "0"))
        body = await connection.reader.readexactly(length)
        self._idle.append(connection)
        return httpx.Response(int(head[0].split()[1]), headers=headers, content=body)

    async def aclose(self) -> None:
        for connection in self._open:
            connection.writer.close()
        await asyncio.gather(*(connection.writer.wait_closed() for connection in self._open), return_exceptions=True)

    async def _connection(self, url: httpx.URL) -> Connection:
        """One that nobody uses and the server has not closed; a new one if there is none."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.reader.at_eof():
                return connection
        connection = Connection(*await asyncio.open_connection(url.host, url.port))
        self._open.append(connection)
        return connection
