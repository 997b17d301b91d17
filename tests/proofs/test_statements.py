"""How many statements a request takes, BEGIN and COMMIT counted, over the real application.

The application has one connection here: what it says is in order, and a request that held one while it asked for
another would never be answered.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from infra.changes import NOTIFY_SQL
from schema.connection import seq_cursor
from tests.database import Database, StatementCounter
from tests.factories import make_points
from tests.journeys import (
    Member,
    Scene,
    Till,
    basket,
    deliver_gift,
    device_of,
    member,
    new_key,
    open_shop,
    open_visit,
    opened,
    phone_of,
    send_gift,
    show_code,
    signed_in,
    till,
)
from tests.proofs import documents as say
from tests.proofs.crowd import LONG_HISTORY, named
from wallet.rules import Rules
from wallet.values import CardId, CustomerId, MerchantId, TerminalId

HOME_MAX = 4
PAGE_MAX = 2
SCAN_MAX = 6
CHECKOUT_MAX = 12

NOTIFY = " ".join(NOTIFY_SQL.split())
"""Said later, for all cards that changed meanwhile: no part of a request."""

Request = Callable[[], Awaitable[Callable[[], Awaitable[dict[str, Any]]]]]
"""Makes ready, and returns what is to be counted."""


@pytest.fixture
async def scene(database: Database, statements: StatementCounter) -> AsyncIterator[Scene]:
    async with opened(database, on_query=statements, pool_min=1, pool_max=1) as found:
        yield found


@pytest.fixture
async def busy(crowd: Database, statements: StatementCounter) -> AsyncIterator[Scene]:
    """The same application on a full database."""
    async with opened(crowd, on_query=statements, pool_min=1, pool_max=1) as found:
        yield found


async def said(statements: StatementCounter, request: Request) -> list[str]:
    """What the second such request makes the application say: during the first the driver gets to know the types."""
    await (await request())()
    ask = await request()
    async with statements.counted() as seen:
        answer = await ask()
    assert "message" not in answer, answer
    return [statement for statement in seen if statement != NOTIFY]


def home(owner: Member) -> Request:
    async def ready() -> Callable[[], Awaitable[dict[str, Any]]]:
        return lambda: owner.app.ask(say.HOME)

    return ready


def page(owner: Member, *, first: int = 50, before: int | None = None) -> Request:
    given = {"id": owner.card, "first": first, "after": seq_cursor(before) if before else None}

    async def ready() -> Callable[[], Awaitable[dict[str, Any]]]:
        return lambda: owner.app.ask(say.PAGE, given)

    return ready


def scan(scene: Scene, owner: Member, at: Till) -> Request:
    async def ready() -> Callable[[], Awaitable[dict[str, Any]]]:
        code = await show_code(scene, owner)
        return lambda: at.pos.do(say.SCAN, {"code": code})

    return ready


def checkout(scene: Scene, owner: Member, at: Till, *, by_visit: bool) -> Request:
    async def ready() -> Callable[[], Awaitable[dict[str, Any]]]:
        code = None if by_visit else await show_code(scene, owner)
        customer = {"code": code} if code else {"visitId": await open_visit(scene, owner, at)}
        given = {"sale": {**basket(), "customer": customer}, "idempotencyKey": new_key()}
        return lambda: at.pos.do(say.CHECKOUT, given)

    return ready


async def eventful(scene: Scene) -> Member:
    """A member whose history has a line of every kind that comes about, with the reasons of each."""
    shop = await open_shop(scene, rules=Rules(pending_days=1, expiry_months=1))
    owner, at = await member(scene, shop, points=500), await till(scene, shop)
    recorded = await (await checkout(scene, owner, at, by_visit=False)())()
    await at.pos.do(say.REFUND, {"saleId": recorded["sale"]["id"], "lineIds": ["2"], "idempotencyKey": new_key()})
    friend = await member(scene, shop, points=20)
    token = await deliver_gift(scene, await send_gift(scene, friend, 20))
    await owner.app.do(say.CLAIM, {"token": token, "idempotencyKey": new_key()})
    for days in (0, 2, 60):
        scene.live.clock.advance(timedelta(days=days))
        phone = await phone_of(scene, owner.person.customer_id, owner.person.email)
        owner = Member(phone, owner.merchant_id, owner.card_id)
        gift = await send_gift(scene, owner, 1)
        await owner.app.do(say.CANCEL_GIFT, {"giftId": gift, "idempotencyKey": new_key()})
    return owner


# ---------------------------------------------------------------- what is promised


@pytest.mark.parametrize("cards", [1, 5])
async def test_a_home_screen_takes_four_statements_however_many_cards(
    scene: Scene, statements: StatementCounter, cards: int
) -> None:
    # given: on each card more lines than the screen shows
    person = await signed_in(scene)
    shops = [await open_shop(scene) for _ in range(cards)]
    owners = [await member(scene, shop, person) for shop in shops]
    async with scene.live.runtime.pool.acquire() as conn:
        for shop, owner in zip(shops * 22, owners * 22, strict=True):
            await make_points(conn, shop, owner.card_id, 1, now=scene.now)
    # when
    seen = await said(statements, home(owners[0]))
    # then
    shown = (await person.app.ask(say.HOME))["viewer"]["cards"]
    assert [len(card["history"]["edges"]) for card in shown] == [20] * cards
    assert len(seen) <= HOME_MAX, seen


async def test_reasons_of_every_kind_cost_nothing_more(scene: Scene, statements: StatementCounter) -> None:
    owner = await eventful(scene)
    shown = await owner.app.ask(say.PAGE, {"id": owner.card, "first": 50})
    lines = [edge["node"] for edge in shown["node"]["history"]["edges"]]
    assert {line["kind"] for line in lines if line["reasons"]} >= {
        "EARNED", "ACTIVATED", "REFUNDED", "EXPIRED", "GIFT_SENT", "GIFT_RETURNED", "GIFT_RECEIVED",
    }  # fmt: skip
    assert len(await said(statements, page(owner))) <= PAGE_MAX
    assert len(await said(statements, home(owner))) <= HOME_MAX


async def test_a_scan_takes_six_statements(scene: Scene, statements: StatementCounter) -> None:
    shop = await open_shop(scene)
    seen = await said(statements, scan(scene, await member(scene, shop, points=9), await till(scene, shop)))
    assert len(seen) <= SCAN_MAX, seen


@pytest.mark.parametrize("by_visit", [True, False], ids=["visit", "code"])
async def test_a_checkout_takes_twelve_statements(scene: Scene, statements: StatementCounter, by_visit: bool) -> None:
    shop = await open_shop(scene)
    owner, at = await member(scene, shop, points=9), await till(scene, shop)
    seen = await said(statements, checkout(scene, owner, at, by_visit=by_visit))
    assert len(seen) <= CHECKOUT_MAX, seen


# ---------------------------------------------------------------- whatever the size


async def regular(busy: Scene, n: int) -> tuple[Member, Till]:
    """The n-th customer of the crowd, and a till of their shop."""
    merchant_id = MerchantId(named("merchant", 0))
    phone = await phone_of(busy, CustomerId(named("customer", n)), f"{n}@example.com")
    at = await device_of(busy, merchant_id, TerminalId(named("terminal", 0)))
    return Member(phone, merchant_id, CardId(named("card", n))), at


async def test_a_long_history_takes_no_statement_more(busy: Scene, statements: StatementCounter) -> None:
    # given: the same requests for a card with a few lines and for one with two hundred thousand
    short, long = [await regular(busy, n) for n in (2, 0)]
    said_of = []
    for owner, at in (short, long):
        requests = [
            home(owner),
            page(owner),
            page(owner, first=2, before=3),
            scan(busy, owner, at),
            checkout(busy, owner, at, by_visit=True),
            checkout(busy, owner, at, by_visit=False),
        ]
        # when
        said_of.append([await said(statements, request) for request in requests])
    # then
    assert said_of[0] == said_of[1]
    allowed = [HOME_MAX, PAGE_MAX, PAGE_MAX, SCAN_MAX, CHECKOUT_MAX, CHECKOUT_MAX]
    assert all(len(seen) <= most for seen, most in zip(said_of[1], allowed, strict=True)), said_of[1]
    middle = await long[0].app.ask(say.PAGE, {"id": long[0].card, "first": 100, "after": seq_cursor(LONG_HISTORY // 2)})
    edges = middle["node"]["history"]["edges"]
    assert [edge["cursor"] for edge in edges] == [seq_cursor(LONG_HISTORY // 2 - n) for n in range(1, 101)]
