"""A busy shop: its members, and the tills and phones that never stop."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from infra import settings as environment
from infra.clock import system_clock
from infra.mailbox import catch
from infra.runtime import running
from tests import journeys
from tests.database import Database
from tests.factories import Shop
from tests.faults.history import Deed, History, Unknown
from tests.journeys import Member, Scene, Till, new_key
from tests.live import SECRET, Live, MovableClock
from tests.resolvers.documents import CANCEL_GIFT, CHECKOUT, REFUND, SCAN, SEND_GIFT
from wallet.rules import GiftRules, Rules
from wallet.values import Minor, Points

FAULTS_A_CROWD = 10

POINTS_AT_FIRST = 1_000
GIFT_POINTS = 3
MANY = 1_000
RULES = Rules(points=Points(1), per_minor=Minor(1_000), gifts=GiftRules(per_day=MANY, recipients_per_day=MANY))


@asynccontextmanager
async def scene_of(database: Database, base_url: str) -> AsyncIterator[Scene]:
    """The application that other processes run on this database at this address, as its clients and we see it.

    We have parts of our own on the same database, to bring people quickly to where a test begins and to look. The
    mailbox is nobody's.
    """
    settings = environment.load(environment="development", database_url=database.dsn, secret_key=SECRET)
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with (
        catch() as mailbox,
        running(settings, system_clock, name="regulars test") as runtime,
        httpx.AsyncClient(base_url=base_url, timeout=30, limits=limits, trust_env=False) as http,
    ):
        yield Scene(Live(base_url, runtime, mailbox, MovableClock()), http, database)


@dataclass(slots=True, eq=False)
class Client:
    """A till and a phone that serve one card, for as long as they get answers."""

    member: Member
    till: Till
    visit: str
    history: History
    leaving: bool = False

    async def work(self) -> None:
        """Deals until somebody says leave, or until it does not know what became of something."""
        try:
            while not self.leaving:
                await self.deal()
        except Unknown:
            return

    async def deal(self) -> None:
        """A sale of which a part comes back, and a gift that is thought better of."""
        sale = await self.sell()
        await self.do(REFUND, "SaleRefunded", saleId=sale["sale"]["id"], lineIds=["2"])
        gift = await self.do(SEND_GIFT, "GiftSent", **gift_of(self.member))
        if not self.leaving:
            await self.do(CANCEL_GIFT, "GiftCancelled", giftId=gift["gift"]["id"])

    async def sell(self) -> dict[str, Any]:
        basket = {"customer": {"visitId": self.visit}, **journeys.basket()}
        return await self.do(CHECKOUT, "SaleRecorded", sale=basket)

    async def do(self, document: str, wanted: str, **said: Any) -> dict[str, Any]:
        caller = self.till.pos if document in {CHECKOUT, REFUND} else self.member.app
        given = {**said, "idempotencyKey": new_key()}
        return await self.history.do(Deed(self.member.card_id, caller, document, given, wanted))


@dataclass(slots=True, eq=False)
class Crowd:
    """Clients who work at the same time, and what they live through."""

    clients: list[Client]
    history: History
    _working: list[asyncio.Task[None]] = field(default_factory=list)

    def begin(self) -> None:
        for client in self.clients:
            client.leaving = False
        self._working = [asyncio.create_task(client.work()) for client in self.clients]

    async def all_stand_still(self) -> None:
        """Returns when every client has met the fault, or has left."""
        async with asyncio.timeout(60):
            await asyncio.gather(*self._working)

    async def leave(self) -> None:
        for client in self.clients:
            client.leaving = True
        await self.all_stand_still()


async def crowd(scene: Scene, history: History, *, clients: int = 16, cards: int = 4) -> Crowd:
    """So many clients on so many cards of a new shop: several fight for each card."""
    shop = await journeys.open_shop(scene, rules=RULES)
    members = [await journeys.member(scene, shop, points=POINTS_AT_FIRST) for _ in range(cards)]
    return Crowd([await client(scene, shop, members[n % cards], history) for n in range(clients)], history)


def faults_of_each_crowd(faults: int) -> Iterator[int]:
    """How many of the faults each crowd lives through, as no crowd's tokens and visits last for ever."""
    for before in range(0, faults, FAULTS_A_CROWD):
        yield min(FAULTS_A_CROWD, faults - before)


async def client(scene: Scene, shop: Shop, member: Member, history: History) -> Client:
    """A till of the shop with an open visit of the member's."""
    till = await journeys.till(scene, shop)
    visit = await till.pos.do(SCAN, {"code": await journeys.show_code(scene, member)})
    assert visit["__typename"] == "Visit", visit
    return Client(member, till, visit["id"], history)


def gift_of(sender: Member) -> dict[str, Any]:
    """What sendGift is told, without its key."""
    return {
        "cardId": sender.card,
        "points": GIFT_POINTS,
        "recipientName": "Friend",
        "recipientEmail": "friend@example.com",
    }
