"""New signing keys take over while people sign in, show codes and scan them, on two processes that share a database."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import jwt

from auth import access_tokens, keys
from tests import journeys
from tests.database import Database
from tests.journeys import Member, Scene, Till, opened
from tests.live import Caller, MovableClock
from tests.proofs import documents

LEAD = timedelta(seconds=75)
STEP = timedelta(seconds=5)
STEPS = 36
SIGN_IN_EVERY = 9
VISITORS = 6
VIEWER = "{ viewer { email } }"
STATEMENT = """
query Statement($id: ID!, $from: DateTime!, $to: DateTime!) {
  node(id: $id) { ... on Card { statement(from: $from, to: $to) { jws } } }
}
"""


@dataclass(slots=True)
class Day:
    """Two processes, who comes there, and which keys were published and met."""

    scenes: Sequence[Scene]
    tills: Sequence[Till]
    visitors: Sequence[Member]
    published: frozenset[str] = frozenset()
    met: set[str] = field(default_factory=set)

    def meets(self, key: str) -> None:
        """Something signed with the key was shown. Whoever looked at the key sets a step ago knows the key."""
        assert key in self.published
        self.met.add(key)


async def test_nobody_is_refused_while_keys_change(database: Database) -> None:
    clock = MovableClock()
    async with two_processes(database, clock) as scenes:
        shop = await journeys.open_shop(scenes[0])
        tills = [await journeys.till(scene, shop) for scene in scenes]
        visitors = [await journeys.member(scenes[0], shop) for _ in range(VISITORS)]
        day = Day(scenes, tills, visitors, await published(scenes))
        old = set(day.published)

        # when the next keys are published now, and sign a little later
        new = await rotate(scenes[0])
        assert old.isdisjoint(new)

        # then nobody is refused anything while three minutes pass
        phones = {visitor.card_id: visitor.person.tokens.refresh for visitor in visitors}
        for step in range(STEPS):
            after = await published(scenes)
            coming = [asyncio.create_task(visit(day, one, phones, turn=step + n)) for n, one in enumerate(visitors)]
            if step % SIGN_IN_EVERY == 0:
                coming.append(asyncio.create_task(sign_in(day, f"late-{step}@example.com")))
            clock.advance(STEP)
            await asyncio.gather(*coming)
            day.published = after

        # and both keys of all three kinds were at work
        assert day.met == old | new


async def visit(day: Day, visitor: Member, phones: dict[Any, str], *, turn: int) -> None:
    """The phone gets new tokens from one process and a code from the other; a till scans it at the first one again.

    The tokens from before the change still open everything.
    """
    here, there = day.scenes[turn % 2], day.scenes[(turn + 1) % 2]
    refreshed = await here.customers_api().do(documents.REFRESH, {"refreshToken": phones[visitor.card_id]})
    phones[visitor.card_id] = refreshed["tokens"]["refreshToken"]
    access: str = refreshed["tokens"]["accessToken"]
    day.meets(access_tokens.kid_of(access))
    code = await there.customers_api(access).do(documents.CHECK_IN, {"cardId": visitor.card})
    assert code["__typename"] == "CheckInCode", code
    day.meets(code["token"][1:3])
    scanned = await at(here, day.tills[turn % 2]).do(documents.SCAN, {"code": code["token"]})
    assert scanned["__typename"] == "Visit", scanned
    span = {"from": (here.now - timedelta(hours=1)).isoformat(), "to": here.now.isoformat()}
    taken = await here.customers_api(access).ask(STATEMENT, {"id": visitor.card, **span})
    day.meets(jwt.get_unverified_header(taken["node"]["statement"]["jws"])["kid"])
    seen = await there.customers_api(visitor.person.tokens.access.text).ask(VIEWER)
    assert seen == {"viewer": {"email": visitor.person.email}}


async def sign_in(day: Day, email: str) -> None:
    """Somebody signs in with a mailed code at one process, and is known at the other."""
    signed_in = await journeys.sign_in_by_mail(day.scenes[0], email)
    access: str = signed_in["tokens"]["accessToken"]
    day.meets(access_tokens.kid_of(access))
    assert await day.scenes[1].customers_api(access).ask(VIEWER) == {"viewer": {"email": email}}


def at(scene: Scene, till: Till) -> Caller:
    return scene.tills_api(till.tokens.access.text)


async def published(scenes: Sequence[Scene]) -> frozenset[str]:
    """The names of the keys that every process publishes."""
    sets = [(await scene.http.get("/.well-known/jwks.json")).json()["keys"] for scene in scenes]
    return frozenset.intersection(*(frozenset(key["kid"] for key in each) for each in sets))


async def rotate(scene: Scene) -> set[str]:
    runtime = scene.live.runtime
    async with runtime.pool.acquire() as conn, conn.transaction():
        return {key.kid for key in await keys.rotate(conn, box=runtime.box, lead=LEAD, now=scene.now)}


@asynccontextmanager
async def two_processes(database: Database, clock: MovableClock) -> AsyncIterator[Sequence[Scene]]:
    """Two applications that have nothing in common but the database and the time. The first has the worker."""
    async with opened(database, clock=clock, with_worker=True) as first, opened(database, clock=clock) as second:
        yield first, second
