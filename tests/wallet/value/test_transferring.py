"""Money moves between one's own gift cards, once for each key."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from infra.pool import Pool
from tests.database import StatementCounter
from tests.factories import Shop, make_customer, make_shop
from tests.wallet.ledger.value.scenes import activities, assert_lawful, balances, locked, make_gift_card
from wallet import programs, value
from wallet.database import Conn
from wallet.errors import (
    GiftCardNotUsable,
    IdempotencyKeyReused,
    InsufficientValue,
    InvalidInput,
    NotFound,
    Refusal,
)
from wallet.ledger import value as ledger
from wallet.ledger.value import ValueCause
from wallet.rules import Rules
from wallet.value import Transferred
from wallet.values import MINOR_MAX, CustomerId, GiftCardId


@dataclass(frozen=True, slots=True)
class Scene:
    """Somebody with two gift cards of a shop: 1,000 on the first, 50 on the second."""

    shop: Shop
    owner: CustomerId
    one: GiftCardId
    two: GiftCardId


@pytest.fixture
async def scene(conn: Conn, now: datetime) -> Scene:
    shop, owner = await make_shop(conn, now=now), await make_customer(conn, now=now)
    one = await make_gift_card(conn, shop, 1000, owner=owner, now=now)
    return Scene(shop, owner, one, await make_gift_card(conn, shop, 50, owner=owner, now=now))


async def move(
    conn: Conn,
    scene: Scene,
    amount: int = 400,
    *,
    source: GiftCardId | None = None,
    target: GiftCardId | None = None,
    by: CustomerId | None = None,
    key: UUID | None = None,
    now: datetime,
) -> Transferred:
    async with conn.transaction():
        return await value.transfer(
            conn,
            customer_id=by or scene.owner,
            merchant_id=scene.shop.merchant_id,
            from_gift_card_id=source or scene.one,
            to_gift_card_id=target or scene.two,
            amount_minor=amount,
            idempotency_key=key or uuid4(),
            now=now,
        )


async def test_what_moves_leaves_one_card_and_is_on_the_other(conn: Conn, scene: Scene, now: datetime) -> None:
    moved = await move(conn, scene, now=now)

    assert (moved.source.balance.amount_minor, moved.target.balance.amount_minor, moved.replayed) == (600, 450, False)
    assert (moved.source.gift_card_id, moved.target.gift_card_id) == (scene.one, scene.two)
    assert await balances(conn, scene.shop) == [600, 450]
    await assert_lawful(conn)


async def test_the_same_key_moves_nothing_again(conn: Conn, scene: Scene, now: datetime) -> None:
    # given
    key = uuid4()
    await move(conn, scene, key=key, now=now)
    await move(conn, scene, 100, now=now)
    # when
    again = await move(conn, scene, key=key, now=now)
    # then it answers with the cards as they are now
    assert (again.source.balance.amount_minor, again.target.balance.amount_minor, again.replayed) == (500, 550, True)
    assert len(await activities(conn, scene.one)) == 3


async def test_the_same_key_twice_at_once_moves_once(pool: Pool, conn: Conn, scene: Scene, now: datetime) -> None:
    key = uuid4()

    async def moving() -> bool:
        async with pool.acquire() as one:
            return (await move(one, scene, key=key, now=now)).replayed

    replayed = await asyncio.gather(*(moving() for _ in range(8)))

    assert replayed.count(False) == 1
    assert await balances(conn, scene.shop) == [600, 450]


@pytest.mark.parametrize("other", [{"amount": 401}, {"source": "two", "target": "one"}])
async def test_the_same_key_for_something_else_is_refused(
    conn: Conn, scene: Scene, other: dict[str, Any], now: datetime
) -> None:
    key = uuid4()
    await move(conn, scene, key=key, now=now)
    named = {name: getattr(scene, said) if isinstance(said, str) else said for name, said in other.items()}

    with pytest.raises(IdempotencyKeyReused):
        await move(conn, scene, key=key, now=now, **named)
    assert await balances(conn, scene.shop) == [600, 450]


async def test_a_key_is_of_one_customer(conn: Conn, scene: Scene, now: datetime) -> None:
    # given somebody else with two cards, and the same key
    other, key = await make_customer(conn, now=now), uuid4()
    cards = [await make_gift_card(conn, scene.shop, 10, owner=other, now=now) for _ in range(2)]
    await move(conn, scene, key=key, now=now)
    # when
    moved = await move(conn, scene, 3, source=cards[0], target=cards[1], by=other, key=key, now=now)
    # then
    assert moved.replayed is False
    assert await balances(conn, scene.shop) == [600, 450, 7, 13]


async def refused(conn: Conn, scene: Scene, refusal: type[Refusal], now: datetime, **said: Any) -> Any:
    """The refusal; nothing was done."""
    before = await balances(conn, scene.shop)
    with pytest.raises(refusal) as raised:
        await move(conn, scene, now=now, **said)
    assert await balances(conn, scene.shop) == before
    assert await conn.fetchval("SELECT COUNT(*) FROM gift_card_requests") == 0
    return raised.value


async def test_nobody_moves_money_of_or_to_another_s_card(conn: Conn, scene: Scene, now: datetime) -> None:
    stranger = await make_customer(conn, now=now)
    theirs = await make_gift_card(conn, scene.shop, 10, owner=stranger, now=now)
    nobody_s = await make_gift_card(conn, scene.shop, 10, now=now)
    elsewhere = await make_gift_card(conn, await make_shop(conn, now=now), 10, owner=scene.owner, now=now)

    for other in (theirs, nobody_s, elsewhere, GiftCardId(uuid4())):
        await refused(conn, scene, NotFound, now, target=other)
        await refused(conn, scene, NotFound, now, source=other)
    await refused(conn, scene, NotFound, now, by=stranger)


@pytest.mark.parametrize(("amount", "said"), [(0, "amountMinor"), (-1, "amountMinor"), (MINOR_MAX + 1, "amountMinor")])
async def test_an_amount_is_more_than_nothing(conn: Conn, scene: Scene, amount: int, said: str, now: datetime) -> None:
    refusal = await refused(conn, scene, InvalidInput, now, amount=amount)
    assert [problem.field for problem in refusal.problems] == [said]


async def test_a_card_gives_nothing_to_itself(conn: Conn, scene: Scene, now: datetime) -> None:
    refusal = await refused(conn, scene, InvalidInput, now, target=scene.one)
    assert [(problem.field, problem.phrase.code) for problem in refusal.problems] == [("toId", "gift_card_same")]


async def test_money_stays_in_its_program(conn: Conn, scene: Scene, now: datetime) -> None:
    # given a card of the merchant's second program
    second = await programs.create(
        conn,
        merchant_id=scene.shop.merchant_id,
        slug="second",
        name="Second",
        point_name="star",
        point_name_plural="stars",
        rules=Rules(),
        now=now,
    )
    shop = Shop(**{**{name: getattr(scene.shop, name) for name in Shop.__slots__}, "program_id": second.program_id})
    other = await make_gift_card(conn, shop, 10, owner=scene.owner, now=now)
    # then
    refusal = await refused(conn, scene, InvalidInput, now, target=other)
    assert [(problem.field, problem.phrase.code) for problem in refusal.problems] == [("toId", "gift_card_elsewhere")]


async def test_what_is_not_there_or_blocked_does_not_move(conn: Conn, scene: Scene, now: datetime) -> None:
    missing = await refused(conn, scene, InsufficientValue, now, amount=1001)
    assert (missing.needed.amount_minor, missing.available.amount_minor, missing.needed.currency) == (1001, 1000, "INR")
    async with conn.transaction():
        [card] = await locked(conn, scene.shop, scene.two, now=now)
        await ledger.block(conn, card, cause=ValueCause(now, "Lost"), now=now)

    for said in ({}, {"source": scene.two, "target": scene.one, "amount": 1}):
        refusal = await refused(conn, scene, GiftCardNotUsable, now, **said)
        assert refusal.phrase.code == "gift_card_blocked"


async def test_money_past_its_date_does_not_move(conn: Conn, scene: Scene, now: datetime) -> None:
    old = await make_gift_card(conn, scene.shop, 70, owner=scene.owner, expires_at=now + timedelta(hours=1), now=now)

    refusal = await refused(conn, scene, GiftCardNotUsable, now + timedelta(hours=1), source=old, amount=1)

    assert refusal.phrase.code == "gift_card_past"


async def test_a_transfer_takes_six_statements_and_its_replay_five(
    conn: Conn, scene: Scene, statements: StatementCounter, now: datetime
) -> None:
    key = uuid4()
    await move(conn, scene, 1, now=now)  # a connection's first look at an array's type is its own
    async with statements.counted() as first:
        await move(conn, scene, key=key, now=now)
    async with statements.counted() as again:
        await move(conn, scene, key=key, now=now)

    assert (len(first), len(again)) == (6, 5), first
