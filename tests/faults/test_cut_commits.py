"""A connection to PostgreSQL that breaks just before a COMMIT, or just after it: one mistake for the application, two
truths in the database. A client asks again with the same key and gets what it wanted, once."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests import journeys
from tests.database import Database
from tests.factories import Shop
from tests.faults.proxy import Cut, Proxy, proxy_to
from tests.faults.shop import POINTS_AT_FIRST, RULES
from tests.journeys import Member, Scene, Till, basket, new_key
from tests.live import Caller
from tests.proofs import documents
from tests.proofs.conftest import StandingClock
from tests.resolvers.world import everything
from wallet import audit
from wallet.database import Conn

REFRESH = documents.REFRESH.replace("accessToken", "")  # there is a new one in every answer


@dataclass(frozen=True, slots=True)
class Town:
    """Who is there."""

    scene: Scene
    shop: Shop
    till: Till
    asha: Member
    ben: Member

    async def visit(self) -> str:
        code = await journeys.show_code(self.scene, self.asha)
        return str((await self.till.pos.do(documents.SCAN, {"code": code}))["id"])

    async def sale(self) -> dict[str, Any]:
        return {"customer": {"visitId": await self.visit()}, **basket()}

    async def gift(self) -> str:
        return await journeys.send_gift(self.scene, self.asha, 2)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for, and asks for again with the same words."""

    caller: Caller
    document: str
    given: dict[str, Any]
    wanted: str


async def checkout(town: Town) -> Wish:
    given = {"sale": await town.sale(), "idempotencyKey": new_key()}
    return Wish(town.till.pos, documents.CHECKOUT, given, "SaleRecorded")


async def checkout_of_a_code(town: Town) -> Wish:
    sale = {"customer": {"code": await journeys.show_code(town.scene, town.asha)}, **basket()}
    return Wish(town.till.pos, documents.CHECKOUT, {"sale": sale, "idempotencyKey": new_key()}, "SaleRecorded")


async def refund(town: Town) -> Wish:
    sold = await town.till.pos.do(documents.CHECKOUT, {"sale": await town.sale(), "idempotencyKey": new_key()})
    given = {"saleId": sold["sale"]["id"], "lineIds": ["1"], "idempotencyKey": new_key()}
    return Wish(town.till.pos, documents.REFUND, given, "SaleRefunded")


async def settle_offline(town: Town) -> Wish:
    sale = {"customer": {"code": await journeys.show_code(town.scene, town.asha)}, **basket()}
    kept = {"sale": sale, "scannedAt": town.scene.now.isoformat(), "idempotencyKey": new_key()}
    return Wish(town.till.pos, documents.SETTLE, {"sales": [kept]}, "OfflineSettled")


async def enrol(town: Town) -> Wish:
    given = {"email": f"{new_key()}@example.com", "name": "New", "idempotencyKey": new_key()}
    return Wish(town.till.pos, documents.ENROL, given, "CustomerEnrolled")


async def join(town: Town) -> Wish:
    somebody = await journeys.signed_in(town.scene)
    given = {"programSlug": town.shop.slug, "idempotencyKey": new_key()}
    return Wish(somebody.app, documents.JOIN, given, "ProgramJoined")


async def send_gift(town: Town) -> Wish:
    return Wish(town.asha.app, documents.SEND_GIFT, journeys.gift_of(town.asha, 2), "GiftSent")


async def cancel_gift(town: Town) -> Wish:
    given = {"giftId": await town.gift(), "idempotencyKey": new_key()}
    return Wish(town.asha.app, documents.CANCEL_GIFT, given, "GiftCancelled")


async def resend_gift(town: Town) -> Wish:
    given = {"giftId": await town.gift(), "correctedEmail": "other@example.com", "idempotencyKey": new_key()}
    return Wish(town.asha.app, documents.RESEND_GIFT, given, "GiftResent")


async def claim_gift(town: Town) -> Wish:
    token = await journeys.deliver_gift(town.scene, await town.gift())
    given = {"token": token, "idempotencyKey": new_key()}
    return Wish(town.ben.app, documents.CLAIM, given, "GiftClaimed")


async def refresh_session(town: Town) -> Wish:
    somebody = await journeys.signed_in(town.scene)
    return Wish(somebody.app, REFRESH, {"refreshToken": somebody.tokens.refresh}, "SessionRefreshed")


WISHES: Sequence[Callable[[Town], Awaitable[Wish]]] = (
    checkout,
    checkout_of_a_code,
    refund,
    settle_offline,
    enrol,
    join,
    send_gift,
    cancel_gift,
    resend_gift,
    claim_gift,
    refresh_session,
)


@pytest.mark.parametrize("where", Cut)
@pytest.mark.parametrize("rounds", [1, pytest.param(25, marks=pytest.mark.soak)])
async def test_wish_is_granted_once_though_its_commit_is_cut_off(
    database: Database, conn: Conn, where: Cut, rounds: int, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.perf_counter()
    async with proxy_to(database.dsn) as proxy:
        through = replace(database, dsn=proxy.dsn)
        async with journeys.opened(through, clock=StandingClock()) as scene:
            town = await town_of(scene)
            for _ in range(rounds):
                for prepare in WISHES:
                    await grant(conn, proxy, await prepare(town), where)
    assert [verdict async for verdict in audit.verdicts(conn) if verdict.count] == []
    with capsys.disabled():
        seconds = time.perf_counter() - began
        print(f"\nCOMMIT cut off, {where.value}: {rounds * len(WISHES)} times, {seconds:.1f} s", flush=True)  # noqa: T201


async def grant(conn: Conn, proxy: Proxy, wish: Wish, where: Cut) -> None:
    before = await everything(conn)

    # when the connection breaks at the commit, the client is told that the fault is ours
    proxy.cut(where)
    assert await fault_of(wish) == "INTERNAL"
    assert proxy.armed is None, "nothing was committed"

    # then all of it is there or nothing
    then = await everything(conn)
    assert (then == before) is (where is Cut.BEFORE)

    # and it asks again in the same words, and once more: it is there, once
    answer = await wish.caller.do(wish.document, wish.given)
    assert answer["__typename"] == wish.wanted, answer
    after = await everything(conn)
    assert (after == then) is (where is Cut.AFTER)
    assert await wish.caller.do(wish.document, wish.given) == replayed(answer)
    assert await everything(conn) == after


def replayed(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer as it is when it is given again."""
    if "results" in answer:
        return {**answer, "results": [replayed(each) for each in answer["results"]]}
    return {**answer, "replayed": True} if "replayed" in answer else answer


async def fault_of(wish: Wish) -> str:
    """The code of the one error that the client is told."""
    response = await wish.caller.post(wish.document, {"input": wish.given})
    [error] = response.json()["errors"]
    return str(error["extensions"]["code"])


async def town_of(scene: Scene) -> Town:
    shop = await journeys.open_shop(scene, rules=RULES)
    asha, ben = [await journeys.member(scene, shop, points=POINTS_AT_FIRST) for _ in range(2)]
    return Town(scene, shop, await journeys.till(scene, shop), asha, ben)
