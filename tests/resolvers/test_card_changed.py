import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from infra.changes import CardChanges
from infra.pool import Pool
from infra.sweeps import settle_points
from tests.database import Database
from tests.factories import Shop, make_points
from tests.resolvers.api import Api
from tests.resolvers.counter import recorded
from tests.resolvers.documents import CLAIM_GIFT, REFUND
from tests.resolvers.mailing import mailed_link, sent_gift
from tests.resolvers.test_sign_out import SIGN_OUT
from tests.resolvers.world import Person
from tests.wallet.ledger.midnight import KOLKATA, stand, there
from wallet import programs
from wallet.database import Conn
from wallet.rules import Rules, TierLevel, TierRules
from wallet.tiers import Standing

CARD_CHANGED = """
    subscription ($cardId: ID!) {
        cardChanged(cardId: $cardId) {
            card { id revision balance { active pending reserved lifetimeEarned } }
            entry { kind points balanceAfter }
        }
    }
"""
Event = dict[str, Any]


@asynccontextmanager
async def running(pool: Pool, database: Database) -> AsyncIterator[CardChanges]:
    """A process that says and hears which cards changed."""
    changes = CardChanges(pool, lambda: asyncpg.connect(database.dsn))
    task = asyncio.create_task(changes.run())
    try:
        yield changes
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
async def changes(pool: Pool, database: Database) -> AsyncIterator[CardChanges]:
    async with running(pool, database) as found:
        yield found


async def subscribed(api: Api, card_id: str) -> AsyncGenerator[Event, None]:
    """The events of a subscription, each without errors."""
    stream = await api.schema.subscribe(CARD_CHANGED, {"cardId": card_id}, api.context())
    assert isinstance(stream, AsyncGenerator), stream
    async for result in stream:
        assert not result.errors, result.errors
        assert result.data is not None
        yield result.data["cardChanged"]


async def until_watched(changes: CardChanges, person: Person) -> None:
    """The subscription has begun: what changes from now on is an event."""
    async with asyncio.timeout(10):
        while (person.merchant_id, person.card_id) not in changes._watchers:
            await asyncio.sleep(0)


async def take(events: AsyncGenerator[Event, None], number: int) -> list[Event]:
    async with asyncio.timeout(10):
        return [await anext(events) for _ in range(number)]


async def refusal(api: Api, card_id: str) -> str:
    """The code of the error that a subscription ends with before any event."""
    stream = await api.schema.subscribe(CARD_CHANGED, {"cardId": card_id}, api.context())
    errors = (await anext(stream)).errors
    (error,) = errors or []
    return str((error.extensions or {}).get("code"))


async def test_every_change_is_an_event_in_order_of_revision(
    till: Api, phone: Api, other_phone: Api, asha: Person, conn: Conn, changes: CardChanges
) -> None:
    # given a phone that shows Asha's card
    events = subscribed(phone, asha.card)
    waiting = asyncio.create_task(take(events, 4))
    await until_watched(changes, asha)
    # when she buys, brings it back, and sends a gift that is claimed
    sale = (await recorded(till, phone, asha))["sale"]
    await till.do(REFUND, saleId=sale["id"], idempotencyKey=str(uuid4()))
    token = await mailed_link(conn, await sent_gift(phone, asha), now=phone.now)
    await other_phone.do(CLAIM_GIFT, token=token, idempotencyKey=str(uuid4()))
    # then the phone hears of each, with the card as it was then
    seen = await waiting
    balances = [(e["card"]["revision"], e["card"]["balance"]["active"], e["card"]["balance"]["reserved"]) for e in seen]
    assert balances == [(2, 150, 0), (3, 100, 0), (4, 60, 40), (5, 60, 0)]
    assert [event["card"]["balance"]["lifetimeEarned"] for event in seen] == [150, 100, 100, 100]
    # and with the line of the history, where there is one
    assert [event["entry"] for event in seen] == [
        {"kind": "EARNED", "points": 50, "balanceAfter": 150},
        {"kind": "REFUNDED", "points": -50, "balanceAfter": 100},
        {"kind": "GIFT_SENT", "points": -40, "balanceAfter": 60},
        None,
    ]
    await events.aclose()


async def test_a_change_by_another_process_arrives(
    phone: Api, asha: Person, shop: Shop, pool: Pool, conn: Conn, database: Database, changes: CardChanges
) -> None:
    # given a phone on one process
    events = subscribed(phone, asha.card)
    waiting = asyncio.create_task(take(events, 2))
    await until_watched(changes, asha)
    # when another process changes the card, twice
    async with running(pool, database) as other:
        for _ in range(2):
            await make_points(conn, shop, asha.card_id, 5, now=phone.now)
        other.publish(asha.merchant_id, asha.card_id)
        # then both changes arrive
        seen = await waiting
    assert [event["card"]["revision"] for event in seen] == [2, 3]
    await events.aclose()


