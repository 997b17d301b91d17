from schema.ids import TerminalKey, encode
from tests.factories import Shop, make_shop
from tests.resolvers.api import Api, as_terminal
from tests.resolvers.counter import recorded
from tests.resolvers.documents import SALE
from tests.resolvers.world import Person
from wallet.database import Conn

SALE_QUERY = (
    "query ($id: ID, $receiptNumber: String) { sale(id: $id, receiptNumber: $receiptNumber) { ...SaleParts } }" + SALE
)
TERMINAL = "query { terminal { id name storeName merchantName currency } }"


async def test_a_till_knows_itself(till: Api, shop: Shop) -> None:
    assert (await till(TERMINAL))["terminal"] == {
        "id": encode(TerminalKey(shop.merchant_id, shop.terminal_id)),
        "name": "Till 1",
        "storeName": shop.terminal.store_name,
        "merchantName": shop.terminal.merchant_name,
        "currency": "INR",
    }


async def test_a_sale_is_found_by_id_or_receipt(till: Api, phone: Api, asha: Person) -> None:
    sold = (await recorded(till, phone, asha))["sale"]
    found = [
        (await till(SALE_QUERY, id=sold["id"]))["sale"],
        (await till(SALE_QUERY, receiptNumber="R-1"))["sale"],
        (await till(SALE_QUERY, id=sold["id"], receiptNumber="R-1"))["sale"],
    ]
    assert found == [sold, sold, sold]


async def test_the_receipt_is_in_the_language_of_the_store(till: Api, phone: Api, asha: Person) -> None:
    sold = (await recorded(till, phone, asha))["sale"]
    found = (await till.speaking("hi-IN")(SALE_QUERY, id=sold["id"]))["sale"]
    assert found["receiptText"] == sold["receiptText"] == "You earned 50 beans with this purchase."
    assert found["lines"][1]["reason"] != sold["lines"][1]["reason"]


async def test_whatever_is_no_sale_of_this_store_is_null(
    till: Api, new_till: Api, phone: Api, asha: Person, conn: Conn
) -> None:
    sold = (await recorded(till, phone, asha))["sale"]
    stranger = as_terminal(new_till, await make_shop(conn, now=till.now))
    for api, said in (
        (stranger, {"id": sold["id"]}),
        (stranger, {"receiptNumber": "R-1"}),
        (till, {"receiptNumber": "R-2"}),
        (till, {"id": sold["id"], "receiptNumber": "R-2"}),
        (till, {"id": asha.card}),
        (till, {"id": "garbage"}),
        (till, {"id": ""}),
    ):
        assert await api(SALE_QUERY, **said) == {"sale": None}


async def test_a_sale_must_be_named(till: Api) -> None:
    assert await till.failure(SALE_QUERY) == "BAD_USER_INPUT"


async def test_a_device_that_is_no_till_reads_nothing(new_till: Api) -> None:
    assert await new_till.failure(TERMINAL) == "UNAUTHENTICATED"
    assert await new_till.failure(SALE_QUERY, receiptNumber="R-1") == "UNAUTHENTICATED"
