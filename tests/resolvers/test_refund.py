from uuid import uuid4

import pytest

from schema.ids import SaleKey, encode
from tests.factories import Shop, make_shop
from tests.resolvers.api import Api, as_customer, as_terminal
from tests.resolvers.conftest import make_person
from tests.resolvers.counter import recorded
from tests.resolvers.documents import REFUND
from tests.resolvers.world import Person, count, everything
from wallet.database import Conn
from wallet.rules import Rules
from wallet.values import Minor, Points, SaleId

TWO_GOODS = [{"lineId": "1", "amountMinor": 20_000}, {"lineId": "2", "amountMinor": 30_000}]


async def test_a_whole_sale_goes_back(till: Api, phone: Api, asha: Person) -> None:
    # given a sale that earned 50
    sale = (await recorded(till, phone, asha))["sale"]
    till.published.clear()
    # when it is refunded
    answer = await till.do(REFUND, saleId=sale["id"], idempotencyKey=str(uuid4()))
    # then they are gone
    assert (answer["__typename"], answer["replayed"], answer["pointsTakenBack"]) == ("SaleRefunded", False, 50)
    assert answer["card"]["active"] == 100
    assert answer["sale"]["refundedPoints"] == 50
    assert {line["status"] for line in answer["sale"]["lines"]} == {"REFUNDED"}
    assert answer["sale"]["receiptText"] == "You earned 50 beans with this purchase; 50 went back with a return."
    assert till.published == [(asha.merchant_id, asha.card_id)]


async def test_a_line_goes_back_and_then_the_rest(till: Api, phone: Api, asha: Person) -> None:
    sale = (await recorded(till, phone, asha, lines=TWO_GOODS))["sale"]
    first = await till.do(REFUND, saleId=sale["id"], lineIds=["2"], idempotencyKey=str(uuid4()))
    rest = await till.do(REFUND, saleId=sale["id"], idempotencyKey=str(uuid4()))
    assert (first["pointsTakenBack"], rest["pointsTakenBack"]) == (30, 20)
    assert rest["card"]["active"] == 100


async def test_what_is_left_of_points_that_wait_has_its_day_on_the_receipt(
    new_till: Api, anybody: Api, conn: Conn
) -> None:
    # given a sale that earned 5, to spend in three days
    rules = Rules(points=Points(1), per_minor=Minor(10_000), pending_days=3)
    shop = await make_shop(conn, now=new_till.now, rules=rules)
    person = await make_person(conn, shop, email="cara@example.com", name="Cara", now=new_till.now)
    till, phone = as_terminal(new_till, shop), as_customer(anybody, person.customer_id, person.session_id)
    sale = (await recorded(till, phone, person, lines=TWO_GOODS))["sale"]
    # when one line of it is refunded, and then the other
    first = await till.do(REFUND, saleId=sale["id"], lineIds=["2"], idempotencyKey=str(uuid4()))
    rest = await till.do(REFUND, saleId=sale["id"], idempotencyKey=str(uuid4()))
    # then there is a day for what is left, and none for nothing
    assert first["sale"]["receiptText"] == (
        "You earned 5 beans with this purchase; 3 went back with a return. The rest is to spend from 26 November 2026"
        " on."
    )
    assert rest["sale"]["receiptText"] == "You earned 5 beans with this purchase; 5 went back with a return."


async def test_the_same_key_refunds_once(till: Api, phone: Api, asha: Person, conn: Conn) -> None:
    sale = (await recorded(till, phone, asha))["sale"]
    said = {"saleId": sale["id"], "lineIds": ["1"], "idempotencyKey": str(uuid4())}
    first = await till.do(REFUND, **said)
    before = await everything(conn)
    again = await till.do(REFUND, **said)
    assert (first.pop("replayed"), again.pop("replayed")) == (False, True)
    assert again == first
    assert await everything(conn) == before


async def test_a_key_that_came_with_other_lines_is_refused(till: Api, phone: Api, asha: Person, conn: Conn) -> None:
    sale = (await recorded(till, phone, asha, lines=TWO_GOODS))["sale"]
    key = str(uuid4())
    await till.do(REFUND, saleId=sale["id"], lineIds=["1"], idempotencyKey=key)
    before = await everything(conn)
    answer = await till.do(REFUND, saleId=sale["id"], lineIds=["2"], idempotencyKey=key)
    assert answer["__typename"] == "IdempotencyKeyReused"
    assert await everything(conn) == before


async def test_a_line_goes_back_once(till: Api, phone: Api, asha: Person, conn: Conn) -> None:
    sale = (await recorded(till, phone, asha, lines=TWO_GOODS))["sale"]
    await till.do(REFUND, saleId=sale["id"], lineIds=["1"], idempotencyKey=str(uuid4()))
    before = await everything(conn)
    answer = await till.do(REFUND, saleId=sale["id"], lineIds=["2", "1"], idempotencyKey=str(uuid4()))
    assert (answer["__typename"], answer["lineIds"]) == ("LineAlreadyRefunded", ["1"])
    assert answer["message"] == "This line was refunded already: 1. Leave it out and try again."
    assert await everything(conn) == before


@pytest.mark.parametrize("lines", [[], ["no such line"], ["1", "1"]])
async def test_lines_that_the_sale_does_not_have_are_said_so(
    till: Api, phone: Api, asha: Person, conn: Conn, lines: list[str]
) -> None:
    sale = (await recorded(till, phone, asha))["sale"]
    before = await everything(conn)
    answer = await till.do(REFUND, saleId=sale["id"], lineIds=lines, idempotencyKey=str(uuid4()))
    assert answer["__typename"] == "InvalidInput"
    assert len(answer["problems"]) == 1
    assert await everything(conn) == before


async def test_another_stores_sale_is_not_found(
    till: Api, new_till: Api, phone: Api, asha: Person, shop: Shop, conn: Conn
) -> None:
    sale = (await recorded(till, phone, asha))["sale"]
    stranger = as_terminal(new_till, await make_shop(conn, now=till.now))
    never = encode(SaleKey(shop.merchant_id, SaleId(uuid4())))
    before = await everything(conn)
    for api, sale_id in ((stranger, sale["id"]), (till, never), (till, asha.card), (till, "garbage")):
        answer = await api.do(REFUND, saleId=sale_id, idempotencyKey=str(uuid4()))
        assert answer["__typename"] == "NotFound"
    assert await everything(conn) == before


async def test_a_device_that_is_no_till_refunds_nothing(
    till: Api, new_till: Api, phone: Api, asha: Person, conn: Conn
) -> None:
    sale = (await recorded(till, phone, asha))["sale"]
    said = {"saleId": sale["id"], "idempotencyKey": str(uuid4())}
    assert await new_till.failure(REFUND, input=said) == "UNAUTHENTICATED"
    assert await count(conn, "refunds") == 0
