"""What the store did lately with the card that it serves."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.database import StatementCounter
from tests.factories import INSERT_TERMINAL_SESSION_SQL, Shop
from tests.resolvers.api import Api, as_terminal
from tests.resolvers.counter import recorded, sale_of, scanned
from tests.resolvers.documents import CHECKOUT, REFUND, SALE
from tests.resolvers.world import Person, asked, everything
from tests.wallet.counter import another_store
from wallet.database import Conn

OPERATIONS = (
    """
    query ($visitId: ID!) {
        operations(visitId: $visitId) { sale { ...SaleParts } occurredAt canBeUndone reason }
    }
"""
    + SALE
)
SALE_BY_ID = "query ($id: ID!) { sale(id: $id) { ...SaleParts } }" + SALE


async def operations(till: Api, visit: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await till(OPERATIONS, visitId=visit))["operations"]
    return found


async def test_what_was_sold_just_now_can_be_undone_by_its_id(till: Api, phone: Api, asha: Person) -> None:
    # given
    visit = await scanned(till, phone, asha)
    sold = await till.do(CHECKOUT, sale=sale_of(visit=visit), idempotencyKey=str(uuid4()))
    # when
    [done] = await operations(till, visit)
    # then it says what the sale itself says
    assert (done["canBeUndone"], done["reason"], done["occurredAt"]) == (True, None, "2026-11-22T09:30:00Z")
    assert done["sale"] == (await till(SALE_BY_ID, id=sold["sale"]["id"]))["sale"] == sold["sale"]
    # and undone, it says so
    back = await till.do(REFUND, saleId=done["sale"]["id"], idempotencyKey=str(uuid4()))
    assert back["card"]["active"] == 100
    [done] = await operations(till, visit)
    assert (done["canBeUndone"], done["reason"]) == (False, "It has come back already.")
    assert done["sale"] == back["sale"]


async def test_what_came_back_in_part_can_be_undone_as_to_the_rest(till: Api, phone: Api, asha: Person) -> None:
    sold = await recorded(till, phone, asha)
    await till.do(REFUND, saleId=sold["sale"]["id"], lineIds=["2"], idempotencyKey=str(uuid4()))
    [done] = await operations(till, await scanned(till, phone, asha))
    assert done["canBeUndone"] is True


async def test_a_sale_of_an_earlier_day_is_refunded_by_its_receipt(till: Api, phone: Api, asha: Person) -> None:
    # given a sale of this morning, and the first minute of the next day in Kochi
    await recorded(till, phone, asha)
    midnight = till.now.replace(hour=18, minute=30)
    for at, undone, reason in (
        (midnight - timedelta(minutes=1), True, None),
        (midnight, False, "It is of an earlier day. Refund it by its receipt number: R-1."),
    ):
        its_till, its_phone = replace(till, now=at), replace(phone, now=at)
        # when
        [done] = await operations(its_till, await scanned(its_till, its_phone, asha))
        # then
        assert (done["canBeUndone"], done["reason"]) == (undone, reason)


async def test_the_newest_twenty_of_thirty_days_in_a_constant_number_of_statements(
    till: Api, phone: Api, asha: Person, statements: StatementCounter
) -> None:
    # given
    old = replace(till, now=till.now - timedelta(days=30)), replace(phone, now=till.now - timedelta(days=30))
    await recorded(*old, asha, receiptNumber="old")
    one = await scanned(till, phone, asha)
    await recorded(till, phone, asha, receiptNumber="R-0")
    async with statements.counted() as few:
        assert [done["sale"]["receiptNumber"] for done in await operations(till, one)] == ["R-0"]
    for at in range(1, 22):
        now = till.now + timedelta(seconds=at)
        await recorded(replace(till, now=now), replace(phone, now=now), asha, receiptNumber=f"R-{at}")
    # when
    async with statements.counted() as many:
        found = await operations(replace(till, now=till.now + timedelta(minutes=1)), one)
    # then
    assert [done["sale"]["receiptNumber"] for done in found] == [f"R-{at}" for at in range(21, 1, -1)]
    assert len(asked(many)) == len(asked(few))


async def test_another_store_s_sales_and_another_card_s_are_not_shown(
    till: Api, new_till: Api, phone: Api, other_phone: Api, asha: Person, ben: Person, shop: Shop, conn: Conn
) -> None:
    # given
    elsewhere = await another_store(conn, shop, now=till.now)
    session_id = await conn.fetchval(INSERT_TERMINAL_SESSION_SQL, shop.merchant_id, elsewhere.terminal_id, till.now)
    its_till = as_terminal(new_till, replace(shop, terminal_id=elsewhere.terminal_id, session_id=session_id))
    await recorded(its_till, phone, asha, receiptNumber="elsewhere")
    await recorded(till, other_phone, ben, receiptNumber="Ben's")
    visit = await scanned(till, phone, asha)
    # then
    assert await operations(till, visit) == []
    # and another store's till is shown nothing by this store's visit
    await recorded(till, phone, asha)
    assert len(await operations(till, visit)) == 1
    assert await operations(its_till, visit) == []


@pytest.mark.parametrize("visit", ["", "x", "VgAA", "A" * 64])
async def test_what_is_no_open_visit_shows_nothing(till: Api, phone: Api, asha: Person, conn: Conn, visit: str) -> None:
    sold = await recorded(till, phone, asha)
    its = await scanned(till, phone, asha)
    before = await everything(conn)
    assert await operations(till, visit) == []
    assert await operations(till, sold["sale"]["id"]) == []
    over = replace(till, now=till.now + timedelta(minutes=15))
    assert await operations(over, its) == []
    assert await everything(conn) == before
