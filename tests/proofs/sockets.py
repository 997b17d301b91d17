"""A phone that shows a card and hears of its changes, by graphql-transport-ws."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from infra.edge.messages import PROTOCOL
from tests.infra.edge import talk
from tests.journeys import Scene

CARD_CHANGED = """
subscription Changed($id: ID!) {
  cardChanged(cardId: $id) {
    card { id revision balance { active pending reserved lifetimeEarned } }
    entry { kind points balanceAfter receiptNumber storeName reasons }
  }
}
"""

GIFT_CHANGED = "subscription Changed($id: ID!) { giftChanged(giftId: $id) { id status thanks } }"

Change = dict[str, Any]


@asynccontextmanager
async def connected(scene: Scene, token: str | None, *, path: str = "/graphql") -> AsyncIterator[ClientConnection]:
    """A socket that was let in with this access token, or without one."""
    url = scene.live.base_url.replace("http:", "ws:", 1) + path
    payload = {"Authorization": f"Bearer {token}"} if token else {}
    async with connect(url, subprotocols=[Subprotocol(PROTOCOL)], proxy=None) as socket:
        assert await talk.ask(socket, {**talk.INIT, "payload": payload}) == {"type": "connection_ack"}
        yield socket


async def subscribe(socket: ClientConnection, card: str, *, id: str = "1") -> None:  # noqa: A002
    await talk.send(socket, talk.subscribe(CARD_CHANGED, id, variables={"id": card}))


async def changes(socket: ClientConnection, count: int) -> list[Change]:
    """The next so many changes of the card that is subscribed to."""
    found = []
    for _ in range(count):
        message = await talk.receive(socket)
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        found.append(message["payload"]["data"]["cardChanged"])
    return found


async def refusal(socket: ClientConnection) -> str:
    """The code of the one error with which a subscription ends."""
    message = await talk.receive(socket)
    code = refusal_in(message)
    assert code is not None, message
    return code


def refusal_in(message: Mapping[str, Any]) -> str | None:
    """The code of the error that the message ends a subscription with; None for an event."""
    if message["type"] == "next":
        return None
    [error] = message["payload"]
    code: str = error["extensions"]["code"]
    return code


def watchers(scene: Scene) -> int:
    """How many subscriptions of this process wait for changes."""
    return sum(len(waiting) for waiting in scene.live.runtime.changes._watchers.values())


async def until_watched(scene: Scene, by: int) -> None:
    """Returns when so many subscriptions wait for changes."""
    async with asyncio.timeout(talk.PATIENCE_SECONDS):
        while watchers(scene) != by:
            await asyncio.sleep(0)
