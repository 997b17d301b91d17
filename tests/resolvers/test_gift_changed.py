"""The sender's phone sees what becomes of a gift, also of one that writes nothing on their card."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from infra.changes import CardChanges
from infra.pool import Pool
from tests.database import Database
from tests.factories import Shop
from tests.resolvers.api import Api
from tests.resolvers.documents import CLAIM_GIFT
from tests.resolvers.mailing import mailed_link, sent_gift
from tests.resolvers.test_card_changed import running
from tests.resolvers.test_gift_life import THANK, VIEWED
from tests.resolvers.test_pass_on import SEND, wish
from tests.resolvers.world import Person
from tests.wallet.ledger.value.scenes import make_gift_card
from wallet.database import Conn

GIFT_CHANGED = """
    subscription ($giftId: ID!) { giftChanged(giftId: $giftId) { status thanks spent { amountMinor } } }
"""
Event = dict[str, Any]


@pytest.fixture
async def changes(pool: Pool, database: Database) -> AsyncIterator[CardChanges]:
    async with running(pool, database) as found:
        yield found


async def subscribed(api: Api, gift_id: str) -> AsyncGenerator[Event, None]:
    stream = await api.schema.subscribe(GIFT_CHANGED, {"giftId": gift_id}, api.context())
    assert isinstance(stream, AsyncGenerator), stream
    async for result in stream:
        assert not result.errors, result.errors
        assert result.data is not None
        yield result.data["giftChanged"]


async def following(events: AsyncGenerator[Event, None]) -> Event:
    async with asyncio.timeout(10):
        return await anext(events)


async def test_each_step_of_a_gift_of_money_is_seen(
    phone: Api, other_phone: Api, anybody: Api, shop: Shop, asha: Person, ben: Person, conn: Conn, now: datetime
) -> None:
    # given
    own = await make_gift_card(conn, shop, 50_000, owner=asha.customer_id, now=now)
    gift = str((await phone.do(SEND, **wish(shop, asha, own)))["gift"]["id"])
    token = await mailed_link(conn, gift, now=now)
    events = subscribed(phone, gift)
    first = await following(events)
    # when
    seen = list[Event]()
    await anybody(VIEWED, token=token)
    seen.append(await following(events))
    claimed = await other_phone.do(CLAIM_GIFT, token=token, idempotencyKey=str(uuid4()))
    assert claimed["__typename"] == "GiftClaimed"
    seen.append(await following(events))
    await other_phone.do(THANK, giftId=gift, message="Thank you!", idempotencyKey=str(uuid4()))
    seen.append(await following(events))
    # then
    assert first == {"status": "SENT", "thanks": None, "spent": None}
    assert seen == [
        {"status": "VIEWED", "thanks": None, "spent": None},
        {"status": "CLAIMED", "thanks": None, "spent": {"amountMinor": 0}},
        {"status": "CLAIMED", "thanks": "Thank you!", "spent": {"amountMinor": 0}},
    ]
    await events.aclose()


async def test_others_gifts_are_refused_before_the_first_event(
    phone: Api, other_phone: Api, asha: Person, ben: Person
) -> None:
    gift = await sent_gift(phone, asha)

    for gift_id in (gift, "garbage"):
        stream = await other_phone.schema.subscribe(GIFT_CHANGED, {"giftId": gift_id}, other_phone.context())
        assert isinstance(stream, AsyncGenerator)
        result = await anext(stream)
        assert [error.message for error in result.errors or []] == ["giftId names no gift that you sent."]
