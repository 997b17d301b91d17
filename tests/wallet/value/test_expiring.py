"""When money on gift cards lapses, by the program's rules in force and the law, and that the worker sees to it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from infra.pool import Pool
from infra.sweeps import expire_value
from tests.factories import make_shop
from tests.wallet.ledger.value.scenes import activities, assert_lawful, balances, locked, make_gift_card
from wallet import programs, value
from wallet.database import Conn
from wallet.errors import NotFound
from wallet.rules import GiftRules, Rules
from wallet.values import ProgramId

A_YEAR = Rules(gifts=GiftRules(validity_months=1))


async def test_new_money_lives_as_the_rules_and_the_law_say(conn: Conn, now: datetime) -> None:
    # given a program for a month in India, one in the United States, and one that says nothing
    indian = await make_shop(conn, rules=A_YEAR, now=now)
    american = await make_shop(conn, rules=A_YEAR, country="US", now=now)
    lasting = await make_shop(conn, now=now)
    # when
    lives = [
        await value.expires_at(conn, merchant_id=shop.merchant_id, program_id=shop.program_id, now=now)
        for shop in (indian, american, lasting)
    ]
    # then
    assert lives == [
        datetime(2027, 11, 22, 18, 30, tzinfo=UTC),
        datetime(2031, 11, 22, 18, 30, tzinfo=UTC),
        None,
    ]


async def test_the_rules_in_force_say_it_and_not_those_to_come(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    begins = now + timedelta(days=1)
    async with conn.transaction():
        await programs.revise(
            conn,
            merchant_id=shop.merchant_id,
            program_id=shop.program_id,
            rules=replace(Rules(), gifts=GiftRules(validity_months=24)),
            valid_from=begins,
            now=now,
        )

    lives = [
        await value.expires_at(conn, merchant_id=shop.merchant_id, program_id=shop.program_id, now=at)
        for at in (now, begins)
    ]

    assert lives[0] is None
    assert lives[1] is not None


async def test_another_merchant_s_program_says_nothing(conn: Conn, now: datetime) -> None:
    shop, other = await make_shop(conn, now=now), await make_shop(conn, now=now)

    for program_id in (other.program_id, ProgramId(uuid4())):
        with pytest.raises(NotFound):
            await value.expires_at(conn, merchant_id=shop.merchant_id, program_id=program_id, now=now)


async def test_the_sweep_lets_what_is_past_its_date_expire_and_nothing_else(conn: Conn, now: datetime) -> None:
    # given
    shop = await make_shop(conn, now=now)
    past = [await make_gift_card(conn, shop, 100 + n, expires_at=now - timedelta(days=n), now=now) for n in range(3)]
    await make_gift_card(conn, shop, 7, expires_at=now + timedelta(microseconds=1), now=now)
    await make_gift_card(conn, shop, 8, now=now)
    # when
    for _ in range(3):
        async with conn.transaction():
            assert await expire_value(conn, limit=2, now=now) == []
    # then
    assert await balances(conn, shop) == [0, 0, 0, 7, 8]
    assert [(await activities(conn, each))[1:] for each in past] == [[(2, "EXPIRE", -100 - n, 0)] for n in range(3)]
    await assert_lawful(conn)


async def test_a_card_that_somebody_holds_waits_for_the_next_time(pool: Pool, conn: Conn, now: datetime) -> None:
    # given
    shop = await make_shop(conn, now=now)
    held = await make_gift_card(conn, shop, 100, expires_at=now, now=now)
    await make_gift_card(conn, shop, 200, expires_at=now, now=now)
    # when
    async with pool.acquire() as other, other.transaction():
        await locked(other, shop, held, now=now - timedelta(days=1))
        async with conn.transaction():
            await expire_value(conn, limit=10, now=now)
    # then
    assert await balances(conn, shop) == [100, 0]
    async with conn.transaction():
        await expire_value(conn, limit=10, now=now)
    assert await balances(conn, shop) == [0, 0]
