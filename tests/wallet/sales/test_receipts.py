"""Finding a sale again: by its own store only, by id or by the number on the receipt."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.factories import Shop, make_shop
from tests.wallet.counter import Member, another_store, another_till, make_member
from tests.wallet.sales.till import checkout, mixed_receipt, receipt, refund, visit
from wallet import programs, sales
from wallet.database import Conn
from wallet.rules import Rules
from wallet.sales import CustomerRef
from wallet.values import EarnStatus, Minor, Points, SaleId

RULES = Rules(points=Points(1), per_minor=Minor(10_000))


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, rules=RULES, now=now)


@pytest.fixture
async def member(conn: Conn, shop: Shop, now: datetime) -> Member:
    return await make_member(conn, shop, now=now)


@pytest.fixture
async def customer(conn: Conn, shop: Shop, member: Member, now: datetime) -> CustomerRef:
    return await visit(conn, shop, member, now=now)


async def test_every_till_of_the_store_finds_the_sale(
    conn: Conn, now: datetime, shop: Shop, customer: CustomerRef
) -> None:
    sale = (await checkout(conn, shop.terminal, customer, mixed_receipt(), now=now)).sale
    till = await another_till(conn, shop, now=now)

    assert await sales.find(conn, terminal=till, sale_id=sale.sale_id) == sale
    assert await sales.find(conn, terminal=till, receipt_number="R-9") == sale
    assert await sales.find(conn, terminal=till, sale_id=sale.sale_id, receipt_number="R-9") == sale


async def test_nobody_else_finds_it(conn: Conn, now: datetime, shop: Shop, customer: CustomerRef) -> None:
    sale = (await checkout(conn, shop.terminal, customer, receipt(10_000), now=now)).sale
    elsewhere = await another_store(conn, shop, now=now)
    stranger = await make_shop(conn, now=now)

    for terminal in (elsewhere, stranger.terminal):
        assert await sales.find(conn, terminal=terminal, sale_id=sale.sale_id) is None
        assert await sales.find(conn, terminal=terminal, receipt_number="R-1") is None


async def test_what_does_not_fit_is_not_found(conn: Conn, now: datetime, shop: Shop, customer: CustomerRef) -> None:
    sale = (await checkout(conn, shop.terminal, customer, receipt(10_000), now=now)).sale

    assert await sales.find(conn, terminal=shop.terminal) is None
    assert await sales.find(conn, terminal=shop.terminal, sale_id=SaleId(uuid4())) is None
    assert await sales.find(conn, terminal=shop.terminal, receipt_number="R-2") is None
    assert await sales.find(conn, terminal=shop.terminal, sale_id=sale.sale_id, receipt_number="R-2") is None


async def test_of_sales_with_one_receipt_number_the_newest_is_found(
    conn: Conn, now: datetime, shop: Shop, customer: CustomerRef
) -> None:
    newest = (await checkout(conn, shop.terminal, customer, receipt(20_000), now=now)).sale
    yesterday = receipt(10_000, occurred_at=now - timedelta(days=1))
    await checkout(conn, shop.terminal, customer, yesterday, now=now)

    assert await sales.find(conn, terminal=shop.terminal, receipt_number="R-1") == newest


async def test_reasons_are_those_of_the_rules_that_judged(
    conn: Conn, now: datetime, shop: Shop, customer: CustomerRef
) -> None:
    sale = (await checkout(conn, shop.terminal, customer, receipt(6_000, 3_000), now=now)).sale
    dearer = Rules(points=Points(1), per_minor=Minor(50_000), carry_remainder=True)
    await programs.revise(
        conn, merchant_id=shop.merchant_id, program_id=shop.program_id, rules=dearer, valid_from=now, now=now
    )

    found = await sales.find(conn, terminal=shop.terminal, sale_id=sale.sale_id)

    assert found == sale
    assert [dict(line.reason.facts) for line in sale.lines] == [{"per_minor": 10_000, "currency": "INR"}] * 2


async def test_a_refunded_line_says_so_and_what_it_had_earned(
    conn: Conn, now: datetime, shop: Shop, customer: CustomerRef
) -> None:
    sale = (await checkout(conn, shop.terminal, customer, receipt(20_000, 10_000), now=now)).sale
    await refund(conn, shop.terminal, sale.sale_id, "1", now=now)

    found = await sales.find(conn, terminal=shop.terminal, sale_id=sale.sale_id)

    assert found is not None
    assert (found.points, found.refunded_points) == (3, 2)
    assert [(line.points, line.status, line.reason.code) for line in found.lines] == [
        (2, EarnStatus.REFUNDED, "line_refunded"),
        (1, EarnStatus.EARNED, "line_earned"),
    ]