async def test_more_changes_than_are_read_at_once_all_arrive(
    phone: Api, asha: Person, shop: Shop, conn: Conn, changes: CardChanges
) -> None:
    events = subscribed(phone, asha.card)
    waiting = asyncio.create_task(take(events, 205))
    await until_watched(changes, asha)
    for _ in range(205):
        await make_points(conn, shop, asha.card_id, 1, now=phone.now)
    changes.publish(asha.merchant_id, asha.card_id)
    assert [event["card"]["revision"] for event in await waiting] == list(range(2, 207))
    await events.aclose()


async def test_what_is_not_ones_own_card_is_refused_at_once(
    phone: Api, other_phone: Api, asha: Person, changes: CardChanges
) -> None:
    for api in (phone, other_phone):
        for card_id in ("garbage", "") if api is phone else (asha.card,):
            assert await refusal(api, card_id) == "BAD_USER_INPUT"


async def test_nobody_must_sign_in_first(anybody: Api, asha: Person, changes: CardChanges) -> None:
    assert await refusal(anybody, asha.card) == "UNAUTHENTICATED"


async def test_a_device_that_is_signed_out_hears_no_more(
    phone: Api, asha: Person, shop: Shop, conn: Conn, changes: CardChanges
) -> None:
    # given a phone that has heard of one change
    stream = await phone.schema.subscribe(CARD_CHANGED, {"cardId": asha.card}, phone.context())
    assert isinstance(stream, AsyncGenerator)
    first = asyncio.create_task(anext(stream))
    await until_watched(changes, asha)
    await make_points(conn, shop, asha.card_id, 1, now=phone.now)
    changes.publish(asha.merchant_id, asha.card_id)
    assert not (await asyncio.wait_for(first, 10)).errors
    # when it is signed out, and the card changes again
    await phone(SIGN_OUT)
    await make_points(conn, shop, asha.card_id, 1, now=phone.now)
    changes.publish(asha.merchant_id, asha.card_id)
    # then it hears that it must sign in
    last = await asyncio.wait_for(anext(stream), 10)
    assert [(error.extensions or {}).get("code") for error in last.errors or []] == ["UNAUTHENTICATED"]
    await stream.aclose()


TIER_CHANGED = """
    subscription ($cardId: ID!) {
        cardChanged(cardId: $cardId) { card { revision tier { name } } entry { kind } }
    }
"""


async def test_a_tier_that_falls_at_midnight_is_an_event_without_an_entry(
    phone: Api, asha: Person, shop: Shop, conn: Conn, pool: Pool, database: Database, now: datetime
) -> None:
    """No points move, so the history has no line of it; the revision tells, and the app is told, once."""
    rules = Rules(tiers=TierRules((TierLevel("Silver", 500), TierLevel("Gold", 1_000))))
    await programs.revise(
        conn, merchant_id=shop.merchant_id, program_id=shop.program_id, rules=rules, valid_from=now, now=now
    )
    midnight = there(KOLKATA, 2026, 11, 23)
    await stand(conn, shop, asha.card_id, Standing("Gold", now, midnight, midnight), now=now)
    async with running(pool, database) as changes:
        house = replace(phone.house, changes=changes)
        watching = replace(phone, house=house)
        stream = await watching.schema.subscribe(TIER_CHANGED, {"cardId": asha.card}, watching.context())
        assert isinstance(stream, AsyncGenerator)
        first = asyncio.ensure_future(anext(stream))
        await until_watched(changes, asha)
        # when midnight comes, and then points are earned
        async with conn.transaction():
            changed = await settle_points(conn, limit=10, now=midnight)
        for key in changed:
            changes.publish(*key)
        async with asyncio.timeout(10):
            fallen = await first
        await make_points(conn, shop, asha.card_id, 5, now=midnight)
        changes.publish(asha.merchant_id, asha.card_id)
        async with asyncio.timeout(10):
            earned = await anext(stream)
        await stream.aclose()
    silver = {"name": "Silver"}
    assert fallen.data == {"cardChanged": {"card": {"revision": 3, "tier": silver}, "entry": None}}
    assert earned.data == {"cardChanged": {"card": {"revision": 4, "tier": silver}, "entry": {"kind": "BONUS"}}}
