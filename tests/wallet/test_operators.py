"""The people at the tills."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from infra.pool import Pool
from tests.factories import Shop, make_shop
from tests.wallet.counter import another_store, count, race
from wallet import operators, stores
from wallet.database import Conn
from wallet.errors import InvalidInput, NotFound
from wallet.values import MerchantId, OperatorId

MINE, YOURS = bytes(31) + b"\x01", bytes(31) + b"\x02"


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, now=now)


async def add(conn: Conn, shop: Shop, name: str = "Anu", pin_hash: bytes = MINE, *, now: datetime) -> OperatorId:
    return await operators.add(conn, merchant_id=shop.merchant_id, name=name, pin_hash=pin_hash, now=now)


async def test_a_pin_is_good_at_every_till_of_its_merchant_and_at_no_other(
    conn: Conn, now: datetime, shop: Shop
) -> None:
    # given
    other = await make_shop(conn, now=now)
    # when
    anu = await add(conn, shop, now=now)
    # then
    for terminal in (shop.terminal, await another_store(conn, shop, now=now)):
        assert await operators.find(conn, terminal=terminal, pin_hash=MINE, at=now) == anu
        assert await operators.find(conn, terminal=terminal, pin_hash=YOURS, at=now) is None
    assert await operators.find(conn, terminal=other.terminal, pin_hash=MINE, at=now) is None


async def test_two_of_a_merchant_never_have_one_pin_and_two_of_two_merchants_may(
    conn: Conn, now: datetime, shop: Shop
) -> None:
    # given
    other = await make_shop(conn, now=now)
    await add(conn, shop, now=now)
    # when
    with pytest.raises(InvalidInput) as refusal:
        await add(conn, shop, "Ben", now=now)
    # then
    assert [(problem.field, problem.phrase.code) for problem in refusal.value.problems] == [("pin", "pin_taken")]
    assert await count(conn, "operators") == 1
    await add(conn, other, now=now)
    await add(conn, shop, "Ben", YOURS, now=now)


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\u0007"])
async def test_a_name_that_cannot_be_shown_makes_nobody(conn: Conn, now: datetime, shop: Shop, name: str) -> None:
    with pytest.raises(InvalidInput):
        await add(conn, shop, name, now=now)
    assert await count(conn, "operators") == 0


async def test_nobody_stands_at_the_tills_of_no_merchant(conn: Conn, now: datetime, shop: Shop) -> None:
    nowhere = replace(shop, merchant_id=MerchantId(uuid4()))
    with pytest.raises(NotFound):
        await add(conn, nowhere, now=now)
    assert await count(conn, "operators") == 0


async def test_a_revoked_pin_is_nobody_s_and_may_be_given_to_another(conn: Conn, now: datetime, shop: Shop) -> None:
    # given
    anu = await add(conn, shop, now=now)
    later = now + timedelta(days=1)
    # when
    await operators.revoke(conn, merchant_id=shop.merchant_id, operator_id=anu, now=later)
    await operators.revoke(conn, merchant_id=shop.merchant_id, operator_id=anu, now=later + timedelta(days=1))
    # then
    assert await operators.find(conn, terminal=shop.terminal, pin_hash=MINE, at=later) is None
    ben = await add(conn, shop, "Ben", now=later)
    assert await operators.find(conn, terminal=shop.terminal, pin_hash=MINE, at=later) == ben
    # and what was written with it before is the first one's
    assert await operators.find(conn, terminal=shop.terminal, pin_hash=MINE, at=now) == anu
    assert await operators.find(conn, terminal=shop.terminal, pin_hash=MINE, at=now - timedelta(days=1)) is None
    found = await operators.of_merchant(conn, merchant_id=shop.merchant_id)
    assert [(each.operator_id, each.name, each.revoked_at) for each in found] == [
        (anu, "Anu", later),
        (ben, "Ben", None),
    ]


async def test_another_merchant_s_operator_is_neither_revoked_nor_listed(conn: Conn, now: datetime, shop: Shop) -> None:
    other = await make_shop(conn, now=now)
    anu = await add(conn, shop, now=now)
    for operator_id in (anu, OperatorId(uuid4())):
        with pytest.raises(NotFound):
            await operators.revoke(conn, merchant_id=other.merchant_id, operator_id=operator_id, now=now)
    assert await operators.of_merchant(conn, merchant_id=other.merchant_id) == []
    assert await operators.find(conn, terminal=shop.terminal, pin_hash=MINE, at=now) == anu


async def test_a_merchant_asks_for_pins_from_when_it_says_so(conn: Conn, now: datetime, shop: Shop) -> None:
    async def asks() -> bool:
        terminal = await stores.load_terminal(
            conn,
            merchant_id=shop.merchant_id,
            terminal_id=shop.terminal_id,
            session_id=shop.session_id,
            now=now,
        )
        return terminal.operators_required

    assert await asks() is False
    await operators.require(conn, merchant_id=shop.merchant_id, required=True)
    assert await asks() is True
    await operators.require(conn, merchant_id=shop.merchant_id, required=False)
    assert await asks() is False
    with pytest.raises(NotFound):
        await operators.require(conn, merchant_id=MerchantId(uuid4()), required=True)


async def test_of_many_who_want_one_pin_at_once_one_gets_it(pool: Pool, conn: Conn, now: datetime, shop: Shop) -> None:
    # when
    answers = await race(pool, [lambda racer: add(racer, shop, now=now) for _ in range(8)])
    # then
    refused = [answer for answer in answers if isinstance(answer, InvalidInput)]
    assert (len(refused), await count(conn, "operators")) == (7, 1)
