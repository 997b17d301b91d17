"""graphql-transport-ws, spoken by hand."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.infra.edge.site import Site

PATIENCE_SECONDS = 5.0
INIT = {"type": "connection_init"}
PING = {"type": "ping"}


def subscribe(query: str, id: str = "1", **more: object) -> dict[str, object]:  # noqa: A002
    return {"type": "subscribe", "id": id, "payload": {"query": query, **more}}


async def send(socket: ClientConnection, message: object) -> None:
    await socket.send(json.dumps(message))


async def receive(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        message: dict[str, Any] = json.loads(await socket.recv())
    return message


async def ask(socket: ClientConnection, message: object) -> dict[str, Any]:
    await send(socket, message)
    return await receive(socket)


async def close_code(socket: ClientConnection) -> int:
    """The code with which the server closes, after whatever it still had to say."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                await socket.recv()
            except ConnectionClosed as closed:
                return 1006 if closed.rcvd is None else closed.rcvd.code


@asynccontextmanager
async def begun(site: Site, token: str | None = "customer-1") -> AsyncIterator[ClientConnection]:
    """A socket that was let in."""
    async with site.socket(token) as socket:
        assert await ask(socket, INIT) == {"type": "connection_ack"}
        yield socket
