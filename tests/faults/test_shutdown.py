"""SIGTERM in the middle of the day, as every deployment sends it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.database import Database
from tests.faults.history import History
from tests.faults.processes import Process, api, settings_of
from tests.faults.proof import WAITING_SQL, Tally, application_has, prove
from tests.faults.shop import crowd, scene_of
from tests.journeys import Member, Scene

HELD = BUSY = 8
LOCK_CARD_SQL = "SELECT card_id FROM cards WHERE merchant_id = $1 AND card_id = $2 FOR UPDATE"
GOING_AWAY, SERVICE_RESTART = 1001, 1012
CHANGES = "subscription ($card: ID!) { cardChanged(cardId: $card) { card { revision } } }"


async def test_sigterm_leaves_nothing_unanswered_that_was_begun(database: Database, tmp_path: Path) -> None:
    settings = settings_of(database)
    async with api(settings, tmp_path) as served, scene_of(database, served.base_url) as scene:
        history = History()
        everybody = await crowd(scene, history, clients=BUSY, cards=2)
        waiting = await crowd(scene, history, clients=HELD, cards=1)
        # given a phone that watches its card, and checkouts that cannot end yet, because somebody holds their card
        async with watching(served.base_url, waiting.clients[0].member) as socket:
            async with held(scene, waiting.clients[0].member):
                checkouts = [asyncio.create_task(client.sell()) for client in waiting.clients]
                await application_has(scene, WAITING_SQL, HELD)

                # and clients in the middle of their work
                everybody.begin()
                await history.reaches(BUSY)

                # when the process is told to end
                served.running.child.terminate()

                # then it takes on nothing new, and the socket is told that it may come back
                await refuses_connections(served.base_url)
                assert await code_of_closing(socket) in {GOING_AWAY, SERVICE_RESTART}
                assert not any(checkout.done() for checkout in checkouts)

            # and whoever waits is answered, before the process ends well
            answers = await asyncio.gather(*checkouts)
        assert [answer["__typename"] for answer in answers] == ["SaleRecorded"] * HELD
        assert await served.running.ended() == 0
        says_nothing_went_wrong(served.running)

        # and what nobody was told of was not begun either
        await everybody.all_stand_still()
        tally = Tally("SIGTERM")
        await tally.look(scene, history)
        assert tally.done == 0

        # and after the next start everything goes on
        await served.start()
        await history.ask_again()
        await prove(scene, history, settings)


@asynccontextmanager
async def held(scene: Scene, member: Member) -> AsyncIterator[None]:
    """Nobody else can change the member's card while the block runs."""
    async with scene.live.runtime.pool.acquire() as conn, conn.transaction():
        await conn.fetchval(LOCK_CARD_SQL, member.merchant_id, member.card_id)
        yield


@asynccontextmanager
async def watching(base_url: str, member: Member) -> AsyncIterator[ClientConnection]:
    """A socket with a subscription to the member's card."""
    url = base_url.replace("http:", "ws:") + "/graphql"
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None) as socket:
        token = {"Authorization": f"Bearer {member.person.tokens.access.text}"}
        await socket.send(json.dumps({"type": "connection_init", "payload": token}))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        subscription = {"query": CHANGES, "variables": {"card": member.card}}
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": subscription}))
        yield socket


async def code_of_closing(socket: ClientConnection) -> int | None:
    async with asyncio.timeout(30):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


async def refuses_connections(base_url: str) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                async with httpx.AsyncClient(base_url=base_url, trust_env=False) as http:
                    await http.get("/healthz")
            except httpx.TransportError:
                return


def says_nothing_went_wrong(process: Process) -> None:
    assert "Traceback" not in process.said()
    levels = [json.loads(line)["level"] for line in process.said().splitlines()]
    assert set(levels) == {"info"}
